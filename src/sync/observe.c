/*
 * observe.c
 *	  One chunk of observations against the links and the hub.
 *
 * Decides for each object whether it is linked, found again, new or out of
 * scope, and merges.  What follows is a list of changes for hub.c.
 *
 * Sync worker only, inside a transaction of a run.
 */
#include "postgres.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/testpoint.h"
#include "sync/ack.h"
#include "sync/canonical.h"
#include "sync/chunk.h"
#include "sync/clocks.h"
#include "sync/import.h"
#include "sync/late.h"
#include "sync/observe.h"
#include "sync/occurrence.h"
#include "sync/reorder.h"
#include "sync/twin.h"

/* ---- changes ---- */

static json_t *
conflict_row(const TasksyncLink *link, const TasksyncConflict *conflict)
{
	return json_pack("{s:s, s:s, s:s, s:O?, s:O?, s:O?, s:O?, s:s, s:s}", "kind",
					 tasksync_kind_name(link->kind), "hub_id", link->hub_id, "field",
					 tasksync_field_name(conflict->field), "base", conflict->base, "hub",
					 conflict->hub, "remote", conflict->remote, "result", conflict->result, "rule",
					 conflict->rule, "status", conflict->open ? "open" : "settled");
}

/* ---- linked objects ---- */

/*
 * Intents of this object whose outcome is unknown: the union of what they
 * would have set.  A completed occurrence of a recurring task shows itself by
 * its later date; *closed tells that it was ours.
 */
static TasksyncRecord *
in_flight_of(TasksyncChunk *chunk, const TasksyncLink *link, const TasksyncRecord *remote,
			 bool *closed)
{
	TasksyncRecord *in_flight = NULL;
	ListCell *cell;

	foreach(cell, chunk->open_intents)
	{
		TasksyncOpenIntent *intent = lfirst(cell);
		const char *was = link->base->value[TASKSYNC_F_DUE_DATE];
		const char *now = remote->value[TASKSYNC_F_DUE_DATE];

		if (strcmp(intent->hub_id, link->hub_id) != 0 || intent->op == TASKSYNC_OP_CREATE ||
			intent->op == TASKSYNC_OP_DELETE)
			continue;
		if (intent->op == TASKSYNC_OP_CLOSE && !TASKSYNC_MUTANT("close retried blindly") &&
			remote->value[TASKSYNC_F_RECURRENCE] && was && now && strcmp(now, was) > 0)
		{
			*closed = true;
			intent->settled = true;
			continue;
		}
		if (in_flight == NULL)
			in_flight = tasksync_record_new(link->kind);
		tasksync_record_take(in_flight, intent->patch, intent->patch->present);
	}
	return in_flight;
}

/* the route that governs an object: its project's, or none for labels */
static const TasksyncRoute *
route_of(TasksyncChunk *chunk, const TasksyncLink *link, const TasksyncRecord *remote)
{
	if (link->kind == TASKSYNC_PROJECT)
		return tasksync_refs_route(chunk->run, link->hub_id);
	return tasksync_refs_route(chunk->run, remote->value[TASKSYNC_F_PROJECT]);
}

static const TasksyncPolicy *
policy_of(TasksyncChunk *chunk, const TasksyncRoute *route)
{
	return route ? &route->policy : &chunk->run->policy;
}

/* the provider still has what the hub deleted: has it been edited there since? */
static void
observe_deleted_here(TasksyncChunk *chunk, TasksyncLink *link,
					 const TasksyncObservation *observation, TasksyncRecord *remote)
{
	TasksyncRun *run = chunk->run;
	uint32 changed = tasksync_record_diff(link->base, remote) &
					 tasksync_lens_fields(tasksync_link_lens(run, link), link->kind);
	TasksyncHubChange *change;
	TasksyncConflict conflict = {.field = TASKSYNC_F_TITLE, .rule = "delete_wins"};

	if (link->kind != TASKSYNC_TASK || !tasksync_plan_delete_costs(changed))
		return;
	conflict.base = tasksync_record_to_json(link->base);
	conflict.remote = tasksync_record_to_json(remote);
	change = tasksync_chunk_change(chunk, link);
	link->raw = observation->raw;
	link->remote_edited_at = observation->edited_at;
	if (tasksync_plan_delete(policy_of(chunk, route_of(chunk, link, remote)), changed) ==
		TASKSYNC_DELETE_LOSES)
	{
		conflict.rule = "edit_wins";
		conflict.result = conflict.remote;
		change->inserts = true;
		change->created_at = observation->created_at;
		link->state = 'l';
		link->dirty = false;
		tasksync_import_place(chunk, link, observation, remote);
	}
	else
		link->base = tasksync_lens_project(tasksync_link_lens(run, link), remote);
	change->conflicts = json_array();
	json_array_append_new(change->conflicts, conflict_row(link, &conflict));
}

