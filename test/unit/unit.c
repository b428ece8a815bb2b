/*
 * unit.c
 *	  TAP lines, seeds, and generated records.
 */
#include "postgres.h"

#include <time.h>

#include "lib/stringinfo.h"

#include "base/json.h"
#include "sync/canonical.h"
#include "unit.h"

#define LONG_LABEL "a-label-of-seventy-characters-which-is-ten-more-than-todoist-will-take"

static int	tests;
static int	failures;
static uint64 seed;
static char reason[4000];

/* ---- TAP ---- */

/* of the processor, not of the wall: the machine may have other things to do */
double
unit_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

void
unit_start(void)
{
	const char *text = getenv("SEED");

	setvbuf(stdout, NULL, _IOLBF, 0);
	stubs_init();
	seed = text != NULL ? strtoull(text, NULL, 10) :
		(uint64) time(NULL) * 1000003 + (uint64) (unit_seconds() * 1e9) % 1000003;
	printf("# SEED=%llu\n", (unsigned long long) seed);
}

bool
unit_ok(bool condition, const char *format,...)
{
	va_list		args;

	va_start(args, format);
	printf("%sok %d - ", condition ? "" : "not ", ++tests);
	vprintf(format, args);
	printf("\n");
	va_end(args);
	failures += !condition;
	return condition;
}

void
unit_is(const char *got, const char *expected, const char *name)
{
	bool		same = got != NULL && expected != NULL ? strcmp(got, expected) == 0 :
		got == expected;

	if (!unit_ok(same, "%s", name))
		printf("#      got: %s\n# expected: %s\n", got != NULL ? got : "(null)",
			   expected != NULL ? expected : "(null)");
}

void
unit_note(const char *format,...)
{
	va_list		args;

	va_start(args, format);
	printf("# ");
	vprintf(format, args);
	printf("\n");
	va_end(args);
}

int
unit_done(void)
{
	printf("1..%d\n", tests);
	return failures > 0;
}

/* ---- random values: splitmix64, so that any seed is a good one ---- */

uint64
random_next(Random *random)
{
	uint64		z = (random->state += UINT64CONST(0x9E3779B97F4A7C15));

	z = (z ^ (z >> 30)) * UINT64CONST(0xBF58476D1CE4E5B9);
	z = (z ^ (z >> 27)) * UINT64CONST(0x94D049BB133111EB);
	return z ^ (z >> 31);
}

int
random_below(Random *random, int n)
{
	return (int) (random_next(random) % (uint64) n);
}

bool
random_chance(Random *random, int percent)
{
	return random_below(random, 100) < percent;
}

bool
unit_reason(const char *format,...)
{
	va_list		args;

	va_start(args, format);
	vsnprintf(reason, sizeof(reason), format, args);
	va_end(args);
	return false;
}

void
unit_property(const char *name, int cases, Property property)
{
	const char *only = getenv("CASE");
	const char *factor = getenv("FACTOR");
	int			first = only != NULL ? atoi(only) : 0;
	int			last = only != NULL ? first + 1 : cases;

	if (only == NULL && factor != NULL)
		last *= Max(1, atoi(factor));
	for (int i = first; i < last; i++)
	{
		Random		random = {seed + (uint64) i * UINT64CONST(0xD1342543DE82EF95)};

		stubs_reset();
		snprintf(reason, sizeof(reason), "no reason given");
		if (!property(&random))
		{
			unit_ok(false, "%s", name);
			unit_note("SEED=%llu CASE=%d: %s", (unsigned long long) seed, i, reason);
			return;
		}
	}
	unit_ok(true, "%s (%d cases)", name, last - first);
}

/* ---- records ---- */

static const char *
pick(Random *random, const char *const *values, int count)
{
	return values[random_below(random, count)];
}
#define PICK(random, ...) \
	pick(random, (const char *const[]) {__VA_ARGS__}, \
		 (int) (sizeof((const char *const[]) {__VA_ARGS__}) / sizeof(char *)))

