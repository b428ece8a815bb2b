/*
 * push.c
 *	  Outbound: from dirty links to committed intents and a request.
 *
 * A dirty link is only a reason to look: what is sent is the difference
 * between what the provider should show and the base, as single fields.  An
 * intent is committed before its command leaves (write-ahead), so that after a
 * crash the same command with the same idempotency key can be sent again.
 *
 * A change of something that exists at the provider is sent only after a
 * recent read, because the providers have no conditional writes: without the
 * read, an edit made there since the last run would be overwritten unseen.
 * Creates overwrite nothing and go along with the read.
 *
 * Sync worker only.
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "base/clock.h"
#include "base/guc.h"
#include "base/json.h"
#include "base/testpoint.h"
#include "sync/ack.h"
#include "sync/emit.h"
#include "sync/push.h"
#include "sync/reorder.h"

/* dirty links looked at for one request: more than fit, as some will wait */
#define WINDOW_FACTOR 3

/* rounds without any progress before a run gives up until its next turn */
#define MAX_STALLED 3

/* the first few by cheap columns, then their records: those of all would be quadratic */
static const char sql_dirty[] =
	"WITH picked AS MATERIALIZED ("
	" SELECT l.hub_id, row_number() OVER (ORDER BY l.state = 'pending_delete', CASE l.kind"
	"   WHEN 'project' THEN 0 WHEN 'section' THEN 1 WHEN 'label' THEN 2 ELSE 3 END,"
	"   coalesce(parent.state = 'pending_create', false), t.position, l.hub_id) AS n"
	"  FROM tasksync.links l"
	"  LEFT JOIN tasksync.tasks t ON l.kind = 'task' AND t.user_id = l.user_id AND t.id = l.hub_id"
	"  LEFT JOIN tasksync.links parent ON l.state = 'pending_create' AND parent.user_id = l.user_id"
	"   AND parent.account_id = l.account_id AND parent.hub_id = t.parent_id"
	"  WHERE l.user_id = $1 AND l.account_id = $2 AND l.dirty AND l.state <> 'held'"
	"   AND NOT EXISTS (SELECT FROM tasksync.intents i WHERE i.user_id = $1 AND i.account_id = $2"
	"    AND i.hub_id = l.hub_id AND i.state <> 'late')"
	"   AND l.missing_since IS NULL AND (l.retry_at IS NULL OR l.retry_at <= now())"
	"  ORDER BY n LIMIT $3)"
	" SELECT " TASKSYNC_LINK_COLUMNS " FROM picked"
	" JOIN tasksync.links l ON l.user_id = $1 AND l.account_id = $2"
	"  AND l.hub_id = picked.hub_id" TASKSYNC_HUB_JOIN " ORDER BY picked.n";

static const char sql_insert_intents[] =
	"INSERT INTO tasksync.intents (user_id, account_id, id, seq, kind, hub_id, op, temp_id, remote_id,"
	" patch, state, run_id, lease_token, first_sent_at, sent_at)"
	" SELECT $1, $2, r.id, r.seq, r.kind, r.hub_id, r.op, r.temp_id, r.remote_id, r.patch, 'sent', $3,"
	" r.lease_token, clock_timestamp(), clock_timestamp()"
	" FROM jsonb_to_recordset($4) r(id uuid, seq integer, kind text, hub_id uuid, op text,"
	" temp_id uuid, remote_id text, patch jsonb, lease_token bigint)"
	/* one that may still arrive: whichever does first is the one that counts */
	" ON CONFLICT (user_id, account_id, id) DO UPDATE SET state = 'sent', seq = excluded.seq,"
	" patch = excluded.patch, run_id = excluded.run_id, lease_token = excluded.lease_token,"
	" attempts = intents.attempts + 1, sent_at = excluded.sent_at";

/* only if the hub row is still the one that was compared; it is locked by now */
static const char sql_clean[] =
	"UPDATE tasksync.links l SET dirty = false"
	" FROM jsonb_to_recordset($4) r(hub_id uuid, version bigint)"
	" LEFT JOIN LATERAL (SELECT version FROM tasksync.tasks WHERE user_id = $1 AND id = r.hub_id"
	" UNION ALL SELECT version FROM tasksync.projects WHERE user_id = $1 AND id = r.hub_id"
	" UNION ALL SELECT version FROM tasksync.sections WHERE user_id = $1 AND id = r.hub_id"
	" UNION ALL SELECT version FROM tasksync.labels WHERE user_id = $1 AND id = r.hub_id) h ON true"
	" WHERE l.user_id = $1 AND l.account_id = $2 AND l.hub_id = r.hub_id AND $3 IS NOT NULL"
	" AND coalesce(h.version, 0) = r.version";

