/*
 * test_schedule.c
 *	  When an account runs next: bounds of every delay, over all random bits.
 */
#include "postgres.h"

#include "net/retry_after.h"
#include "sync/schedule.h"
#include "unit.h"

static bool
backoff_stays_between_base_and_cap(Random *random)
{
	int			failures = 1 + random_below(random, 40);
	int64		previous = random_chance(random, 30) ? 0 : random_below(random, 2000000);
	int64		delay = tasksync_backoff_ms(failures, previous, random_next(random));

	if (delay < TASKSYNC_BACKOFF_BASE_MS || delay > TASKSYNC_BACKOFF_CAP_MS)
		return unit_reason("failure %d after %lld ms: %lld ms", failures, (long long) previous,
						   (long long) delay);
	if (previous > 0 && delay > Max(previous * 3, TASKSYNC_BACKOFF_BASE_MS))
		return unit_reason("%lld ms is more than three times %lld ms", (long long) delay,
						   (long long) previous);
	return true;
}

static bool
poll_stays_within_five_percent(Random *random)
{
	int64		interval = 300000 + (int64) random_below(random, 86100000);
	int64		delay = tasksync_poll_delay_ms(interval, random_next(random));

	if (delay < interval - interval / 20 || delay > interval + interval / 20)
		return unit_reason("%lld ms became %lld ms", (long long) interval, (long long) delay);
	return true;
}

static bool
retry_is_never_earlier_than_asked(Random *random)
{
	int64		asked = 1 + (int64) random_below(random, 2000000000);
	int64		delay = tasksync_retry_delay_ms(asked, 3, 0, random_next(random));
	int64		least = Min(asked, TASKSYNC_RETRY_AFTER_CAP_MS);

	if (delay < least || delay > least + least / 10)
		return unit_reason("asked for %lld ms, got %lld ms", (long long) asked, (long long) delay);
	return true;
}

/* both ends of the random bits reach both ends of the span */
static void
ends(void)
{
	unit_ok(tasksync_backoff_ms(1, 0, 0) == TASKSYNC_BACKOFF_BASE_MS,
			"the smallest backoff is the base");
	unit_ok(tasksync_backoff_ms(1, 0, PG_UINT64_MAX) == 3 * TASKSYNC_BACKOFF_BASE_MS,
			"the first backoff is at most three times the base");
	unit_ok(tasksync_backoff_ms(100, 0, PG_UINT64_MAX) == TASKSYNC_BACKOFF_CAP_MS,
			"a hundred failures reach the cap and do not overflow");
	unit_ok(tasksync_backoff_ms(1, PG_INT64_MAX, PG_UINT64_MAX) == TASKSYNC_BACKOFF_CAP_MS,
			"nor does an absurd previous delay");
	unit_ok(tasksync_poll_delay_ms(300000, 0) == 285000, "a poll comes at most a twentieth early");
	unit_ok(tasksync_poll_delay_ms(300000, PG_UINT64_MAX) == 315000, "and a twentieth late");
	unit_ok(tasksync_retry_delay_ms(66000, 1, 0, 0) == 66000, "Retry-After is kept to the letter");
	unit_ok(tasksync_retry_delay_ms(86400000, 1, 0, 0) == TASKSYNC_RETRY_AFTER_CAP_MS,
			"a day becomes an hour");
	unit_ok(tasksync_retry_delay_ms(0, 1, 0, 0) == TASKSYNC_BACKOFF_BASE_MS,
			"without Retry-After it is the backoff");
}

