/*
 * test_merge.c
 *	  The field merge: its laws and the ledger (no value is lost in silence)
 *	  over generated records, for every lens and without one.
 */
#include "postgres.h"

#include "sync/canonical.h"
#include "sync/merge.h"
#include "sync/text_merge.h"
#include "unit.h"

#define BIT(f) TASKSYNC_FIELD_BIT(TASKSYNC_F_##f)

/* fields whose changes are never worth a conflict row */
#define DROPPABLE (BIT(POSITION) | BIT(COMPLETED_AT) | BIT(LABELS))

typedef struct Case
{
	TasksyncMergeInput in;
	TasksyncMergeResult out;
	TasksyncPolicy policy;
	TasksyncEdits hub_edits;
	TasksyncEdits remote_edits;
	const TasksyncLens *lens;
	TasksyncRecord *hub;
	TasksyncRecord *base;
	TasksyncRecord *remote;
	TasksyncRecord *after;		/* the hub after the merge */
} Case;

static const char *
story(const Case *c)
{
	const char *text = psprintf("%s, rule %d, frozen %x\n"
								"base   %s\nhub    %s\nremote %s\npatch  %s",
								lens_name(c->lens), c->policy.rule, c->in.frozen, show(c->base),
								show(c->hub), show(c->remote), show(c->out.hub_patch));

	for (int i = 0; i < c->out.nconflicts; i++)
		text = psprintf("%s\nconflict %s by %s", text,
						tasksync_field_name(c->out.conflicts[i].field),
						c->out.conflicts[i].rule);
	return text;
}

static TasksyncKind
random_kind(Random *random)
{
	return random_chance(random, 85) ? TASKSYNC_TASK :
		(TasksyncKind) random_below(random, TASKSYNC_NKINDS);
}

static void
random_edits(Random *random, TasksyncEdits *edits)
{
	for (int i = 0; i < TASKSYNC_NFIELDS; i++)
	{
		if (random_chance(random, 30))
			continue;
		edits->lo[i] = 1 + random_below(random, 4);
		edits->hi[i] = edits->lo[i] + random_below(random, 3);
	}
}

static void
run(Case *c)
{
	c->in.lens = c->lens;
	c->in.policy = &c->policy;
	c->in.base = c->base;
	c->in.hub = c->hub;
	c->in.remote = c->remote;
	c->in.hub_edits = &c->hub_edits;
	c->in.remote_edits = &c->remote_edits;
	tasksync_merge(&c->in, &c->out);
	c->after = patched(c->hub, c->out.hub_patch);
}

static void
start(Random *random, Case *c)
{
	memset(c, 0, sizeof(Case));
	c->lens = random_lens(random);
	c->hub = random_record(random, random_kind(random));
	c->base = tasksync_lens_project(c->lens, c->hub);
	c->remote = c->base;
	c->policy.rule = (TasksyncRule) random_below(random, 4);
	c->policy.tie_to_remote = random_chance(random, 50);
}

/* m(B, H, B) = H */
static bool
silent_remote(Random *random)
{
	Case		c;

	start(random, &c);
	c.hub = random_change(random, c.hub, 50);
	random_edits(random, &c.hub_edits);
	random_edits(random, &c.remote_edits);
	run(&c);
	if (c.out.hub_patch->present != 0 || c.out.nconflicts != 0 ||
		!same_fields(c.out.base, c.base, ~0u))
		return unit_reason("%s", story(&c));
	return true;
}

/* is more at the hub than the provider is shown? */
static uint32
hidden(const Case *c)
{
	uint32		mask = c->hub->labels.count > 100 ? BIT(LABELS) : 0;

	if (*tasksync_lens_hidden(c->lens, c->hub, c->remote, TASKSYNC_F_DESCRIPTION) != '\0')
		mask |= BIT(DESCRIPTION);
	if (*tasksync_lens_hidden(c->lens, c->hub, c->remote, TASKSYNC_F_TITLE) != '\0')
		mask |= BIT(TITLE);
	if (*tasksync_lens_hidden(c->lens, c->hub, c->remote, TASKSYNC_F_NAME) != '\0')
		mask |= BIT(NAME);
	return mask;
}

