/*
 * google_tasks_read.h
 *	  The requests of a read and what their answers say.  Pure.
 */
#ifndef TASKSYNC_GOOGLE_TASKS_READ_H
#define TASKSYNC_GOOGLE_TASKS_READ_H

#include "lib/stringinfo.h"

#include "provider/provider.h"

/* starts the URL of a request; every path of the interface begins with GOOGLE_ROOT */
#define GOOGLE_ROOT "/tasks/v1"

/* appends "/users/@me/lists" and, unless it is NULL, the list */
extern void tasksync_google_list_path(StringInfo url, const char *list_id);
/* appends "/lists/LIST/tasks" and, unless it is NULL, the task */
extern void tasksync_google_task_path(StringInfo url, const char *list_id, const char *task_id);
/* appends the query that every request has; `before` is "?" or "&" */
extern void tasksync_google_query(StringInfo url, const char *before, const char *fields);
/* appends the path and query of a page of the list of lists */
extern void tasksync_google_lists_url(StringInfo url, const char *page);

extern void tasksync_google_build_read(const TasksyncCall *call, TasksyncHttpRequest *request);
extern void tasksync_google_parse_read(const TasksyncCall *call,
									   const TasksyncHttpResponse *response,
									   TasksyncAnswer *answer);

#endif							/* TASKSYNC_GOOGLE_TASKS_READ_H */
