/*
 * google_tasks_lookup.h
 *	  Single look-ups at Google: does this object live, in which list does it
 *	  live now.  Pure.
 */
#ifndef TASKSYNC_GOOGLE_TASKS_LOOKUP_H
#define TASKSYNC_GOOGLE_TASKS_LOOKUP_H

#include "provider/provider.h"

extern void tasksync_google_build_lookup(TasksyncCall *call, TasksyncHttpRequest *request);
extern void tasksync_google_parse_lookup(const TasksyncCall *call,
										 const TasksyncHttpResponse *response,
										 TasksyncAnswer *answer);

#endif							/* TASKSYNC_GOOGLE_TASKS_LOOKUP_H */