/* m(B, B, R) = R */
static bool
silent_hub(Random *random)
{
	Case		c;
	uint32		mask;

	start(random, &c);
	c.remote = tasksync_lens_project(c.lens, random_change(random, c.hub, 40));
	run(&c);
	mask = ~hidden(&c);
	/* the time of a completion follows the status and is no change by itself */
	if (c.lens != NULL)
		mask &= ~BIT(COMPLETED_AT);
	if (!same_fields(tasksync_lens_project(c.lens, c.after), c.remote, mask) ||
		!same_fields(c.out.base, c.remote, ~0u))
		return unit_reason("%s", story(&c));
	for (int i = 0; i < c.out.nconflicts; i++)
	{
		if (strcmp(c.out.conflicts[i].rule, "cut") != 0)
			return unit_reason("%s", story(&c));
	}
	return true;
}

/* m(B, X, X) = X */
static bool
both_say_the_same(Random *random)
{
	Case		c;

	start(random, &c);
	c.hub = random_change(random, c.hub, 40);
	c.remote = tasksync_lens_project(c.lens, c.hub);
	if (random_chance(random, 20))
		c.base = tasksync_record_new(c.hub->kind);
	run(&c);
	if (c.out.hub_patch->present != 0 || c.out.nconflicts != 0 ||
		!same_fields(c.out.base, c.remote, ~0u))
		return unit_reason("%s", story(&c));
	return true;
}

/* a case in which everything may have changed everywhere */
static void
anything(Random *random, Case *c)
{
	start(random, c);
	c->remote = tasksync_lens_project(c->lens, random_change(random, c->hub, 40));
	c->hub = random_change(random, c->hub, 40);
	if (random_chance(random, 15))
		c->base = tasksync_record_new(c->hub->kind);
	if (random_chance(random, 20))
		c->in.frozen = (uint32) random_next(random) & BIT(TITLE);
	random_edits(random, &c->hub_edits);
	random_edits(random, &c->remote_edits);
	run(c);
}

static bool
has_conflict(const Case *c, TasksyncField field)
{
	for (int i = 0; i < c->out.nconflicts; i++)
	{
		if (c->out.conflicts[i].field == field)
			return true;
	}
	return false;
}

/* every change is in the result, or in a conflict row, or was made by both */
static bool
no_silent_loss(Random *random)
{
	Case		c;
	TasksyncRecord *shown;
	TasksyncRecord *now;

	anything(random, &c);
	shown = tasksync_lens_project(c.lens, c.hub);
	now = tasksync_lens_project(c.lens, c.after);
	for (int i = 0; i < TASKSYNC_NFIELDS; i++)
	{
		TasksyncField f = (TasksyncField) i;
		uint32		bit = TASKSYNC_FIELD_BIT(i);
		bool		has_base = tasksync_record_has(c.base, f);

		if (!tasksync_record_has(c.remote, f) || (bit & (DROPPABLE | hidden(&c))) != 0 ||
			tasksync_field_equal(shown, c.remote, f) || has_conflict(&c, f))
			continue;
		/* a merged text holds both; what a first link leaves out is empty */
		if (f == TASKSYNC_F_DESCRIPTION && has_base)
			continue;
		if ((!has_base || !tasksync_field_equal(c.base, c.remote, f)) &&
			!tasksync_field_equal(now, c.remote, f) && c.remote->value[i] != NULL &&
			*c.remote->value[i] != '\0' && strcmp(c.remote->value[i], "0") != 0)
			return unit_reason("remote %s lost\n%s", tasksync_field_name(f), story(&c));
		if ((!has_base || !tasksync_field_equal(c.base, shown, f)) &&
			!tasksync_field_equal(now, shown, f) && c.hub->value[i] != NULL &&
			*shown->value[i] != '\0' && strcmp(shown->value[i], "0") != 0)
			return unit_reason("hub %s lost\n%s", tasksync_field_name(f), story(&c));
	}
	return true;
}

/* the base is what was seen, whatever was decided; and the patch holds changes only */
static bool
base_becomes_what_was_seen(Random *random)
{
	Case		c;

	anything(random, &c);
	if (!same_fields(c.out.base, c.remote, c.remote->present))
		return unit_reason("base %s\n%s", show(c.out.base), story(&c));
	if ((c.out.hub_patch->present & ~tasksync_record_diff(c.out.hub_patch, c.hub)) != 0)
		return unit_reason("a patch without a change\n%s", story(&c));
	return true;
}

