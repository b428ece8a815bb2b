/*
 * plan.c
 *	  What is to be sent for one link, what an acknowledgement means, and when
 *	  a deletion goes through.
 *
 * Called by the engine and by previews.  Pure: no SPI, clock, latch or socket;
 * memory from the current context.
 */
#include "postgres.h"

#include "base/testpoint.h"
#include "sync/canonical.h"
#include "sync/plan.h"

#define BIT(f) TASKSYNC_FIELD_BIT(TASKSYNC_F_##f)

/* what a person would be sorry to lose; no task comes back for a tick, a rank or a label */
#define CONTENT (BIT(TITLE) | BIT(DESCRIPTION) | TASKSYNC_DUE_FIELDS | TASKSYNC_CHANGED_CHILD)

/* deletions up to this number are everyday, whatever the size of the container */
#define GUARD_FREE 5
#define GUARD_PERCENT 10

/* did the provider answer `echo` to exactly this value before, and is that still what it holds? */
static bool
is_coerced(const TasksyncMemo *memo, const TasksyncRecord *shown, const TasksyncRecord *base,
		   TasksyncField f)
{
	if (TASKSYNC_MUTANT("coercion ignored"))
		return false;
	return memo != NULL && memo->sent != NULL && memo->echo != NULL &&
		   tasksync_record_has(memo->sent, f) && tasksync_record_has(memo->echo, f) &&
		   tasksync_field_equal(memo->sent, shown, f) && tasksync_field_equal(memo->echo, base, f);
}

TasksyncRecord *
tasksync_plan_out(const TasksyncLens *lens, const TasksyncRecord *hub, const TasksyncRecord *base,
				  const TasksyncMemo *memo, uint32 frozen)
{
	TasksyncRecord *shown = tasksync_lens_project(lens, hub);
	TasksyncRecord *seen = tasksync_lens_project(lens, base);
	uint32 send = 0;

	/* what is sent as one value is frozen as one */
	if ((frozen & TASKSYNC_DUE_FIELDS) != 0)
		frozen |= TASKSYNC_DUE_FIELDS;
	if ((frozen & TASKSYNC_PLACE_FIELDS) != 0)
		frozen |= TASKSYNC_PLACE_FIELDS;
	for (int i = 0; i < TASKSYNC_NFIELDS; i++)
	{
		TasksyncField f = (TasksyncField) i;

		if (!tasksync_record_has(shown, f) || (frozen & TASKSYNC_FIELD_BIT(i)) != 0)
			continue;

		/*
		 * The base is looked at through the lens as well: where a provider shows
		 * more than the lens would send (a longer text, a colour not in the
		 * table), sending our shorter form would destroy it.
		 */
		if (tasksync_record_has(base, f) &&
			(tasksync_field_equal(shown, base, f) || tasksync_field_equal(shown, seen, f) ||
			 is_coerced(memo, shown, base, f)))
			continue;
		send |= TASKSYNC_FIELD_BIT(i);
	}
	if ((send & BIT(STATUS)) == 0)
		send &= ~BIT(COMPLETED_AT);
	tasksync_record_drop(shown, ~send);
	return shown;
}

uint32
tasksync_plan_coerced(const TasksyncLens *lens, const TasksyncRecord *hub,
					  const TasksyncRecord *base, const TasksyncMemo *memo)
{
	TasksyncRecord *shown = tasksync_lens_project(lens, hub);
	uint32 coerced = 0;

	for (int i = 0; i < TASKSYNC_NFIELDS; i++)
	{
		if (tasksync_record_has(shown, (TasksyncField) i) &&
			is_coerced(memo, shown, base, (TasksyncField) i))
			coerced |= TASKSYNC_FIELD_BIT(i);
	}
	return coerced;
}

void
tasksync_plan_ack(const TasksyncLens *lens, const TasksyncRecord *sent, const TasksyncRecord *echo,
				  TasksyncRecord *base, TasksyncMemo *memo)
{
	TasksyncRecord *answer = tasksync_record_new(sent->kind);
	uint32 differ;

	if (echo != NULL)
	{
		answer = tasksync_record_share(echo);
		tasksync_canonicalize(answer);
		tasksync_record_drop(answer, ~(sent->present & tasksync_lens_fields(lens, sent->kind)));
	}
	tasksync_record_take(base, sent, sent->present);
	tasksync_record_take(base, answer, answer->present);

	differ = tasksync_record_diff(answer, sent);
	if (memo->sent == NULL)
		memo->sent = tasksync_record_new(sent->kind);
	if (memo->echo == NULL)
		memo->echo = tasksync_record_new(sent->kind);
	tasksync_record_drop(memo->sent, sent->present);
	tasksync_record_drop(memo->echo, sent->present);
	tasksync_record_take(memo->sent, sent, differ);
	tasksync_record_take(memo->echo, answer, differ);
}

bool
tasksync_plan_delete_costs(uint32 changed)
{
	return (changed & CONTENT) != 0;
}

TasksyncDeleteVerdict
tasksync_plan_delete(const TasksyncPolicy *policy, uint32 changed)
{
	if (!tasksync_plan_delete_costs(changed))
		return TASKSYNC_DELETE_BOTH;
	switch (policy->on_delete)
	{
		case TASKSYNC_EDIT_WINS:
			return TASKSYNC_DELETE_LOSES;
		case TASKSYNC_DELETE_WINS:
			return TASKSYNC_DELETE_BOTH;
		case TASKSYNC_DELETE_ASK:
			break;
	}
	return TASKSYNC_DELETE_WAITS;
}

bool
tasksync_plan_guard(int deletes, int live)
{
	if (deletes <= 0)
		return false;
	if (deletes >= live && live >= 2)
		return true;
	return deletes > GUARD_FREE && (int64) deletes * 100 > (int64) live * GUARD_PERCENT;
}
