/*
 * clock.c
 *	  Reading the clocks: the only impure part of clock.h.
 *
 * Called in backends and in the worker.  Everything that turns one time into
 * another is in instant.c (no server needed) and zone.c (the server's zones).
 */
#include "postgres.h"

#include <time.h>

#include "utils/timestamp.h"

#include "base/clock.h"
#include "base/testpoint.h"

TimestampTz
tasksync_now(void)
{
#ifdef TASKSYNC_TESTING
	return GetCurrentTimestamp() + (TimestampTz) tasksync_test_clock_shift_s * USECS_PER_SEC;
#else
	return GetCurrentTimestamp();
#endif
}

int64
tasksync_monotonic_ms(void)
{
	struct timespec now;

	if (clock_gettime(CLOCK_MONOTONIC, &now) != 0)
		elog(ERROR, "could not read the monotonic clock: %m");
	return (int64) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
