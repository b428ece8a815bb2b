/*
 * notion_query.h
 *	  Querying one data source, page by page and window by window.  Pure.
 */
#ifndef TASKSYNC_NOTION_QUERY_H
#define TASKSYNC_NOTION_QUERY_H

#include "provider/provider.h"

/* the request of a step "read" */
extern void tasksync_notion_build_query(const TasksyncCall *call, const json_t *state,
										TasksyncHttpRequest *request);
/* its answer, into observations; moves the state on */
extern void tasksync_notion_parse_query(const TasksyncCall *call, json_t *state,
										const json_t *json,
										const TasksyncHttpResponse *response,
										TasksyncAnswer *answer);
/* a whole read ended and is believed */
extern void tasksync_notion_finish_read(const TasksyncCall *call, json_t *state,
										const json_t *step, TasksyncAnswer *answer);

#endif							/* TASKSYNC_NOTION_QUERY_H */