/* I6: what a provider cannot show is the same bit for bit, but for what hangs on it */
static bool
outside_the_lens_nothing_moves(Random *random)
{
	Case		c;
	uint32		outside;

	anything(random, &c);
	outside = ~tasksync_lens_fields(c.lens, c.hub->kind);
	if (c.hub->kind == TASKSYNC_TASK && c.after->value[TASKSYNC_F_DUE_DATE] == NULL)
		outside &= ~(BIT(DUE_TIME) | BIT(DUE_TIMEZONE));
	if (!tasksync_field_equal(c.after, c.hub, TASKSYNC_F_PROJECT))
		outside &= ~BIT(SECTION);
	if (!same_fields(c.after, c.hub, outside))
		return unit_reason("%s", story(&c));
	return true;
}

static bool
holds(const TasksyncRecord *record, const char *label)
{
	for (int i = 0; i < record->labels.count; i++)
	{
		if (strcmp(record->labels.names[i], label) == 0)
			return true;
	}
	return false;
}

/* labels = (H + (R - B)) - (B - R), member by member */
static bool
labels_follow_the_formula(Random *random)
{
	static const char *const names[] = {"a", "b", "c", "d", "e"};
	TasksyncRecord *side[3];
	Case		c = {.lens = NULL};

	for (int s = 0; s < 3; s++)
	{
		const char *chosen[5];
		int			count = 0;

		side[s] = tasksync_record_new(TASKSYNC_TASK);
		for (int i = 0; i < 5; i++)
		{
			if (random_chance(random, 50))
				chosen[count++] = names[i];
		}
		tasksync_record_set_labels(side[s], count, chosen);
	}
	c.base = side[0];
	c.hub = side[1];
	c.remote = side[2];
	run(&c);
	for (int i = 0; i < 5; i++)
	{
		bool		b = holds(c.base, names[i]);
		bool		h = holds(c.hub, names[i]);
		bool		r = holds(c.remote, names[i]);

		if (holds(c.after, names[i]) != ((h || (r && !b)) && !(b && !r)))
			return unit_reason("label %s\n%s", names[i], story(&c));
	}
	return c.out.nconflicts == 0 || unit_reason("%s", story(&c));
}

/* seen as sent: arrived; seen as before: not yet, and no edit; else an edit like any other */
static bool
in_flight_fields_are_no_edits(Random *random)
{
	Case		c;
	TasksyncRecord *sent;
	bool		applied = random_chance(random, 50);

	start(random, &c);
	c.hub = random_change(random, c.hub, 50);
	sent = tasksync_lens_project(c.lens, c.hub);
	tasksync_record_drop(sent, sent->present & ~tasksync_record_diff(sent, c.base));
	c.remote = applied ? patched(c.base, sent) : c.base;
	c.in.in_flight = sent;
	run(&c);
	if (c.out.hub_patch->present != 0 || c.out.nconflicts != 0 ||
		!same_fields(c.out.base, c.remote, c.lens != NULL ? ~BIT(COMPLETED_AT) : ~0u) ||
		((c.out.acknowledged ^ (applied ? sent->present : 0)) & ~BIT(COMPLETED_AT)) != 0)
		return unit_reason("sent %s, acknowledged %x\n%s", show(sent), c.out.acknowledged,
						   story(&c));
	return true;
}

