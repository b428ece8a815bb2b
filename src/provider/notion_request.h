/*
 * notion_request.h
 *	  What all requests to Notion have in common.  Pure.
 */
#ifndef TASKSYNC_NOTION_REQUEST_H
#define TASKSYNC_NOTION_REQUEST_H

#include "lib/stringinfo.h"

#include "provider/provider.h"

/* rows of an answer: as many as there may be */
#define NOTION_PAGE_SIZE 100

/* starts a URL with a path in which %s is an id, checked to be no more than that */
extern void tasksync_notion_address(StringInfo url, const TasksyncCall *call, const char *path,
								const char *id);
/* body NULL: a request without one */
extern void tasksync_notion_request(TasksyncHttpRequest *request, TasksyncMethod method,
									StringInfo url, const json_t *body);

#endif							/* TASKSYNC_NOTION_REQUEST_H */
