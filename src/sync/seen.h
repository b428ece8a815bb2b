/*
 * seen.h
 *	  What a read of several requests has shown so far; see seen.c.
 */
#ifndef TASKSYNC_SEEN_H
#define TASKSYNC_SEEN_H

#include "sync/run.h"

/* before its observations are merged: what this answer shows alive, and what is complete now */
extern void tasksync_seen_mark(TasksyncRun *run, TasksyncAnswer *answer);
/* afterwards, in the same transaction: what it tells dead is judged at the end of the read */
extern void tasksync_seen_judge(TasksyncRun *run, TasksyncAnswer *answer);
/* the read is over */
extern void tasksync_seen_forget(TasksyncRun *run);

#endif /* TASKSYNC_SEEN_H */
