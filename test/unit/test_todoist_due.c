/*
 * test_todoist_due.c
 *	  Due dates of all kinds, there and back: nothing may creep.
 */
#include "postgres.h"

#include "base/clock.h"
#include "provider/todoist_due.h"
#include "todoist_kit.h"

/* "date time zone recurrence" */
static const char *
shown(const TasksyncRecord *record)
{
	return psprintf("%s %s %s %s", kit_field(record, TASKSYNC_F_DUE_DATE),
					kit_field(record, TASKSYNC_F_DUE_TIME),
					kit_field(record, TASKSYNC_F_DUE_TIMEZONE),
					kit_field(record, TASKSYNC_F_RECURRENCE));
}

static TasksyncRecord *
read_due(const char *due)
{
	TasksyncRecord *record = tasksync_record_new(TASKSYNC_TASK);

	tasksync_todoist_read_due(kit_json(due), "America/New_York", record);
	return record;
}

/* what is read, and that writing it back unchanged gives the same due again */
static void
check_round_trip(const char *due, const char *expected, const char *sent, const char *name)
{
	TasksyncRecord *record = read_due(due);
	json_t *kept = tasksync_todoist_keep_due(kit_json(due));
	json_t *raw = json_object();
	json_t *back;

	if (kept != NULL)
		json_object_set_new(raw, "due", kept);
	back = tasksync_todoist_write_due(record, record, raw);
	unit_is(shown(record), expected, name);
	unit_is(tasksync_json_text(back), kit_text(sent), psprintf("%s, and back", name));
}

static void
test_kinds(void)
{
	check_round_trip("null", "(null) (null) (null) (null)", "null", "no due date");
	check_round_trip("{'date':'2026-10-14','timezone':null,'string':'14 Oct','lang':'en',"
					 "'is_recurring':false}",
					 "2026-10-14 (null) (null) (null)", "{'date':'2026-10-14'}", "all-day");
	check_round_trip("{'date':'2026-10-14T12:00:00','timezone':null,'string':'x','lang':'en',"
					 "'is_recurring':false}",
					 "2026-10-14 12:00:00 (null) (null)", "{'date':'2026-10-14T12:00:00'}",
					 "floating");
	check_round_trip("{'date':'2026-10-14T12:00:00.250000','timezone':null,'is_recurring':false}",
					 "2026-10-14 12:00:00 (null) (null)", "{'date':'2026-10-14T12:00:00'}",
					 "floating with a fraction");
	check_round_trip("{'date':'2026-10-14T12:30','timezone':null,'is_recurring':false}",
					 "2026-10-14 12:30:00 (null) (null)", "{'date':'2026-10-14T12:30:00'}",
					 "floating without seconds");
	check_round_trip(
		"{'date':'2026-10-14T05:00:00Z','timezone':'Asia/Jakarta','is_recurring':false}",
		"2026-10-14 12:00:00 Asia/Jakarta (null)",
		"{'date':'2026-10-14T05:00:00Z','timezone':'Asia/Jakarta'}", "fixed");
	check_round_trip("{'date':'2026-10-14T23:30:00.000000Z','timezone':'Asia/Jakarta'}",
					 "2026-10-15 06:30:00 Asia/Jakarta (null)",
					 "{'date':'2026-10-14T23:30:00Z','timezone':'Asia/Jakarta'}",
					 "fixed, another day there");
	check_round_trip("{'date':'2026-10-14T05:00:00Z','timezone':null}",
					 "2026-10-14 01:00:00 America/New_York (null)",
					 "{'date':'2026-10-14T05:00:00Z','timezone':'America/New_York'}",
					 "fixed without a zone: the account's own");
	check_round_trip("{'date':'2026-10-14T12:00:00','timezone':'Asia/Jakarta'}",
					 "2026-10-14 12:00:00 Asia/Jakarta (null)",
					 "{'date':'2026-10-14T05:00:00Z','timezone':'Asia/Jakarta'}",
					 "a local time that names its zone");
}

