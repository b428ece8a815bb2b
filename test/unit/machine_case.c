/*
 * machine_case.c
 *	  Drawing, showing and shrinking cases of the convergence machine.
 */
#include "postgres.h"

#include "lib/stringinfo.h"

#include "machine_case.h"
#include "odd_lens.h"
#include "sync/canonical.h"

#define TASK_FIELDS tasksync_kind_fields(TASKSYNC_TASK)
#define PICK(random, values) (values)[random_below(random, lengthof(values))]

/* ---- values: small domains, or nobody would ever collide ---- */

static const char *const titles[] = {
	"Buy milk", "Buy oat milk", "Buy milk and bread", "call Ann", "Call Ann", "a", "b", "  blanks ",
	"two\nlines", "e\xCC\x81t\xC3\xA9",
	"ax👩‍👩‍👧b", "🇵🇹🇵🇹🇵🇹", "שלום עולם", "bell\x07 and tab\t.", "한국어 제목"
};
static const char *const descriptions[] = {
	"", "one", "one\ntwo\nthree", "one\ntwo\nthree\nfour", "zero\none\ntwo\nthree", "one\n2\nthree",
	"one\ntwo\n3", "one\r\ntwo\r\nthree", "one\ntwo words there\nthree", "👩‍👩‍👧 one\ntwo",
	"one  \ntwo\n\nthree  "
};
static const char *const dates[] = {"2026-05-12", "2026-05-13", "2026-10-25"};
static const char *const times[] = {"14:30:00", "14:30:29", "09:00:00"};
static const char *const zones[] = {NULL, "Europe/Lisbon", "Asia/Tokyo"};
static const char *const recurrences[] = {NULL, NULL, "every day", "every week"};
static const char *const instants[] = {"2026-05-12T10:00:00Z", "2026-05-12T11:00:00Z"};
static const char *const priorities[] = {"0", "1", "2", "3", "4"};
static const char *const projects[] = {"p1", "p2"};
static const char *const references[] = {NULL, "r1", "r2"};
static const char *const positions[] = {"1", "2", "2.50", "30"};
static const char *const label_names[] = {"x", "y", "z", "a,b", "X", "errands", "errand", "éé"};

static void
put(TasksyncRecord *record, TasksyncField field, const char *value)
{
	/* the values are literals: nothing needs to be copied */
	record->value[field] = value;
	record->present |= TASKSYNC_FIELD_BIT(field);
	record->normal &= ~TASKSYNC_FIELD_BIT(field);
}

static void
put_labels(Random *random, TasksyncRecord *record)
{
	const char *names[4];
	int			count = random_below(random, 4);

	for (int i = 0; i < count; i++)
		names[i] = PICK(random, label_names);
	tasksync_record_set_labels(record, count, names);
}

static void
put_due(Random *random, TasksyncRecord *record)
{
	bool		dated = !random_chance(random, 25);
	bool		timed = dated && random_chance(random, 60);

	put(record, TASKSYNC_F_DUE_DATE, dated ? PICK(random, dates) : NULL);
	put(record, TASKSYNC_F_DUE_TIME, timed ? PICK(random, times) : NULL);
	put(record, TASKSYNC_F_DUE_TIMEZONE, timed ? PICK(random, zones) : NULL);
	put(record, TASKSYNC_F_RECURRENCE, dated ? PICK(random, recurrences) : NULL);
}

