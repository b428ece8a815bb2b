/*
 * pull.h
 *	  Inbound half of the engine; see pull.c.
 */
#ifndef TASKSYNC_PULL_H
#define TASKSYNC_PULL_H

#include "sync/run.h"

/* records an answer: acknowledgements, observations, cursor; transactions of its own */
extern void tasksync_pull_record(TasksyncRun *run, TasksyncAnswer *answer);
/* in a transaction: the deletions among these observations */
extern void tasksync_pull_deletions(TasksyncRun *run, int count, TasksyncObservation *observations);
/* in a transaction: merges what is alive among these, all of one kind; true = changed something */
extern bool tasksync_pull_observations(TasksyncRun *run, TasksyncKind kind, int count,
									   TasksyncObservation **observations);

#endif /* TASKSYNC_PULL_H */