static void
test_odd_zones(void)
{
	check_round_trip("{'date':'2026-10-14T05:00:00Z','timezone':'GMT -7:00'}",
					 "2026-10-13 22:00:00 GMT -7:00 (null)",
					 "{'date':'2026-10-14T05:00:00Z','timezone':'GMT -7:00'}",
					 "trap 11: a zone that is an offset");
	check_round_trip("{'date':'2026-10-14T05:00:00Z','timezone':'GMT +5:30'}",
					 "2026-10-14 10:30:00 GMT +5:30 (null)",
					 "{'date':'2026-10-14T05:00:00Z','timezone':'GMT +5:30'}",
					 "trap 11: an offset with minutes");
	check_round_trip("{'date':'2026-10-14T05:00:00Z','timezone':'Mars/Olympus Mons'}",
					 "2026-10-14 05:00:00 UTC (null)",
					 "{'date':'2026-10-14T05:00:00Z','timezone':'Mars/Olympus Mons'}",
					 "trap 11: an unknown zone shows the instant in UTC and goes back by its name");
	check_round_trip("{'date':'2026-10-14T05:00:00Z','timezone':"
					 "'Xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'}",
					 "2026-10-14 05:00:00 UTC (null)",
					 "{'date':'2026-10-14T05:00:00Z','timezone':"
					 "'Xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'}",
					 "a zone name longer than the hub keeps");
}

static void
test_recurring(void)
{
	check_round_trip("{'date':'2026-10-14','timezone':null,'string':'jeden Tag','lang':'de',"
					 "'is_recurring':true}",
					 "2026-10-14 (null) (null) jeden Tag",
					 "{'date':'2026-10-14','is_recurring':true,'lang':'de','string':'jeden Tag'}",
					 "recurring all-day");
	check_round_trip("{'date':'2026-10-14T09:00:00','timezone':null,'string':'every day at 9',"
					 "'lang':'en','is_recurring':true}",
					 "2026-10-14 09:00:00 (null) every day at 9",
					 "{'date':'2026-10-14T09:00:00','is_recurring':true,'lang':'en',"
					 "'string':'every day at 9'}",
					 "recurring floating");
	check_round_trip("{'date':'2026-10-14T08:00:00Z','timezone':'Europe/Lisbon',"
					 "'string':'every day at 9','lang':'en','is_recurring':true}",
					 "2026-10-14 09:00:00 Europe/Lisbon every day at 9",
					 "{'date':'2026-10-14T08:00:00Z','is_recurring':true,'lang':'en',"
					 "'string':'every day at 9','timezone':'Europe/Lisbon'}",
					 "recurring fixed");
}

static void
test_nonsense(void)
{
	static const char *const dues[] = {
		"{}",
		"[]",
		"17",
		"'tomorrow'",
		"{'date':null}",
		"{'date':20261014}",
		"{'date':''}",
		"{'date':'2026-02-30'}",
		"{'date':'soon'}",
		"{'date':'2026-10-14T25:00:00'}",
		"{'date':'2026-10-14T12:00:00+99:00'}",
		"{'date':'2026-10-14X12:00:00'}",
		"{'date':'2026-10-14T23:59:60'}",
		"{'date':'99999-10-14'}",
		"{'date':'2026-10-14T12:00:00ZZ'}",
	};

	for (int i = 0; i < (int) lengthof(dues); i++)
		unit_ok(read_due(dues[i])->present == 0, "not understood, so not told: %s", dues[i]);
}

/* a write by hand: patch, base and kept parts in, due out */
static void
check_write(const char *patch, const char *before, const char *raw, const char *expected,
			const char *name)
{
	json_t *due =
		tasksync_todoist_write_due(kit_record(TASKSYNC_TASK, patch),
								   before != NULL ? kit_record(TASKSYNC_TASK, before) : NULL,
								   raw != NULL ? kit_json(raw) : NULL);

	unit_is(tasksync_json_text(due), kit_text(expected), name);
}

