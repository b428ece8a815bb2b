/*
 * test_base.c
 *	  The ground floor without a server: instants, dates of HTTP headers,
 *	  foreign JSON and its limits, records to JSON and back.
 */
#include "postgres.h"

#include <time.h>

#include "base/clock.h"
#include "base/json.h"
#include "unit.h"

#define UNIX_EPOCH_IN_PG (INT64CONST(-946684800) * USECS_PER_SEC)

/* ---- instants ---- */

static void
instants(void)
{
	static const struct
	{
		const char *text;
		const char *canonical;	/* NULL = refused */
	} cases[] = {
		{"2026-01-21T21:28:43.841504Z", "2026-01-21T21:28:43.841504Z"},
		{"2026-01-21T21:28:43Z", "2026-01-21T21:28:43Z"},
		{"2026-01-21t21:28:43z", "2026-01-21T21:28:43Z"},
		{"2026-01-21 21:28:43+00:00", "2026-01-21T21:28:43Z"},
		{"2026-01-21T23:58:43.5+02:30", "2026-01-21T21:28:43.500000Z"},
		{"2026-01-21T23:58:43-00:30", "2026-01-22T00:28:43Z"},
		{"2026-01-21T21:28:43.123456789Z", "2026-01-21T21:28:43.123456Z"},
		{"1999-12-31T23:59:59.999999Z", "1999-12-31T23:59:59.999999Z"},
		{"1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z"},
		{"1600-02-29T12:00:00Z", "1600-02-29T12:00:00Z"},
		{"0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"},
		{"9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"},
		{"2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"},
		{"2024-02-29T00:00:00Z", "2024-02-29T00:00:00Z"},
		{"2023-02-29T00:00:00Z", NULL},
		{"1900-02-29T00:00:00Z", NULL},
		{"2026-00-10T00:00:00Z", NULL},
		{"2026-13-10T00:00:00Z", NULL},
		{"2026-04-31T00:00:00Z", NULL},
		{"0000-01-01T00:00:00Z", NULL},
		{"2026-01-21T24:00:00Z", NULL},
		{"2026-01-21T21:60:00Z", NULL},
		{"2026-01-21T21:28:61Z", NULL},
		{"2026-01-21T21:28:43", NULL},
		{"2026-01-21T21:28:43.Z", NULL},
		{"2026-01-21T21:28:43.1234567890Z", NULL},
		{"2026-01-21T21:28:43+0200", NULL},
		{"2026-01-21T21:28:43+24:00", NULL},
		{"2026-01-21T21:28:43Zx", NULL},
		{"2026-1-21T21:28:43Z", NULL},
		{"+2026-01-21T21:28:43Z", NULL},
		{"2026-01-21", NULL},
		{"", NULL},
		{NULL, NULL},
	};

	for (int i = 0; i < lengthof(cases); i++)
	{
		TimestampTz instant;
		bool		good = tasksync_parse_instant(cases[i].text, &instant);

		unit_is(good ? tasksync_format_instant(instant) : "refused",
				cases[i].canonical ? cases[i].canonical : "refused",
				psprintf("instant \"%s\"", cases[i].text ? cases[i].text : "(null)"));
	}
}

