/*
 * todoist_request.h
 *	  The request of POST /sync: commands, and the read that goes with them.
 *	  Pure.
 */
#ifndef TASKSYNC_TODOIST_REQUEST_H
#define TASKSYNC_TODOIST_REQUEST_H

#include "provider/provider.h"

/* of Todoist: commands per request; body below 1 MiB, with room for headers and doubt */
#define TODOIST_MAX_COMMANDS 100
#define TODOIST_MAX_BODY (900 * 1024)

/* lowers call->nintents to what fits */
extern void tasksync_todoist_build_sync(TasksyncCall *call, TasksyncHttpRequest *request);

#endif							/* TASKSYNC_TODOIST_REQUEST_H */
