/*
 * account.c
 *	  An account's tokens, as the engine needs them.
 *
 * Plaintext tokens exist only between opening the seal and the copy that the
 * HTTP layer takes; both are wiped here.  A new token pair is committed before
 * it is used, because the provider has already forgotten the old one.
 *
 * One refresher at a time: a refresh happens inside a run, and a run holds the
 * account's lease.  Sync worker only.
 */
#include "postgres.h"

#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/clock.h"
#include "base/testpoint.h"
#include "sync/run.h"
#include "vault/seal.h"

/* refresh when less than this is left */
#define REFRESH_BEFORE_MS 120000

char *
tasksync_account_context(const TasksyncRun *run, const char *column)
{
	return tasksync_token_context(run->user_id, run->account_id, run->provider->name, column);
}

void
tasksync_account_stop_locked(TasksyncRun *run, TasksyncSealStatus status)
{
	tasksync_run_stop_account(run, "locked", "locked", tasksync_seal_message(status));
}

bool
tasksync_account_authorize(TasksyncRun *run, TasksyncHttpRequest *request)
{
	char *token;
	size_t length;
	TasksyncSealStatus status;

	if (run->access_sealed == NULL)
	{
		tasksync_run_stop_account(
			run, "reauth_required", "no_token",
			"the account has no token; connect it again with connect_account()");
		return false;
	}
	status = tasksync_unseal(run->access_sealed, run->access_length,
							 tasksync_account_context(run, "access"), &token, &length);
	if (status != TASKSYNC_SEAL_OK)
	{
		tasksync_account_stop_locked(run, status);
		return false;
	}
	request->bearer = token;
	return true;
}

/* as soon as the request started: the HTTP layer has its own copy */
void
tasksync_account_wipe(TasksyncRun *run, TasksyncHttpRequest *request)
{
	if (request->bearer)
		tasksync_wipe((char *) request->bearer, strlen(request->bearer));
	request->bearer = NULL;
	/* token calls carry their secrets in the body and in Basic */
	if (request->body && (run->phase == TASKSYNC_PHASE_REFRESH ||
						  run->phase == TASKSYNC_PHASE_EXCHANGE ||
						  run->phase == TASKSYNC_PHASE_REVOKE))
		tasksync_wipe((char *) request->body, request->body_length);
	if (request->basic_password)
		tasksync_wipe((char *) request->basic_password, strlen(request->basic_password));
	request->basic_password = NULL;
}

bool
tasksync_account_needs_refresh(const TasksyncRun *run)
{
	/* what a consent just brought is not renewed before it is known whose it is */
	return !run->granted && run->access_expires_at != 0 && run->refresh_sealed != NULL &&
		   !run->refreshed &&
		   run->access_expires_at < tasksync_now() + REFRESH_BEFORE_MS * INT64CONST(1000);
}

/* the app's client id and secret; false if none are set, or the run was stopped */
bool
tasksync_account_credentials(TasksyncRun *run, TasksyncTokenCall *call)
{
	unsigned char *sealed = NULL;
	size_t length = 0;
	char *secret = NULL;
	bool found;

	tasksync_run_begin(run, "read app credentials");
	found =
		tasksync_query("SELECT client_id, client_secret_sealed FROM tasksync.provider_credentials"
					   " WHERE provider = $1",
					   "t", tasksync_p_text(run->provider->name)) > 0;
	if (found)
	{
		call->client_id = tasksync_cell_text(0, 1);
		if (!tasksync_cell_null(0, 2))
			sealed = tasksync_cell_bytes(0, 2, &length);
	}
	tasksync_run_commit(run);

	if (sealed != NULL)
	{
		TasksyncSealStatus status;
		size_t secret_length;

		status =
			tasksync_unseal(sealed, length,
							tasksync_token_context("", "", run->provider->name, "client_secret"),
							&secret, &secret_length);
		if (status != TASKSYNC_SEAL_OK)
		{
			tasksync_account_stop_locked(run, status);
			return false;
		}
	}
	call->client_secret = secret;
	return found;
}

/*
 * tasksync_account_build_refresh asks the provider for a new token pair.  False
 * if that cannot be done; the run is stopped then.
 */
