/*
 * notion_read.h
 *	  Reading: which data sources there are, what is in them.  Pure.
 */
#ifndef TASKSYNC_NOTION_READ_H
#define TASKSYNC_NOTION_READ_H

#include "provider/provider.h"

extern void tasksync_notion_build_read(const TasksyncCall *call, TasksyncHttpRequest *request);
extern void tasksync_notion_parse_read(const TasksyncCall *call,
									   const TasksyncHttpResponse *response,
									   TasksyncAnswer *answer);

#endif							/* TASKSYNC_NOTION_READ_H */