char *
random_wild_text(Random *random, int points)
{
	static const char *const pieces[] = {
		"a", "b", "z", "é", "ß", "ж", "中", "한", "א", "ب", " ", ".",	/* one code point each */
		"\xCC\x81", "\xE2\x80\x8D", "\xEF\xB8\x8F", "👍", "👩", "🏽", "🇵", "🇹", "ᄒ", "ᅡ"
	};
	StringInfoData text;

	initStringInfo(&text);
	for (int i = 0; i < points; i++)
		appendStringInfoString(&text, pieces[random_below(random, lengthof(pieces))]);
	return text.data;
}

static const char *
random_title(Random *random)
{
	if (random_chance(random, 2))
		return psprintf("t%st", random_wild_text(random, 496 + random_below(random, 6)));
	if (random_chance(random, 1))
		return psprintf("t%st", random_wild_text(random, 1020 + random_below(random, 6)));
	return PICK(random, "Buy milk", "Call Ann", "e\xCC\x81t\xC3\xA9", "  blanks  ", "two\r\nlines");
}

static const char *
random_description(Random *random)
{
	StringInfoData text;
	int			lines = random_below(random, 6);

	initStringInfo(&text);
	if (random_chance(random, 1))
	{
		int			most = random_chance(random, 50) ? 8192 : 16383;

		appendStringInfoString(&text, "start ");
		while (text.len < most - 2)
			appendStringInfo(&text, "word%d ", random_below(random, 1000));
		text.len = most - 3 + random_below(random, 6);
		text.data[text.len] = '\0';
		appendStringInfoString(&text, PICK(random, "", "end", "👩‍👩‍👧", " \n tail"));
		return text.data;
	}
	for (int i = 0; i < lines; i++)
		appendStringInfo(&text, "%s%s", PICK(random, "one", "two words", "three more words", ""),
						 PICK(random, "\n", "\n", "\r\n", "  \n"));
	return text.data;
}

static const char *
random_color(Random *random)
{
	return PICK(random, NULL, "red", "charcoal", "a colour of my own");
}

static void
set_random_due(Random *random, TasksyncRecord *record)
{
	bool		has_date = random_chance(random, 70);
	bool		has_time = has_date && random_chance(random, 60);

	tasksync_record_set(record, TASKSYNC_F_DUE_DATE,
						has_date ? PICK(random, "2026-05-12", "2026-05-13") : NULL);
	tasksync_record_set(record, TASKSYNC_F_DUE_TIME,
						has_time ? PICK(random, "14:30:00", "14:30:29", "09:00:00") : NULL);
	tasksync_record_set(record, TASKSYNC_F_DUE_TIMEZONE, has_time ?
						PICK(random, NULL, "Europe/Lisbon", "Asia/Tokyo") : NULL);
	tasksync_record_set(record, TASKSYNC_F_RECURRENCE, has_date ?
						PICK(random, NULL, NULL, "every day", "every week") : NULL);
}

static void
set_random_status(Random *random, TasksyncRecord *record)
{
	bool		done = random_chance(random, 40);

	tasksync_record_set(record, TASKSYNC_F_STATUS, done ? "done" : "open");
	tasksync_record_set(record, TASKSYNC_F_COMPLETED_AT, done ?
						PICK(random, "2026-05-12T10:00:00Z", "2026-05-12T11:00:00Z") : NULL);
}

static void
set_random_labels(Random *random, TasksyncRecord *record)
{
	const char *names[130];
	int			count = 0;

	for (int i = random_below(random, 4); i > 0; i--)
		names[count++] = PICK(random, "x", "y", "z", " x", "a,b", "Z", LONG_LABEL "1",
							  LONG_LABEL "2");
	if (random_chance(random, 1))
	{
		for (int i = 0; i < 120; i++)
			names[count++] = psprintf("n%03d", i);
	}
	tasksync_record_set_labels(record, count, names);
}

