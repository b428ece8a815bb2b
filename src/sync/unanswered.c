/*
 * unanswered.c
 *	  Intents of which no answer told what became of them.
 *
 * A create is sent again under its key, or found by what it sent.  Everything
 * else is judged by the next read, and what that did not show may still arrive.
 *
 * Sync worker only.
 */
#include "postgres.h"

#include "base/json.h"
#include "base/testpoint.h"
#include "sync/ack.h"
#include "sync/link.h"

List *
tasksync_ack_open_intents(TasksyncRun *run)
{
	List *intents = NIL;
	uint64 rows;

	rows = tasksync_query("SELECT id::text, kind, op, hub_id::text, patch::text, first_sent_at"
						  " FROM tasksync.intents WHERE user_id = $1 AND account_id = $2"
						  " AND state IN ('unknown', 'unmapped', 'late') ORDER BY first_sent_at, seq",
						  "uu", tasksync_p_uuid(run->user_id), tasksync_p_uuid(run->account_id));
	for (uint64 row = 0; row < rows; row++)
	{
		TasksyncOpenIntent *intent = palloc0(sizeof(TasksyncOpenIntent));
		const char *patch = tasksync_cell_text(row, 5);
		const char *error;

		if (!tasksync_kind_from_name(tasksync_cell_text(row, 2), &intent->kind) ||
			!tasksync_op_from_name(tasksync_cell_text(row, 3), &intent->op))
			continue;
		intent->id = tasksync_cell_text(row, 1);
		intent->hub_id = tasksync_cell_text(row, 4);
		intent->patch =
			tasksync_record_from_json(intent->kind,
									  tasksync_json_parse(patch, strlen(patch), &error), &error);
		intent->first_sent_at = tasksync_cell_time(row, 6);
		if (intent->patch)
			intents = lappend(intents, intent);
	}
	return intents;
}

void
tasksync_ack_settle(TasksyncRun *run, List *intents)
{
	json_t *done = json_array();
	ListCell *cell;

	foreach(cell, intents)
	{
		TasksyncOpenIntent *intent = lfirst(cell);

		if (intent->settled)
			json_array_append_new(done, json_pack("{s:s}", "id", intent->id));
	}
	tasksync_batch("DELETE FROM tasksync.intents i USING jsonb_to_recordset($4) r(id uuid)"
				   " WHERE i.user_id = $1 AND i.account_id = $2 AND i.id = r.id AND $3 IS NOT NULL",
				   run, done);
}

/*
 * tasksync_ack_adopt gives a create whose answer was lost the object that the
 * read showed: the link becomes live with what was sent as its base.  If it is
 * not exactly that, somebody changed it, and the next observation is an edit.
 */
void
tasksync_ack_adopt(TasksyncRun *run, TasksyncOpenIntent *intent, const char *remote_id, bool exact)
{
	json_t *rows = json_array();

	json_array_append_new(rows,
						  json_pack("{s:s, s:s, s:o}", "hub_id", intent->hub_id, "remote_id",
									remote_id, "base", tasksync_record_to_json(intent->patch)));
	tasksync_batch(
		"UPDATE tasksync.links l SET remote_id = r.remote_id, state = 'live', base = r.base,"
		" dirty = true FROM jsonb_to_recordset($4) r(hub_id uuid, remote_id text, base jsonb)"
		" WHERE l.user_id = $1 AND l.account_id = $2 AND l.hub_id = r.hub_id"
		" AND $3 IS NOT NULL",
		run, rows);
	if (intent->kind != TASKSYNC_TASK)
		tasksync_refs_add(run, intent->kind, remote_id, intent->hub_id);
	if (exact)
		tasksync_ack_remember(run, intent->hub_id, intent->patch, false, true);
	intent->settled = true;
	run->has_dirty = true;
}

/* ---- intents that may still arrive ---- */

static const char *
late_name(const char *hub_id, const char *op)
{
	return psprintf("%s %s", op, hub_id);
}

/*
 * tasksync_ack_late reads the keys of intents whose answer was lost and which a
 * read did not show: they may still be on their way to the provider.  What has
 * to be sent again goes out under the key that it had, so that a completion
 * that arrives late does not complete the next occurrence as well.
 */
json_t *
tasksync_ack_late(TasksyncRun *run)
{
	json_t *late = json_object();
	uint64 rows = tasksync_query("SELECT hub_id::text, op, id::text FROM tasksync.intents"
								 " WHERE user_id = $1 AND account_id = $2 AND state = 'late'",
								 "uu", tasksync_p_uuid(run->user_id),
								 tasksync_p_uuid(run->account_id));

	for (uint64 row = 0; row < rows; row++)
		json_object_set_new(late, late_name(tasksync_cell_text(row, 1), tasksync_cell_text(row, 2)),
							json_string(tasksync_cell_text(row, 3)));
	return late;
}

