/*
 * merge.c
 *	  The merge of one hub record with one observation of one account.
 *
 * Called by the engine, once per observed object, and by merge_task().  Pure:
 * no SPI, clock, latch or socket; memory from the current context.
 *
 * Everything is compared as the provider sees it: B is the last view both
 * sides shared, P what the provider would show of the hub now, R what it
 * shows.  R = B: the provider says nothing.  P = B: the hub said nothing, the
 * change is put back through the lens.  P = R: both say the same.  Else the
 * rule of the field.  Whatever happens, afterwards B = R, so that no change is
 * ever judged twice.
 */
#include "postgres.h"

#include "sync/canonical.h"
#include "sync/merge.h"
#include "sync/text_merge.h"

#define BIT(f) TASKSYNC_FIELD_BIT(TASKSYNC_F_##f)
#define MAX_CONFLICTS TASKSYNC_NFIELDS

typedef struct Merge
{
	const TasksyncMergeInput *in;
	TasksyncMergeResult *out;
	TasksyncRecord *b;
	TasksyncRecord *p;
	TasksyncRecord *r;
	uint32 fresh; /* fields that R may say something about */
	uint32 take;  /* fields of R to put back */
} Merge;

/* ---- what changed ---- */

static bool
agree(const Merge *m, TasksyncField f)
{
	return tasksync_record_has(m->p, f) && tasksync_field_equal(m->p, m->r, f);
}

static bool
remote_changed(const Merge *m, TasksyncField f)
{
	return tasksync_record_has(m->r, f) &&
		   (!tasksync_record_has(m->b, f) || !tasksync_field_equal(m->b, m->r, f));
}

static bool
hub_changed(const Merge *m, TasksyncField f)
{
	return tasksync_record_has(m->p, f) &&
		   (!tasksync_record_has(m->b, f) || !tasksync_field_equal(m->b, m->p, f));
}

static uint32
changed_in(const Merge *m, uint32 unit, bool (*changed)(const Merge *, TasksyncField))
{
	uint32 mask = 0;

	for (int i = 0; i < TASKSYNC_NFIELDS; i++)
	{
		if ((unit & TASKSYNC_FIELD_BIT(i)) != 0 && changed(m, (TasksyncField) i))
			mask |= TASKSYNC_FIELD_BIT(i);
	}
	return mask;
}

/* a value that says nothing: on a first link the other side fills it */
static bool
is_empty(const TasksyncRecord *record, TasksyncField f)
{
	const char *value = record->value[f];

	if (!tasksync_record_has(record, f) || value == NULL || *value == '\0')
		return true;
	return f == TASKSYNC_F_PRIORITY && strcmp(value, "0") == 0;
}

/* a hub without a colour is shown in the provider's default one: nobody's choice */
static bool
says_nothing(const Merge *m, TasksyncField f)
{
	return is_empty(m->p, f) || is_empty(m->in->hub, f);
}

/* ---- conflicts ---- */

/* `result` is filled in at the end, when the hub's new value is known */
static void
add_conflict(Merge *m, TasksyncField f, const char *rule, bool open)
{
	TasksyncConflict *conflict = &m->out->conflicts[m->out->nconflicts++];

	Assert(m->out->nconflicts <= MAX_CONFLICTS);
	conflict->field = f;
	conflict->base = tasksync_field_to_json(m->b, f);
	conflict->hub = tasksync_field_to_json(m->in->hub, f);
	conflict->remote = tasksync_field_to_json(m->r, f);
	conflict->result = NULL;
	conflict->rule = rule;
	conflict->open = open;
}

static void
add_conflicts(Merge *m, uint32 unit, const char *rule, bool open)
{
	for (int i = 0; i < TASKSYNC_NFIELDS; i++)
	{
		if ((unit & TASKSYNC_FIELD_BIT(i)) != 0 && tasksync_record_has(m->r, (TasksyncField) i) &&
			!agree(m, (TasksyncField) i))
			add_conflict(m, (TasksyncField) i, rule, open);
	}
}