static const char sql_block[] =
	"UPDATE tasksync.links l SET dirty = false, error_code = 'blocked',"
	" error_message = 'waits for the project or parent task, which the provider refused'"
	" FROM jsonb_to_recordset($4) r(hub_id uuid)"
	" WHERE l.user_id = $1 AND l.account_id = $2 AND l.hub_id = r.hub_id AND $3 IS NOT NULL";

static const char sql_inherited[] =
	"SELECT i.id::text, i.kind, i.op, i.hub_id::text, i.temp_id::text, i.remote_id, i.patch::text,"
	" clock_timestamp() - i.first_sent_at < $3 * interval '1 millisecond',"
	" i.sent_at + $5 * interval '1 millisecond' <= $6,"
	" coalesce(p.remote_id, q.remote_id),"
	" jsonb_strip_nulls(jsonb_build_object('known', c.config, 'mapping', p.mapping))::text"
	" FROM tasksync.intents i"
	" LEFT JOIN tasksync.links l ON l.user_id = $1 AND l.account_id = $2 AND l.hub_id = i.hub_id"
	" LEFT JOIN tasksync.project_links p ON p.user_id = $1 AND p.account_id = $2"
	"  AND p.project_id = coalesce(i.patch ->> 'project_id', l.base ->> 'project_id')::uuid"
	/* the project may be gone here, but not there yet */
	" LEFT JOIN tasksync.links q ON q.user_id = $1 AND q.account_id = $2 AND q.kind = 'project'"
	"  AND q.hub_id = (l.base ->> 'project_id')::uuid"
	" LEFT JOIN tasksync.containers c ON c.user_id = $1 AND c.account_id = $2"
	"  AND c.remote_id = p.remote_id"
	" WHERE i.user_id = $1 AND i.account_id = $2 AND i.state = 'unknown'"
	" AND i.op = 'create' ORDER BY i.first_sent_at, i.seq LIMIT $4";

/*
 * A push that shows nothing of the rest of the account leaves the last read to
 * grow old; after this time a long push reads again before it goes on.
 */
#define PUSH_READ_MS 30000

static bool
recently_read(const TasksyncRun *run)
{
	if (run->read_done)
		return run->provider->caps.push_reads ||
			   TimestampDifferenceMilliseconds(run->last_read_at, tasksync_now()) <
				   Max(PUSH_READ_MS, tasksync_read_before_write_ms);
	/* only where a push shows what happened since: elsewhere an edit in between would go unseen */
	return run->provider->caps.push_reads && run->last_read_at != 0 &&
		   tasksync_read_before_write_ms > 0 && run->cursor != NULL &&
		   TimestampDifferenceMilliseconds(run->last_read_at, tasksync_now()) <
			   tasksync_read_before_write_ms;
}

static void
load_candidates(TasksyncBatchPlan *plan, int limit)
{
	TasksyncRun *run = plan->run;
	uint64 rows;

	if (run->has_late)
		plan->late = tasksync_ack_late(run);
	rows = tasksync_query(sql_dirty, "uui", tasksync_p_uuid(run->user_id),
						  tasksync_p_uuid(run->account_id), tasksync_p_int(limit));
	plan->ncandidates = (int) rows;
	plan->candidates = palloc0(sizeof(TasksyncCandidate) * Max(rows, 1));
	for (uint64 row = 0; row < rows; row++)
		plan->candidates[row].link = tasksync_link_from_row(row);
	run->has_dirty = rows > 0;
	tasksync_statistics_note((int) rows);
	tasksync_load_references(plan);
}

static void
plan_new_intents(TasksyncBatchPlan *plan)
{
	TasksyncRun *run = plan->run;
	int limit = Min(run->batch_limit, run->provider->caps.batch_intents);

	/* the ops of one link must fit even when a refused request is being halved */
	plan->room = Max(limit, 4);
	plan->intents = palloc0(sizeof(TasksyncIntent) * (plan->room + 1));
	run->tasks_wait = false;
	load_candidates(plan, limit * WINDOW_FACTOR);
	for (int i = 0; i < plan->ncandidates && plan->room > 0; i++)
	{
		TasksyncCandidate *candidate = &plan->candidates[i];

		if (!candidate->settled && candidate->link->state != 'd')
			tasksync_emit_candidate(plan, candidate);
		if (run->batch_limit == 1 && (plan->nintents > 0 || plan->closes != NIL))
			break;
	}
	tasksync_emit_closes(plan);
	if (run->batch_limit > 1 || plan->nintents == 0)
		tasksync_emit_deletes(plan);
	tasksync_reorder_emit(plan);
}

