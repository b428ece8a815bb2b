/*
 * retry_after.c
 *	  How long a provider asked us to stay away.
 *
 * Called by the providers' parse functions.  Pure: "now" is the Date header of
 * the same answer, which also cancels out a clock that is wrong on our side.
 */
#include "postgres.h"

#include <ctype.h>

#include "base/clock.h"
#include "net/retry_after.h"

/* more than any provider means; keeps the arithmetic far from overflow */
#define LONGEST_SECONDS INT64CONST(31536000)

/*
 * whole_number - digits only, in *number; false for anything else.
 */
static bool
whole_number(const char *text, int64 *number)
{
	int64 value = 0;

	if (*text == '\0')
		return false;
	for (; *text != '\0'; text++)
	{
		if (!isdigit((unsigned char) *text))
			return false;
		if (value < PG_INT64_MAX / 100)
			value = value * 10 + (*text - '0');
	}
	*number = value;
	return true;
}

static int64
until(TimestampTz then, const char *date_header)
{
	TimestampTz now;

	if (!tasksync_parse_http_date(date_header, &now) || then <= now)
		return 0;
	return Min(then - now, LONGEST_SECONDS * USECS_PER_SEC) / 1000;
}

/*
 * tasksync_retry_after_ms - the delay the answer's headers ask for, 0 if none.
 */
int64
tasksync_retry_after_ms(const TasksyncHttpResponse *response)
{
	TimestampTz then;
	int64 number;

	if (whole_number(response->retry_after, &number))
		return Min(number, LONGEST_SECONDS) * 1000;
	if (tasksync_parse_http_date(response->retry_after, &then))
		return until(then, response->date);

	/* far beyond the year 9999 it is no point in time any more */
	if (whole_number(response->rate_reset, &number) && number < INT64CONST(250000000000))
	{
		then = (TimestampTz) (number - (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY) *
			   USECS_PER_SEC;
		return until(then, response->date);
	}
	return 0;
}