static TasksyncVerdict
decide(const Merge *m, uint32 unit)
{
	int later = tasksync_policy_later(m->in->hub_edits, changed_in(m, unit, hub_changed),
									  m->in->remote_edits, changed_in(m, unit, remote_changed));

	/* of two moves the one that reaches the hub last stands, unless the clocks know better */
	if ((unit & TASKSYNC_PLACE_FIELDS) != 0)
		return tasksync_policy_decide(m->in->policy, unit, later, "last", true);
	return tasksync_policy_decide(m->in->policy, unit, later, "tie", m->in->policy->tie_to_remote);
}

/* both sides changed the unit, to different values */
static void
conflict(Merge *m, uint32 unit)
{
	TasksyncVerdict verdict = decide(m, unit);

	add_conflicts(m, unit, verdict.rule, verdict.open);
	if (verdict.take_remote)
		m->take |= unit;
}

/* true if the field waits for an answer: the hub's value stays, whatever comes */
static bool
is_frozen(Merge *m, uint32 unit)
{
	if ((m->in->frozen & unit) == 0)
		return false;
	add_conflicts(m, unit, "manual", true);
	return true;
}

/* ---- the rules ---- */

static void
merge_value(Merge *m, TasksyncField f)
{
	uint32 bit = TASKSYNC_FIELD_BIT(f);

	if ((m->fresh & bit) == 0 || !remote_changed(m, f) || agree(m, f) || is_frozen(m, bit))
		return;
	/* the hub has no task without a title: an emptied one is repaired there, not taken */
	if ((f == TASKSYNC_F_TITLE || f == TASKSYNC_F_NAME) && is_empty(m->r, f) && !is_empty(m->p, f))
		return;
	if (!hub_changed(m, f))
	{
		if (tasksync_lens_cut_touched(m->in->lens, m->b, m->r, m->in->hub, f))
			add_conflict(m, f, "cut", false);
		m->take |= bit;
	}
	else if (!tasksync_record_has(m->b, f) && (says_nothing(m, f) || is_empty(m->r, f)))
		m->take |= says_nothing(m, f) ? bit : 0;
	else
		conflict(m, bit);
}

/*
 * Two changes of a binary value agree, so a conflict needs a missing base.
 * What remains is a completion that the hub has already taken back.
 */
static void
merge_status(Merge *m)
{
	uint32 bit = BIT(STATUS);

	if ((m->fresh & bit) != 0 && remote_changed(m, TASKSYNC_F_STATUS) &&
		tasksync_record_has(m->b, TASKSYNC_F_STATUS) && !agree(m, TASKSYNC_F_STATUS) &&
		tasksync_record_has(m->p, TASKSYNC_F_STATUS) &&
		strcmp(m->r->value[TASKSYNC_F_STATUS], "done") == 0 &&
		tasksync_policy_later(m->in->hub_edits, bit, m->in->remote_edits, bit) < 0)
		add_conflict(m, TASKSYNC_F_STATUS, "reopened", false);
	else
		merge_value(m, TASKSYNC_F_STATUS);
	if ((m->take & bit) != 0)
		m->take |= BIT(COMPLETED_AT);

	/*
	 * Between services the time of completion follows the status, or the stamp
	 * that a service gives our own completion would come back as a change.
	 * Without a lens it is a value like any other.
	 */
	if (m->in->lens == NULL && (m->fresh & BIT(COMPLETED_AT)) != 0 &&
		remote_changed(m, TASKSYNC_F_COMPLETED_AT) && !hub_changed(m, TASKSYNC_F_COMPLETED_AT))
		m->take |= BIT(COMPLETED_AT);
}

/* date, time, zone and recurrence, as far as the provider shows them, are one value */
static void
merge_due(Merge *m)
{
	uint32 unit = TASKSYNC_DUE_FIELDS & m->fresh;
	uint32 changed = changed_in(m, unit, remote_changed);
	uint32 hub = changed_in(m, unit, hub_changed);
	bool is_first = (unit & ~m->b->present) != 0;

	if ((changed & ~changed_in(m, unit, agree)) == 0 || is_frozen(m, unit))
		return;
	if (hub == 0)
		m->take |= unit;
	else if (is_first && is_empty(m->p, TASKSYNC_F_DUE_DATE) &&
			 is_empty(m->p, TASKSYNC_F_RECURRENCE))
		m->take |= unit;
	else if (!is_first || !is_empty(m->r, TASKSYNC_F_DUE_DATE) ||
			 !is_empty(m->r, TASKSYNC_F_RECURRENCE))
		conflict(m, unit);
}

