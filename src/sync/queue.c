/*
 * queue.c
 *	  The account queue: claiming runs, proving that the lease is still ours,
 *	  finishing.
 *
 * A claim is one committed transaction for many accounts; it raises the
 * fencing token and counts the attempt in advance, so that an account that
 * crashes the worker is recognised by the next claim.  Every later transaction
 * of the run begins by renewing the lease under that token: a worker that was
 * overtaken changes nothing.
 *
 * Sync worker only.  Nothing here talks to a provider.
 */
#include "postgres.h"

#include "common/pg_prng.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/clock.h"
#include "base/errors.h"
#include "base/extension.h"
#include "base/guc.h"
#include "base/json.h"
#include "base/testpoint.h"
#include "sync/budget.h"
#include "sync/preview.h"
#include "sync/run.h"
#include "sync/schedule.h"
#include "sync/twin.h"

/* ends of quiet runs, waiting for tasksync_engine_flush() */
static json_t *quiet_ends = NULL;
static MemoryContext quiet_cxt = NULL;

/* the end of a run that could not record it */
#define CLOSE_RUN                                                                           \
	"finished_at = clock_timestamp(), outcome = 'interrupted', error_code = 'interrupted'," \
	" error_message ="                                                                      \
	" 'the worker or the server stopped during this run; the next run continues it'"

/* accounts that sync, and any that a consent is to be taken up for or given back */
#define CLAIMABLE                                            \
	"(a.state IN ('connecting', 'active', 'locked')"         \
	" OR EXISTS (SELECT FROM tasksync.oauth_grants g"        \
	"  WHERE g.user_id = a.user_id AND g.account_id = a.id)" \
	" OR EXISTS (SELECT FROM tasksync.revocations g"         \
	"  WHERE g.user_id = a.user_id AND g.account_id = a.id))"

static const char sql_take_hints[] =
	"WITH taken AS ("
	" DELETE FROM tasksync.hints h USING ("
	"  SELECT user_id, account_id, id FROM tasksync.hints LIMIT 10000 FOR UPDATE SKIP LOCKED) x"
	" WHERE h.user_id = x.user_id AND h.account_id = x.account_id AND h.id = x.id"
	" RETURNING h.user_id, h.account_id, h.is_webhook),"
	" wanted AS ("
	" SELECT s.user_id, s.account_id, CASE WHEN bool_or(NOT t.is_webhook) THEN now()"
	"  ELSE least(s.requested_at, greatest(now(),"
	"   s.last_started_at + $1 * interval '1 millisecond')) END AS at"
	" FROM taken t JOIN tasksync.schedules s ON s.user_id = t.user_id AND s.account_id = t.account_id"
	" GROUP BY s.user_id, s.account_id)"
	" UPDATE tasksync.schedules s SET requested_at = w.at,"
	"  next_due = CASE WHEN s.failures = 0 THEN least(s.next_due, w.at) ELSE s.next_due END"
	" FROM wanted w WHERE s.user_id = w.user_id AND s.account_id = w.account_id";

#define THIS_ACCOUNT "l.user_id = s.user_id AND l.account_id = s.account_id"

