/*
 * google_tasks_object.h
 *	  Google's task lists and tasks as observations.  Pure.
 */
#ifndef TASKSYNC_GOOGLE_TASKS_OBJECT_H
#define TASKSYNC_GOOGLE_TASKS_OBJECT_H

#include "provider/provider.h"

/* longest id that the hub can keep; they have 16 to 64 characters */
#define GOOGLE_MAX_ID 200

/* what a task, a page of tasks, a list, a page of lists calls itself */
#define GOOGLE_KIND_TASK "tasks#task"
#define GOOGLE_KIND_TASKS "tasks#tasks"
#define GOOGLE_KIND_LIST "tasks#taskList"
#define GOOGLE_KIND_LISTS "tasks#taskLists"

/*
 * What is asked for.  Without kind an empty object of anybody would pass for an
 * empty list; without nextPageToken a list would silently end after one page.
 */
#define GOOGLE_TASK_FIELDS \
	"kind,id,title,notes,status,due,completed,updated,parent,deleted,hidden,links,assignmentInfo"
#define GOOGLE_TASKS_FIELDS "kind,nextPageToken,items(" GOOGLE_TASK_FIELDS ")"
#define GOOGLE_LIST_FIELDS "kind,id,title,updated"
#define GOOGLE_LISTS_FIELDS "kind,nextPageToken,items(" GOOGLE_LIST_FIELDS ")"

/* member as an id that may be used, or NULL */
extern const char *tasksync_google_id(const json_t *object, const char *key);
/*
 * False if this is no object with an id: nothing can be said about it then.
 * The observation shares memory with `json` and `list_id`.
 */
extern bool tasksync_google_read_task(const json_t *json, const char *list_id,
									  TasksyncObservation *observation);
extern bool tasksync_google_read_list(const json_t *json, TasksyncObservation *observation);
/* from the raw data of an observation: is it a mirror of something in Docs or Chat? */
extern bool tasksync_google_is_assigned(const json_t *raw);

#endif							/* TASKSYNC_GOOGLE_TASKS_OBJECT_H */