/* project, section and parent: one move */
static void
merge_place(Merge *m)
{
	uint32 unit = TASKSYNC_PLACE_FIELDS & m->fresh;
	uint32 changed = changed_in(m, unit, remote_changed);
	bool same_project = (unit & BIT(PROJECT)) == 0 || agree(m, TASKSYNC_F_PROJECT) ||
						is_empty(m->p, TASKSYNC_F_PROJECT) || is_empty(m->r, TASKSYNC_F_PROJECT);

	if ((changed & ~changed_in(m, unit, agree)) == 0 || is_frozen(m, unit))
		return;
	if (changed_in(m, unit, hub_changed) == 0)
		m->take |= unit;
	else if ((unit & ~m->b->present) != 0 && same_project)
	{
		/* first link: a section or a parent that only one side knows is no second move */
		for (int i = 0; i < TASKSYNC_NFIELDS; i++)
		{
			if ((unit & TASKSYNC_FIELD_BIT(i)) != 0)
				merge_value(m, (TasksyncField) i);
		}
	}
	else
		conflict(m, unit);
}

static void
merge_description(Merge *m)
{
	TasksyncField f = TASKSYNC_F_DESCRIPTION;
	uint32 bit = TASKSYNC_FIELD_BIT(f);
	bool has_base = tasksync_record_has(m->b, f);
	TasksyncVerdict verdict;
	bool clean;
	char *merged;

	if (!has_base || !hub_changed(m, f))
	{
		merge_value(m, f);
		return;
	}
	if ((m->fresh & bit) == 0 || !remote_changed(m, f) || agree(m, f) || is_frozen(m, bit))
		return;
	verdict = decide(m, bit);
	merged = tasksync_merge_text(m->b->value[f], m->p->value[f], m->r->value[f],
								 verdict.take_remote ? TASKSYNC_THEIRS : TASKSYNC_OURS, &clean);
	if (!clean)
		add_conflict(m, f, verdict.rule, verdict.open);
	else if (tasksync_lens_cut_touched(m->in->lens, m->b, m->r, m->in->hub, f))
		add_conflict(m, f, "cut", false);
	/* a question is asked about the text as it stands, not about half of an answer */
	if (!clean && verdict.open)
		return;
	/* what was merged is the visible part; not through the lens, which would judge its length */
	merged = psprintf("%s%s", merged, tasksync_lens_hidden(m->in->lens, m->in->hub, m->r, f));
	tasksync_record_set(m->out->hub_patch, f, tasksync_canonical_text(merged, false));
}

/* three-way set; the lens does it, because only it knows which hub label a view stands for */
static void
merge_labels(Merge *m)
{
	TasksyncField f = TASKSYNC_F_LABELS;

	if ((m->fresh & BIT(LABELS)) != 0 && remote_changed(m, f) && !agree(m, f))
		m->take |= BIT(LABELS);
}

/* the order is never worth a question: a move made here stands against one made there */
static void
merge_position(Merge *m)
{
	TasksyncField f = TASKSYNC_F_POSITION;

	if ((m->fresh & BIT(POSITION)) != 0 && remote_changed(m, f) && !hub_changed(m, f))
		m->take |= BIT(POSITION);
}

/* completed on one side, moved to another day on the other: both hold, and somebody should know */
static void
note_done_and_moved(Merge *m)
{
	TasksyncField f = TASKSYNC_F_STATUS;
	uint32 due = TASKSYNC_DUE_FIELDS & m->b->present;
	bool here;
	bool there;

	if (!tasksync_record_has(m->b, f) || !tasksync_record_has(m->r, f) ||
		!tasksync_record_has(m->p, f) || (m->fresh & BIT(STATUS)) == 0)
		return;
	here = hub_changed(m, f) && strcmp(m->p->value[f], "done") == 0 && !remote_changed(m, f) &&
		   changed_in(m, due & m->fresh, remote_changed) != 0;
	there = (m->take & BIT(STATUS)) != 0 && strcmp(m->r->value[f], "done") == 0 &&
			changed_in(m, due, hub_changed) != 0;
	if (here || there)
		add_conflict(m, f, "note", false);
}

/* ---- around the rules ---- */

