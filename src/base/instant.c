/*
 * instant.c
 *	  Instants as text and back: RFC 3339 and the dates of HTTP headers.
 *
 * Pure: own calendar arithmetic instead of the server's datetime.c, because the
 * unit tests and the fuzzers link this file without a server, and because
 * the server's parser accepts far more than the two formats meant here.
 */
#include "postgres.h"

#include "base/clock.h"

#define UNIX_TO_PG_DAYS (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE)

static const char *const month_names[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
										  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

/* reads exactly `digits` decimal digits; false and no movement if there are fewer */
static bool
read_digits(const char **at, int digits, int *value)
{
	const char *p = *at;
	int			sum = 0;

	for (int i = 0; i < digits; i++)
	{
		if (p[i] < '0' || p[i] > '9')
			return false;
		sum = sum * 10 + (p[i] - '0');
	}
	*at = p + digits;
	*value = sum;
	return true;
}

static bool
read_char(const char **at, char wanted)
{
	if (**at != wanted)
		return false;
	(*at)++;
	return true;
}

static bool
is_leap_year(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static bool
is_real_date(int year, int month, int day)
{
	static const int length[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1)
		return false;
	return day <= length[month - 1] + (month == 2 && is_leap_year(year) ? 1 : 0);
}

/* days since 1970-01-01 of a Gregorian date (years counted from March, so leap days come last) */
static int64
days_from_date(int year, int month, int day)
{
	int64		y = month <= 2 ? year - 1 : year;
	int64		era = (y >= 0 ? y : y - 399) / 400;
	int64		year_of_era = y - era * 400;
	int64		day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
		719468;
}

static void
date_from_days(int64 days, int *year, int *month, int *day)
{
	int64		z = days + 719468;
	int64		era = (z >= 0 ? z : z - 146096) / 146097;
	int64		doe = z - era * 146097;
	int64		yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64		doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64		mp = (5 * doy + 2) / 153;

	*day = (int) (doy - (153 * mp + 2) / 5 + 1);
	*month = (int) (mp < 10 ? mp + 3 : mp - 9);
	*year = (int) (yoe + era * 400 + (*month <= 2 ? 1 : 0));
}

static TimestampTz
instant_from_parts(int year, int month, int day, int64 seconds_of_day, int microseconds)
{
	int64		days = days_from_date(year, month, day) - UNIX_TO_PG_DAYS;

	return (days * SECS_PER_DAY + seconds_of_day) * USECS_PER_SEC + microseconds;
}

static bool
read_date(const char **at, int *year, int *month, int *day)
{
	return read_digits(at, 4, year) && read_char(at, '-') && read_digits(at, 2, month) &&
		read_char(at, '-') && read_digits(at, 2, day) && is_real_date(*year, *month, *day);
}

/* HH:MM:SS; a leap second is allowed and is the following second, as in the server */
static bool
read_time(const char **at, int64 *seconds)
{
	int			hour;
	int			minute;
	int			second;

	if (!read_digits(at, 2, &hour) || !read_char(at, ':') || !read_digits(at, 2, &minute) ||
		!read_char(at, ':') || !read_digits(at, 2, &second))
		return false;
	if (hour > 23 || minute > 59 || second > 60)
		return false;
	*seconds = (int64) hour * SECS_PER_HOUR + minute * SECS_PER_MINUTE + second;
	return true;
}

/* ".841504" and the like: at most nine digits, rounded down to microseconds */
static bool
read_fraction(const char **at, int *microseconds)
{
	int			digits = 0;
	int			sum = 0;

	*microseconds = 0;
	if (**at != '.')
		return true;
	(*at)++;
	while (**at >= '0' && **at <= '9')
	{
		if (++digits > 9)
			return false;
		if (digits <= 6)
			sum = sum * 10 + (**at - '0');
		(*at)++;
	}
	if (digits == 0)
		return false;
	for (int i = digits; i < 6; i++)
		sum *= 10;
	*microseconds = sum;
	return true;
}

static bool
read_offset(const char **at, int64 *seconds)
{
	int			sign;
	int			hours;
	int			minutes;

	if (**at == 'Z' || **at == 'z')
	{
		(*at)++;
		*seconds = 0;
		return true;
	}
	if (**at != '+' && **at != '-')
		return false;
	sign = **at == '-' ? -1 : 1;
	(*at)++;
	if (!read_digits(at, 2, &hours) || !read_char(at, ':') || !read_digits(at, 2, &minutes) ||
		hours > 23 || minutes > 59)
		return false;
	*seconds = sign * ((int64) hours * SECS_PER_HOUR + minutes * SECS_PER_MINUTE);
	return true;
}

bool
tasksync_parse_instant(const char *text, TimestampTz *instant)
{
	const char *at = text;
	int			year;
	int			month;
	int			day;
	int			microseconds;
	int64		seconds;
	int64		offset;

	if (text == NULL || !read_date(&at, &year, &month, &day))
		return false;
	if (*at != 'T' && *at != 't' && *at != ' ')
		return false;
	at++;
	if (!read_time(&at, &seconds) || !read_fraction(&at, &microseconds) ||
		!read_offset(&at, &offset) || *at != '\0')
		return false;
	*instant = instant_from_parts(year, month, day, seconds - offset, microseconds);
	return true;
}

char *
tasksync_format_instant(TimestampTz instant)
{
	int64		day_us = SECS_PER_DAY * USECS_PER_SEC;
	int64		days = instant / day_us;
	int64		rest = instant % day_us;
	int			seconds;
	int			microseconds;
	int			year;
	int			month;
	int			day;

	if (rest < 0)
	{
		rest += day_us;
		days--;
	}
	date_from_days(days + UNIX_TO_PG_DAYS, &year, &month, &day);
	seconds = (int) (rest / USECS_PER_SEC);
	microseconds = (int) (rest % USECS_PER_SEC);
	if (microseconds == 0)
		return psprintf("%04d-%02d-%02dT%02d:%02d:%02dZ", year, month, day, seconds / 3600,
						seconds / 60 % 60, seconds % 60);
	return psprintf("%04d-%02d-%02dT%02d:%02d:%02d.%06dZ", year, month, day, seconds / 3600,
					seconds / 60 % 60, seconds % 60, microseconds);
}

/*
 * tasksync_parse_http_date reads the one form that RFC 9110 lets servers
 * generate.  The two obsolete forms are left out: no provider sends them, and a
 * two-digit year would have to be guessed.
 */
bool
tasksync_parse_http_date(const char *text, TimestampTz *instant)
{
	const char *at = text;
	int			year;
	int			day;
	int			month = 0;
	int64		seconds;

	if (text == NULL || strlen(text) < 5 || text[3] != ',' || text[4] != ' ')
		return false;
	at += 5;
	if (!read_digits(&at, 2, &day) || !read_char(&at, ' '))
		return false;
	for (int i = 0; i < 12; i++)
	{
		if (strncmp(at, month_names[i], 3) == 0)
			month = i + 1;
	}
	if (month == 0)
		return false;
	at += 3;
	if (!read_char(&at, ' ') || !read_digits(&at, 4, &year) || !read_char(&at, ' ') ||
		!is_real_date(year, month, day) || !read_time(&at, &seconds) || strcmp(at, " GMT") != 0)
		return false;
	*instant = instant_from_parts(year, month, day, seconds, 0);
	return true;
}

bool
tasksync_date_valid(const char *date)
{
	int			year;
	int			month;
	int			day;

	return date != NULL && read_date(&date, &year, &month, &day) && *date == '\0';
}

bool
tasksync_time_valid(const char *time)
{
	int64		seconds;

	return time != NULL && strlen(time) == 8 && strcmp(time + 6, "60") < 0 &&
		read_time(&time, &seconds);
}

char *
tasksync_offset_zone(const char *date, const char *time, TimestampTz instant)
{
	TimestampTz as_utc;
	int64 minutes;

	if (!tasksync_time_valid(time) ||
		!tasksync_parse_instant(psprintf("%sT%sZ", date, time), &as_utc))
		return NULL;
	minutes = (as_utc - instant) / USECS_PER_MINUTE;
	if (minutes == 0)
		return pstrdup("UTC");
	return psprintf("UTC%c%02d:%02d", minutes < 0 ? '-' : '+', (int) (Abs(minutes) / 60),
					(int) (Abs(minutes) % 60));
}
