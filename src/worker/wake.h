/*
 * wake.h
 *	  What a backend tells the worker and the launcher when it commits.
 *
 * Runs in backends.  Nothing here waits or fails; without shared_preload_libraries
 * every function does nothing.
 */
#ifndef TASKSYNC_WAKE_H
#define TASKSYNC_WAKE_H

#include "postgres.h"

/* at commit of this transaction, wake the worker of this database: there is work */
extern void tasksync_wake(void);

/* at the end of this transaction, whatever it is: look again at what is installed and on */
extern void tasksync_wake_launcher(void);

/*
 * Keeps the worker out of a database until the end of this transaction: asks
 * one that runs to leave and waits at most five seconds for it.
 */
extern void tasksync_hold_database(Oid database);

#endif							/* TASKSYNC_WAKE_H */
