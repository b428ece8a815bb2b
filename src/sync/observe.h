/*
 * observe.h
 *	  One chunk of observations against the links and the hub; see observe.c.
 */
#ifndef TASKSYNC_OBSERVE_H
#define TASKSYNC_OBSERVE_H

#include "sync/hub.h"

/*
 * What the observations change, without the deletions; the result goes to
 * tasksync_hub_apply().  Returns the number of changes.
 */
extern int tasksync_observe(TasksyncRun *run, TasksyncKind kind, int count,
							TasksyncObservation **observations, TasksyncHubChange **changes);

#endif /* TASKSYNC_OBSERVE_H */