/* a row of a claim; which cursor the run begins with is the statement's to say */
#define CLAIMED(cursor)                                                                       \
	" RETURNING s.user_id::text, s.account_id::text, a.provider, s.lease_token, s.attempts,"  \
	"  s.failures, (extract(epoch FROM a.sync_interval) * 1000)::bigint, a.external_id,"      \
	"  coalesce(a.timezone, u.timezone), " cursor ", s.last_read_at, a.state, a.link_all,"    \
	"  EXISTS (SELECT FROM tasksync.project_links l WHERE " THIS_ACCOUNT "),"                 \
	"  EXISTS (SELECT FROM tasksync.links l WHERE " THIS_ACCOUNT " AND l.dirty),"             \
	"  EXISTS (SELECT FROM tasksync.intents l WHERE " THIS_ACCOUNT " AND l.state <> 'late')," \
	"  EXISTS (SELECT FROM tasksync.links l WHERE " THIS_ACCOUNT                              \
	"   AND l.missing_since IS NOT NULL),"                                                    \
	"  t.access_sealed, t.refresh_sealed, t.access_expires_at,"                               \
	"  (jsonb_build_object('rule', u.conflict_policy) || a.policy)::text,"                    \
	"  coalesce(t.refreshed_at > s.last_success_at, false),"                                  \
	"  EXISTS (SELECT FROM tasksync.links l JOIN tasksync.held_changes h"                     \
	"   ON h.user_id = l.user_id AND h.account_id = l.account_id AND h.hub_id = l.hub_id"     \
	"   AND h.remote_id = l.remote_id AND h.status = 'approved' AND h.direction = 'in'"       \
	"   WHERE " THIS_ACCOUNT " AND l.state = 'held'),"                                        \
	"  EXISTS (SELECT FROM tasksync.oauth_grants l WHERE " THIS_ACCOUNT "),"                  \
	"  EXISTS (SELECT FROM tasksync.revocations l WHERE " THIS_ACCOUNT "),"                   \
	"  EXISTS (SELECT FROM tasksync.intents l WHERE " THIS_ACCOUNT " AND l.state = 'late')"

/*
 * An account that slept longer is read whole: services forget tombstones after
 * some weeks, and a delta without them would not be one.  Bases stay, and what
 * is missing is asked for before it counts as deleted.
 */
#define CURSOR_IS_FRESH "s.last_read_at > now() - interval '30 days'"

static const char sql_claim[] =
	"WITH due AS ("
	" SELECT s.user_id, s.account_id FROM tasksync.schedules s"
	"  JOIN tasksync.accounts a ON a.user_id = s.user_id AND a.id = s.account_id"
	" WHERE s.next_due <= now() AND (s.leased_until IS NULL OR s.leased_until <= now())"
	"  AND " CLAIMABLE " ORDER BY s.next_due LIMIT $1 FOR NO KEY UPDATE OF s SKIP LOCKED),"
	" reread AS ("
	" SELECT a.user_id, a.id FROM tasksync.accounts a"
	"  JOIN due d ON d.user_id = a.user_id AND d.account_id = a.id"
	" WHERE a.needs_full_read FOR NO KEY UPDATE OF a SKIP LOCKED),"
	" cleared AS ("
	" UPDATE tasksync.accounts a SET needs_full_read = false FROM reread r"
	" WHERE a.user_id = r.user_id AND a.id = r.id RETURNING a.user_id, a.id),"
	/* a run that lost its lease could not say so itself */
	" closed AS ("
	" UPDATE tasksync.sync_runs o SET " CLOSE_RUN " FROM due d"
	" WHERE o.user_id = d.user_id AND o.account_id = d.account_id AND o.finished_at IS NULL)"
	" UPDATE tasksync.schedules s SET lease_token = s.lease_token + 1,"
	"  leased_until = now() + $2 * interval '1 millisecond', attempts = s.attempts + 1,"
	"  requested_at = NULL, last_started_at = now(),"
	"  cursor = CASE WHEN c.id IS NULL AND " CURSOR_IS_FRESH " THEN s.cursor END"
	" FROM due d JOIN tasksync.accounts a ON a.user_id = d.user_id AND a.id = d.account_id"
	"  JOIN tasksync.users u ON u.user_id = d.user_id"
	"  LEFT JOIN tasksync.account_tokens t ON t.user_id = d.user_id AND t.account_id = d.account_id"
	"  LEFT JOIN cleared c ON c.user_id = d.user_id AND c.id = d.account_id"
	" WHERE s.user_id = d.user_id AND s.account_id = d.account_id" CLAIMED("s.cursor");

/* for a preview: whatever its state, and nothing of its place in the queue changes */
static const char sql_claim_preview[] =
	"UPDATE tasksync.schedules s SET lease_token = s.lease_token + 1,"
	"  leased_until = now() + $3 * interval '1 millisecond'"
	" FROM tasksync.accounts a JOIN tasksync.users u ON u.user_id = a.user_id"
	"  LEFT JOIN tasksync.account_tokens t ON t.user_id = a.user_id AND t.account_id = a.id"
	" WHERE s.user_id = $1 AND s.account_id = $2 AND a.user_id = $1 AND a.id = $2"
	"  AND (s.leased_until IS NULL OR s.leased_until <= now())" CLAIMED(
		"CASE WHEN NOT a.needs_full_read AND " CURSOR_IS_FRESH " THEN s.cursor END");