/* one intent of an earlier run, as the candidate that its dependants look for */
static bool
inherit_row(TasksyncBatchPlan *plan, uint64 row)
{
	TasksyncCandidate *candidate = &plan->candidates[plan->nintents];
	TasksyncIntent *intent = &plan->intents[plan->nintents];
	TasksyncLink *link = palloc0(sizeof(TasksyncLink));
	const char *patch = tasksync_cell_text(row, 7);
	const char *error;

	if (!tasksync_kind_from_name(tasksync_cell_text(row, 2), &link->kind) ||
		!tasksync_op_from_name(tasksync_cell_text(row, 3), &intent->op))
		return false;
	link->hub_id = tasksync_cell_text(row, 4);
	link->hub =
		tasksync_record_from_json(link->kind, tasksync_json_parse(patch, strlen(patch), &error),
								  &error);
	if (link->hub == NULL)
		return false;
	intent->id = tasksync_cell_text(row, 1);
	intent->kind = link->kind;
	intent->hub_id = link->hub_id;
	intent->temp_id = tasksync_cell_text(row, 5);
	intent->remote_id = tasksync_cell_text(row, 6);
	intent->is_resend = true;
	intent->container_id = tasksync_cell_text(row, 10);
	patch = tasksync_cell_text(row, 11);
	intent->config = patch ? tasksync_json_parse(patch, strlen(patch), &error) : NULL;
	candidate->link = link;
	candidate->temp_id = intent->temp_id;
	candidate->settled = true;
	plan->nintents++;
	return true;
}

/*
 * Intents that an earlier run or request left without an outcome.  Creates are
 * sent again as they are: the same idempotency key makes that safe while the
 * provider remembers it, and one that it may have forgotten is looked for in
 * the read first (observe.c).  Everything else waits for the read, which shows
 * whether it was applied, or whether somebody edited there meanwhile.
 */
static void
plan_inherited(TasksyncBatchPlan *plan)
{
	TasksyncRun *run = plan->run;
	uint64 rows;

	tasksync_query("UPDATE tasksync.intents SET state = 'unknown' WHERE user_id = $1"
				   " AND account_id = $2 AND state = 'sent'",
				   "uu", tasksync_p_uuid(run->user_id), tasksync_p_uuid(run->account_id));
	rows = tasksync_query(sql_inherited, "uuiiiT", tasksync_p_uuid(run->user_id),
						  tasksync_p_uuid(run->account_id),
						  tasksync_p_int(run->provider->caps.idempotency_ms),
						  tasksync_p_int(run->provider->caps.batch_intents),
						  tasksync_p_int(run->provider->caps.read_lag_ms),
						  tasksync_p_time(run->last_read_at));
	plan->intents = palloc0(sizeof(TasksyncIntent) * (rows + 1));
	plan->candidates = palloc0(sizeof(TasksyncCandidate) * (rows + 1));
	for (uint64 row = 0; row < rows; row++)
		/* past the provider's memory only when a read that must show it did not */
		if (tasksync_cell_bool(row, 8) || (run->read_done && tasksync_cell_bool(row, 9)))
			inherit_row(plan, row);
	plan->ncandidates = plan->nintents;
	tasksync_load_references(plan);
	for (int i = 0; i < plan->nintents; i++)
	{
		TasksyncRecord *hub_patch = plan->candidates[i].link->hub;
		TasksyncRecord *remote_patch = tasksync_record_copy(hub_patch);

		(void) tasksync_resolve_places(plan, hub_patch, remote_patch);
		plan->intents[i].patch = remote_patch;
	}
}

/* writes what the request will carry: build() took the first call.nintents of the plan */
static void
write_plan(TasksyncBatchPlan *plan)
{
	TasksyncRun *run = plan->run;
	json_t *sent = json_array();

	for (int i = 0; i < run->call.nintents && i < (int) json_array_size(plan->intent_rows); i++)
		json_array_append(sent, json_array_get(plan->intent_rows, i));
	if (run->call.nintents > 0 && !run->row_written)
		tasksync_run_progress(run, "push", 0, 0);
	tasksync_batch(sql_insert_intents, run, sent);
	if (TASKSYNC_MUTANT("base before ack"))
		tasksync_query("UPDATE tasksync.links l SET base = l.base || i.patch"
					   " FROM tasksync.intents i WHERE i.user_id = $1 AND i.account_id = $2"
					   " AND i.op <> 'create' AND i.op <> 'delete' AND l.user_id = $1"
					   " AND l.account_id = $2 AND l.hub_id = i.hub_id",
					   "uu", tasksync_p_uuid(run->user_id), tasksync_p_uuid(run->account_id));
	tasksync_links_lock(run, plan->clean_rows);
	tasksync_reorder_settle(run, plan->order_rows);
	tasksync_batch(sql_clean, run, plan->clean_rows);
	tasksync_batch(sql_block, run, plan->blocked_rows);
	if (run->call.nintents > 0 && json_array_size(sent) == 0)
		tasksync_query("UPDATE tasksync.intents SET attempts = attempts + 1,"
					   " sent_at = clock_timestamp(), lease_token = $3"
					   " WHERE user_id = $1 AND account_id = $2 AND state = 'unknown'",
					   "uul", tasksync_p_uuid(run->user_id), tasksync_p_uuid(run->account_id),
					   tasksync_p_long(run->lease_token));
}

