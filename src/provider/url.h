/*
 * url.h
 *	  Putting URLs and form bodies together, and ids that stand in them.  Pure.
 */
#ifndef TASKSYNC_URL_H
#define TASKSYNC_URL_H

#include "postgres.h"

#include "lib/stringinfo.h"

/* starts `url` with a base address, without the slashes at its end, and a path */
extern void tasksync_url_start(StringInfo url, const char *base, const char *path);
/* everything but A-Z a-z 0-9 - . _ ~ as %XX, so also "+" and "/" */
extern void tasksync_url_escape(StringInfo url, const char *text);
/* "name=value" with the value escaped, behind `before` ("?", "&" or "") */
extern void tasksync_url_parameter(StringInfo url, const char *before, const char *name,
								   const char *value);
/*
 * A UUID in lower case with dashes, palloc'd: some services spell the same one
 * in several ways.  NULL for NULL and for anything that is no UUID.
 */
extern char *tasksync_uuid_spelling(const char *id);

#endif							/* TASKSYNC_URL_H */
