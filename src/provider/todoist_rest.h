/*
 * todoist_rest.h
 *	  The single look-ups that go through REST instead of POST /sync.  Pure.
 */
#ifndef TASKSYNC_TODOIST_REST_H
#define TASKSYNC_TODOIST_REST_H

#include "provider/provider.h"

extern void tasksync_todoist_build_rest(const TasksyncCall *call, TasksyncHttpRequest *request);
/* true for a refusal that is an answer: the object is not there, or not for us */
extern bool tasksync_todoist_parse_absence(const TasksyncCall *call,
										   const TasksyncHttpResponse *response,
										   TasksyncAnswer *answer);
extern void tasksync_todoist_parse_rest(const TasksyncCall *call,
										const TasksyncHttpResponse *response,
										TasksyncAnswer *answer);

#endif							/* TASKSYNC_TODOIST_REST_H */
