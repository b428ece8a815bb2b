/*
 * engine.c
 *	  One account, one run: what comes next, and what an answer means for the
 *	  run.
 *
 *	  exchange? -> identify? -> refresh? -> sync (push + read, until both sides are equal)
 *	            -> completed? -> probe? -> done
 *
 * The engine knows providers only through provider.h.  It never waits: the
 * worker carries requests out and comes back.  Sync worker only.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "base/clock.h"
#include "base/errors.h"
#include "base/json.h"
#include "base/testpoint.h"
#include "sync/absence.h"
#include "sync/bucket.h"
#include "sync/budget.h"
#include "sync/clocks.h"
#include "sync/deletion.h"
#include "sync/preview.h"
#include "sync/pull.h"
#include "sync/push.h"
#include "sync/schedule.h"
#include "sync/seen.h"

/* more requests than this in one run means that something keeps changing: let others have a turn */
#define MAX_ROUNDS 2000

void
tasksync_run_new_call(TasksyncRun *run, TasksyncCallType type)
{
	memset(&run->call, 0, sizeof(run->call));
	run->call.type = type;
	run->call.base_url = run->provider->base_url();
	run->call.zone = run->zone;
	run->call.now = tasksync_now();
	run->call.ncontainers = run->ncontainers;
	run->call.containers = run->containers;
}

/* tasksync_run_stop ends the run as failed; the next try comes after a backoff. */
void
tasksync_run_stop(TasksyncRun *run, const char *code, const char *message, int64 retry_after_ms)
{
	run->failed = true;
	run->error_code = MemoryContextStrdup(run->cxt, code ? code : "provider_error");
	run->error_message =
		MemoryContextStrdup(run->cxt,
							message ? message : "the provider did not answer as expected");
	run->retry_after_ms = retry_after_ms;
	run->phase = TASKSYNC_PHASE_DONE;
}

void
tasksync_run_stop_account(TasksyncRun *run, const char *state, const char *code,
						  const char *message)
{
	tasksync_run_stop(run, code, message, 0);
	run->account_state = state;
}

const char *
tasksync_run_activity(const TasksyncRun *run)
{
	static const char *const names[] = {
		[TASKSYNC_PHASE_EXCHANGE] = "take up consent",
		[TASKSYNC_PHASE_REVOKE] = "give consent back",
		[TASKSYNC_PHASE_IDENTIFY] = "identify",
		[TASKSYNC_PHASE_REFRESH] = "refresh token",
		[TASKSYNC_PHASE_SYNC] = "sync",
		[TASKSYNC_PHASE_COMPLETED] = "look at completed tasks",
		[TASKSYNC_PHASE_PROBE] = "look for missing tasks",
		[TASKSYNC_PHASE_DONE] = "finish",
	};
	static char text[128];

	snprintf(text, sizeof(text), "account %s: %s", run->account_id, names[run->phase]);
	return text;
}

void
tasksync_run_free(TasksyncRun *run)
{
	MemoryContextDelete(run->cxt);
}

/* builds the request of the present phase; false: the phase changed, look again */
static bool
prepare_request(TasksyncRun *run, TasksyncHttpRequest *request)
{
	TasksyncHttpRequest token = {0};

	memset(request, 0, sizeof(*request));
	switch (run->phase)
	{
		case TASKSYNC_PHASE_EXCHANGE:
			return tasksync_grant_build(run, request);
		case TASKSYNC_PHASE_REVOKE:
			return tasksync_revoke_build(run, request);
		case TASKSYNC_PHASE_REFRESH:
			return tasksync_account_build_refresh(run, request);
		default:
			break;
	}
	if (tasksync_account_needs_refresh(run))
	{
		run->after_refresh = run->phase;
		run->phase = TASKSYNC_PHASE_REFRESH;
		return false;
	}
	if (run->phase == TASKSYNC_PHASE_SYNC && run->has_approved)
		tasksync_deletion_approved(run);
	/* before anything is planned: a locked account writes no intents */
	if (!tasksync_account_authorize(run, &token))
		return false;

	switch (run->phase)
	{
		case TASKSYNC_PHASE_IDENTIFY:
			tasksync_run_new_call(run, TASKSYNC_CALL_IDENTIFY);
			run->provider->build(&run->call, request);
			break;
		case TASKSYNC_PHASE_SYNC:
			if (*run->preview_id)
			{
				if (!tasksync_preview_request(run, request))
				{
					tasksync_account_wipe(run, &token);
					return false;
				}
				break;
			}
			if (!tasksync_push_plan(run, request))
			{
				tasksync_account_wipe(run, &token);
				if (run->provider->caps.shows_completed)
					run->ask_completed = false;
				run->phase = !run->has_missing    ? TASKSYNC_PHASE_DONE
							 : run->ask_completed ? TASKSYNC_PHASE_COMPLETED
												  : TASKSYNC_PHASE_PROBE;
				return false;
			}
			break;
		default:
			if (!tasksync_absence_next(run))
			{
				tasksync_account_wipe(run, &token);
				run->phase = run->found_dirty ? TASKSYNC_PHASE_SYNC : TASKSYNC_PHASE_DONE;
				run->found_dirty = false;
				return false;
			}
			run->provider->build(&run->call, request);
			break;
	}
	request->bearer = token.bearer;
	if (run->phase != TASKSYNC_PHASE_IDENTIFY)
		tasksync_budget_count(run->provider, run->call.queries);
	return true;
}