static json_t *
one_completion(const TasksyncLink *link, const char *hub, const char *remote)
{
	TasksyncConflict conflict = {.field = TASKSYNC_F_STATUS, .rule = "same_occurrence"};

	conflict.base = conflict.result = json_string("open");
	conflict.hub = json_string(hub);
	conflict.remote = json_string(remote);
	return conflict_row(link, &conflict);
}

/*
 * Completions of recurring tasks, before the merge: what the provider says of
 * one that is known already is taken out of *remote (*stale).  Returns a row
 * when two sides completed the same occurrence.
 */
static json_t *
judge_occurrence(TasksyncLink *link, const TasksyncRecord **remote, bool closed, bool *stale)
{
	json_t *row = NULL;

	if (!closed && !TASKSYNC_MUTANT("close retried blindly") &&
		tasksync_occurrence_completed_twice(link->base, link->hub, *remote))
		row = one_completion(link, "done", "open");
	if (closed || row)
		link->hub = tasksync_occurrence_reopened(link->hub, *remote);
	*stale = tasksync_occurrence_completed_before(link->base, link->hub, *remote);
	if (*stale)
	{
		row = one_completion(link, "open", "done");
		*remote = tasksync_occurrence_without_completion(*remote);
	}
	return row;
}

static void
add_conflicts(TasksyncHubChange *change, const TasksyncLink *link,
			  const TasksyncMergeResult *merged, json_t *further)
{
	if (merged->nconflicts == 0 && further == NULL)
		return;
	change->conflicts = json_array();
	if (further)
		json_array_append_new(change->conflicts, further);
	for (int i = 0; i < merged->nconflicts; i++)
		json_array_append_new(change->conflicts, conflict_row(link, &merged->conflicts[i]));
}

/* open questions that the provider's change has answered */
static void
add_answers(TasksyncHubChange *change, const TasksyncLink *link, uint32 answered)
{
	if (answered == 0)
		return;
	change->answered = json_array();
	for (int f = 0; f < TASKSYNC_NFIELDS; f++)
		if ((answered & TASKSYNC_FIELD_BIT(f)) != 0)
			json_array_append_new(change->answered,
								  json_pack("{s:s, s:s, s:o}", "hub_id", link->hub_id, "field",
											tasksync_field_name(f), "result",
											tasksync_field_to_json(link->hub, f)));
}

static bool
same_record(const TasksyncRecord *a, const TasksyncRecord *b)
{
	return a->present == b->present && tasksync_record_diff(a, b) == 0;
}

/*
 * A value that the provider rewrote is no edit of the hub's: in the merge the
 * hub counts as holding what the provider made of it, so that a later edit
 * there is simply taken.
 */
static TasksyncRecord *
as_the_provider_took_it(TasksyncRun *run, const TasksyncLink *link)
{
	uint32 coerced =
		tasksync_plan_coerced(tasksync_link_lens(run, link), link->hub, link->base, &link->memo);
	TasksyncRecord *hub = link->hub;

	if (coerced != 0)
	{
		hub = tasksync_record_copy(hub);
		tasksync_record_take(hub, link->memo.echo, coerced);
	}
	return hub;
}

/* the link did not carry it, and what was done there does not change that */
static void
keep_out(TasksyncChunk *chunk, TasksyncLink *link, const TasksyncLink *before)
{
	*link = *before;
	link->state = 'x';
	link->dirty = false;
	link->missing = false;
	if (tasksync_ack_sent(chunk->run, link->hub_id))
		tasksync_ack_seen(chunk->run, link->hub_id);
	if (before->state != 'x' || before->missing)
		tasksync_chunk_change(chunk, link);
}

