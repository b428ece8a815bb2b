/*
 * launcher.h
 *	  The static background worker that starts one sync worker per database.
 */
#ifndef TASKSYNC_LAUNCHER_H
#define TASKSYNC_LAUNCHER_H

#include "postgres.h"

/* called once, from _PG_init in the postmaster */
extern void tasksync_launcher_register(void);

extern PGDLLEXPORT void tasksync_launcher_main(Datum argument);

#endif							/* TASKSYNC_LAUNCHER_H */
