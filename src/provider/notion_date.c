/*
 * notion_date.c
 *	  Date properties as due dates, both ways.
 *
 * Called for each page that is read and each due date that is written.  Pure.
 *
 * A date has no time and is never converted.  A time comes with an offset and
 * hardly ever with the name of its zone, so the offset counts as the zone
 * ("UTC+01:00"); the lens lets the hub keep a zone of the same offset.  Seconds
 * do not survive there and are cut off.  The due date is the start of a range;
 * its end stays.
 */
#include "postgres.h"

#include "base/clock.h"
#include "provider/notion_date.h"

#define DATE_LENGTH 10
#define TIME_AT 11
#define MINUTES_LENGTH 16

/* ---- reading ---- */

/* one moment as it is told: local date and time, and the offset as a zone */
typedef struct Moment
{
	const char *date;
	const char *time;    /* NULL = all day */
	const char *zone;    /* NULL = all day */
	TimestampTz instant; /* of a moment with a time */
} Moment;

/* a local time and the instant that it is; the difference is the offset */
static bool
set_moment(Moment *moment, const char *date, const char *time, TimestampTz instant)
{
	moment->zone = tasksync_offset_zone(date, time, instant);
	if (moment->zone == NULL)
		return false;
	moment->date = date;
	moment->time = time;
	moment->instant = instant;
	return true;
}

/* a time without an offset is one of the named zone, or else of UTC */
static bool
read_local(const char *date, const char *time, const char *zone, Moment *moment)
{
	TimestampTz instant;

	if (zone == NULL || !tasksync_local_to_instant(date, time, zone, &instant))
	{
		if (!tasksync_parse_instant(psprintf("%sT%sZ", date, time), &instant))
			return false;
	}
	return set_moment(moment, date, time, instant);
}

static bool
read_moment(const char *text, const char *zone, Moment *moment)
{
	const char *date;
	const char *time;
	TimestampTz instant;

	memset(moment, 0, sizeof(*moment));
	if (text == NULL || strlen(text) < DATE_LENGTH)
		return false;
	date = pnstrdup(text, DATE_LENGTH);
	if (!tasksync_date_valid(date))
		return false;
	moment->date = date;
	if (text[DATE_LENGTH] == '\0')
		return true;
	if (strlen(text) < MINUTES_LENGTH)
		return false;
	time = psprintf("%.5s:00", text + TIME_AT);
	if (!tasksync_time_valid(time))
		return false;
	if (!tasksync_parse_instant(text, &instant))
		return read_local(date, time, zone, moment);
	/* the part of a minute that the local time lost */
	instant -= instant % USECS_PER_MINUTE;
	return set_moment(moment, date, time, instant);
}

void
tasksync_notion_read_date(const json_t *date, TasksyncRecord *record)
{
	Moment moment;

	memset(&moment, 0, sizeof(moment));
	if (!json_is_null(date) && !read_moment(tasksync_json_string(date, "start"),
											tasksync_json_string(date, "time_zone"), &moment))
		return;
	tasksync_record_put(record, TASKSYNC_F_DUE_DATE, moment.date);
	tasksync_record_put(record, TASKSYNC_F_DUE_TIME, moment.time);
	tasksync_record_put(record, TASKSYNC_F_DUE_TIMEZONE, moment.zone);
}

json_t *
tasksync_notion_keep_date(const json_t *date)
{
	static const char *const names[] = {"start", "end", "time_zone"};
	json_t *kept = json_object();

	if (tasksync_json_string(date, "end") == NULL &&
		tasksync_json_string(date, "time_zone") == NULL)
		return NULL;
	for (int i = 0; i < (int) lengthof(names); i++)
	{
		json_t *member = json_object_get(date, names[i]);

		if (json_is_string(member))
			json_object_set(kept, names[i], member);
	}
	return kept;
}

/* ---- writing ---- */

