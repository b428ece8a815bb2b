/*
 * preview.c
 *	  A run that only says what it would do.
 *
 * The account is read as a run would read it, and the answers are kept.  Then
 * one transaction records them with the very functions of a run, plans and
 * "sends" until nothing is left, every command answered with success; what has
 * become of the hub and what was sent are taken down, and the transaction is
 * rolled back.  A planner of its own would be faster and would sooner or later
 * say something else than a run does.
 *
 * What only a question to the provider can tell (is what is missing deleted?)
 * is a row of its own.  Sync worker only.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "base/clock.h"
#include "base/json.h"
#include "sync/preview.h"
#include "sync/pull.h"
#include "sync/push.h"

typedef struct KeptAnswer
{
	TasksyncAnswer answer;
	TimestampTz requested_at;
} KeptAnswer;

/* of the same run, in the order in which it would happen */
static const char sql_inbound[] =
	"SELECT jsonb_agg(to_jsonb(x))::text FROM ("
	" SELECT 'in' AS direction, CASE op WHEN 'insert' THEN 'create' ELSE op END AS op, kind, hub_id,"
	"  before, after FROM tasksync.journal WHERE user_id = $1 AND run_id = $3 AND $2 IS NOT NULL"
	"  ORDER BY changed_at, kind, hub_id) x";

static const char sql_questions[] =
	"SELECT jsonb_agg(to_jsonb(x))::text FROM ("
	" SELECT 'in' AS direction, 'conflict' AS op, kind, hub_id, jsonb_build_object(field, hub) AS before,"
	"  jsonb_build_object(field, result) AS after,"
	"  'the provider has ' || coalesce(remote::text, 'null') || '; rule ' || rule AS note"
	"  FROM tasksync.conflicts WHERE user_id = $1 AND account_id = $2 AND run_id = $3"
	" UNION ALL SELECT h.direction, 'hold ' || h.change, h.kind, h.hub_id, NULL, NULL, h.reason"
	"  FROM tasksync.held_changes h WHERE h.user_id = $1 AND h.account_id = $2 AND h.run_id = $3"
	" UNION ALL SELECT 'in', 'look for', l.kind, l.hub_id, NULL, NULL,"
	"  'a whole read lacks it: the provider is asked what became of it'"
	"  FROM tasksync.links l WHERE l.user_id = $1 AND l.account_id = $2 AND l.missing_since = now()"
	" UNION ALL SELECT 'in', 'match', 'task', l.hub_id, NULL, NULL,"
	"  'is the task there, by ' || r.tier FROM jsonb_to_recordset($4) r(hub_id uuid, tier text)"
	"  JOIN tasksync.links l ON l.user_id = $1 AND l.account_id = $2 AND l.hub_id = r.hub_id) x";

static const char sql_outbound[] =
	"SELECT jsonb_agg(to_jsonb(x))::text FROM ("
	" SELECT 'out' AS direction, i.op, i.kind, i.hub_id, i.remote_id,"
	"  (SELECT jsonb_object_agg(b.key, b.value) FROM jsonb_each(l.base) b WHERE i.patch ? b.key) AS before,"
	"  i.patch AS after, coalesce(l.base ->> 'title', l.base ->> 'name') AS title FROM tasksync.intents i"
	"  LEFT JOIN tasksync.links l ON l.user_id = $1 AND l.account_id = $2 AND l.hub_id = i.hub_id"
	"  WHERE i.user_id = $1 AND i.account_id = $2 AND i.run_id = $3 AND i.state = 'sent'"
	"  ORDER BY i.seq) x";

static const char sql_store[] =
	"INSERT INTO tasksync.preview_rows (user_id, preview_id, n, direction, op, kind, hub_id, remote_id,"
	" title, before, after, note)"
	" SELECT $1, $2, r.n, r.row ->> 'direction', r.row ->> 'op', r.row ->> 'kind',"
	"  (r.row ->> 'hub_id')::uuid, r.row ->> 'remote_id',"
	"  coalesce(r.row #>> '{after,title}', r.row #>> '{after,name}', t.title, p.name,"
	"   r.row ->> 'title', r.row #>> '{before,title}', r.row #>> '{before,name}'),"
	"  nullif(r.row -> 'before', 'null'), nullif(r.row -> 'after', 'null'), r.row ->> 'note'"
	" FROM jsonb_array_elements($3) WITH ORDINALITY r(row, n)"
	" LEFT JOIN tasksync.tasks t ON t.user_id = $1 AND t.id = (r.row ->> 'hub_id')::uuid"
	" LEFT JOIN tasksync.projects p ON p.user_id = $1 AND p.id = (r.row ->> 'hub_id')::uuid";

/* ---- reading ---- */

void
tasksync_preview_forget(TasksyncRun *run)
{
	run->answers = NIL;
}

void
tasksync_preview_keep(TasksyncRun *run, TasksyncAnswer *answer)
{
	MemoryContext old = MemoryContextSwitchTo(run->cxt);
	KeptAnswer *kept = palloc(sizeof(KeptAnswer));

	kept->answer = *answer;
	kept->requested_at = run->requested_at;
	run->answers = lappend(run->answers, kept);
	run->paging = answer->has_more;
	if (answer->has_more && answer->cursor)
		run->page_cursor = pstrdup(answer->cursor);
	run->read_done = !answer->has_more;
	MemoryContextSwitchTo(old);
}