/* our calendar against the C library's, over the whole range of years */
static bool
calendar_is_the_c_library_s(Random *random)
{
	int64		seconds = (int64) (random_next(random) % UINT64CONST(315537897600)) -
		INT64CONST(62135596800);
	time_t		unix_seconds = (time_t) seconds;
	struct tm	parts;
	char		expected[40];
	char	   *got;
	TimestampTz back;

	gmtime_r(&unix_seconds, &parts);
	snprintf(expected, sizeof(expected), "%04d-%02d-%02dT%02d:%02d:%02dZ", parts.tm_year + 1900,
			 parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
	got = tasksync_format_instant(seconds * USECS_PER_SEC + UNIX_EPOCH_IN_PG);
	if (strcmp(got, expected) != 0)
		return unit_reason("%lld: %s instead of %s", (long long) seconds, got, expected);
	if (!tasksync_parse_instant(got, &back) || back != seconds * USECS_PER_SEC + UNIX_EPOCH_IN_PG)
		return unit_reason("%s does not read back", got);
	return true;
}

static void
http_dates(void)
{
	static const struct
	{
		const char *text;
		const char *instant;
	} cases[] = {
		{"Sun, 06 Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37Z"},
		{"Thu, 29 Feb 2024 23:59:59 GMT", "2024-02-29T23:59:59Z"},
		{"Sunday, 06-Nov-94 08:49:37 GMT", NULL},
		{"Sun Nov  6 08:49:37 1994", NULL},
		{"Sun, 06 Nov 1994 08:49:37 UTC", NULL},
		{"Sun, 06 Nov 1994 08:49:37", NULL},
		{"Sun, 31 Nov 1994 08:49:37 GMT", NULL},
		{"Sun, 06 Foo 1994 08:49:37 GMT", NULL},
		{"Sun, 06 Nov", NULL},
		{"Sun, ", NULL},
		{"120", NULL},
		{"", NULL},
		{NULL, NULL},
	};

	for (int i = 0; i < lengthof(cases); i++)
	{
		TimestampTz instant;
		bool		good = tasksync_parse_http_date(cases[i].text, &instant);

		unit_is(good ? tasksync_format_instant(instant) : "refused",
				cases[i].instant ? cases[i].instant : "refused",
				psprintf("date \"%s\"", cases[i].text ? cases[i].text : "(null)"));
	}
	unit_ok(tasksync_date_valid("2024-02-29") && !tasksync_date_valid("2025-02-29") &&
			!tasksync_date_valid("2024-2-29") && !tasksync_date_valid("2024-02-29 ") &&
			!tasksync_date_valid(NULL), "dates that exist");
	unit_ok(tasksync_time_valid("23:59:59") && !tasksync_time_valid("24:00:00") &&
			!tasksync_time_valid("23:59:60") && !tasksync_time_valid("23:59") &&
			!tasksync_time_valid("23:59:59Z") && !tasksync_time_valid(NULL), "times that exist");
}

/* ---- JSON ---- */

static char *
repeated(const char *text, int count)
{
	size_t		length = strlen(text);
	char	   *result = palloc(length * count + 1);

	for (int i = 0; i < count; i++)
		memcpy(result + i * length, text, length);
	result[length * count] = '\0';
	return result;
}

static void
parses(const char *text, bool wanted, const char *name)
{
	const char *error = NULL;
	json_t	   *json = tasksync_json_parse(text, strlen(text), &error);

	unit_ok((json != NULL) == wanted && (error == NULL) == wanted, "%s: %s", name,
			error ? error : "parsed");
}

static void
foreign_json(void)
{
	const char *error = NULL;
	const char *bad = "{\"token\": \"canary-value\", \"x\": canary-word}";
	char	   *deep;

	parses("{\"a\": [1, 2.5, \"x\", null, true]}", true, "an object");
	parses("\"text\"", true, "a string alone");
	parses("", false, "nothing");
	parses("{\"a\": 1", false, "cut off");
	parses("{\"a\": 1} x", false, "something behind it");
	parses("{\"a\": \"\\u0000\"}", false, "a null character");
	parses("{\"a\": \"\\ud800\"}", false, "half a surrogate pair");
	parses("{\"a\": \"\xff\xfe\"}", false, "bytes that are no UTF-8");
	parses("{\"a\": \"\xc0\x80\"}", false, "an overlong null");
	parses("{\"a\": \"\xed\xa0\x80\"}", false, "a surrogate in UTF-8");
	parses("{\"a\": 1e999}", false, "a number beyond all doubles");
	parses("{\"a\": 99999999999999999999}", false, "an integer beyond 64 bits");
	parses("<html>", false, "a page instead");
	parses("{\"a\": \"x\ny\"}", false, "a bare line feed in a string");

	deep = psprintf("%s1%s", repeated("[", 64), repeated("]", 64));
	parses(deep, true, "64 levels");
	deep = psprintf("%s1%s", repeated("[", 65), repeated("]", 65));
	parses(deep, false, "65 levels");
	parses(repeated("[", 100000), false, "a hundred thousand brackets");
	parses(repeated("{\"a\":", 100000), false, "a hundred thousand objects");
	parses(psprintf("\"%s\"", repeated("[", 1000)), true, "brackets in a string do not count");
	parses(psprintf("\"%s\\\"%s\"", repeated("[", 100), repeated("[", 100)), true,
		   "nor after an escaped quote");
	parses(psprintf("[0%s]", repeated(",0", 4000001)), false, "four million values");

	unit_ok(tasksync_json_parse(bad, strlen(bad), &error) == NULL && error != NULL &&
			strstr(error, "canary") == NULL, "the message tells nothing of the text: %s", error);
}

static void
json_access(void)
{
	const char *error;
	const char *text = "{\"z\":1,\"b\":true,\"s\":\"x\",\"n\":null,"
		"\"i\":\"17\",\"e\":\"\",\"r\":0.1}";
	json_t	   *json = tasksync_json_parse(text, strlen(text), &error);

	unit_is(tasksync_json_text(json),
			"{\"b\":true,\"e\":\"\",\"i\":\"17\",\"n\":null,\"r\":0.1,\"s\":\"x\",\"z\":1}",
			"written compactly with sorted keys");
	unit_ok(tasksync_json_int(json, "z", 5) == 1 && tasksync_json_int(json, "s", 5) == 5 &&
			tasksync_json_int(json, "n", 5) == 5 && tasksync_json_int(json, "absent", 5) == 5,
			"integers or the default");
	unit_ok(tasksync_json_bool(json, "b", false) && tasksync_json_bool(json, "z", true) &&
			!tasksync_json_bool(json, "absent", false), "booleans or the default");
	unit_ok(tasksync_json_string(json, "n") == NULL && tasksync_json_string(json, "z") == NULL &&
			tasksync_json_string(NULL, "z") == NULL, "strings or nothing");
	unit_is(tasksync_json_id(json, "z"), "1", "an id as a number");
	unit_is(tasksync_json_id(json, "i"), "17", "an id as a string");
	unit_ok(tasksync_json_id(json, "e") == NULL && tasksync_json_id(json, "n") == NULL &&
			tasksync_json_id(json, "b") == NULL, "and nothing else is an id");
}

/* ---- records ---- */

static void
names(void)
{
	bool		good = true;

	for (int i = 0; i < TASKSYNC_NFIELDS; i++)
	{
		TasksyncField field;

		good = good && tasksync_field_from_name(tasksync_field_name((TasksyncField) i), &field) &&
			(int) field == i;
	}
	for (int i = 0; i < TASKSYNC_NKINDS; i++)
	{
		TasksyncKind kind;

		good = good && tasksync_kind_from_name(tasksync_kind_name((TasksyncKind) i), &kind) &&
			(int) kind == i;
	}
	unit_ok(good, "every name of a field and a kind leads back to it");
	unit_ok(!tasksync_field_from_name("Title", &(TasksyncField) {0}) &&
			!tasksync_kind_from_name(NULL, &(TasksyncKind) {0}), "others lead nowhere");
}

static const char *
through_json(const char *text)
{
	const char *error = NULL;
	json_t	   *json = tasksync_json_parse(text, strlen(text), &error);
	TasksyncRecord *record;

	if (json == NULL)
		return error;
	record = tasksync_record_from_json(TASKSYNC_TASK, json, &error);
	return record != NULL ? tasksync_json_text(tasksync_record_to_json(record)) : error;
}

static void
record_values(void)
{
	static const char *const cases[][2] = {
		{"{\"title\": \"x\", \"unknown\": 1, \"name\": 2}", "{\"title\":\"x\"}"},
		{"{\"description\": null, \"labels\": null, \"priority\": null}",
		"{\"description\":\"\",\"labels\":[],\"priority\":0}"},
		{"{\"due_time\": \"09:30\"}", "{\"due_time\":\"09:30:00\"}"},
		{"{\"due_time\": \"09:30:15.25\"}", "{\"due_time\":\"09:30:15\"}"},
		{"{\"due_date\": null, \"project_id\": null}", "{\"due_date\":null,\"project_id\":null}"},
		{"{\"labels\": [\"b\", \"a\", \"b\"]}", "{\"labels\":[\"a\",\"b\"]}"},
		{"{\"position\": -0.0}", "{\"position\":0}"},
		{"{\"position\": 1.5}", "{\"position\":1.5}"},
		{"{\"position\": 0.1}", "{\"position\":0.1}"},
		{"{\"position\": 1e3}", "{\"position\":1000}"},
		{"{\"completed_at\": \"2026-05-12T16:30:00+02:00\"}",
		"{\"completed_at\":\"2026-05-12T14:30:00Z\"}"},
		{"{\"title\": null}", "\"title\" must be a string"},
		{"{\"title\": 1}", "\"title\" must be a string"},
		{"{\"status\": \"closed\"}", "\"status\" must be \"open\" or \"done\""},
		{"{\"priority\": 5}", "\"priority\" must be a whole number between 0 and 4"},
		{"{\"priority\": -1}", "\"priority\" must be a whole number between 0 and 4"},
		{"{\"priority\": 1.0}", "\"priority\" must be a whole number between 0 and 4"},
		{"{\"priority\": \"1\"}", "\"priority\" must be a whole number between 0 and 4"},
		{"{\"due_date\": \"2026-02-30\"}", "\"due_date\" must be a date like 2026-05-12"},
		{"{\"due_time\": \"25:00\"}", "\"due_time\" must be a time like 14:30:00"},
		{"{\"due_time\": \"09:30:00x\"}", "\"due_time\" must be a time like 14:30:00"},
		{"{\"labels\": \"a\"}", "\"labels\" must be an array of strings"},
		{"{\"labels\": [1]}", "\"labels\" must be an array of strings"},
		{"{\"position\": 1e16}", "\"position\" must be a number between -1e15 and 1e15"},
		{"{\"parent_id\": \"\"}", "\"parent_id\" must be an id or null"},
		{"[]", "a task must be a JSON object"},
	};

	for (int i = 0; i < lengthof(cases); i++)
		unit_is(through_json(cases[i][0]), cases[i][1], cases[i][0]);
}

/* what is generated survives JSON, copying and taking, and differs from itself nowhere */
static bool
records_survive(Random *random)
{
	TasksyncKind kind = (TasksyncKind) random_below(random, TASKSYNC_NKINDS);
	TasksyncRecord *record = random_record(random, kind);
	TasksyncRecord *copy = tasksync_record_copy(record);
	const char *error = "";
	char	   *text = tasksync_json_text(tasksync_record_to_json(record));
	json_t	   *json = tasksync_json_parse(text, strlen(text), &error);
	TasksyncRecord *back = json ? tasksync_record_from_json(kind, json, &error) : NULL;

	if (back == NULL)
		return unit_reason("%s: %s", text, error);
	/* generated values are not in normal form, so the JSON text is what must be the same */
	if (back->present != record->present ||
		strcmp(tasksync_json_text(tasksync_record_to_json(back)), text) != 0)
		return unit_reason("%s came back as %s", text, show(back));
	if (copy->present != record->present || tasksync_record_diff(copy, record) != 0)
		return unit_reason("%s was copied as %s", text, show(copy));
	tasksync_record_drop(copy, copy->present);
	if (copy->present != 0 || tasksync_record_diff(copy, record) != 0)
		return unit_reason("a record without fields differs from %s", text);
	if ((record->present & ~tasksync_kind_fields(kind)) != 0)
		return unit_reason("%s has fields of another kind", text);
	return true;
}

int
main(void)
{
	unit_start();
	instants();
	unit_property("the calendar is the C library's", 200000, calendar_is_the_c_library_s);
	http_dates();
	foreign_json();
	json_access();
	names();
	record_values();
	unit_property("records survive JSON and copying", 20000, records_survive);
	return unit_done();
}