static void
put_value(Random *random, TasksyncRecord *record, TasksyncField field)
{
	bool		done;

	switch (field)
	{
		case TASKSYNC_F_TITLE:
			put(record, field, PICK(random, titles));
			break;
		case TASKSYNC_F_DESCRIPTION:
			put(record, field, PICK(random, descriptions));
			break;
		case TASKSYNC_F_STATUS:
			done = random_chance(random, 40);
			put(record, field, done ? "done" : "open");
			put(record, TASKSYNC_F_COMPLETED_AT, done ? PICK(random, instants) : NULL);
			break;
		case TASKSYNC_F_PRIORITY:
			put(record, field, PICK(random, priorities));
			break;
		case TASKSYNC_F_DUE_DATE:
			put_due(random, record);
			break;
		case TASKSYNC_F_LABELS:
			put_labels(random, record);
			break;
		case TASKSYNC_F_PROJECT:
			put(record, field, PICK(random, projects));
			break;
		case TASKSYNC_F_SECTION:
		case TASKSYNC_F_PARENT:
			put(record, field, PICK(random, references));
			break;
		case TASKSYNC_F_POSITION:
			put(record, field, PICK(random, positions));
			break;
		default:				/* comes with another field, or is not of a task */
			break;
	}
}

static TasksyncRecord *
draw_record(Random *random)
{
	TasksyncRecord *record = tasksync_record_new(TASKSYNC_TASK);

	for (int f = TASKSYNC_F_TITLE; f < TASKSYNC_NFIELDS; f++)
		put_value(random, record, (TasksyncField) f);
	return record;
}

/* strings are shared with the original; nothing of a record is ever changed in place */
static TasksyncRecord *
perturbed(Random *random, const TasksyncRecord *record)
{
	TasksyncRecord *changed = tasksync_record_share(record);
	uint64		bits = random_next(random) & random_next(random);

	for (int f = TASKSYNC_F_TITLE; f < TASKSYNC_NFIELDS; f++)
	{
		if ((bits >> f & 1) != 0)
			put_value(random, changed, (TasksyncField) f);
	}
	if (record->normal != 0)
		tasksync_canonicalize(changed);
	return changed;
}

static TasksyncEdits *
draw_edits(Random *random)
{
	TasksyncEdits *edits = palloc0(sizeof(TasksyncEdits));

	for (int f = TASKSYNC_F_TITLE; f < TASKSYNC_NFIELDS; f++)
	{
		edits->lo[f] = 1 + random_below(random, 6);
		edits->hi[f] = edits->lo[f] + random_below(random, 3);
	}
	return edits;
}

/* ---- providers ---- */

static const char *
cut_title(const char *title)
{
	char	   *cut = pstrdup(title);

	cut[Min(strlen(cut), 3)] = '\0';
	/* a service does not cut a character in half, nor leaves it a title empty */
	title = tasksync_canonical_text(cut, true);
	return strstr(title, "\xEF\xBF\xBD") != NULL || *title == '\0' ? "x" : title;
}

static const char *
capitals(const char *title)
{
	char	   *text = pstrdup(title);

	for (char *p = text; *p != '\0'; p++)
		*p = (char) pg_ascii_toupper((unsigned char) *p);
	return text;
}

TasksyncRecord *
machine_coerced(const MachineSide *side, const TasksyncRecord *told)
{
	TasksyncRecord *kept = tasksync_record_share(told);
	const char **title = &kept->value[TASKSYNC_F_TITLE];

	if (side->habit == HABIT_CUTS_TITLES && tasksync_record_has(kept, TASKSYNC_F_TITLE))
		*title = cut_title(*title);
	if (side->habit == HABIT_CAPITALS && tasksync_record_has(kept, TASKSYNC_F_TITLE))
		*title = capitals(*title);
	if (side->habit == HABIT_NO_TIMES)
	{
		kept->value[TASKSYNC_F_DUE_TIME] = NULL;
		kept->value[TASKSYNC_F_DUE_TIMEZONE] = NULL;
	}
	if (side->habit == HABIT_ONE_LABEL && tasksync_record_has(kept, TASKSYNC_F_LABELS))
		kept->labels.count = Min(kept->labels.count, 1);
	return kept;
}

/* ---- cases ---- */

