/*
 * notion_oauth.h
 *	  Notion's OAuth.  Pure.
 */
#ifndef TASKSYNC_NOTION_OAUTH_H
#define TASKSYNC_NOTION_OAUTH_H

#include "provider/oauth.h"

extern const TasksyncOAuth tasksync_notion_oauth;

#endif							/* TASKSYNC_NOTION_OAUTH_H */
