/*
 * notion_properties.h
 *	  The fields of an intent as properties of a page.  Pure.
 */
#ifndef TASKSYNC_NOTION_PROPERTIES_H
#define TASKSYNC_NOTION_PROPERTIES_H

#include "provider/provider.h"

/*
 * {property id: value} of the fields that the intent changes and the container
 * can show; a field that already is as it shall be there is left out.  NULL
 * and the reason for people if a change must not be written.
 */
extern json_t *tasksync_notion_properties(const TasksyncCall *call, const TasksyncIntent *intent,
										  const char **code, const char **refusal);

#endif							/* TASKSYNC_NOTION_PROPERTIES_H */