static void
poison(void)
{
	unit_ok(!tasksync_is_poison(TASKSYNC_POISON_ATTEMPTS - 1), "two crashes are bad luck");
	unit_ok(tasksync_is_poison(TASKSYNC_POISON_ATTEMPTS), "three are poison");
	unit_ok(tasksync_crash_delay_ms(1, PG_UINT64_MAX) == 0, "after the first crash it goes again");
	unit_ok(tasksync_crash_delay_ms(2, 0) == 60000, "after the second it rests a minute");
	unit_ok(tasksync_crash_delay_ms(3, 0) == 120000, "after the third two");
	unit_ok(tasksync_crash_delay_ms(1000000, 0) == TASKSYNC_BACKOFF_CAP_MS, "at most the cap");
}

static int64
headers(const char *retry_after, const char *rate_reset, const char *date)
{
	TasksyncHttpResponse response = {0};

	strlcpy(response.retry_after, retry_after, sizeof(response.retry_after));
	strlcpy(response.rate_reset, rate_reset, sizeof(response.rate_reset));
	strlcpy(response.date, date, sizeof(response.date));
	return tasksync_retry_after_ms(&response);
}

static void
retry_after(void)
{
	static const char *const date = "Sun, 06 Nov 1994 08:49:37 GMT";

	unit_ok(headers("66", "", "") == 66000, "seconds");
	unit_ok(headers("0", "", "") == 0, "zero seconds");
	unit_ok(headers("", "", "") == 0, "not said");
	unit_ok(headers("-5", "", "") == 0 && headers("5s", "", "") == 0 && headers(" ", "", "") == 0,
			"not a number");
	unit_ok(headers("99999999999999999999999999", "", "") == INT64CONST(31536000000),
			"more digits than a number holds");
	unit_ok(headers("Sun, 06 Nov 1994 08:50:37 GMT", "", date) == 60000,
			"a date, against the date of the answer");
	unit_ok(headers("Sun, 06 Nov 1994 08:48:37 GMT", "", date) == 0, "a date that is over");
	unit_ok(headers("Sun, 06 Nov 1994 08:50:37 GMT", "", "") == 0, "a date without its now");
	unit_ok(headers("", "784111837", date) == 60000, "a reset in unix seconds");
	unit_ok(headers("5", "784111837", date) == 5000, "Retry-After goes before the reset");
	unit_ok(headers("", "99999999999999999999", date) == 0, "a reset beyond all times");
	unit_ok(headers("", "60", date) == 0, "a reset in 1970");
}

/* a polling delay of five minutes, by what is used at which hour */
static int64
stretched(int64 used, int64 budget, int hour)
{
	return tasksync_budget_delay_ms(300000, used, budget, (24 - hour) * INT64CONST(3600000));
}

static void
budget(void)
{
	unit_ok(stretched(1000000, 0, 12) == 300000, "no budget stretches nothing");
	unit_ok(stretched(0, 50000, 0) == 300000, "nor does a day that has just begun");
	unit_ok(stretched(20000, 50000, 12) == 300000, "at a pace that lasts polls are as they are");
	unit_ok(stretched(30000, 50000, 12) == 600000, "at twice what is left they are half as many");
	unit_ok(labs(stretched(44000, 50000, 12) - 300000 * 44) <= 1, "the less is left the fewer");
	unit_ok(stretched(45000, 50000, 12) == 12 * INT64CONST(3600000) + 300000,
			"the last tenth is not for polls: they wait for the next day");
	unit_ok(stretched(PG_INT64_MAX / 4, 50000, 23) == INT64CONST(3600000) + 300000,
			"whatever was counted");
	unit_ok(stretched(44999, 50000, 23) == 3900000, "no later than that either way");
	unit_ok(stretched(4000, 50000, 0) == (int64) (300000 * (96000.0 / 41000)),
			"the first minutes count as an hour");
}

int
main(void)
{
	unit_start();
	unit_property("backoff stays between base and cap", 20000, backoff_stays_between_base_and_cap);
	unit_property("polls spread by five percent", 20000, poll_stays_within_five_percent);
	unit_property("never earlier than asked", 20000, retry_is_never_earlier_than_asked);
	ends();
	poison();
	retry_after();
	budget();
	return unit_done();
}