static const char sql_next_due[] =
	"SELECT greatest(0, ceil(extract(epoch FROM s.next_due - clock_timestamp()) * 1000))::bigint"
	" FROM tasksync.schedules s JOIN tasksync.accounts a ON a.user_id = s.user_id AND a.id = s.account_id"
	" WHERE " CLAIMABLE " AND s.leased_until IS NULL"
	" ORDER BY s.next_due LIMIT 1";

static const char sql_fence[] =
	"UPDATE tasksync.schedules SET leased_until = now() + $4 * interval '1 millisecond'"
	" WHERE user_id = $1 AND account_id = $2 AND lease_token = $3";

static const char sql_run_row[] =
	"INSERT INTO tasksync.sync_runs (user_id, id, account_id, started_at, phase, done, total)"
	" VALUES ($1, $2, $3, $4, $5, $6, nullif($7, 0))"
	" ON CONFLICT (user_id, id) DO UPDATE SET phase = excluded.phase, done = excluded.done,"
	" total = excluded.total";

static const char sql_run_end[] =
	"UPDATE tasksync.sync_runs SET finished_at = clock_timestamp(), outcome = $3, phase = 'done',"
	" requests = $4, bytes_sent = $5, bytes_received = $6, network_ms = $7, items_read = $8,"
	" items_created = $9, items_updated = $10, items_deleted = $11, items_pushed = $12,"
	" items_refused = $13, items_held = $14, conflicts = $15, error_code = $16, error_message = $17"
	" WHERE user_id = $1 AND id = $2";

static const char sql_schedule_end[] =
	"UPDATE tasksync.schedules s SET leased_until = NULL, attempts = 0,"
	" failures = CASE WHEN $4 THEN s.failures + 1 ELSE 0 END, runs = s.runs + 1,"
	" last_finished_at = now(),"
	" last_success_at = CASE WHEN $4 THEN s.last_success_at ELSE now() END,"
	" error_code = $5, error_message = $6, cursor = coalesce($8, s.cursor),"
	" last_read_at = coalesce($9, s.last_read_at),"
	" next_due = CASE WHEN NOT $4 AND s.requested_at IS NOT NULL THEN greatest(now(), s.requested_at)"
	"  ELSE now() + $7 * interval '1 millisecond' END"
	" WHERE s.user_id = $1 AND s.account_id = $2 AND s.lease_token = $3";

/* a person's own change (pause, disconnect) is not overwritten */
static const char sql_account_state[] =
	"UPDATE tasksync.accounts SET state = $3, state_reason = $4, updated_at = now()"
	" WHERE user_id = $1 AND id = $2 AND state <> $3 AND state IN ('connecting', 'active', 'locked')"
	" RETURNING id";

static const char sql_quiet_ends[] =
	"UPDATE tasksync.schedules s SET leased_until = NULL, attempts = 0, failures = 0,"
	" runs = s.runs + 1, quiet_runs = s.quiet_runs + 1, last_finished_at = now(),"
	" last_success_at = now(), error_code = NULL, error_message = NULL,"
	" cursor = coalesce(r.cursor, s.cursor), last_read_at = r.read_at,"
	" next_due = CASE WHEN s.requested_at IS NOT NULL THEN greatest(now(), s.requested_at)"
	"  ELSE now() + r.delay_ms * interval '1 millisecond' END"
	" FROM jsonb_to_recordset($1) r(user_id uuid, account_id uuid, lease_token bigint,"
	"  cursor text, read_at timestamptz, delay_ms bigint)"
	" WHERE s.user_id = r.user_id AND s.account_id = r.account_id AND s.lease_token = r.lease_token";

static uint64
dice(void)
{
	return pg_prng_uint64(&pg_global_prng_state);
}

