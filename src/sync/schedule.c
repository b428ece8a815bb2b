/*
 * schedule.c
 *	  When an account runs next: polling, backoff, Retry-After, parking.
 *
 * Called by the engine when it records the end of a run.  Pure: the random
 * bits come in as an argument, and what comes out is a length of time, so that
 * no clock is needed either.
 */
#include "postgres.h"

#include "sync/schedule.h"

#define DAY_MS INT64CONST(86400000)
/* the first minutes of a day say nothing about its pace */
#define FIRST_PACE_MS INT64CONST(3600000)

/* After a crash the account itself is suspect: give the others a head start. */
#define CRASH_BASE_MS INT64CONST(60000)

/*
 * uniform - a whole number in [low, high], from 64 random bits.
 *
 * By multiplication, not by modulo: the high bits decide, and the error for a
 * span of at most some hours in milliseconds is below one part in 10^12.
 */
static int64
uniform(int64 low, int64 high, uint64 random)
{
	double fraction;

	if (high <= low)
		return low;
	fraction = (double) (random >> 11) / (double) (UINT64CONST(1) << 53);
	return low + (int64) (fraction * (double) (high - low + 1));
}

/*
 * tasksync_backoff_ms - the delay before the next try after `failures` in a row.
 *
 * "Decorrelated" beats plain exponential growth with a little noise: accounts
 * that failed together (the provider was down) are spread over the whole span
 * at the first retry already.
 */
int64
tasksync_backoff_ms(int failures, int64 previous_ms, uint64 random)
{
	int64 previous = previous_ms;

	if (previous <= 0)
	{
		previous = TASKSYNC_BACKOFF_BASE_MS;
		for (int i = 1; i < failures && previous < TASKSYNC_BACKOFF_CAP_MS; i++)
			previous *= 2;
	}
	previous = Min(previous, TASKSYNC_BACKOFF_CAP_MS);
	return Min(uniform(TASKSYNC_BACKOFF_BASE_MS, previous * 3, random), TASKSYNC_BACKOFF_CAP_MS);
}

/*
 * tasksync_poll_delay_ms - time to the next poll of a healthy account.
 */
int64
tasksync_poll_delay_ms(int64 interval_ms, uint64 random)
{
	int64 spread = interval_ms / 20;

	return uniform(interval_ms - spread, interval_ms + spread, random);
}

/*
 * tasksync_budget_delay_ms - the same for a provider that counts by the day.
 */
int64
tasksync_budget_delay_ms(int64 delay_ms, int64 used, int64 budget, int64 day_left_ms)
{
	int64 elapsed = Max(DAY_MS - day_left_ms, FIRST_PACE_MS);
	int64 left = budget - budget / 10 - used;
	double expected = (double) used / elapsed * day_left_ms;

	if (budget <= 0)
		return delay_ms;
	if (left <= 0)
		return day_left_ms + delay_ms;
	if (expected <= left)
		return delay_ms;
	return Min((int64) (delay_ms * (expected / left)), day_left_ms + delay_ms);
}

/*
 * tasksync_retry_delay_ms - time to the next try after a failed run.
 */
int64
tasksync_retry_delay_ms(int64 retry_after_ms, int failures, int64 previous_ms, uint64 random)
{
	int64 asked;

	if (retry_after_ms <= 0)
		return tasksync_backoff_ms(failures, previous_ms, random);
	asked = Min(retry_after_ms, TASKSYNC_RETRY_AFTER_CAP_MS);
	return uniform(asked, asked + asked / 10, random);
}

/*
 * tasksync_is_poison - has the account been claimed too often without an end?
 */
bool
tasksync_is_poison(int attempts)
{
	return attempts >= TASKSYNC_POISON_ATTEMPTS;
}

/*
 * tasksync_crash_delay_ms - how long an account rests whose last run never ended.
 *
 * The first time may be anybody's fault (the server was stopped): it goes
 * again at once, as its lease ends.  From the second time on it waits.
 */
int64
tasksync_crash_delay_ms(int attempts, uint64 random)
{
	int64 delay = CRASH_BASE_MS;

	if (attempts <= 1)
		return 0;
	for (int i = 2; i < attempts && delay < TASKSYNC_BACKOFF_CAP_MS; i++)
		delay *= 2;
	delay = Min(delay, TASKSYNC_BACKOFF_CAP_MS);
	return uniform(delay, delay + delay / 10, random);
}
