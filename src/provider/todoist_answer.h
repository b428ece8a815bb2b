/*
 * todoist_answer.h
 *	  The answer of POST /sync.  Pure.
 */
#ifndef TASKSYNC_TODOIST_ANSWER_H
#define TASKSYNC_TODOIST_ANSWER_H

#include "provider/provider.h"

extern void tasksync_todoist_parse_sync(const TasksyncCall *call,
										const TasksyncHttpResponse *response,
										TasksyncAnswer *answer);

#endif							/* TASKSYNC_TODOIST_ANSWER_H */