/*
 * tasksync_engine_start takes over from a worker that is gone.
 *
 * One worker serves a database (its slot in shared memory sees to that), so
 * every lease found here belongs to a dead one: it is freed at once instead of
 * running out, its token raised in case that worker is alive on the other side
 * of a failover, and its open runs are closed.
 *
 * A crash takes the whole server down and its shared memory along, so a worker
 * that follows another one in the same server's life knows that the other one
 * left in order (a rename, a reload): that is not held against the accounts it
 * was busy with.
 */
void
tasksync_engine_start(bool maybe_crashed)
{
	tasksync_txn_begin("take over");
	if (tasksync_extension_enter() == TASKSYNC_EXTENSION_READY)
	{
		tasksync_query("UPDATE tasksync.schedules SET leased_until = NULL,"
					   " lease_token = lease_token + 1,"
					   " attempts = CASE WHEN $1 THEN attempts ELSE 0 END"
					   " WHERE leased_until IS NOT NULL",
					   "b", tasksync_p_bool(maybe_crashed));
		tasksync_query("UPDATE tasksync.sync_runs SET " CLOSE_RUN " WHERE finished_at IS NULL", "");
	}
	tasksync_txn_commit();
}

static void
apply_policy(TasksyncRun *run, const char *text)
{
	const char *error = NULL;
	json_t *json = tasksync_json_parse(text, strlen(text), &error);
	const char *guard = json ? tasksync_json_string(json, "hold_deletes") : NULL;

	run->guard_in = guard == NULL || strcmp(guard, "off") != 0;
	run->guard_out = guard == NULL || strcmp(guard, "both") == 0;
	/* the one key that is the engine's own: the parser would refuse the whole policy */
	if (json != NULL)
		json_object_del(json, "hold_deletes");
	if (json == NULL || !tasksync_policy_parse(json, &run->policy, &error))
		memset(&run->policy, 0, sizeof(run->policy));
}

/* a token that never carried a run to its end may be somebody else's: ask before anything */
static TasksyncPhase
first_phase(const TasksyncRun *run, bool is_new_token)
{
	return run->external_id == NULL || is_new_token ? TASKSYNC_PHASE_IDENTIFY : TASKSYNC_PHASE_SYNC;
}

/*
 * One run from a row of the claim, in a context of its own.  It lives until
 * tasksync_run_free(), longer than the round of the loop whose context is
 * current here.
 */
static TasksyncRun *
run_from_row(uint64 row)
{
	MemoryContext cxt =
		AllocSetContextCreate(TopMemoryContext, "tasksync run", ALLOCSET_SMALL_SIZES);
	MemoryContext old = MemoryContextSwitchTo(cxt);
	TasksyncRun *run = palloc0(sizeof(TasksyncRun));
	const char *provider = tasksync_cell_text(row, 3);
	const char *state = tasksync_cell_text(row, 12);

	run->cxt = cxt;
	run->call_cxt = AllocSetContextCreate(cxt, "tasksync call", ALLOCSET_SMALL_SIZES);
	strlcpy(run->user_id, tasksync_cell_text(row, 1), TASKSYNC_UUID_LEN);
	strlcpy(run->account_id, tasksync_cell_text(row, 2), TASKSYNC_UUID_LEN);
	strlcpy(run->run_id, tasksync_uuid_new(), TASKSYNC_UUID_LEN);
	run->provider = tasksync_provider_find(provider);
	run->oauth = tasksync_oauth_find(provider);
	run->lens = tasksync_lens_find(provider);
	run->lease_token = tasksync_cell_long(row, 4, 0);
	run->attempts = (int) tasksync_cell_long(row, 5, 0);
	run->failures = (int) tasksync_cell_long(row, 6, 0);
	run->interval_ms = tasksync_cell_long(row, 7, 300000);
	run->external_id = tasksync_cell_text(row, 8);
	run->zone = tasksync_cell_text(row, 9);
	run->cursor = tasksync_cell_text(row, 10);
	run->last_read_at = run->previous_read_at = tasksync_cell_time(row, 11);
	run->connecting = strcmp(state, "connecting") == 0;
	if (strcmp(state, "locked") == 0)
		run->account_state = "active"; /* if this run gets through */
	run->link_all = tasksync_cell_bool(row, 13);
	run->has_links = tasksync_cell_bool(row, 14);
	run->has_dirty = tasksync_cell_bool(row, 15);
	run->has_inherited = tasksync_cell_bool(row, 16);
	run->has_missing = tasksync_cell_bool(row, 17);
	/* an earlier run did not finish the question: one list answers for many point reads */
	run->ask_completed = run->has_missing;
	if (!tasksync_cell_null(row, 18))
		run->access_sealed = tasksync_cell_bytes(row, 18, &run->access_length);
	if (!tasksync_cell_null(row, 19))
		run->refresh_sealed = tasksync_cell_bytes(row, 19, &run->refresh_length);
	run->access_expires_at = tasksync_cell_time(row, 20);
	apply_policy(run, tasksync_cell_text(row, 21));
	run->has_approved = tasksync_cell_bool(row, 23);
	run->has_late = tasksync_cell_bool(row, 26);
	run->started_at = tasksync_now();
	run->first_run = tasksync_twin_is_first_run(run->account_id);
	run->batch_limit = run->provider ? run->provider->caps.batch_intents : 1;
	run->has_grant = tasksync_cell_bool(row, 24);
	run->may_sync = strcmp(state, "connecting") == 0 || strcmp(state, "active") == 0 ||
					strcmp(state, "locked") == 0;
	if (run->has_grant)
		run->phase = TASKSYNC_PHASE_EXCHANGE;
	else if (tasksync_cell_bool(row, 25))
		run->phase = TASKSYNC_PHASE_REVOKE;
	else
		run->phase = first_phase(run, tasksync_cell_bool(row, 22));
	MemoryContextSwitchTo(old);
	return run;
}

