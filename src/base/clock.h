/*
 * clock.h
 *	  Instants, local times and zones without a session time zone.
 *
 * Everything here is a function of its arguments except tasksync_now() and
 * tasksync_monotonic_ms(); pure files may use all but those two.
 */
#ifndef TASKSYNC_CLOCK_H
#define TASKSYNC_CLOCK_H

#include "postgres.h"

#include "datatype/timestamp.h"

/* wall clock, as GetCurrentTimestamp(); test builds may shift it */
extern TimestampTz tasksync_now(void);
/* for leases, timeouts and backoff: never jumps */
extern int64 tasksync_monotonic_ms(void);

/*
 * RFC 3339 instant ("2026-01-21T21:28:43.841504Z", 0 to 9 fractional digits,
 * any offset) to TimestampTz.  False if it is not one.
 */
extern bool tasksync_parse_instant(const char *text, TimestampTz *instant);
/* RFC 3339 in UTC with microseconds when there are any; palloc'd */
extern char *tasksync_format_instant(TimestampTz instant);
/* RFC 9110 date, e.g. "Sun, 06 Nov 1994 08:49:37 GMT" */
extern bool tasksync_parse_http_date(const char *text, TimestampTz *instant);

/*
 * Zone names: IANA names and the fixed offsets "GMT ±H[:MM]", "UTC±HH:MM" that
 * some providers send.  Conversions return false for an unknown zone.  A local
 * time in a DST gap moves forward by the gap, an ambiguous one is the first.
 */
extern bool tasksync_zone_known(const char *zone);
extern bool tasksync_instant_to_local(TimestampTz instant, const char *zone, char date[11],
									  char time[9]);
extern bool tasksync_local_to_instant(const char *date, const char *time, const char *zone,
									  TimestampTz *instant);
/* how far a local time is ahead of its instant, as a zone: "UTC", "UTC+05:30"; NULL: no time */
extern char *tasksync_offset_zone(const char *date, const char *time, TimestampTz instant);
extern bool tasksync_date_valid(const char *date);	/* YYYY-MM-DD that exists */
extern bool tasksync_time_valid(const char *time);	/* HH:MM:SS */

#endif							/* TASKSYNC_CLOCK_H */
