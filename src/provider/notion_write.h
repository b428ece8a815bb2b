/*
 * notion_write.h
 *	  One intent as one request, and what its answer says.  Pure.
 */
#ifndef TASKSYNC_NOTION_WRITE_H
#define TASKSYNC_NOTION_WRITE_H

#include "provider/provider.h"

extern void tasksync_notion_build_write(const TasksyncCall *call, TasksyncHttpRequest *request);
extern void tasksync_notion_parse_write(const TasksyncCall *call,
										const TasksyncHttpResponse *response,
										TasksyncAnswer *answer);

#endif							/* TASKSYNC_NOTION_WRITE_H */