/* plans, builds and commits a request that may carry intents; false: it would be empty */
static bool
plan_and_build(TasksyncRun *run, TasksyncHttpRequest *request)
{
	TasksyncBatchPlan plan = {.run = run, .may_patch = recently_read(run)};
	bool worth;

	tasksync_run_begin(run, "plan");
	plan.intent_rows = json_array();
	plan.clean_rows = json_array();
	plan.blocked_rows = json_array();
	plan.order_rows = json_array();
	if (run->has_inherited)
		plan_inherited(&plan);
	/* those that cannot be sent again yet do not keep the others waiting, once read */
	if (plan.nintents == 0 && (!run->has_inherited || run->read_done))
		plan_new_intents(&plan);
	/* a provider that does not read along is read first, unless all that leaves is new there */
	if (!run->provider->caps.push_reads && plan.nintents == 0 && !plan.may_patch)
		run->read_done = false;
	run->call.nintents = plan.nintents;
	run->call.intents = plan.intents;
	run->call.wants_read = run->provider->caps.push_reads ? !run->read_done || plan.nintents > 0
														  : !run->read_done && plan.nintents == 0;
	worth = run->call.wants_read || plan.nintents > 0;
	if (worth)
		run->provider->build(&run->call, request);
	write_plan(&plan);
	tasksync_run_commit(run);
	TASKSYNC_TEST_POINT("intents-committed");
	return worth;
}

/*
 * tasksync_push_plan decides what the next request of the sync phase sends and
 * reads, commits the intents and builds the request.  False: both sides are
 * equal as far as this run can make them so.
 */
bool
tasksync_push_plan(TasksyncRun *run, TasksyncHttpRequest *request)
{
	if (run->provider->caps.reads_containers || run->has_dirty || run->has_inherited)
		tasksync_refs_need(run);
	tasksync_run_new_call(run, TASKSYNC_CALL_SYNC);
	run->call.wants_containers = run->connecting;
	run->call.cursor = run->paging ? run->page_cursor : run->cursor;

	/* never before the first reading: what the hub would create may be there under its name */
	if ((run->has_dirty || run->has_inherited) && run->last_read_at != 0 && !run->paging &&
		!run->wrote_unseen && run->stalled < MAX_STALLED &&
		(run->read_done || run->has_inherited || !run->first_run))
		return plan_and_build(run, request);
	if (run->read_done && !run->wrote_unseen && !run->paging)
		return false;
	run->call.wants_read = true;
	run->provider->build(&run->call, request);
	return true;
}

/*
 * tasksync_push_not_applied takes the intents of this call back: the provider
 * said that nothing of it was carried out.  Those that were sent before stay:
 * what became of their first sending is still unknown.
 */
void
tasksync_push_not_applied(TasksyncRun *run)
{
	json_t *rows = json_array();
	json_t *again = json_array();

	for (int i = 0; i < run->call.nintents; i++)
		json_array_append_new(run->call.intents[i].is_resend ? again : rows,
							  json_pack("{s:s}", "id", run->call.intents[i].id));
	tasksync_batch("DELETE FROM tasksync.intents i USING jsonb_to_recordset($4) r(id uuid)"
				   " WHERE i.user_id = $1 AND i.account_id = $2 AND i.id = r.id"
				   " AND $3 IS NOT NULL",
				   run, rows);
	tasksync_batch("UPDATE tasksync.intents i SET state = 'late'"
				   " FROM jsonb_to_recordset($4) r(id uuid)"
				   " WHERE i.user_id = $1 AND i.account_id = $2 AND i.id = r.id"
				   " AND i.op <> 'create' AND $3 IS NOT NULL",
				   run, again);
	run->has_late |= json_array_size(again) > 0;
}

/*
 * tasksync_push_refuse_one makes the object of the call's only intent a dead
 * letter: it stays at the hub, its reason stays readable, the others go on.
 */
void
tasksync_push_refuse_one(TasksyncRun *run, const char *code, const char *message)
{
	json_t *rows = json_array();

	if (tasksync_reorder_acked(run, &run->call.intents[0], TASKSYNC_ACK_REFUSED))
		return;
	json_array_append_new(rows, json_pack("{s:s, s:s, s:s?}", "hub_id", run->call.intents[0].hub_id,
										  "code", code ? code : "refused", "message", message));
	tasksync_batch(TASKSYNC_SQL_REFUSE, run, rows);
	run->counts.refused++;
}
