/*
 * stub_settings.c
 *	  The providers' addresses as guc.c has them, which needs a server.
 */
#include "postgres.h"

#include "base/guc.h"

char	   *tasksync_todoist_url = "https://api.todoist.com";
char	   *tasksync_todoist_oauth_url = "https://api.todoist.com/oauth";
char	   *tasksync_todoist_authorize_url = "https://app.todoist.com/oauth/authorize";
char	   *tasksync_google_tasks_url = "https://tasks.googleapis.com";
char	   *tasksync_google_oauth_url = "https://oauth2.googleapis.com";
char	   *tasksync_google_authorize_url = "https://accounts.google.com/o/oauth2/v2/auth";
char	   *tasksync_notion_url = "https://api.notion.com";
int			tasksync_google_daily_queries = 50000;