static void
merge_linked(TasksyncChunk *chunk, TasksyncLink *link, const TasksyncObservation *observation,
			 const TasksyncRecord *remote)
{
	TasksyncRun *run = chunk->run;
	const TasksyncRoute *route = route_of(chunk, link, remote);
	const TasksyncLens *lens = tasksync_link_lens(run, link);
	TasksyncSent *sent = tasksync_ack_sent(run, link->hub_id);
	bool closed = sent && sent->closed;
	json_t *twice;
	bool stale;
	TasksyncLink before = *link;
	TasksyncEdits edits;
	TasksyncMergeInput input = {0};
	TasksyncMergeResult merged;
	TasksyncHubChange *change;
	bool stays_out;

	before.base = tasksync_record_copy(link->base);
	/* an edit made between a request without an answer and its repetition is no echo of it */
	if (sent && sent->record && sent->record->present && !sent->was_unknown)
		tasksync_plan_ack(lens, sent->record, remote, link->base, &link->memo);
	if (!TASKSYNC_MUTANT("no barrier"))
		input.in_flight = in_flight_of(chunk, link, remote, &closed);
	twice = judge_occurrence(link, &remote, closed, &stale);
	tasksync_remote_edits(run, observation, tasksync_record_diff(link->base, remote), &edits);
	input.lens = lens;
	input.policy = policy_of(chunk, route);
	input.base = link->base;
	input.hub = as_the_provider_took_it(run, link);
	input.remote = remote;
	input.hub_edits = &link->hub_edits;
	input.remote_edits = &edits;
	input.frozen = link->frozen;
	tasksync_merge(&input, &merged);

	link->base = merged.base;
	/* it shows a completed task and is told of the next occurrence */
	if (stale)
		tasksync_record_set(link->base, TASKSYNC_F_STATUS, "done");
	tasksync_reorder_observed(run, link, &before, sent, merged.hub_patch);
	if (route == NULL || route->pulls)
	{
		link->hub = tasksync_record_copy(link->hub);
		tasksync_record_take(link->hub, merged.hub_patch, merged.hub_patch->present);
	}
	link->state = tasksync_refs_carries(run, link->hub) ? 'l' : 'x';
	stays_out = link->state == 'x' && (before.state == 'x' || before.base->present == 0);
	if (stays_out)
		keep_out(chunk, link, &before);
	/* its subtasks follow in this chunk, and follow it */
	if (chunk->kind == TASKSYNC_TASK)
		tasksync_chunk_remember(chunk, observation, link->hub_id,
								link->hub->value[TASKSYNC_F_PROJECT]);
	if (stays_out)
		return;
	link->missing = false;
	link->raw = tasksync_link_raw_after(link, observation);
	/* what was refused stays so until somebody edits it here, however often it is read */
	if (link->state == 'x')
		link->dirty = false;
	else if (link->error_code == NULL || !same_record(link->hub, before.hub))
		link->dirty =
			(route == NULL || route->pushes) && tasksync_link_out(run, link)->present != 0;
	run->has_dirty |= link->dirty;
	if (sent == NULL && tasksync_link_same_raw(link->raw, before.raw) &&
		same_record(link->base, before.base) && same_record(link->hub, before.hub) &&
		link->dirty == before.dirty && link->state == before.state && !before.missing &&
		merged.nconflicts == 0 && merged.answered == 0)
		return;

	if (sent)
		tasksync_ack_seen(run, link->hub_id);
	change = tasksync_chunk_change(chunk, link);
	change->updates = !same_record(link->hub, before.hub);
	link->hub_before = before.hub;
	change->edited = tasksync_edited_json(merged.hub_patch, &edits);
	link->remote_edited_at = observation->edited_at;
	add_conflicts(change, link, &merged, twice);
	add_answers(change, link, merged.answered);
}

/*
 * Does this observation come from before the last one?  A provider that tells
 * what changed since a token of its own never goes back, but its clock may.
 */