static void
set_random_field(Random *random, TasksyncRecord *record, TasksyncField field)
{
	switch (field)
	{
		case TASKSYNC_F_NAME:
		case TASKSYNC_F_TITLE:
			tasksync_record_set(record, field, random_title(random));
			break;
		case TASKSYNC_F_COLOR:
			tasksync_record_set(record, field, random_color(random));
			break;
		case TASKSYNC_F_ARCHIVED:
			tasksync_record_set(record, field, PICK(random, "true", "false"));
			break;
		case TASKSYNC_F_DESCRIPTION:
			tasksync_record_set(record, field, random_description(random));
			break;
		case TASKSYNC_F_STATUS:
			set_random_status(random, record);
			break;
		case TASKSYNC_F_PRIORITY:
			tasksync_record_set(record, field, PICK(random, "0", "1", "2", "3", "4"));
			break;
		case TASKSYNC_F_DUE_DATE:
			set_random_due(random, record);
			break;
		case TASKSYNC_F_LABELS:
			set_random_labels(random, record);
			break;
		case TASKSYNC_F_PROJECT:
			tasksync_record_set(record, field, PICK(random, "p1", "p2"));
			break;
		case TASKSYNC_F_SECTION:
		case TASKSYNC_F_PARENT:
			tasksync_record_set(record, field, PICK(random, NULL, "r1", "r2"));
			break;
		case TASKSYNC_F_POSITION:
			tasksync_record_set(record, field, PICK(random, "1", "2", "2.50", "30"));
			break;
		default:				/* set together with another field */
			break;
	}
}

TasksyncRecord *
random_record(Random *random, TasksyncKind kind)
{
	TasksyncRecord *record = tasksync_record_new(kind);

	for (int i = 0; i < TASKSYNC_NFIELDS; i++)
	{
		if ((tasksync_kind_fields(kind) & TASKSYNC_FIELD_BIT(i)) != 0)
			set_random_field(random, record, (TasksyncField) i);
	}
	return record;
}

TasksyncRecord *
random_change(Random *random, const TasksyncRecord *record, int percent)
{
	TasksyncRecord *changed = tasksync_record_copy(record);

	for (int i = 0; i < TASKSYNC_NFIELDS; i++)
	{
		if ((tasksync_kind_fields(record->kind) & TASKSYNC_FIELD_BIT(i)) != 0 &&
			random_chance(random, percent))
			set_random_field(random, changed, (TasksyncField) i);
	}
	return changed;
}

const TasksyncLens *
random_lens(Random *random)
{
	return tasksync_lens_find(PICK(random, "todoist", "google_tasks", "notion", NULL));
}

const char *
lens_name(const TasksyncLens *lens)
{
	static const char *const names[] = {"todoist", "google_tasks", "notion"};

	for (int i = 0; i < (int) lengthof(names); i++)
	{
		if (tasksync_lens_find(names[i]) == lens)
			return names[i];
	}
	return "no lens";
}

TasksyncRecord *
task_from(const char *text)
{
	const char *error = NULL;
	json_t	   *json = tasksync_json_parse(text, strlen(text), &error);
	TasksyncRecord *record = json != NULL ?
		tasksync_record_from_json(TASKSYNC_TASK, json, &error) : NULL;

	if (record == NULL)
	{
		fprintf(stderr, "%s: %s\n", text, error);
		abort();
	}
	return record;
}

const char *
show(const TasksyncRecord *record)
{
	return tasksync_json_text(tasksync_record_to_json(record));
}

bool
same_fields(const TasksyncRecord *a, const TasksyncRecord *b, uint32 mask)
{
	return (a->present & mask) == (b->present & mask) && (tasksync_record_diff(a, b) & mask) == 0;
}

TasksyncRecord *
patched(const TasksyncRecord *record, const TasksyncRecord *patch)
{
	TasksyncRecord *result = tasksync_record_copy(record);

	tasksync_record_take(result, patch, patch->present);
	return result;
}
