/*
 * worker.h
 *	  The sync worker of one database.
 */
#ifndef TASKSYNC_WORKER_H
#define TASKSYNC_WORKER_H

#include "postgres.h"

/* started by the launcher; the argument is the OID of the database */
extern PGDLLEXPORT void tasksync_worker_main(Datum argument);

#endif							/* TASKSYNC_WORKER_H */