static bool
is_stale(const TasksyncRun *run, const TasksyncLink *link, const TasksyncObservation *observation)
{
	if (TASKSYNC_MUTANT("> instead of >=") && observation->edited_at != 0)
		return observation->edited_at <= link->remote_edited_at;
	if (!run->full_read && !run->provider->caps.reads_containers)
		return false;
	/* two stamps of one moment may differ by what the provider cuts off now and did not before */
	return observation->edited_at != 0 && link->remote_edited_at != 0 &&
		   observation->edited_at + run->provider->caps.edit_precision_ms * INT64CONST(1000) <
			   link->remote_edited_at;
}

/* what the hub refused to take in is offered to it again whenever the provider shows it */
static void
observe_refused_here(TasksyncChunk *chunk, TasksyncLink *link,
					 const TasksyncObservation *observation, TasksyncRecord *remote)
{
	TasksyncHubChange *change = tasksync_chunk_change(chunk, link);

	change->inserts = true;
	change->created_at = observation->created_at;
	link->hub = remote;
	link->base = tasksync_lens_project(tasksync_link_lens(chunk->run, link), remote);
	link->raw = observation->raw;
	link->remote_edited_at = observation->edited_at;
	link->state = 'l';
	link->error_code = NULL;
	tasksync_chunk_remember(chunk, observation, link->hub_id, remote->value[TASKSYNC_F_PROJECT]);
}

static void
observe_linked(TasksyncChunk *chunk, TasksyncLink *link, const TasksyncObservation *observation)
{
	TasksyncRecord *remote;

	if (is_stale(chunk->run, link, observation) && !link->missing)
		return;
	/* proposed as a pair, and nobody has said yet whether it is one */
	if (link->state == 'h' && link->base->present == 0)
		return;
	remote = tasksync_chunk_translate(chunk, observation);
	/* the inbox has a name of its own in each service */
	if (remote && link->kind == TASKSYNC_PROJECT && link->hub &&
		!tasksync_record_has(link->hub, TASKSYNC_F_NAME))
		tasksync_record_drop(remote, TASKSYNC_FIELD_BIT(TASKSYNC_F_NAME));
	/* a project that a person unlinked stays so, whatever happens to it there */
	if (link->kind == TASKSYNC_PROJECT && tasksync_refs_route(chunk->run, link->hub_id) == NULL)
		remote = NULL;
	if (remote == NULL)
	{
		/* moved to a container that is not linked: out of scope, not deleted */
		if (link->state == 'l')
		{
			link->state = 'x';
			link->dirty = false;
			link->missing = false;
			tasksync_chunk_change(chunk, link);
		}
		return;
	}
	if (link->hub != NULL)
		merge_linked(chunk, link, observation, remote);
	else if (link->state == 'd')
		observe_deleted_here(chunk, link, observation, remote);
	else if (link->error_code != NULL && strcmp(link->error_code, "hub_refused") == 0)
		observe_refused_here(chunk, link, observation, remote);
}

/*
 * tasksync_observe turns observations of one kind into changes.  Deletions are
 * left to deletion.c.
 */
int
tasksync_observe(TasksyncRun *run, TasksyncKind kind, int count, TasksyncObservation **observations,
				 TasksyncHubChange **changes)
{
	TasksyncChunk chunk = {.run = run, .kind = kind};

	if (run->first_run && kind == TASKSYNC_TASK)
		tasksync_twin_adopt(run, count, observations);
	chunk.changes = palloc(sizeof(TasksyncHubChange) * Max(count, 1));
	tasksync_chunk_load(&chunk, count, observations);
	for (int i = 0; i < count; i++)
	{
		json_t *known = json_object_get(chunk.link_of, observations[i]->remote_id);

		if (observations[i]->state != TASKSYNC_REMOTE_LIVE ||
			tasksync_late_keep(&chunk, observations[i]))
			continue;
		if (known)
			observe_linked(&chunk, chunk.links[json_integer_value(known)], observations[i]);
		else
			tasksync_import(&chunk, observations[i]);
	}
	tasksync_ack_settle(run, chunk.open_intents);
	*changes = chunk.changes;
	return chunk.nchanges;
}