static void
draw_policy(Random *random, TasksyncPolicy *policy)
{
	memset(policy, 0, sizeof(TasksyncPolicy));
	policy->rule = (TasksyncRule) random_below(random, 4);
	policy->tie_to_remote = random_chance(random, 50);
	policy->on_delete = (TasksyncDeleteRule) random_below(random, 3);
	if (random_chance(random, 25))
	{
		policy->has_field_rule = (uint32) random_next(random);
		for (int f = 0; f < TASKSYNC_NFIELDS; f++)
			policy->field_rule[f] = (TasksyncRule) random_below(random, 4);
	}
}

void
machine_draw(Random *random, MachineCase *drawn)
{
	int			sides = random_below(random, 20);

	memset(drawn, 0, sizeof(MachineCase));
	drawn->order = random_next(random);
	draw_policy(random, &drawn->policy);
	drawn->start = draw_record(random);
	/* what came through the engine is in normal form, what a person typed may not be */
	if (random_chance(random, 75))
		tasksync_canonicalize(drawn->start);
	drawn->hub = perturbed(random, drawn->start);
	if (random_chance(random, 40))
		drawn->hub_edits = draw_edits(random);
	drawn->nsides = sides < 16 ? 1 : sides < 19 ? 2 : 3;
	for (int i = 0; i < drawn->nsides; i++)
	{
		MachineSide *side = &drawn->side[i];

		side->lens = any_lens(random);
		if (random_chance(random, 50))
			side->habit = (MachineHabit) random_below(random, MACHINE_NHABITS);
		side->echoes = random_chance(random, 50);
		side->unlinked = random_chance(random, 10);
		side->remote = perturbed(random, drawn->start);
		if (drawn->hub_edits != NULL)
			side->edits = draw_edits(random);
	}
}

const char *
machine_text(const MachineCase *c)
{
	static const char *const rules[] = {"newest", "prefer_hub", "prefer_remote", "manual"};
	static const char *const habits[] = {"", ", cuts titles", ", capitals", ", no times",
		", one label"};
	StringInfoData text;

	initStringInfo(&text);
	appendStringInfo(&text, "%s, ties to the %s%s%s\n#   start  %s\n#   hub    %s",
					 rules[c->policy.rule], c->policy.tie_to_remote ? "remote" : "hub",
					 c->policy.has_field_rule != 0 ? ", field rules" : "",
					 c->hub_edits != NULL ? ", clocks" : "", show(c->start), show(c->hub));
	for (int i = 0; i < c->nsides; i++)
		appendStringInfo(&text, "\n#   side %d %s\n#          (%s%s%s%s)", i,
						 show(c->side[i].remote), lens_text(c->side[i].lens),
						 habits[c->side[i].habit], c->side[i].echoes ? ", echoes" : "",
						 c->side[i].unlinked ? ", first link" : "");
	return text.data;
}

/* ---- shrinking ---- */

/* keeps `smaller` if it still fails */
static bool
accept_case(MachineCase *c, const MachineCase *smaller, bool (*fails) (const MachineCase *c))
{
	if (!fails(smaller))
		return false;
	*c = *smaller;
	return true;
}

static bool
drop_sides(MachineCase *c, bool (*fails) (const MachineCase *c))
{
	bool		smaller = false;

	for (int i = c->nsides - 1; i >= 0 && c->nsides > 1; i--)
	{
		MachineCase less = *c;

		memmove(&less.side[i], &less.side[i + 1], sizeof(MachineSide) * (less.nsides - i - 1));
		less.nsides--;
		smaller |= accept_case(c, &less, fails);
	}
	return smaller;
}

static bool
simplify_sides(MachineCase *c, bool (*fails) (const MachineCase *c))
{
	bool		smaller = false;

	for (int i = 0; i < c->nsides; i++)
	{
		MachineCase less = *c;

		if (less.side[i].habit != HABIT_NONE)
		{
			less.side[i].habit = HABIT_NONE;
			smaller |= accept_case(c, &less, fails);
		}
		less = *c;
		if (lens_is_odd(less.side[i].lens))
		{
			less.side[i].lens = NULL;
			if (accept_case(c, &less, fails))
				smaller = true;
			else
			{
				less.side[i].lens = tasksync_lens_find("todoist");
				smaller |= accept_case(c, &less, fails);
			}
		}
		less = *c;
		if (less.side[i].unlinked)
		{
			less.side[i].unlinked = false;
			smaller |= accept_case(c, &less, fails);
		}
	}
	return smaller;
}