bool
tasksync_account_build_refresh(TasksyncRun *run, TasksyncHttpRequest *request)
{
	TasksyncTokenCall call = {0};
	char *refresh;
	size_t length;
	TasksyncSealStatus status;

	if (run->refresh_sealed == NULL || run->oauth == NULL)
	{
		tasksync_run_stop_account(
			run, "reauth_required", "token_refused",
			"the provider refuses the token; connect the account again with connect_account()");
		return false;
	}
	if (!tasksync_account_credentials(run, &call))
	{
		if (!run->failed)
			tasksync_run_stop_account(
				run, "reauth_required", "no_credentials",
				"the token ran out and no app is registered to renew it; call set_provider_credentials(), then connect_account()");
		return false;
	}
	status = tasksync_unseal(run->refresh_sealed, run->refresh_length,
							 tasksync_account_context(run, "refresh"), &refresh, &length);
	if (status != TASKSYNC_SEAL_OK)
	{
		tasksync_account_stop_locked(run, status);
		return false;
	}
	call.url = run->oauth->token_url();
	call.refresh_token = refresh;
	run->oauth->build_refresh(&call, request);
	tasksync_wipe(refresh, length);
	/* Basic takes it along as it is: wiped after the request has started */
	if (call.client_secret && request->basic_password == NULL)
		tasksync_wipe((char *) call.client_secret, strlen(call.client_secret));
	return true;
}

void
tasksync_account_seal(TasksyncRun *run, const char *column, const char *token,
					  unsigned char **sealed, size_t *length)
{
	MemoryContext old = MemoryContextSwitchTo(run->cxt);
	TasksyncSealStatus status =
		tasksync_seal(token, strlen(token), tasksync_account_context(run, column), sealed, length);

	MemoryContextSwitchTo(old);
	tasksync_wipe((char *) token, strlen(token));
	if (status != TASKSYNC_SEAL_OK)
		tasksync_account_stop_locked(run, status);
}

/* the new pair, committed before anybody uses it */
static void
store_pair(TasksyncRun *run, const TasksyncTokenAnswer *answer)
{
	tasksync_run_begin(run, "store renewed tokens");
	tasksync_query("UPDATE tasksync.account_tokens SET access_sealed = $3,"
				   " refresh_sealed = CASE WHEN NOT $7 THEN coalesce($4, refresh_sealed) END,"
				   " access_expires_at = $5, scope = coalesce($6, scope), refreshed_at = now()"
				   " WHERE user_id = $1 AND account_id = $2",
				   "uuBBTtb", tasksync_p_uuid(run->user_id), tasksync_p_uuid(run->account_id),
				   tasksync_p_bytes(run->access_sealed, run->access_length),
				   answer->refresh_token
					   ? tasksync_p_bytes(run->refresh_sealed, run->refresh_length)
					   : tasksync_p_null(),
				   tasksync_p_time(run->access_expires_at), tasksync_p_text(answer->scope),
				   tasksync_p_bool(answer->refresh_spent));
	tasksync_run_commit(run);
	TASKSYNC_TEST_POINT("tokens-stored");
}

void
tasksync_account_refreshed(TasksyncRun *run, const TasksyncHttpResponse *response)
{
	TasksyncTokenCall call = {0};
	TasksyncTokenAnswer answer = {0};

	run->oauth->parse_refresh(&call, response, &answer);
	switch (answer.outcome)
	{
		case TASKSYNC_OK:
			break;
		case TASKSYNC_FORBIDDEN:
			tasksync_run_stop_account(run, "reauth_required", answer.error_code,
									  answer.error_message);
			return;
		default:
			tasksync_run_stop(run, answer.error_code, answer.error_message, answer.retry_after_ms);
			return;
	}
	run->access_expires_at =
		answer.expires_in > 0 ? tasksync_now() + answer.expires_in * USECS_PER_SEC : 0;
	tasksync_account_seal(run, "access", answer.access_token, &run->access_sealed,
						  &run->access_length);
	if (answer.refresh_token)
		tasksync_account_seal(run, "refresh", answer.refresh_token, &run->refresh_sealed,
							  &run->refresh_length);
	if (run->failed)
		return;
	store_pair(run, &answer);
	if (answer.refresh_spent)
	{
		/* never sent again: that would end the grant together with the token that works */
		run->refresh_sealed = NULL;
		run->error_code = "renewal_lost";
		run->error_message =
			"the answer that brought the next refresh token was lost; the account works until its token runs out, then connect it again with reconnect_account()";
	}
	run->refreshed = true;
	run->phase = run->after_refresh;
}