static void
test_changes(void)
{
	const char *daily = "{'due_date':'2026-10-14','due_time':null,'due_timezone':null,"
						"'recurrence':'every day'}";
	const char *raw = "{'due':{'string':'every day','lang':'en'}}";

	check_write("{'due_date':'2026-10-20','due_time':null,'due_timezone':null,"
				"'recurrence':'every day'}",
				daily, raw,
				"{'date':'2026-10-20','is_recurring':true,'lang':'en','string':'every day'}",
				"trap 8: moving the date of a recurring task keeps its rule");
	check_write("{'due_date':'2026-10-20'}", daily, raw,
				"{'date':'2026-10-20','is_recurring':true,'lang':'en','string':'every day'}",
				"trap 8: so does a patch that does not speak of the rule");
	check_write("{'due_time':'09:00:00'}", daily, raw,
				"{'date':'2026-10-14T09:00:00','is_recurring':true,'lang':'en',"
				"'string':'every day'}",
				"trap 8: so does a new time of day");
	check_write("{'due_date':'2026-10-14','recurrence':null}", daily, raw, "{'date':'2026-10-14'}",
				"a rule taken away on purpose: the bare date");
	check_write("{'due_date':null,'due_time':null,'due_timezone':null,'recurrence':null}", daily,
				raw, "null", "cleared");
	check_write("{'due_date':null}", "{'due_date':'2026-10-14'}", NULL, "null",
				"the date alone cleared, no rule");
	check_write("{'due_date':'2026-10-14','recurrence':'every week'}", NULL, NULL,
				"{'date':'2026-10-14','is_recurring':true,'string':'every week'}",
				"a rule from the hub goes with its date");
	check_write("{'due_date':null,'recurrence':'every week'}", NULL, NULL,
				"{'string':'every week'}", "a rule without a date: the service finds the first");
	check_write("{'due_date':'2026-03-29','due_time':'01:30:00','due_timezone':'Europe/Lisbon'}",
				NULL, NULL, "{'date':'2026-03-29T01:30:00Z','timezone':'Europe/Lisbon'}",
				"a time in the hour that does not exist");
	check_write("{'due_date':'2026-10-14','due_time':'09:00:00','due_timezone':'Nowhere/Land'}",
				NULL, NULL, "{'date':'2026-10-14T09:00:00','timezone':'Nowhere/Land'}",
				"a zone that nobody here knows is left to the service");
	check_write("{'due_date':'2026-10-14','due_time':'09:00:00','due_timezone':null}",
				"{'due_date':'2026-10-14','due_time':'09:00:00','due_timezone':'Asia/Jakarta'}",
				"{'due':{'timezone':'Asia/Jakarta'}}", "{'date':'2026-10-14T09:00:00'}",
				"from fixed to floating");
}

static const char *const zones[] = {
	"UTC",
	"Europe/Lisbon",
	"America/New_York",
	"Asia/Kolkata",
	"Pacific/Kiritimati",
	"America/St_Johns",
	"Australia/Lord_Howe",
	"GMT -7:00",
	"GMT +5:30",
};

/* what the service would store, read a hundred times and written back: no step to the side */
static bool
hundred_round_trips_move_nothing(Random *random)
{
	int kind = random_below(random, 3);
	const char *date = psprintf("20%02d-%02d-%02d", random_below(random, 60) + 10,
								random_below(random, 12) + 1, random_below(random, 28) + 1);
	const char *time = psprintf("%02d:%02d:00", random_below(random, 24), random_below(random, 60));
	const char *zone = zones[random_below(random, (int) lengthof(zones))];
	json_t *due = kind == 0   ? json_pack("{s:s}", "date", date)
				  : kind == 1 ? json_pack("{s:s}", "date", psprintf("%sT%s", date, time))
							  : json_pack("{s:s, s:s}", "date", psprintf("%sT%sZ", date, time),
										  "timezone", zone);
	const char *sent = tasksync_json_text(due);
	const char *seen = NULL;

	for (int i = 0; i < 100; i++)
	{
		TasksyncRecord *record = tasksync_record_new(TASKSYNC_TASK);

		tasksync_todoist_read_due(due, "America/New_York", record);
		due = tasksync_todoist_write_due(record, NULL, NULL);
		if (seen == NULL)
			seen = shown(record);
		if (strcmp(shown(record), seen) != 0)
			return unit_reason("%s became %s", seen, shown(record));
		/* of an hour that the clock shows twice only the first can be written */
		if (kind != 2 && strcmp(tasksync_json_text(due), sent) != 0)
			return unit_reason("%s became %s", sent, tasksync_json_text(due));
	}
	return true;
}

int
main(void)
{
	unit_start();
	test_kinds();
	test_odd_zones();
	test_recurring();
	test_nonsense();
	test_changes();
	unit_property("trap 10: no kind of due date moves in a hundred round trips", 2000,
				  hundred_round_trips_move_nothing);
	return unit_done();
}
