/*
 * settings.h
 *	  Which databases have TaskSync switched on, read without being in one.
 */
#ifndef TASKSYNC_SETTINGS_H
#define TASKSYNC_SETTINGS_H

#include "postgres.h"

#include "nodes/pg_list.h"

typedef struct TasksyncDatabase
{
	Oid			oid;
	char		name[NAMEDATALEN];
} TasksyncDatabase;

/* TasksyncDatabase *, palloc'd; needs a transaction, but no database */
extern List *tasksync_enabled_databases(void);

/* is it switched on for the database this process is connected to? */
extern bool tasksync_enabled_here(void);

#endif							/* TASKSYNC_SETTINGS_H */
