/*
 * todoist_command.h
 *	  Intents as commands of POST /sync.  Pure.
 */
#ifndef TASKSYNC_TODOIST_COMMAND_H
#define TASKSYNC_TODOIST_COMMAND_H

#include "provider/provider.h"

/* most commands that one intent can need */
#define TODOIST_COMMANDS_PER_INTENT 3

/* how many commands this intent needs, at least one */
extern int	tasksync_todoist_command_count(const TasksyncIntent *intent);
/* the uuid of its n-th command; the first one has the intent's own id */
extern const char *tasksync_todoist_command_uuid(const TasksyncIntent *intent, int n);
/* its n-th command: the same intent always gives the same bytes */
extern json_t *tasksync_todoist_command(const TasksyncIntent *intent, int n);

#endif							/* TASKSYNC_TODOIST_COMMAND_H */
