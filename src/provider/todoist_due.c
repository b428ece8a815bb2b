/*
 * todoist_due.c
 *	  Todoist's due object and our four due fields, in both directions.
 *
 * Called when items are read and when commands are built.  Pure.
 *
 * A due date has one of three kinds, and the kind is part of the value: a day,
 * a wall-clock time without a zone ("floating"), or an instant together with
 * the zone it is shown in ("fixed").  Only the last is ever converted, and
 * only with the zone it carries.  Taking the other two for instants is what
 * makes dates creep by hours or days with each round trip.
 *
 * Recurrence lives in due.string alone: a date sent without that text ends the
 * series.  So a date of a recurring task always travels with its text, unless
 * the recurrence was taken away on purpose.
 */
#include "postgres.h"

#include "base/clock.h"
#include "base/json.h"
#include "provider/todoist_due.h"

/* longest zone name that the hub keeps */
#define MAX_ZONE 64
#define DATE_LENGTH 10
#define MINUTES_LENGTH 16
#define TIME_AT 11

static bool
is_usable_zone(const char *zone)
{
	return zone != NULL && strlen(zone) <= MAX_ZONE && tasksync_zone_known(zone);
}

/* "2026-10-14T05:00" with seconds added; other texts as they are */
static const char *
with_seconds(const char *date)
{
	size_t length = strlen(date);

	if (length == MINUTES_LENGTH)
		return psprintf("%s:00", date);
	if (length == MINUTES_LENGTH + 1 && date[MINUTES_LENGTH] == 'Z')
		return psprintf("%.*s:00Z", MINUTES_LENGTH, date);
	return date;
}

/*
 * An instant, shown in the zone that came with it.  A zone that nobody here
 * knows is replaced by UTC: the instant stays right, and keep_due() still
 * holds the zone's name for the way back.
 */
static void
read_fixed(TimestampTz instant, const char *zone, TasksyncRecord *record)
{
	char *date = palloc(11);
	char *time = palloc(9);

	if (!is_usable_zone(zone) || !tasksync_instant_to_local(instant, zone, date, time))
	{
		zone = "UTC";
		if (!tasksync_instant_to_local(instant, zone, date, time))
			return;
	}
	tasksync_record_put(record, TASKSYNC_F_DUE_DATE, date);
	tasksync_record_put(record, TASKSYNC_F_DUE_TIME, time);
	tasksync_record_put(record, TASKSYNC_F_DUE_TIMEZONE, zone);
}

static void
read_local(const char *text, const char *zone, TasksyncRecord *record)
{
	TimestampTz ignored;
	char *date;
	char *time;

	/* the suffix lends the strict instant parser to a text that is none */
	if (!tasksync_parse_instant(psprintf("%sZ", text), &ignored))
		return;
	date = pnstrdup(text, DATE_LENGTH);
	time = pnstrdup(text + TIME_AT, 8);
	if (!tasksync_time_valid(time))
		return;
	tasksync_record_put(record, TASKSYNC_F_DUE_DATE, date);
	tasksync_record_put(record, TASKSYNC_F_DUE_TIME, time);
	tasksync_record_put(record, TASKSYNC_F_DUE_TIMEZONE, is_usable_zone(zone) ? zone : NULL);
}

