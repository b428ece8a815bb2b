/*
 * web_origin.h
 *	  Scheme, host and port of a URL, to compare with those that are allowed.
 *
 * Called by the check of tasksync.redirect_origins, before a person is sent
 * back to an application's page, and for the issuer in an OAuth answer.  Pure.
 */
#ifndef TASKSYNC_WEB_ORIGIN_H
#define TASKSYNC_WEB_ORIGIN_H

#include "postgres.h"

#define TASKSYNC_MAX_WEB_ORIGIN 272

typedef struct TasksyncWebOrigin
{
	char		text[TASKSYNC_MAX_WEB_ORIGIN];	/* lower case, without the scheme's own port */
	size_t		length;			/* of the origin in the URL: the path begins there */
	bool		is_loopback;	/* of this machine, by address or as localhost */
	bool		has_port;
} TasksyncWebOrigin;

/*
 * False for anything that is not https, or http to this machine; for a user
 * name, a blank, a backslash or another byte that programs read differently.
 */
extern bool tasksync_web_origin(const char *url, TasksyncWebOrigin *origin);

/*
 * Is `url` at one of the origins of the comma-separated `list`?  An origin of
 * this machine without a port stands for all its ports: RFC 8252 (7.3) lets an
 * application listen wherever it can.
 */
extern bool tasksync_web_origin_listed(const char *url, const char *list);

#endif							/* TASKSYNC_WEB_ORIGIN_H */
