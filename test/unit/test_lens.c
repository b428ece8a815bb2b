/*
 * test_lens.c
 *	  The laws of the lenses over generated records, and their tables by hand.
 */
#include "postgres.h"

#include <unigbrk.h>

#include "sync/canonical.h"
#include "sync/lens.h"
#include "unit.h"

static TasksyncKind
random_kind(Random *random)
{
	return random_chance(random, 70) ? TASKSYNC_TASK :
		(TasksyncKind) random_below(random, TASKSYNC_NKINDS);
}

static bool
projecting_twice_is_once(Random *random)
{
	const TasksyncLens *lens = random_lens(random);
	TasksyncRecord *hub = random_record(random, random_kind(random));
	TasksyncRecord *once = tasksync_lens_project(lens, hub);
	TasksyncRecord *twice = tasksync_lens_project(lens, once);

	if (!same_fields(once, twice, ~0u))
		return unit_reason("%s: %s became %s", lens_name(lens), show(once), show(twice));
	if ((once->present & ~tasksync_lens_fields(lens, hub->kind)) != 0)
		return unit_reason("%s shows too much: %s", lens_name(lens), show(once));
	return true;
}

/* put_back(project(H), H) = H, bit for bit, whatever H looks like */
static bool
no_change_in_no_change_at_the_hub(Random *random)
{
	const TasksyncLens *lens = random_lens(random);
	TasksyncRecord *hub = random_record(random, random_kind(random));
	TasksyncRecord *shown = tasksync_lens_project(lens, hub);
	TasksyncRecord *out = tasksync_record_new(hub->kind);

	tasksync_lens_put_back(lens, shown, shown, hub, ~0u, out);
	if (!same_fields(patched(hub, out), hub, ~0u))
		return unit_reason("%s: %s became %s", lens_name(lens), show(hub),
						   show(patched(hub, out)));
	return true;
}

/* is there something at the hub that the provider could not be shown for want of room? */
static uint32
hidden_fields(const TasksyncLens *lens, const TasksyncRecord *hub, const TasksyncRecord *shown)
{
	static const TasksyncField texts[] = {TASKSYNC_F_NAME, TASKSYNC_F_TITLE,
										  TASKSYNC_F_DESCRIPTION};
	uint32		mask = 0;

	for (int i = 0; i < (int) lengthof(texts); i++)
	{
		if (*tasksync_lens_hidden(lens, hub, shown, texts[i]) != '\0')
			mask |= TASKSYNC_FIELD_BIT(texts[i]);
	}
	if (tasksync_record_has(shown, TASKSYNC_F_LABELS) && hub->labels.count > 100)
		mask |= TASKSYNC_FIELD_BIT(TASKSYNC_F_LABELS);
	return mask;
}

/* project(put_back(R, H)) = R for every R the provider can show, and I6 */
static bool
what_the_provider_says_is_what_it_sees(Random *random)
{
	const TasksyncLens *lens = random_lens(random);
	TasksyncKind kind = random_kind(random);
	TasksyncRecord *hub = random_record(random, kind);
	TasksyncRecord *shown = tasksync_lens_project(lens, hub);
	TasksyncRecord *remote = tasksync_lens_project(lens, random_chance(random, 50) ?
												   random_record(random, kind) :
												   random_change(random, hub, 30));
	TasksyncRecord *out = tasksync_record_new(kind);
	TasksyncRecord *after;
	TasksyncRecord *seen;
	uint32		hidden = hidden_fields(lens, hub, remote);
	uint32		outside = ~tasksync_lens_fields(lens, kind);

	tasksync_lens_put_back(lens, shown, remote, hub, ~0u, out);
	after = patched(hub, out);
	seen = tasksync_lens_project(lens, after);
	if (!same_fields(seen, remote, ~hidden))
		return unit_reason("%s: hub %s, view %s, then %s", lens_name(lens), show(hub),
						   show(remote), show(seen));

	/* what it cannot show survives, but for what cannot outlive a date or a project */
	if (tasksync_record_has(remote, TASKSYNC_F_DUE_DATE) &&
		remote->value[TASKSYNC_F_DUE_DATE] == NULL)
		outside &= ~(TASKSYNC_FIELD_BIT(TASKSYNC_F_DUE_TIME) |
					 TASKSYNC_FIELD_BIT(TASKSYNC_F_DUE_TIMEZONE));
	if (tasksync_record_has(remote, TASKSYNC_F_PROJECT) &&
		!tasksync_field_equal(remote, hub, TASKSYNC_F_PROJECT))
		outside &= ~TASKSYNC_FIELD_BIT(TASKSYNC_F_SECTION);
	if (!same_fields(after, hub, outside))
		return unit_reason("%s: hub %s, view %s, after %s", lens_name(lens), show(hub),
						   show(remote), show(after));
	return true;
}