/*
 * tasksync_engine_claim takes hints off, claims up to `max` due accounts and
 * says how long nothing else is due.  max = 0 asks for that alone.
 */
List *
tasksync_engine_claim(int max, long *wait_ms)
{
	MemoryContext cxt = CurrentMemoryContext;
	List *runs = NIL;

	*wait_ms = -1;
	tasksync_txn_begin("claim accounts");
	if (tasksync_extension_enter() != TASKSYNC_EXTENSION_READY)
	{
		tasksync_txn_commit();
		MemoryContextSwitchTo(cxt);
		return NIL;
	}
	tasksync_query(sql_take_hints, "i", tasksync_p_int(tasksync_webhook_interval_ms));
	if (max > 0)
	{
		uint64 rows =
			tasksync_query(sql_claim, "ii", tasksync_p_int(max), tasksync_p_int(tasksync_lease_ms));

		MemoryContextSwitchTo(cxt);
		for (uint64 row = 0; row < rows; row++)
			runs = lappend(runs, run_from_row(row));
	}
	if (tasksync_query(sql_next_due, "") > 0)
		*wait_ms = (long) tasksync_cell_long(0, 1, -1);

	/* a lost claim is only an attempt that was not counted: no flush */
	tasksync_txn_commit_lazy();
	MemoryContextSwitchTo(cxt);
	if (runs != NIL)
		TASKSYNC_TEST_POINT("claimed");
	return runs;
}

void
tasksync_run_begin_look(TasksyncRun *run, const char *what)
{
	if (run->pretending)
	{
		MemoryContextSwitchTo(run->call_cxt);
		return;
	}
	tasksync_txn_begin(what);
	if (tasksync_extension_enter() != TASKSYNC_EXTENSION_READY)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("extension \"tasksync\" is not ready any more")));
	MemoryContextSwitchTo(run->call_cxt);
}

/*
 * tasksync_engine_preview claims an account for a run that only says what it
 * would do; NULL: a run is under way, ask again after it.
 */
TasksyncRun *
tasksync_engine_preview(const char *user_id, const char *account_id, const char *preview_id)
{
	MemoryContext cxt = CurrentMemoryContext;
	TasksyncRun *run = NULL;

	tasksync_txn_begin("claim for a preview");
	if (tasksync_extension_enter() == TASKSYNC_EXTENSION_READY &&
		tasksync_query(sql_claim_preview, "uui", tasksync_p_uuid(user_id),
					   tasksync_p_uuid(account_id), tasksync_p_int(tasksync_lease_ms)) > 0)
	{
		MemoryContextSwitchTo(cxt);
		run = run_from_row(0);
		strlcpy(run->preview_id, preview_id, TASKSYNC_UUID_LEN);
		run->attempts = 0;
		run->has_approved = false;
		run->phase = TASKSYNC_PHASE_SYNC;
	}
	tasksync_txn_commit();
	MemoryContextSwitchTo(cxt);
	return run;
}

