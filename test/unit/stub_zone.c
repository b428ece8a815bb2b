/*
 * stub_zone.c
 *	  src/base/zone.c for programs without a server: the C library's time zones.
 *
 * Same promises as base/clock.h: a local time in a gap moves forward by the
 * gap, of an ambiguous one the first is meant.
 */
#include "postgres.h"

#include <time.h>
#include <unistd.h>

#include "base/clock.h"

#define PG_TO_UNIX_SECONDS ((int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY)

/* switches the process to the zone; false if there is none of this name */
static bool
use_zone(const char *zone)
{
	char		path[300];
	int			hours = 0;
	int			minutes = 0;
	char		sign;
	char		prefix[4];

	if (zone == NULL || *zone == '\0' || strlen(zone) > 100)
		return false;
	if (sscanf(zone, "%3[GMTUC]%*[ ]%c%d:%d", prefix, &sign, &hours, &minutes) >= 3 ||
		sscanf(zone, "%3[GMTUC]%c%d:%d", prefix, &sign, &hours, &minutes) >= 3)
	{
		if (sign != '+' && sign != '-')
			return false;
		/* POSIX counts westwards */
		snprintf(path, sizeof(path), "FIX%c%d:%02d", sign == '+' ? '-' : '+', hours, minutes);
	}
	else
	{
		if (strstr(zone, "..") != NULL || zone[0] == '/')
			return false;
		snprintf(path, sizeof(path), "/usr/share/zoneinfo/%s", zone);
		if (access(path, R_OK) != 0)
			return false;
		snprintf(path, sizeof(path), ":%s", zone);
	}
	setenv("TZ", path, 1);
	tzset();
	return true;
}

bool
tasksync_zone_known(const char *zone)
{
	return use_zone(zone);
}

bool
tasksync_instant_to_local(TimestampTz instant, const char *zone, char date[11], char time[9])
{
	int64		seconds = instant / USECS_PER_SEC;
	time_t		moment;
	struct tm	tm;

	if (!use_zone(zone))
		return false;
	if (instant % USECS_PER_SEC < 0)
		seconds--;
	moment = seconds + PG_TO_UNIX_SECONDS;
	if (localtime_r(&moment, &tm) == NULL || tm.tm_year + 1900 < 1 || tm.tm_year + 1900 > 9999)
		return false;
	return strftime(date, 11, "%Y-%m-%d", &tm) == 10 && strftime(time, 9, "%H:%M:%S", &tm) == 8;
}

/* seconds ahead of Greenwich that hold at this moment */
static int64
offset_at(int64 moment)
{
	time_t		at = moment;
	struct tm	tm;

	return localtime_r(&at, &tm) != NULL ? tm.tm_gmtoff : 0;
}

/*
 * The offsets of the day before and the day after are the two that can hold.
 * Not by mktime(): of an ordinary summer time it makes what tm_isdst says.
 */
bool
tasksync_local_to_instant(const char *date, const char *time, const char *zone,
						  TimestampTz *instant)
{
	struct tm	tm = {0};
	int64		local;
	int64		before;
	int64		after;

	if (!use_zone(zone) ||
		sscanf(date, "%d-%d-%d", &tm.tm_year, &tm.tm_mon, &tm.tm_mday) != 3 ||
		sscanf(time, "%d:%d:%d", &tm.tm_hour, &tm.tm_min, &tm.tm_sec) != 3)
		return false;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	local = timegm(&tm);
	before = offset_at(local - SECS_PER_DAY);
	after = offset_at(local + SECS_PER_DAY);
	/* the earlier offset is the first of two, and in a gap it moves forward */
	if (offset_at(local - before) != before && offset_at(local - after) == after)
		before = after;
	*instant = (local - before - PG_TO_UNIX_SECONDS) * USECS_PER_SEC;
	return true;
}
