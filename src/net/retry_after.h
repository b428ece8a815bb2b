/*
 * retry_after.h
 *	  How long a provider asked us to stay away.  Pure.
 */
#ifndef TASKSYNC_RETRY_AFTER_H
#define TASKSYNC_RETRY_AFTER_H

#include "net/http.h"

/*
 * Milliseconds from the answer's headers: Retry-After as seconds or as a date,
 * else x-ratelimit-reset in unix seconds; dates are compared with the answer's
 * own Date header, so that our clock does not matter.  0 = not said or not
 * understood.  Not capped: the schedule does that.
 */
extern int64 tasksync_retry_after_ms(const TasksyncHttpResponse *response);

#endif							/* TASKSYNC_RETRY_AFTER_H */
