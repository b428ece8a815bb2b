/*
 * push.h
 *	  Outbound half of the engine; see push.c.
 */
#ifndef TASKSYNC_PUSH_H
#define TASKSYNC_PUSH_H

#include "sync/run.h"

/* fills run->call with what to send and read next; false = nothing is left to do */
extern bool tasksync_push_plan(TasksyncRun *run, TasksyncHttpRequest *request);
/* in a transaction: the only intent of the call can never be carried out as it is */
extern void tasksync_push_refuse_one(TasksyncRun *run, const char *code, const char *message);
/* in a transaction: the provider carried nothing of the call out */
extern void tasksync_push_not_applied(TasksyncRun *run);

#endif /* TASKSYNC_PUSH_H */