/*
 * tasksync_run_begin opens a transaction of this run.  It raises an error if the
 * extension is not ready or if somebody else holds the account by now.
 */
void
tasksync_run_begin(TasksyncRun *run, const char *what)
{
	tasksync_run_begin_look(run, what);
	if (!run->pretending &&
		tasksync_query(sql_fence, "uuli", tasksync_p_uuid(run->user_id),
					   tasksync_p_uuid(run->account_id), tasksync_p_long(run->lease_token),
					   tasksync_p_int(tasksync_lease_ms)) == 0 &&
		!TASKSYNC_MUTANT("no fencing check"))
		ereport(ERROR, (errcode(TASKSYNC_ERRCODE_LEASE_LOST),
						errmsg("the lease of account %s went to another worker", run->account_id)));
	tasksync_origin_set(run->account_id, run->run_id);
	MemoryContextSwitchTo(run->call_cxt);
}

void
tasksync_run_commit(TasksyncRun *run)
{
	tasksync_origin_clear();
	if (run->pretending)
		return;
	TASKSYNC_TEST_POINT("before-commit");
	tasksync_txn_commit();
	MemoryContextSwitchTo(run->call_cxt);
	TASKSYNC_TEST_POINT("after-commit");
}

/*
 * tasksync_run_progress writes the run's row (at the first call: a run without
 * anything to tell writes none) and where it stands.  In a transaction.
 */
void
tasksync_run_progress(TasksyncRun *run, const char *phase, int done, int total)
{
	tasksync_query(sql_run_row, "uuuTtii", tasksync_p_uuid(run->user_id),
				   tasksync_p_uuid(run->run_id), tasksync_p_uuid(run->account_id),
				   tasksync_p_time(run->started_at), tasksync_p_text(phase), tasksync_p_int(done),
				   tasksync_p_int(total));
	run->row_written = true;
}

/* of a healthy account, as far as the provider's day bears it */
static int64
poll_delay(const TasksyncRun *run)
{
	return tasksync_budget_poll_ms(run->provider,
								   tasksync_poll_delay_ms(run->interval_ms, dice()));
}