static bool
simplify_policy(MachineCase *c, bool (*fails) (const MachineCase *c))
{
	MachineCase less = *c;
	bool		smaller = false;

	if (less.policy.has_field_rule != 0)
	{
		less.policy.has_field_rule = 0;
		smaller |= accept_case(c, &less, fails);
	}
	less = *c;
	if (less.hub_edits != NULL)
	{
		less.hub_edits = NULL;
		for (int i = 0; i < less.nsides; i++)
			less.side[i].edits = NULL;
		smaller |= accept_case(c, &less, fails);
	}
	return smaller;
}

/* gives the field of one record another record's value; NULL: it has it already */
static TasksyncRecord *
with_value_of(const TasksyncRecord *record, const TasksyncRecord *from, TasksyncField field)
{
	TasksyncRecord *copy;

	if (tasksync_field_equal(record, from, field))
		return NULL;
	copy = tasksync_record_share(record);
	tasksync_record_take(copy, from, TASKSYNC_FIELD_BIT(field));
	return copy;
}

static const TasksyncRecord *
plain_task(void)
{
	return task_from("{\"title\": \"a\", \"description\": \"\", \"status\": \"open\","
					 " \"completed_at\": null, \"priority\": 0, \"due_date\": null,"
					 " \"due_time\": null, \"due_timezone\": null, \"recurrence\": null,"
					 " \"labels\": [], \"project_id\": \"p1\", \"section_id\": null,"
					 " \"parent_id\": null, \"position\": 1}");
}

/* everywhere the plain value: the field has no part in it */
static bool
flatten_field(MachineCase *c, TasksyncField field, bool (*fails) (const MachineCase *c))
{
	const TasksyncRecord *plain = plain_task();
	MachineCase less = *c;
	TasksyncRecord *other;
	bool		changed = false;

	if ((other = with_value_of(less.start, plain, field)) != NULL)
		less.start = other;
	changed |= other != NULL;
	if ((other = with_value_of(less.hub, plain, field)) != NULL)
		less.hub = other;
	changed |= other != NULL;
	for (int i = 0; i < less.nsides; i++)
	{
		if ((other = with_value_of(less.side[i].remote, plain, field)) != NULL)
			less.side[i].remote = other;
		changed |= other != NULL;
	}
	return changed && accept_case(c, &less, fails);
}

/* one of them did not touch the field */
static bool
calm_field(MachineCase *c, TasksyncField field, bool (*fails) (const MachineCase *c))
{
	bool		smaller = false;
	TasksyncRecord *other;
	MachineCase less = *c;

	if ((other = with_value_of(less.hub, less.start, field)) != NULL)
	{
		less.hub = other;
		smaller |= accept_case(c, &less, fails);
	}
	for (int i = 0; i < c->nsides; i++)
	{
		less = *c;
		if ((other = with_value_of(less.side[i].remote, less.start, field)) == NULL)
			continue;
		less.side[i].remote = other;
		smaller |= accept_case(c, &less, fails);
	}
	return smaller;
}

void
machine_shrink(MachineCase *c, bool (*fails) (const MachineCase *c))
{
	bool		smaller = true;

	while (smaller)
	{
		smaller = drop_sides(c, fails);
		smaller |= simplify_policy(c, fails);
		smaller |= simplify_sides(c, fails);
		for (int f = TASKSYNC_F_TITLE; f < TASKSYNC_NFIELDS; f++)
		{
			if ((TASK_FIELDS & TASKSYNC_FIELD_BIT(f)) == 0)
				continue;
			smaller |= flatten_field(c, (TasksyncField) f, fails);
			smaller |= calm_field(c, (TasksyncField) f, fails);
		}
	}
}