/* two values for one field: the winner is the one the rule names, and the row says which rule */
static bool
the_rule_decides(Random *random)
{
	static const TasksyncField fields[] = {TASKSYNC_F_TITLE, TASKSYNC_F_PRIORITY,
										   TASKSYNC_F_DUE_DATE, TASKSYNC_F_DESCRIPTION,
										   TASKSYNC_F_PROJECT};
	static const char *const values[][3] = {{"a", "b", "c"}, {"0", "1", "2"},
											{"2026-05-12", "2026-05-13", "2026-05-14"},
											{"one", "two", "three"}, {"p", "q", "r"}};
	static const char *const names[] = {"newest", "prefer_hub", "prefer_remote", "manual"};
	int			n = random_below(random, lengthof(fields));
	TasksyncField f = fields[n];
	Case		c = {.lens = NULL};
	TasksyncRecord *sides[3];
	const char *rule;
	bool		remote_wins;

	for (int i = 0; i < 3; i++)
	{
		sides[i] = tasksync_record_new(TASKSYNC_TASK);
		tasksync_record_set(sides[i], f, values[n][i]);
	}
	c.base = sides[0];
	c.hub = sides[1];
	c.remote = sides[2];
	c.policy.rule = (TasksyncRule) random_below(random, 4);
	c.policy.tie_to_remote = random_chance(random, 50);
	if (random_chance(random, 30))
	{
		c.policy.has_field_rule = TASKSYNC_FIELD_BIT(f);
		c.policy.field_rule[f] = (TasksyncRule) random_below(random, 4);
	}
	random_edits(random, &c.hub_edits);
	random_edits(random, &c.remote_edits);

	rule = names[c.policy.has_field_rule != 0 ? c.policy.field_rule[f] : c.policy.rule];
	remote_wins = strcmp(rule, "prefer_remote") == 0;
	if (strcmp(rule, "newest") == 0)
	{
		bool		known = c.hub_edits.hi[f] != 0 && c.remote_edits.hi[f] != 0;

		if (known && c.remote_edits.lo[f] > c.hub_edits.hi[f])
			remote_wins = true;
		else if (!known || c.hub_edits.lo[f] <= c.remote_edits.hi[f])
		{
			rule = f == TASKSYNC_F_PROJECT ? "last" : "tie";
			remote_wins = f == TASKSYNC_F_PROJECT || c.policy.tie_to_remote;
		}
	}
	run(&c);
	if (c.out.nconflicts != 1 || strcmp(c.out.conflicts[0].rule, rule) != 0 ||
		c.out.conflicts[0].open != (strcmp(rule, "manual") == 0) ||
		!tasksync_field_equal(c.after, remote_wins ? c.remote : c.hub, f))
		return unit_reason("expected %s, %s\n%s", rule, remote_wins ? "remote" : "hub", story(&c));
	if (!json_equal(c.out.conflicts[0].result, tasksync_field_to_json(c.after, f)))
		return unit_reason("the row tells another result\n%s", story(&c));
	return true;
}

/* notes: a row exactly where the text merge says that something overlaps */
static bool
overlapping_notes_leave_a_row(Random *random)
{
	Case		c;
	TasksyncField f = TASKSYNC_F_DESCRIPTION;
	TasksyncRecord *shown;
	bool		clean;

	anything(random, &c);
	shown = tasksync_lens_project(c.lens, c.hub);
	if (!tasksync_record_has(c.base, f) || (hidden(&c) & BIT(DESCRIPTION)) != 0)
		return true;
	tasksync_merge_text(c.base->value[f], shown->value[f], c.remote->value[f], TASKSYNC_OURS,
						&clean);
	if (has_conflict(&c, f) == clean)
		return unit_reason("%s", story(&c));
	return true;
}

static bool
merging_again_does_nothing(Random *random)
{
	Case		c;

	anything(random, &c);
	if (c.in.frozen != 0)
		return true;
	c.hub = c.after;
	c.base = c.out.base;
	run(&c);
	if (c.out.hub_patch->present != 0 || c.out.nconflicts != 0)
		return unit_reason("%s", story(&c));
	return true;
}

int
main(void)
{
	unit_start();
	unit_property("m(B, H, B) = H", 20000, silent_remote);
	unit_property("m(B, B, R) = R", 20000, silent_hub);
	unit_property("m(B, X, X) = X", 20000, both_say_the_same);
	unit_property("no value is lost in silence", 30000, no_silent_loss);
	unit_property("the base becomes what was seen", 15000, base_becomes_what_was_seen);
	unit_property("outside the lens nothing moves", 15000, outside_the_lens_nothing_moves);
	unit_property("labels follow the set formula", 20000, labels_follow_the_formula);
	unit_property("fields in flight are no edits", 15000, in_flight_fields_are_no_edits);
	unit_property("the rule decides", 20000, the_rule_decides);
	unit_property("overlapping notes leave a row", 15000, overlapping_notes_leave_a_row);
	unit_property("merging again does nothing", 15000, merging_again_does_nothing);
	return unit_done();
}