/* ---- what would happen ---- */

static void
take_down(TasksyncRun *run, const char *sql, json_t *matches)
{
	MemoryContext old;
	const char *text;
	const char *error;
	json_t *rows;

	if (matches)
		tasksync_query(sql, "uuuj", tasksync_p_uuid(run->user_id), tasksync_p_uuid(run->account_id),
					   tasksync_p_uuid(run->run_id), tasksync_p_text(tasksync_json_text(matches)));
	else
		tasksync_query(sql, "uuu", tasksync_p_uuid(run->user_id), tasksync_p_uuid(run->account_id),
					   tasksync_p_uuid(run->run_id));
	text = tasksync_cell_text(0, 1);
	if (text == NULL)
		return;
	old = MemoryContextSwitchTo(run->cxt);
	rows = tasksync_json_parse(text, strlen(text), &error);
	if (rows)
		json_array_extend(run->preview_rows, rows);
	MemoryContextSwitchTo(old);
}

/* the provider takes everything; what it creates has an id nobody has seen */
static void
pretend_success(TasksyncRun *run, int *created)
{
	TasksyncAnswer answer = {.coverage = TASKSYNC_COVERS_POINT};

	answer.acks = palloc0(sizeof(TasksyncAck) * run->call.nintents);
	for (int i = 0; i < run->call.nintents; i++)
	{
		answer.acks[i].outcome = TASKSYNC_ACK_OK;
		if (run->call.intents[i].op == TASKSYNC_OP_CREATE)
			answer.acks[i].remote_id = psprintf("preview-%d", ++*created);
	}
	tasksync_pull_record(run, &answer);
}

static void
push_all(TasksyncRun *run)
{
	int created = 0;

	for (;;)
	{
		TasksyncHttpRequest request;

		run->read_done = true;
		run->wrote_unseen = false;
		run->last_read_at = tasksync_now();
		if (!tasksync_push_plan(run, &request) || run->call.nintents == 0)
			return;
		take_down(run, sql_outbound, NULL);
		pretend_success(run, &created);
	}
}

static void
judge(TasksyncRun *run)
{
	ListCell *cell;

	run->preview_rows = json_array();
	run->match_rows = json_array();
	run->paging = run->read_done = false;
	run->pretending = true;
	tasksync_txn_begin("preview");
	foreach(cell, run->answers)
	{
		KeptAnswer *kept = lfirst(cell);

		tasksync_run_new_call(run, TASKSYNC_CALL_SYNC);
		run->requested_at = kept->requested_at;
		tasksync_pull_record(run, &kept->answer);
	}
	take_down(run, sql_inbound, NULL);
	take_down(run, sql_questions, run->match_rows);
	push_all(run);
	tasksync_txn_abort();
	run->pretending = false;
	run->phase = TASKSYNC_PHASE_DONE;
}

bool
tasksync_preview_request(TasksyncRun *run, TasksyncHttpRequest *request)
{
	if (run->read_done)
	{
		MemoryContext old = MemoryContextSwitchTo(run->cxt);

		judge(run);
		MemoryContextSwitchTo(old);
		return false;
	}
	if (run->provider->caps.reads_containers)
		tasksync_refs_need(run);
	tasksync_run_new_call(run, TASKSYNC_CALL_SYNC);
	run->call.cursor = run->paging ? run->page_cursor : run->cursor;
	run->call.wants_read = true;
	run->provider->build(&run->call, request);
	return true;
}

void
tasksync_preview_finish(TasksyncRun *run)
{
	tasksync_run_begin(run, "store preview");
	tasksync_query("DELETE FROM tasksync.previews WHERE user_id = $1"
				   " AND finished_at < now() - interval '1 hour'",
				   "u", tasksync_p_uuid(run->user_id));
	tasksync_query("INSERT INTO tasksync.previews (user_id, id, account_id, requests, error_code,"
				   " error_message) VALUES ($1, $2, $3, $4, $5, $6)",
				   "uuuitt", tasksync_p_uuid(run->user_id), tasksync_p_uuid(run->preview_id),
				   tasksync_p_uuid(run->account_id), tasksync_p_int(run->counts.requests),
				   tasksync_p_text(run->error_code), tasksync_p_text(run->error_message));
	if (!run->failed && run->preview_rows)
		tasksync_query(sql_store, "uuj", tasksync_p_uuid(run->user_id),
					   tasksync_p_uuid(run->preview_id),
					   tasksync_p_text(tasksync_json_text(run->preview_rows)));
	tasksync_query("UPDATE tasksync.schedules SET leased_until = NULL"
				   " WHERE user_id = $1 AND account_id = $2 AND lease_token = $3",
				   "uul", tasksync_p_uuid(run->user_id), tasksync_p_uuid(run->account_id),
				   tasksync_p_long(run->lease_token));
	tasksync_run_commit(run);
}