/*
 * Fields that are on their way to the provider and are seen as sent have
 * arrived.  Seen as before they have not, or not yet: that is R = B, which says
 * nothing.  Anything else is an edit.  The provider stamps a completion itself,
 * so the stamp shares the fate of the status.
 */
static void
settle_in_flight(Merge *m)
{
	const TasksyncRecord *sent = m->in->in_flight;

	tasksync_record_take(m->out->base, m->r, m->fresh);
	if (sent == NULL)
		return;
	m->out->acknowledged = m->fresh & sent->present & ~tasksync_record_diff(m->r, sent) &
		~BIT(COMPLETED_AT);
	if ((m->out->acknowledged & BIT(STATUS)) != 0)
		m->out->acknowledged |= m->fresh & sent->present & BIT(COMPLETED_AT);
	m->fresh &= ~m->out->acknowledged;
}

/*
 * set_views makes B, P and R comparable.  A base handed in uncut (or written
 * by an older lens) is seen through the lens of today; a view longer than the
 * lens thought possible is compared with the uncut text.
 */
static void
set_views(Merge *m, uint32 domain)
{
	const TasksyncMergeInput *in = m->in;
	TasksyncRecord *whole;

	m->r = tasksync_record_share(in->remote);
	tasksync_canonicalize(m->r);
	tasksync_record_drop(m->r, ~domain);
	m->p = tasksync_lens_project(in->lens, in->hub);
	m->b = tasksync_lens_project(in->lens, in->base);
	if (in->lens != NULL)
	{
		whole = tasksync_record_share(in->base);
		tasksync_canonicalize(whole);
		for (int i = 0; i < TASKSYNC_NFIELDS; i++)
		{
			TasksyncField f = (TasksyncField) i;

			if (!tasksync_record_has(m->b, f) || !tasksync_record_has(m->r, f))
				continue;
			if (f != TASKSYNC_F_LABELS &&
				tasksync_lens_exceeds(in->lens, in->hub->kind, f, m->r->value[i]))
			{
				m->b->value[i] = whole->value[i];
				if (tasksync_record_has(m->p, f))
					m->p->value[i] =
						tasksync_canonical_text(in->hub->value[i], f != TASKSYNC_F_DESCRIPTION);
			}
			else if (tasksync_field_equal(whole, m->r, f))
				tasksync_record_take(m->b, whole, TASKSYNC_FIELD_BIT(i));
		}
	}
}

static void
finish(Merge *m)
{
	TasksyncRecord *patch = m->out->hub_patch;
	TasksyncRecord *after = tasksync_record_share(m->in->hub);

	tasksync_lens_put_back(m->in->lens, m->b, m->r, m->in->hub, m->take, patch);
	tasksync_record_drop(patch, patch->present & m->in->hub->present &
									~tasksync_record_diff(patch, m->in->hub));
	tasksync_record_take(after, patch, patch->present);
	for (int i = 0; i < m->out->nconflicts; i++)
	{
		TasksyncConflict *conflict = &m->out->conflicts[i];

		conflict->result = tasksync_field_to_json(after, conflict->field);
	}
}

void
tasksync_merge(const TasksyncMergeInput *input, TasksyncMergeResult *result)
{
	static const TasksyncField plain[] = {TASKSYNC_F_NAME, TASKSYNC_F_COLOR, TASKSYNC_F_ARCHIVED,
										  TASKSYNC_F_TITLE, TASKSYNC_F_PRIORITY};
	uint32 domain = tasksync_lens_fields(input->lens, input->hub->kind);
	Merge m = {.in = input, .out = result};

	memset(result, 0, sizeof(TasksyncMergeResult));
	result->hub_patch = tasksync_record_new(input->hub->kind);
	result->base = tasksync_record_share(input->base);
	result->conflicts = palloc(sizeof(TasksyncConflict) * MAX_CONFLICTS);
	set_views(&m, domain);
	m.fresh = m.r->present;
	settle_in_flight(&m);
	for (int i = 0; i < (int) lengthof(plain); i++)
		merge_value(&m, plain[i]);
	merge_status(&m);
	merge_due(&m);
	merge_place(&m);
	merge_description(&m);
	merge_labels(&m);
	merge_position(&m);
	note_done_and_moved(&m);
	result->answered = changed_in(&m, input->frozen & m.fresh, agree);
	finish(&m);
}
