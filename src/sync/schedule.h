/*
 * schedule.h
 *	  When an account runs next: polling, backoff, Retry-After, parking.
 *
 * Pure: no clock, no random source, no SPI.  The caller hands in 64 random
 * bits, so that tests can walk through all of them; the worker takes them from
 * pg_global_prng_state.
 */
#ifndef TASKSYNC_SCHEDULE_H
#define TASKSYNC_SCHEDULE_H

#include "postgres.h"

#define TASKSYNC_BACKOFF_BASE_MS INT64CONST(2000)
#define TASKSYNC_BACKOFF_CAP_MS INT64CONST(900000)      /* 15 minutes */
#define TASKSYNC_RETRY_AFTER_CAP_MS INT64CONST(3600000) /* 1 hour */

/* claims in a row without a recorded end after which an account is taken for poison */
#define TASKSYNC_POISON_ATTEMPTS 3

/*
 * Decorrelated jitter: between the base and three times the previous delay, at
 * most the cap.  previous_ms = 0 if it is not known; then `failures` (1 = the
 * first) stands in for it.
 */
extern int64 tasksync_backoff_ms(int failures, int64 previous_ms, uint64 random);

/* the interval, spread by 5 % to either side so that accounts drift apart */
extern int64 tasksync_poll_delay_ms(int64 interval_ms, uint64 random);

/*
 * A polling delay that the provider's day can bear: `used` of `budget` queries
 * are gone, and day_left_ms of the day is left.  Longer if at the pace so far
 * the day would end without them; until the next day once nine tenths are gone,
 * as the last tenth is for the changes that people make.  budget 0 = no limit.
 */
extern int64 tasksync_budget_delay_ms(int64 delay_ms, int64 used, int64 budget,
									  int64 day_left_ms);

/*
 * After a failed run: what the provider asked for (capped at an hour, up to
 * 10 % later so that a herd does not return at once), never earlier than it
 * asked; 0 = it did not say, then the backoff.
 */
extern int64 tasksync_retry_delay_ms(int64 retry_after_ms, int failures, int64 previous_ms,
									 uint64 random);

/* has this account killed its worker so often that it must wait for a person? */
extern bool tasksync_is_poison(int attempts);

/* how long an account that was claimed `attempts` times without an end stays away */
extern int64 tasksync_crash_delay_ms(int attempts, uint64 random);

#endif /* TASKSYNC_SCHEDULE_H */
