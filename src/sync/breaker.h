/*
 * breaker.h
 *	  Two engines that undo each other; see breaker.c.
 */
#ifndef TASKSYNC_BREAKER_H
#define TASKSYNC_BREAKER_H

#include "sync/hub.h"

/* takes out of these changes what would go round once more, with a question for each */
extern void tasksync_breaker_check(TasksyncRun *run, int count, TasksyncHubChange *changes);

#endif /* TASKSYNC_BREAKER_H */
