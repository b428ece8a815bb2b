/*
 * todoist_object.h
 *	  Todoist's items, projects, sections and labels as observations.  Pure.
 */
#ifndef TASKSYNC_TODOIST_OBJECT_H
#define TASKSYNC_TODOIST_OBJECT_H

#include "provider/provider.h"

/* longest id that the hub can keep; they have 16 characters now */
#define TODOIST_MAX_ID 200

/* member as an id that may be used, or NULL */
extern const char *tasksync_todoist_id(const json_t *object, const char *key);
/*
 * False if this is no object with an id: nothing can be said about it then.
 * The observation shares memory with `json`.
 */
extern bool tasksync_todoist_read_object(TasksyncKind kind, const json_t *json,
										 const char *user_zone, TasksyncObservation *observation);

#endif							/* TASKSYNC_TODOIST_OBJECT_H */
