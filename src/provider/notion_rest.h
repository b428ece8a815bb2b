/*
 * notion_rest.h
 *	  Questions for one thing: who is this, does this page live?  Pure.
 */
#ifndef TASKSYNC_NOTION_REST_H
#define TASKSYNC_NOTION_REST_H

#include "provider/provider.h"

extern void tasksync_notion_build_rest(const TasksyncCall *call, TasksyncHttpRequest *request);
extern void tasksync_notion_parse_rest(const TasksyncCall *call,
									   const TasksyncHttpResponse *response,
									   TasksyncAnswer *answer);

#endif							/* TASKSYNC_NOTION_REST_H */