/* the part of a long text that was never shown is still there after any edit of notes */
static bool
hidden_text_survives(Random *random)
{
	const TasksyncLens *lens = tasksync_lens_find(random_chance(random, 50) ? "todoist" :
												  "google_tasks");
	int			most = strcmp(lens_name(lens), "todoist") == 0 ? 16383 : 8192;
	TasksyncRecord *hub = tasksync_record_new(TASKSYNC_TASK);
	TasksyncRecord *remote;
	TasksyncRecord *out = tasksync_record_new(TASKSYNC_TASK);
	char	   *text = palloc(most + 200);
	const char *view;
	const char *hidden;
	const char *after;

	for (int i = 0; i < most + 100; i++)
		text[i] = random_chance(random, 20) ? ' ' : 'a' + i % 26;
	memcpy(text, "start", 5);
	strcpy(text + most + 100, "end");
	tasksync_record_set(hub, TASKSYNC_F_DESCRIPTION, text);
	remote = tasksync_lens_project(lens, hub);
	hidden = tasksync_lens_hidden(lens, hub, remote, TASKSYNC_F_DESCRIPTION);
	view = remote->value[TASKSYNC_F_DESCRIPTION];
	tasksync_record_set(remote, TASKSYNC_F_DESCRIPTION,
						random_chance(random, 50) ? psprintf("S%s", view + 5) : "anew");
	tasksync_lens_put_back(lens, NULL, remote, hub, ~0u, out);
	after = out->value[TASKSYNC_F_DESCRIPTION];
	if (*hidden == '\0' || strlen(view) + strlen(hidden) != strlen(text))
		return unit_reason("cut at %zu, hidden %zu of %zu", strlen(view), strlen(hidden),
						   strlen(text));
	if (strlen(after) < strlen(hidden) ||
		strcmp(after + strlen(after) - strlen(hidden), hidden) != 0)
		return unit_reason("lost the end");
	return true;
}

/* a cut is within the limit, and between two characters as people see them */
static bool
cuts_are_clean(Random *random)
{
	TasksyncRecord *hub = tasksync_record_new(TASKSYNC_TASK);
	const char *wild = random_wild_text(random, 480 + random_below(random, 60));
	const char *text = tasksync_canonical_text(wild, true);
	size_t		length = strlen(text);
	char	   *breaks = palloc(length + 1);
	const char *shown;
	size_t		cut;
	int			points = 0;

	tasksync_record_set(hub, TASKSYNC_F_TITLE, text);
	shown = tasksync_lens_project(tasksync_lens_find("todoist"),
								  hub)->value[TASKSYNC_F_TITLE];
	cut = strlen(shown);
	for (size_t i = 0; i < cut; i++)
		points += (shown[i] & 0xC0) != 0x80;
	if (points > 500 || memcmp(text, shown, cut) != 0)
		return unit_reason("%d code points: %s", points, shown);
	u8_grapheme_breaks((const uint8_t *) text, length, breaks);
	if (cut < length && cut > 0 && text[cut] != ' ' && !breaks[cut])
		return unit_reason("a character was split: %s", shown);
	return true;
}

static const char *
shown_by(const char *provider, const char *task)
{
	return show(tasksync_lens_project(tasksync_lens_find(provider), task_from(task)));
}