const char *
tasksync_ack_late_key(json_t *late, const char *hub_id, TasksyncOp op)
{
	if (op == TASKSYNC_OP_CLOSE && TASKSYNC_MUTANT("close retried blindly"))
		return NULL;
	return late ? tasksync_json_string(late, late_name(hub_id, tasksync_op_name(op))) : NULL;
}

/*
 * After a read that did not show them: a deletion, which may have met an edit
 * meanwhile, and a completed occurrence are remembered by their keys for as
 * long as the provider is trusted to know them.
 */
static void
settle_late(TasksyncRun *run)
{
	tasksync_query(
		"WITH late AS (UPDATE tasksync.intents i SET state = 'late' FROM tasksync.links l"
		"  WHERE i.user_id = $1 AND i.account_id = $2 AND i.state = 'unknown'"
		"  AND l.user_id = $1 AND l.account_id = $2 AND l.hub_id = i.hub_id"
		"  AND (i.op = 'delete' OR (i.op = 'close' AND l.base ->> 'recurrence' IS NOT NULL))"
		"  RETURNING i.hub_id)"
		" UPDATE tasksync.links l SET dirty = true FROM late"
		" WHERE l.user_id = $1 AND l.account_id = $2 AND l.hub_id = late.hub_id",
		"uu", tasksync_p_uuid(run->user_id), tasksync_p_uuid(run->account_id));
	tasksync_query("DELETE FROM tasksync.intents i WHERE i.user_id = $1 AND i.account_id = $2"
				   " AND i.state = 'late'"
				   " AND (i.sent_at < now() - $3 * interval '1 millisecond'"
				   "  OR NOT EXISTS (SELECT FROM tasksync.links l WHERE l.user_id = $1"
				   "   AND l.account_id = $2 AND l.hub_id = i.hub_id))",
				   "uui", tasksync_p_uuid(run->user_id), tasksync_p_uuid(run->account_id),
				   tasksync_p_int(run->provider->caps.idempotency_ms));
	run->has_late =
		tasksync_query("SELECT 1 FROM tasksync.intents WHERE user_id = $1 AND account_id = $2"
					   " AND state = 'late' LIMIT 1",
					   "uu", tasksync_p_uuid(run->user_id), tasksync_p_uuid(run->account_id)) > 0;
}

/*
 * tasksync_ack_settle_inherited runs after a complete read.  Changes of
 * existing objects have been judged by what was read: applied ones are in the
 * base, the others are planned anew.  An accepted completion that the read did
 * not show is looked for and never sent twice.  Creates stay until they are
 * answered or found.
 */
void
tasksync_ack_settle_inherited(TasksyncRun *run)
{
	settle_late(run);
	if (!run->has_inherited)
		return;
	tasksync_query(
		"WITH gone AS (DELETE FROM tasksync.intents WHERE user_id = $1"
		" AND account_id = $2 AND (state = 'unknown' OR (state = 'unmapped' AND op <> 'close'))"
		" AND op <> 'create' RETURNING hub_id)"
		" UPDATE tasksync.links l SET dirty = true FROM gone"
		" WHERE l.user_id = $1 AND l.account_id = $2 AND l.hub_id = gone.hub_id",
		"uu", tasksync_p_uuid(run->user_id), tasksync_p_uuid(run->account_id));
	tasksync_query("WITH gone AS (DELETE FROM tasksync.intents WHERE user_id = $1"
				   " AND account_id = $2 AND state = 'unmapped' AND op = 'close' RETURNING hub_id)"
				   " UPDATE tasksync.links l SET missing_since = now() FROM gone"
				   " WHERE l.user_id = $1 AND l.account_id = $2 AND l.hub_id = gone.hub_id",
				   "uu", tasksync_p_uuid(run->user_id), tasksync_p_uuid(run->account_id));
	tasksync_query("UPDATE tasksync.intents SET state = 'unknown' WHERE user_id = $1"
				   " AND account_id = $2 AND state = 'unmapped'",
				   "uu", tasksync_p_uuid(run->user_id), tasksync_p_uuid(run->account_id));
	run->has_inherited =
		tasksync_query(
			"SELECT 1 FROM tasksync.intents WHERE user_id = $1 AND account_id = $2"
			" AND state <> 'late' LIMIT 1", "uu",
			tasksync_p_uuid(run->user_id), tasksync_p_uuid(run->account_id)) > 0;
	run->has_missing |=
		tasksync_query("SELECT 1 FROM tasksync.links WHERE user_id = $1 AND account_id = $2"
					   " AND missing_since IS NOT NULL LIMIT 1",
					   "uu", tasksync_p_uuid(run->user_id), tasksync_p_uuid(run->account_id)) > 0;
	run->has_dirty = true;
}