int
tasksync_run_wait_ms(const TasksyncRun *run)
{
	return run->wait_ms;
}

/*
 * tasksync_run_step says what the run needs next.  The caller starts the request
 * and then calls tasksync_run_sent(), which wipes the token.
 */
TasksyncStep
tasksync_run_step(TasksyncRun *run, TasksyncHttpRequest *request)
{
	MemoryContext old;

	MemoryContextReset(run->call_cxt);
	old = MemoryContextSwitchTo(run->call_cxt);
	if (run->provider == NULL || run->lens == NULL)
		tasksync_run_stop_account(
			run, "paused", "unknown_provider",
			"this version of the library does not know the account's provider");
	else if (tasksync_is_poison(run->attempts) && run->rounds == 0)
		tasksync_run_stop(
			run, "worker_crashed",
			"the worker crashed several times while it synced this account; it is tried again later",
			tasksync_crash_delay_ms(run->attempts, 0));
	while (run->phase != TASKSYNC_PHASE_DONE)
	{
		if (++run->rounds > MAX_ROUNDS)
		{
			tasksync_run_stop(
				run, "too_many_requests_in_run",
				"the account still had changes after a very long run; it goes on with the next one",
				0);
			break;
		}
		/* before anything is planned: what is committed as sent must leave at once */
		run->wait_ms = tasksync_bucket_wait_ms(run->account_id, &run->provider->caps);
		if (run->wait_ms > 0)
		{
			run->rounds--;
			MemoryContextSwitchTo(old);
			return TASKSYNC_STEP_WAIT;
		}
		if (prepare_request(run, request))
		{
			tasksync_bucket_take(run->account_id, &run->provider->caps);
			run->requested_at = tasksync_now();
			run->counts.requests++;
			MemoryContextSwitchTo(old);
			return TASKSYNC_STEP_REQUEST;
		}
	}
	tasksync_run_finish(run);
	MemoryContextSwitchTo(old);
	return TASKSYNC_STEP_DONE;
}

void
tasksync_run_sent(TasksyncRun *run, TasksyncHttpRequest *request)
{
	tasksync_account_wipe(run, request);
	TASKSYNC_TEST_POINT("request-started");
}

/* the provider refused the whole request: nothing of it was carried out */
static void
take_back(TasksyncRun *run)
{
	if (run->call.type != TASKSYNC_CALL_SYNC || run->call.nintents == 0)
		return;
	tasksync_run_begin(run, "take intents back");
	tasksync_push_not_applied(run);
	tasksync_run_commit(run);
}

/* halves the batch until the intent that the provider cannot take stands alone */
static void
bisect(TasksyncRun *run, const TasksyncAnswer *answer)
{
	int n = run->call.nintents;

	if (run->call.type != TASKSYNC_CALL_SYNC || n == 0)
	{
		tasksync_run_stop(run, answer->error_code, answer->error_message, answer->retry_after_ms);
		return;
	}
	tasksync_run_begin(run, "bisect");
	if (n == 1)
		tasksync_push_refuse_one(run, answer->error_code, answer->error_message);
	tasksync_push_not_applied(run);
	tasksync_run_commit(run);
	run->batch_limit = Max(n / 2, 1);
}

static void
expired(TasksyncRun *run, const TasksyncAnswer *answer)
{
	take_back(run);
	if (run->granted)
		tasksync_grant_refuse(run, answer->error_code, answer->error_message);
	else if (run->refresh_sealed != NULL && !run->refreshed)
	{
		run->after_refresh = run->phase;
		run->phase = TASKSYNC_PHASE_REFRESH;
	}
	else
		tasksync_run_stop_account(run, "reauth_required", answer->error_code,
								  answer->error_message);
}