/* remembers the end of a run that found nothing, for the next flush */
static void
finish_quietly(TasksyncRun *run)
{
	MemoryContext old;

	if (quiet_cxt == NULL)
		quiet_cxt =
			AllocSetContextCreate(TopMemoryContext, "tasksync quiet runs", ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(quiet_cxt);
	if (quiet_ends == NULL)
		quiet_ends = json_array();
	json_array_append_new(quiet_ends,
						  json_pack("{s:s, s:s, s:I, s:s?, s:s, s:I}", "user_id", run->user_id,
									"account_id", run->account_id, "lease_token",
									(json_int_t) run->lease_token, "cursor", run->cursor, "read_at",
									tasksync_format_instant(run->last_read_at), "delay_ms",
									(json_int_t) poll_delay(run)));
	MemoryContextSwitchTo(old);
}

/* tasksync_engine_flush records the ends of the quiet runs of this round at once. */
void
tasksync_engine_flush(void)
{
	MemoryContext old = CurrentMemoryContext;

	if (quiet_ends == NULL && !tasksync_budget_is_due())
		return;
	tasksync_txn_begin("finish quiet runs");
	if (tasksync_extension_enter() == TASKSYNC_EXTENSION_READY)
	{
		tasksync_budget_flush();
		if (quiet_ends != NULL)
		{
			MemoryContextSwitchTo(quiet_cxt);
			tasksync_query(sql_quiet_ends, "j", tasksync_p_text(tasksync_json_text(quiet_ends)));
		}
	}
	/* losing it costs one more quiet run */
	tasksync_txn_commit_lazy();
	quiet_ends = NULL;
	if (quiet_cxt != NULL)
		MemoryContextReset(quiet_cxt);
	MemoryContextSwitchTo(old);
}

static int64
next_delay(TasksyncRun *run)
{
	if (run->failed)
		return tasksync_retry_delay_ms(run->retry_after_ms, run->failures + 1, 0, dice());
	if (run->has_missing)
		return Min(run->interval_ms, 30000);
	/* what was sent without an answer is looked for again once a read must show it */
	if (run->has_inherited && run->provider)
		return Min(run->interval_ms, Max(run->provider->caps.read_lag_ms, 30000));
	return poll_delay(run);
}

/* the account's new state; a line in the log when it really changed */
static void
record_account_state(TasksyncRun *run)
{
	const char *state = run->account_state;

	if (state == NULL && run->connecting && !run->failed)
		state = "active";
	if (state == NULL || (run->failed && strcmp(state, "active") == 0))
		return;
	if (tasksync_query(sql_account_state, "uutt", tasksync_p_uuid(run->user_id),
					   tasksync_p_uuid(run->account_id), tasksync_p_text(state),
					   tasksync_p_text(run->failed ? run->error_message : NULL)) > 0)
		ereport(LOG, (errmsg("account %s is now %s", run->account_id, state)));
}

static const char *
outcome_of(const TasksyncRun *run)
{
	if (!run->failed)
		return "success";
	return run->read_done || run->counts.pushed > 0 ? "partial" : "failed";
}

static void
record_run_end(TasksyncRun *run)
{
	TasksyncCounts *c = &run->counts;

	if (!run->row_written)
		tasksync_run_progress(run, "done", 0, 0);
	tasksync_query(sql_run_end,
				   "uutilll"
				   "iiiiiiii"
				   "tt",
				   tasksync_p_uuid(run->user_id), tasksync_p_uuid(run->run_id),
				   tasksync_p_text(outcome_of(run)), tasksync_p_int(c->requests),
				   tasksync_p_long(c->bytes_sent), tasksync_p_long(c->bytes_received),
				   tasksync_p_long(c->network_ms), tasksync_p_int(c->read),
				   tasksync_p_int(c->created), tasksync_p_int(c->updated),
				   tasksync_p_int(c->deleted), tasksync_p_int(c->pushed),
				   tasksync_p_int(c->refused), tasksync_p_int(c->held),
				   tasksync_p_int(c->conflicts), tasksync_p_text(run->error_code),
				   tasksync_p_text(run->error_message));
}

/*
 * tasksync_run_finish records the end of the run: the queue, the account's state
 * and, if anything happened, the run's own row.
 */
void
tasksync_run_finish(TasksyncRun *run)
{
	bool eventful;

	if (*run->preview_id)
	{
		tasksync_preview_finish(run);
		return;
	}
	if (!run->failed)
		tasksync_twin_run_ended(run->account_id);
	eventful = run->failed || run->row_written || run->error_code != NULL;

	if (!eventful && !run->connecting && run->account_state == NULL && run->failures == 0 &&
		!run->has_missing && !run->has_inherited)
	{
		finish_quietly(run);
		return;
	}
	tasksync_run_begin(run, "finish run");
	if (eventful)
		record_run_end(run);
	record_account_state(run);
	tasksync_query(sql_schedule_end, "uulbttltT", tasksync_p_uuid(run->user_id),
				   tasksync_p_uuid(run->account_id), tasksync_p_long(run->lease_token),
				   tasksync_p_bool(run->failed), tasksync_p_text(run->error_code),
				   tasksync_p_text(run->error_message), tasksync_p_long(next_delay(run)),
				   tasksync_p_text(run->cursor), tasksync_p_time(run->last_read_at));
	tasksync_run_commit(run);
	if (run->failed && run->failures == 0)
		ereport(LOG, (errmsg("sync of account %s failed: %s", run->account_id, run->error_code),
					  errdetail("%s", run->error_message)));
	else if (!run->failed && run->failures > 0)
		ereport(LOG, (errmsg("sync of account %s works again", run->account_id)));
}
