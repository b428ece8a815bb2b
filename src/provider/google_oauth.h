/*
 * google_oauth.h
 *	  Google's OAuth, and who a Google account is.  Pure.
 */
#ifndef TASKSYNC_GOOGLE_OAUTH_H
#define TASKSYNC_GOOGLE_OAUTH_H

#include "provider/oauth.h"

extern const TasksyncOAuth tasksync_google_oauth;

/*
 * TASKSYNC_CALL_IDENTIFY: the Tasks API cannot say whose token it is given, so
 * it is asked where the token came from.  external_id is `sub`, which Google
 * never gives to anybody else; display_name the address, which it might.
 */
extern void tasksync_google_build_userinfo(TasksyncHttpRequest *request);
extern void tasksync_google_parse_userinfo(const TasksyncHttpResponse *response,
										   TasksyncAnswer *answer);

#endif							/* TASKSYNC_GOOGLE_OAUTH_H */
