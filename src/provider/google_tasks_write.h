/*
 * google_tasks_write.h
 *	  Intents as requests, and what became of them.  Pure.
 */
#ifndef TASKSYNC_GOOGLE_TASKS_WRITE_H
#define TASKSYNC_GOOGLE_TASKS_WRITE_H

#include "provider/provider.h"

/* of a batch; far below what Google takes */
#define GOOGLE_MAX_BODY (512 * 1024)

/* lowers call->nintents to what goes into one request */
extern void tasksync_google_build_write(TasksyncCall *call, TasksyncHttpRequest *request);
extern void tasksync_google_parse_write(const TasksyncCall *call,
										const TasksyncHttpResponse *response,
										TasksyncAnswer *answer);

#endif							/* TASKSYNC_GOOGLE_TASKS_WRITE_H */