/* the hub after the provider's view changed as given */
static const char *
put(const char *provider, const char *hub, const char *remote)
{
	const TasksyncLens *lens = tasksync_lens_find(provider);
	TasksyncRecord *record = task_from(hub);
	TasksyncRecord *out = tasksync_record_new(TASKSYNC_TASK);

	tasksync_lens_put_back(lens, tasksync_lens_project(lens, record), task_from(remote), record,
						   ~0u, out);
	return show(patched(record, out));
}

static void
tables(void)
{
	unit_is(shown_by("todoist", "{\"priority\": 3}"), "{\"priority\":4}",
			"todoist shows hub priority 3 as 4");
	unit_is(put("todoist", "{\"priority\": 3}", "{\"priority\": 4}"), "{\"priority\":3}",
			"and it is still 3 at the hub while todoist says 4");
	unit_is(put("todoist", "{\"priority\": 3}", "{\"priority\": 2}"), "{\"priority\":2}",
			"another priority is taken");
	unit_is(shown_by("google_tasks",
					 "{\"due_date\": \"2026-05-12\", \"due_time\": \"14:30\", \"priority\": 4,"
					 " \"labels\": [\"x\"], \"recurrence\": \"every day\", \"section_id\": \"s\","
					 " \"parent_id\": \"p\", \"title\": \"t\"}"),
			"{\"due_date\":\"2026-05-12\",\"parent_id\":\"p\",\"title\":\"t\"}",
			"google shows a date and nothing it does not know");
	unit_is(put("google_tasks",
				"{\"due_date\": \"2026-05-12\", \"due_time\": \"14:30\","
				" \"due_timezone\": \"Europe/Lisbon\", \"recurrence\": \"every day\"}",
				"{\"due_date\": \"2026-05-13\"}"),
			"{\"due_date\":\"2026-05-13\",\"due_time\":\"14:30:00\","
			"\"due_timezone\":\"Europe/Lisbon\",\"recurrence\":\"every day\"}",
			"a date moved at google keeps time, zone and recurrence");
	unit_is(put("google_tasks",
				"{\"due_date\": \"2026-05-12\", \"due_time\": \"14:30\","
				" \"due_timezone\": \"Europe/Lisbon\", \"recurrence\": \"every day\"}",
				"{\"due_date\": null}"),
			"{\"due_date\":null,\"due_time\":null,\"due_timezone\":null,"
			"\"recurrence\":\"every day\"}",
			"a date cleared at google clears the time, not the recurrence");
	unit_is(shown_by("notion", "{\"due_date\": \"2026-05-12\", \"due_time\": \"14:30:29\"}"),
			"{\"due_date\":\"2026-05-12\",\"due_time\":\"14:30:00\"}", "notion has no seconds");
	unit_is(shown_by("notion", "{\"labels\": [\"a,b\"]}"), "{\"labels\":[\"a，b\"]}",
			"notion has no commas in options");
	unit_is(put("notion", "{\"labels\": [\"a,b\", \"c\"]}", "{\"labels\": [\"a，b\"]}"),
			"{\"labels\":[\"a,b\"]}", "and they come back");
	unit_is(put("todoist", "{\"project_id\": \"p1\", \"section_id\": \"s\"}",
				"{\"project_id\": \"p2\"}"),
			"{\"project_id\":\"p2\",\"section_id\":null}",
			"a section stays behind when the project changes");
	unit_ok(tasksync_lens_find("asana") == NULL && tasksync_lens_find(NULL) == NULL,
			"there is no lens for an unknown provider");
	unit_ok(tasksync_lens_depth(tasksync_lens_find("google_tasks")) == 1,
			"google has one level of subtasks");
	unit_ok(tasksync_lens_fields(tasksync_lens_find("google_tasks"), TASKSYNC_LABEL) == 0,
			"google has no labels to link");
}

int
main(void)
{
	unit_start();
	tables();
	unit_property("projecting twice is projecting once", 40000, projecting_twice_is_once);
	unit_property("no change in, no change at the hub", 40000, no_change_in_no_change_at_the_hub);
	unit_property("what a provider says is what it then sees", 40000,
				  what_the_provider_says_is_what_it_sees);
	unit_property("hidden text survives", 200, hidden_text_survives);
	unit_property("cuts are clean", 13000, cuts_are_clean);
	return unit_done();
}
