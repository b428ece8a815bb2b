/*
 * guc.h
 *	  The settings tasksync.*: one variable each, defined in one place.
 */
#ifndef TASKSYNC_GUC_H
#define TASKSYNC_GUC_H

#include "postgres.h"

extern bool tasksync_enabled;			/* database switch read by the launcher */
extern bool tasksync_restoring;			/* triggers and worker stand still */
extern char *tasksync_key_file;			/* path of the key file */
extern char *tasksync_public_url;
extern char *tasksync_ca_file;			/* CA bundle, "" = the system's */
extern bool tasksync_allow_private_hosts;
extern char *tasksync_todoist_url;		/* https://api.todoist.com */
extern char *tasksync_todoist_oauth_url;	/* https://api.todoist.com/oauth: /access_token */
extern char *tasksync_todoist_authorize_url;	/* https://app.todoist.com/oauth/authorize */
extern char *tasksync_google_tasks_url; /* https://tasks.googleapis.com */
extern char *tasksync_google_oauth_url; /* https://oauth2.googleapis.com: /token, /revoke */
extern char *tasksync_google_authorize_url; /* https://accounts.google.com/o/oauth2/v2/auth */
extern char *tasksync_notion_url;		/* https://api.notion.com, OAuth below /v1/oauth */
extern char *tasksync_redirect_origins; /* comma-separated, besides that of public_url */
extern int	tasksync_google_daily_queries;	/* of all accounts together; 0 = any, default 50000 */
extern int	tasksync_max_concurrent_accounts;	/* 1..1024, default 64 */
extern int	tasksync_max_response_kb;	/* cap on one answer, default 65536 */
extern int	tasksync_request_timeout_ms;	/* default 60000 */
extern int	tasksync_loop_window_ms;	/* in which a field that goes back and forth is a loop */
extern int	tasksync_read_before_write_ms;	/* how old a read may be when a patch is sent, 250 */
extern int	tasksync_poll_interval_ms;	/* how long the worker sleeps unwoken, default 30000 */
extern int	tasksync_lease_ms;	/* default 180000 */
extern int	tasksync_webhook_interval_ms;	/* between reads that webhooks ask for, default 2000 */

extern void tasksync_guc_define(void);

#endif							/* TASKSYNC_GUC_H */