static const char *
value_of(const TasksyncRecord *patch, const TasksyncRecord *before, TasksyncField field)
{
	if (tasksync_record_has(patch, field))
		return patch->value[field];
	if (before != NULL && tasksync_record_has(before, field))
		return before->value[field];
	return NULL;
}

/* the moment in words of the named zone, or with its offset */
static const char *
moment_text(const Moment *moment, const char *named_zone)
{
	char *date = palloc(11);
	char *time = palloc(9);
	const char *offset;

	if (moment->time == NULL)
		return moment->date;
	if (named_zone != NULL && tasksync_instant_to_local(moment->instant, named_zone, date, time))
		return psprintf("%sT%s", date, time);
	offset = strcmp(moment->zone, "UTC") == 0 ? "Z" : moment->zone + 3;
	return psprintf("%sT%s%s", moment->date, moment->time, offset);
}

static int64
days_between(const char *from, const char *to)
{
	TimestampTz a;
	TimestampTz b;

	if (!tasksync_parse_instant(psprintf("%sT00:00:00Z", from), &a) ||
		!tasksync_parse_instant(psprintf("%sT00:00:00Z", to), &b))
		return 0;
	return (b - a) / USECS_PER_DAY;
}

/* the moment so many days later, at the same local time and offset */
static void
shift_days(Moment *moment, int64 days)
{
	TimestampTz day;

	if (!tasksync_parse_instant(psprintf("%sT00:00:00Z", moment->date), &day))
		return;
	moment->date = pnstrdup(tasksync_format_instant(day + days * USECS_PER_DAY), DATE_LENGTH);
	moment->instant += days * USECS_PER_DAY;
}

static bool
ends_before(const Moment *end, const Moment *start)
{
	if (start->time != NULL && end->time != NULL)
		return end->instant < start->instant;
	return strcmp(end->date, start->date) < 0;
}

/*
 * The end of the range as it was.  Where the start moved behind it, the range
 * keeps its length in days; both ends have a time or neither.
 */
static void
write_end(json_t *date, const Moment *start, const json_t *kept, const char *named_zone)
{
	Moment end;
	Moment old_start;
	const char *told = tasksync_json_string(kept, "time_zone");

	if (!read_moment(tasksync_json_string(kept, "end"), told, &end))
		return;
	if (start->time == NULL)
		end.time = end.zone = NULL;
	else if (end.time == NULL)
	{
		int64 days = days_between(start->date, end.date);

		end = *start;
		shift_days(&end, Max(days, 0));
	}
	if (ends_before(&end, start) &&
		read_moment(tasksync_json_string(kept, "start"), told, &old_start))
		shift_days(&end, days_between(old_start.date, start->date));
	if (!ends_before(&end, start))
		json_object_set_new(date, "end", json_string(moment_text(&end, named_zone)));
}

json_t *
tasksync_notion_write_date(const TasksyncRecord *patch, const TasksyncRecord *before,
						   const json_t *kept, const char *zone)
{
	const char *day = value_of(patch, before, TASKSYNC_F_DUE_DATE);
	const char *time = value_of(patch, before, TASKSYNC_F_DUE_TIME);
	const char *own_zone = value_of(patch, before, TASKSYNC_F_DUE_TIMEZONE);
	const char *named_zone = tasksync_json_string(kept, "time_zone");
	Moment start = {0};
	json_t *date;

	if (day == NULL)
		return json_null();
	start.date = day;
	if (time != NULL)
		read_local(day, psprintf("%.5s:00", time), own_zone != NULL ? own_zone : zone, &start);
	if (start.time == NULL || (named_zone != NULL && !tasksync_zone_known(named_zone)))
		named_zone = NULL;
	date = json_pack("{s:s}", "start", moment_text(&start, named_zone));
	write_end(date, &start, kept, named_zone);
	if (named_zone != NULL)
		json_object_set_new(date, "time_zone", json_string(named_zone));
	return date;
}
