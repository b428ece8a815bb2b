/*
 * notion_echo.h
 *	  Did a write do what it says?  Pure.
 */
#ifndef TASKSYNC_NOTION_ECHO_H
#define TASKSYNC_NOTION_ECHO_H

#include "provider/provider.h"

/*
 * False if a property that was sent, and is another than before, is in the
 * echo as it was before: the service passed it over.
 */
extern bool tasksync_notion_took(const TasksyncIntent *intent, const json_t *properties,
								 const TasksyncObservation *echo);
/*
 * The container with the next form in which ids of properties can be written,
 * as an observation of it; false if both were tried.
 */
extern bool tasksync_notion_other_form(const TasksyncIntent *intent,
									   TasksyncObservation *container);

#endif							/* TASKSYNC_NOTION_ECHO_H */
