/*
 * todoist_kit.h
 *	  Calls and answers for the tests of the Todoist provider.
 */
#ifndef TASKSYNC_TODOIST_KIT_H
#define TASKSYNC_TODOIST_KIT_H

#include "provider_kit.h"

extern TasksyncCall kit_sync(const char *cursor, int nintents, TasksyncIntent *intents);

/* arguments of the n-th command that this one intent becomes, as text */
extern const char *kit_args(TasksyncIntent intent, int n);
extern const char *kit_type(TasksyncIntent intent, int n);

/* what an item of a delta reads as; NULL if the answer is not taken */
extern const TasksyncObservation *kit_item(const char *item);

#endif /* TASKSYNC_TODOIST_KIT_H */