static void
accept_answer(TasksyncRun *run, TasksyncAnswer *answer)
{
	switch (run->phase)
	{
		case TASKSYNC_PHASE_IDENTIFY:
			tasksync_account_identified(run, answer);
			break;
		case TASKSYNC_PHASE_SYNC:
			run->batch_limit = Min(run->batch_limit * 2, run->provider->caps.batch_intents);
			if (*run->preview_id)
				tasksync_preview_keep(run, answer);
			else
				tasksync_pull_record(run, answer);
			break;
		default:
			tasksync_absence_answer(run, answer);
			break;
	}
}

/* true if it was one to a token call */
static bool
token_answer(TasksyncRun *run, const TasksyncHttpResponse *response)
{
	switch (run->phase)
	{
		case TASKSYNC_PHASE_EXCHANGE:
			tasksync_grant_exchanged(run, response);
			return true;
		case TASKSYNC_PHASE_REVOKE:
			tasksync_revoke_answered(run, response);
			return true;
		case TASKSYNC_PHASE_REFRESH:
			tasksync_account_refreshed(run, response);
			return true;
		default:
			return false;
	}
}

/*
 * tasksync_run_answer takes the answer to the request of the last step.
 */
void
tasksync_run_answer(TasksyncRun *run, const TasksyncHttpResponse *response)
{
	MemoryContext old = MemoryContextSwitchTo(run->call_cxt);
	TasksyncAnswer answer = {0};

	run->counts.bytes_sent += response->sent_bytes;
	run->counts.bytes_received += response->received_bytes;
	run->counts.network_ms += response->elapsed_ms;
	tasksync_clock_sample(run, response);
	TASKSYNC_TEST_POINT("answer-arrived");
	if (token_answer(run, response))
	{
		MemoryContextSwitchTo(old);
		return;
	}
	/* a preview judges its answers together, in the end */
	if (*run->preview_id)
		MemoryContextSwitchTo(run->cxt);
	run->provider->parse(&run->call, response, &answer);
	MemoryContextSwitchTo(run->call_cxt);
	switch (answer.outcome)
	{
		case TASKSYNC_OK:
			accept_answer(run, &answer);
			break;
		case TASKSYNC_TOKEN_EXPIRED:
			expired(run, &answer);
			break;
		case TASKSYNC_FORBIDDEN:
			take_back(run);
			tasksync_run_stop_account(run, "reauth_required", answer.error_code,
									  answer.error_message);
			break;
		case TASKSYNC_MISCONFIGURED:
			take_back(run);
			tasksync_run_stop_account(run, "paused", answer.error_code, answer.error_message);
			break;
		case TASKSYNC_CURSOR_REJECTED:
			take_back(run);
			if (run->cursor == NULL)
				tasksync_run_stop(run, answer.error_code, answer.error_message, 0);
			run->cursor = NULL;
			tasksync_preview_forget(run);
			tasksync_seen_forget(run);
			break;
		case TASKSYNC_BAD_REQUEST:
			bisect(run, &answer);
			break;
		case TASKSYNC_TRY_LATER:
		case TASKSYNC_BAD_ANSWER:
			tasksync_run_stop(run, answer.error_code, answer.error_message, answer.retry_after_ms);
			break;
	}
	MemoryContextSwitchTo(old);
}

/*
 * tasksync_run_fail records an error that one of the two raised.  A run that
 * lost its lease records nothing: the account belongs to somebody else.
 */
void
tasksync_run_fail(TasksyncRun *run, const ErrorData *error)
{
	bool busy = error->sqlerrcode == ERRCODE_LOCK_NOT_AVAILABLE;

	run->pretending = false;

	if (error->sqlerrcode == TASKSYNC_ERRCODE_LEASE_LOST)
		return;
	if (busy)
		tasksync_run_stop(
			run, "row_locked",
			"an open transaction holds rows of this account; the run is repeated soon",
			TASKSYNC_BACKOFF_BASE_MS);
	else
		tasksync_run_stop(run, "internal_error",
						  psprintf("the run stopped with SQLSTATE %s",
								   unpack_sql_state(error->sqlerrcode)),
						  0);
	/* its transaction may be gone, and what that recorded: the read has to be repeated */
	run->row_written = false;
	run->cursor = NULL;
	run->last_read_at = 0;
	tasksync_run_finish(run);
}
