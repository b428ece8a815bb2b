/*
 * zone.c
 *	  Local times: the server's time zone data, and the fixed offsets that some
 *	  providers send as a zone.
 *
 * Called in backends and in the worker; unit tests without a server replace
 * this file.  It never looks at the session's TimeZone.
 */
#include "postgres.h"

#include "pgtime.h"

#include "base/clock.h"

#define PG_TO_UNIX_SECONDS ((int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY)

/*
 * "GMT +3", "GMT -3:30", "UTC+03:00": the sign as people mean it, ahead of
 * Greenwich is plus.  Read here because the server would take "UTC+3" for a
 * POSIX specification, where the same text means three hours behind.
 */
static bool
fixed_offset(const char *zone, int64 *seconds)
{
	const char *at = zone;
	int			sign;
	int			hours = 0;
	int			minutes = 0;
	int			digits = 0;

	if (strncmp(at, "GMT", 3) != 0 && strncmp(at, "UTC", 3) != 0)
		return false;
	at += 3;
	if (*at == ' ')
		at++;
	if (*at != '+' && *at != '-')
		return false;
	sign = *at++ == '-' ? -1 : 1;
	for (; *at >= '0' && *at <= '9' && digits < 2; digits++)
		hours = hours * 10 + (*at++ - '0');
	if (digits == 0)
		return false;
	if (*at == ':')
	{
		at++;
		if (at[0] < '0' || at[0] > '5' || at[1] < '0' || at[1] > '9')
			return false;
		minutes = (at[0] - '0') * 10 + (at[1] - '0');
		at += 2;
	}
	if (*at != '\0' || hours > 15)
		return false;
	*seconds = sign * ((int64) hours * SECS_PER_HOUR + minutes * SECS_PER_MINUTE);
	return true;
}

/*
 * Is it a name of the zone database rather than a POSIX specification?  The
 * server falls back to the latter without a word ("FOO+3", "Etc/GMT+99"), so a
 * digit is allowed only where the database itself has digits.
 */
static bool
looks_like_name(const char *zone)
{
	static const char *const with_digits[] = {"EST5EDT", "CST6CDT", "MST7MDT",
											  "PST8PDT", "GMT0", "Etc/GMT0"};
	char	   *end;
	long		hours;

	for (int i = 0; i < lengthof(with_digits); i++)
	{
		if (pg_strcasecmp(zone, with_digits[i]) == 0)
			return true;
	}
	if (pg_strncasecmp(zone, "Etc/GMT", 7) == 0 && (zone[7] == '+' || zone[7] == '-') &&
		zone[8] >= '0' && zone[8] <= '9')
	{
		hours = strtol(zone + 7, &end, 10);
		return *end == '\0' && strlen(zone) <= 10 && hours >= -14 && hours <= 12;
	}
	if (*zone == '\0' || *zone == '/')
		return false;
	for (const char *p = zone; *p != '\0'; p++)
	{
		if (!((*p >= 'A' && *p <= 'Z') || (*p >= 'a' && *p <= 'z') || *p == '_' || *p == '-' ||
			  *p == '/'))
			return false;
	}
	return true;
}

/* NULL if there is no such zone; fixed offsets become zones of the server too */
static pg_tz *
find_zone(const char *zone)
{
	int64		seconds;

	if (zone == NULL)
		return NULL;
	/* the server counts west of Greenwich */
	if (fixed_offset(zone, &seconds))
		return pg_tzset_offset((long) -seconds);
	if (!looks_like_name(zone))
		return NULL;
	return pg_tzset(zone);
}

bool
tasksync_zone_known(const char *zone)
{
	return find_zone(zone) != NULL;
}

bool
tasksync_instant_to_local(TimestampTz instant, const char *zone, char date[11], char time[9])
{
	pg_tz	   *tz = find_zone(zone);
	pg_time_t	seconds = instant / USECS_PER_SEC;
	struct pg_tm *local;

	if (tz == NULL)
		return false;
	if (instant % USECS_PER_SEC < 0)
		seconds--;
	seconds += PG_TO_UNIX_SECONDS;
	local = pg_localtime(&seconds, tz);
	if (local == NULL || local->tm_year + 1900 < 1 || local->tm_year + 1900 > 9999)
		return false;
	snprintf(date, 11, "%04d-%02d-%02d", local->tm_year + 1900, local->tm_mon + 1, local->tm_mday);
	snprintf(time, 9, "%02d:%02d:%02d", local->tm_hour, local->tm_min, local->tm_sec);
	return true;
}

/*
 * tasksync_local_to_instant looks at the first change of the offset after one
 * day before the local time.  Reading the local time with the offset from
 * before that change is right outside of changes, is the first of two in an
 * ambiguous hour, and lands behind a gap by its length; only a time that lies
 * after the change with either offset is read with the later one.  The
 * server's own rule differs in the ambiguous hour: it takes the second.
 */
bool
tasksync_local_to_instant(const char *date, const char *time, const char *zone,
						  TimestampTz *instant)
{
	pg_tz	   *tz = find_zone(zone);
	char		text[32];
	TimestampTz as_utc;
	pg_time_t	local;
	pg_time_t	day_before;
	pg_time_t	boundary;
	long int	before_offset;
	long int	after_offset;
	int			before_dst;
	int			after_dst;
	int			found;
	int64		offset;

	if (tz == NULL || !tasksync_date_valid(date) || !tasksync_time_valid(time))
		return false;
	snprintf(text, sizeof(text), "%sT%sZ", date, time);
	if (!tasksync_parse_instant(text, &as_utc))
		return false;
	local = as_utc / USECS_PER_SEC + PG_TO_UNIX_SECONDS;
	day_before = local - SECS_PER_DAY;
	found = pg_next_dst_boundary(&day_before, &before_offset, &before_dst, &boundary,
								 &after_offset, &after_dst, tz);
	if (found < 0)
		return false;
	offset = before_offset;
	if (found > 0 && local - before_offset >= boundary && local - after_offset >= boundary)
		offset = after_offset;
	*instant = as_utc - offset * USECS_PER_SEC;
	return true;
}
