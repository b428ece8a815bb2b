/*
 * todoist_token.h
 *	  Renewing an access token at Todoist's OAuth endpoint.  Pure.
 */
#ifndef TASKSYNC_TODOIST_TOKEN_H
#define TASKSYNC_TODOIST_TOKEN_H

#include "provider/provider.h"

/* the body holds secrets: wipe it once it was handed over */
extern void tasksync_todoist_build_refresh(const TasksyncTokenCall *call,
										   TasksyncHttpRequest *request);
extern void tasksync_todoist_parse_refresh(const TasksyncTokenCall *call,
										   const TasksyncHttpResponse *response,
										   TasksyncTokenAnswer *answer);

#endif							/* TASKSYNC_TODOIST_TOKEN_H */
