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
/*
 * Asks the worker for a preview at once, without waiting for a commit; ids as
 * text.  False: too many wait already, or no worker serves this database.
 */
extern bool tasksync_ask_preview(const char *preview_id, const char *user_id,
								 const char *account_id);

/* at the end of this transaction, whatever it is: look again at what is installed and on */
extern void tasksync_wake_launcher(void);

/*
 * Keeps the worker out of a database until the end of this transaction: asks
 * one that runs to leave and waits at most five seconds for it.
 */
extern void tasksync_hold_database(Oid database);

#endif							/* TASKSYNC_WAKE_H */
