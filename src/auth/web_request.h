/*
 * web_request.h
 *	  Is a web request being served?
 */
#ifndef TASKSYNC_WEB_REQUEST_H
#define TASKSYNC_WEB_REQUEST_H

#include "postgres.h"

/*
 * A request that came through PostgREST carries claims.  Whoever sent it must
 * not get at plaintexts, not even through a function that was granted too
 * generously: raises 42501.  `function` is named in the hint.
 */
extern void tasksync_refuse_web_requests(const char *function);

#endif							/* TASKSYNC_WEB_REQUEST_H */