void
tasksync_todoist_read_due(const json_t *due, const char *user_zone, TasksyncRecord *record)
{
	const char *text = tasksync_json_string(due, "date");
	const char *zone = tasksync_json_string(due, "timezone");
	TimestampTz instant;

	if (json_is_null(due))
	{
		tasksync_record_put(record, TASKSYNC_F_DUE_DATE, NULL);
		tasksync_record_put(record, TASKSYNC_F_DUE_TIME, NULL);
		tasksync_record_put(record, TASKSYNC_F_DUE_TIMEZONE, NULL);
		tasksync_record_put(record, TASKSYNC_F_RECURRENCE, NULL);
		return;
	}
	/* older shapes have the time in a member of its own */
	if (tasksync_json_string(due, "datetime") != NULL)
		text = tasksync_json_string(due, "datetime");
	if (text == NULL)
		return;
	text = with_seconds(text);
	if (strlen(text) == DATE_LENGTH && tasksync_date_valid(text))
	{
		tasksync_record_put(record, TASKSYNC_F_DUE_DATE, text);
		tasksync_record_put(record, TASKSYNC_F_DUE_TIME, NULL);
		tasksync_record_put(record, TASKSYNC_F_DUE_TIMEZONE, NULL);
	}
	else if (tasksync_parse_instant(text, &instant))
		read_fixed(instant, zone != NULL ? zone : user_zone, record);
	else if (strlen(text) > DATE_LENGTH)
		read_local(text, zone, record);
	if (!tasksync_record_has(record, TASKSYNC_F_DUE_DATE))
		return;
	if (!tasksync_json_bool(due, "is_recurring", false))
		tasksync_record_put(record, TASKSYNC_F_RECURRENCE, NULL);
	else if (tasksync_json_string(due, "string") != NULL)
		tasksync_record_put(record, TASKSYNC_F_RECURRENCE, tasksync_json_string(due, "string"));
}

json_t *
tasksync_todoist_keep_due(const json_t *due)
{
	static const char *const names[] = {"timezone", "string", "lang"};
	bool is_recurring = tasksync_json_bool(due, "is_recurring", false);
	json_t *kept;

	if (!is_recurring && tasksync_json_string(due, "timezone") == NULL)
		return NULL;
	kept = json_object();
	for (int i = 0; i < (is_recurring ? (int) lengthof(names) : 1); i++)
	{
		json_t *member = json_object_get(due, names[i]);

		if (json_is_string(member))
			json_object_set(kept, names[i], member);
	}
	return kept;
}

/* ---- the way back ---- */

static const char *
value_of(const TasksyncRecord *patch, const TasksyncRecord *before, TasksyncField field)
{
	if (tasksync_record_has(patch, field))
		return patch->value[field];
	if (before != NULL && tasksync_record_has(before, field))
		return before->value[field];
	return NULL;
}

static void
set_text(json_t *object, const char *key, const char *text)
{
	json_object_set_new(object, key, json_string(text));
}

/* the zone as it was told, where only its name was beyond us */
static const char *
zone_to_send(const char *zone, const json_t *kept)
{
	const char *told = tasksync_json_string(kept, "timezone");

	if (told != NULL && strcmp(zone, "UTC") == 0 && !is_usable_zone(told))
		return told;
	return zone;
}

static void
write_date(json_t *due, const char *date, const char *time, const char *zone, const json_t *kept)
{
	TimestampTz instant;

	if (time == NULL)
		set_text(due, "date", date);
	else if (zone == NULL)
		set_text(due, "date", psprintf("%sT%s", date, time));
	else
	{
		/* a zone that only Todoist may know goes with the local time for it to convert */
		if (tasksync_local_to_instant(date, time, zone, &instant))
			set_text(due, "date", tasksync_format_instant(instant));
		else
			set_text(due, "date", psprintf("%sT%s", date, time));
		set_text(due, "timezone", zone_to_send(zone, kept));
	}
}

json_t *
tasksync_todoist_write_due(const TasksyncRecord *patch, const TasksyncRecord *before,
						   const json_t *raw)
{
	const json_t *kept = json_object_get(raw, "due");
	const char *date = value_of(patch, before, TASKSYNC_F_DUE_DATE);
	const char *recurrence = value_of(patch, before, TASKSYNC_F_RECURRENCE);
	json_t *due;

	if (date == NULL && recurrence == NULL)
		return json_null();
	due = json_object();
	if (date != NULL)
		write_date(due, date, value_of(patch, before, TASKSYNC_F_DUE_TIME),
				   value_of(patch, before, TASKSYNC_F_DUE_TIMEZONE), kept);
	if (recurrence != NULL)
	{
		const char *lang = tasksync_json_string(kept, "lang");

		set_text(due, "string", recurrence);
		/* without a date the service reads the text alone and finds the first date itself */
		if (date != NULL)
			json_object_set_new(due, "is_recurring", json_true());
		if (lang != NULL)
			set_text(due, "lang", lang);
	}
	return due;
}
