/*
 * twin.h
 *	  The first run of an account after a start: the hub may be older than what
 *	  the provider has seen of it.
 */
#ifndef TASKSYNC_TWIN_H
#define TASKSYNC_TWIN_H

#include "sync/run.h"

/* has no run of this account come to a good end since this process started? */
extern bool tasksync_twin_is_first_run(const char *account_id);
/* one has */
extern void tasksync_twin_run_ended(const char *account_id);
/*
 * Links those of the observed tasks that no link knows with tasks of the hub
 * that are alike to the letter and still wait to be created there.
 */
extern void tasksync_twin_adopt(TasksyncRun *run, int count, TasksyncObservation **observations);

#endif /* TASKSYNC_TWIN_H */
