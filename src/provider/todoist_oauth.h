/*
 * todoist_oauth.h
 *	  Todoist's OAuth.  Pure.
 */
#ifndef TASKSYNC_TODOIST_OAUTH_H
#define TASKSYNC_TODOIST_OAUTH_H

#include "provider/oauth.h"

extern const TasksyncOAuth tasksync_todoist_oauth;

#endif							/* TASKSYNC_TODOIST_OAUTH_H */
