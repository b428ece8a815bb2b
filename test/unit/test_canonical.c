/*
 * test_canonical.c
 *	  The normal form: idempotent, and it loses nothing that can be seen.
 */
#include "postgres.h"

#include "sync/canonical.h"
#include "unit.h"

static bool
text_is_idempotent(Random *random)
{
	const char *text = random_chance(random, 50) ?
		random_wild_text(random, random_below(random, 12)) :
		psprintf("%s\r\n%s \r%s\n\n", random_wild_text(random, random_below(random, 5)),
				 random_wild_text(random, random_below(random, 5)),
				 random_wild_text(random, random_below(random, 5)));
	bool		single_line = random_chance(random, 50);
	const char *once = tasksync_canonical_text(text, single_line);
	const char *twice = tasksync_canonical_text(once, single_line);

	if (strcmp(once, twice) != 0)
		return unit_reason("'%s' became '%s', then '%s'", text, once, twice);
	return true;
}

static bool
record_is_idempotent(Random *random)
{
	TasksyncKind kind = (TasksyncKind) random_below(random, TASKSYNC_NKINDS);
	TasksyncRecord *once = random_record(random, kind);
	TasksyncRecord *twice;

	/* parts of a record too: a patch is normalised like a whole one */
	tasksync_record_drop(once, (uint32) random_next(random) & (uint32) random_next(random));
	tasksync_canonicalize(once);
	twice = tasksync_record_copy(once);
	tasksync_canonicalize(twice);
	if (!same_fields(once, twice, once->present | twice->present))
		return unit_reason("%s became %s", show(once), show(twice));
	return true;
}

/* all that is not white space stays, in order (given text that is in NFC already) */
static bool
nothing_visible_is_lost(Random *random)
{
	const char *text = tasksync_canonical_text(random_wild_text(random, 20), false);
	const char *form = tasksync_canonical_text(psprintf(" \t%s\r\n\r\n ", text),
											   random_chance(random, 50));
	const char *blanks = " \t\r\n";

	for (const char *a = text, *b = form;; a++, b++)
	{
		a += strspn(a, blanks);
		b += strspn(b, blanks);
		if (*a != *b)
			return unit_reason("'%s' became '%s'", text, form);
		if (*a == '\0')
			return true;
	}
}

static void
fixed_cases(void)
{
	TasksyncRecord *task;

	unit_is(tasksync_canonical_text("e\xCC\x81", true), "\xC3\xA9", "NFD becomes NFC");
	unit_is(tasksync_canonical_text("\xE1\x84\x92\xE1\x85\xA1\xE1\x86\xAB", true), "한",
			"Hangul is composed");
	unit_is(tasksync_canonical_text("a\r\nb\rc\n", false), "a\nb\nc", "line ends become LF");
	unit_is(tasksync_canonical_text("a  \nb", false), "a  \nb",
			"blanks at the end of a line stay: they are a line break in Markdown");
	unit_is(tasksync_canonical_text("  a\nb \xE2\x80\xA8", true), "a b",
			"a title is one line without blanks around it");
	unit_is(tasksync_canonical_text("\xFF\xFE", true), "\xEF\xBF\xBD\xEF\xBF\xBD",
			"bytes that are no UTF-8 become U+FFFD");
	unit_is(tasksync_canonical_text("\xEF\xBF\xBD", true), "\xEF\xBF\xBD", "U+FFFD itself stays");
	unit_is(tasksync_canonical_text(NULL, false), "", "no text is the empty text");

	task = task_from("{\"due_date\": null, \"due_time\": \"14:30\", \"due_timezone\": \"UTC\","
					 " \"labels\": [\" b\", \"a\", \"\", \"b\"], \"recurrence\": \" \","
					 " \"status\": \"open\", \"completed_at\": \"2026-05-12T10:00:00Z\"}");
	tasksync_canonicalize(task);
	unit_is(show(task),
			"{\"completed_at\":null,\"due_date\":null,\"due_time\":null,\"due_timezone\":null,"
			"\"labels\":[\"a\",\"b\"],\"recurrence\":null,\"status\":\"open\"}",
			"no time without a date, no completion of an open task, labels single and sorted");
	task = tasksync_record_new(TASKSYNC_TASK);
	tasksync_record_set(task, TASKSYNC_F_POSITION, "-007.250");
	tasksync_canonicalize(task);
	unit_is(task->value[TASKSYNC_F_POSITION], "-7.25", "positions in their shortest form");

	unit_is(tasksync_fingerprint(task_from("{\"title\": \"a \", \"labels\": [\"x\"]}")),
			tasksync_fingerprint(task_from("{\"title\": \"a\", \"description\": \"\"}")),
			"the fingerprint sees content in normal form, not labels");
	unit_ok(strcmp(tasksync_fingerprint(task_from("{\"title\": \"a\", \"project_id\": \"p\"}")),
				   tasksync_fingerprint(
					   task_from("{\"title\": \"a\", \"section_id\": \"p\"}"))) != 0,
			"equal values in different fields have different fingerprints");
}

int
main(void)
{
	unit_start();
	fixed_cases();
	unit_property("normal form of a text is idempotent", 50000, text_is_idempotent);
	unit_property("normal form of a record is idempotent", 25000, record_is_idempotent);
	unit_property("nothing visible is lost", 25000, nothing_visible_is_lost);
	return unit_done();
}
