/*
 * grant.c
 *	  A consent on its way to tokens, and tokens on their way back.
 *
 * complete_oauth() left a sealed code; a run exchanges it, stores the pair
 * beside the account's own tokens in one commit, asks whose it is, and only
 * then puts it in their place (account.c).  So a consent of somebody else, or
 * one that comes to nothing, costs an account that works nothing.
 *
 * A crash between the exchange and the commit leaves the code: it is sent
 * again, the provider refuses it because it was used, and the account says that
 * it has to be connected again.  Marking it as sent before was rejected: then a
 * request that never left would cost the consent.
 *
 * disconnect_account() left tokens in revocations: a run gives them back, tries
 * a few times, and deletes them in any case.  Sync worker only.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "base/clock.h"
#include "base/testpoint.h"
#include "sync/run.h"
#include "vault/seal.h"

/* RFC 6749 (4.1.2) recommends at most ten minutes for a code */
#define CODE_LIFE_US (10 * INT64CONST(60000000))
#define REVOKE_ATTEMPTS 5

/* ---- a consent that comes to nothing ---- */

/*
 * tasksync_grant_refuse ends the consent.  What the account was before decides what becomes of
 * it: one that works keeps its tokens and only tells of the failure.
 */
void
tasksync_grant_refuse(TasksyncRun *run, const char *code, const char *message)
{
	tasksync_run_begin(run, "drop consent");
	tasksync_query("DELETE FROM tasksync.oauth_grants WHERE user_id = $1 AND account_id = $2",
				   "uu", tasksync_p_uuid(run->user_id), tasksync_p_uuid(run->account_id));
	tasksync_run_commit(run);
	run->has_grant = false;
	if (run->grant_is_spare)
		tasksync_run_stop(run, code, message, 0);
	else
		tasksync_run_stop_account(run, "reauth_required", code, message);
}

/* after a refusal: the grant itself is whole, only not what is needed, and nobody has use for it */
static void
give_back(TasksyncRun *run, const unsigned char *access, size_t access_length,
		  const unsigned char *refresh, size_t refresh_length)
{
	tasksync_run_begin(run, "give consent back");
	tasksync_query("INSERT INTO tasksync.revocations"
				   " (user_id, account_id, access_sealed, refresh_sealed)"
				   " SELECT $1, $2, $3, $4 WHERE NOT EXISTS (SELECT FROM tasksync.account_tokens t"
				   "  WHERE t.user_id = $1 AND t.account_id = $2)"
				   " ON CONFLICT DO NOTHING",
				   "uuBB", tasksync_p_uuid(run->user_id), tasksync_p_uuid(run->account_id),
				   tasksync_p_bytes(access, access_length),
				   tasksync_p_bytes(refresh, refresh_length));
	tasksync_run_commit(run);
}

/* ---- exchange ---- */

typedef struct Grant
{
	unsigned char *code;
	size_t code_length;
	unsigned char *verifier;
	size_t verifier_length;
	char *redirect_uri;
	TimestampTz created_at;
} Grant;

/* false if there is no code (any more); tokens that wait already are the run's then */
static bool
load(TasksyncRun *run, Grant *grant)
{
	bool found;

	tasksync_run_begin(run, "read consent");
	found = tasksync_query("SELECT code_sealed, verifier_sealed, redirect_uri, created_at,"
						   " access_sealed, refresh_sealed, access_expires_at, prior_state"
						   " FROM tasksync.oauth_grants WHERE user_id = $1 AND account_id = $2",
						   "uu", tasksync_p_uuid(run->user_id),
						   tasksync_p_uuid(run->account_id)) > 0;
	run->has_grant = found;
	if (found)
	{
		const char *prior = tasksync_cell_text(0, 8);

		run->grant_is_spare = strcmp(prior, "awaiting_consent") != 0 &&
							  strcmp(prior, "reauth_required") != 0 &&
							  strcmp(prior, "disconnected") != 0;
		grant->redirect_uri = tasksync_cell_text(0, 3);
		grant->created_at = tasksync_cell_time(0, 4);
		grant->code = tasksync_cell_bytes(0, 1, &grant->code_length);
		grant->verifier = tasksync_cell_bytes(0, 2, &grant->verifier_length);
		if (grant->code == NULL)
		{
			MemoryContext old = MemoryContextSwitchTo(run->cxt);

			run->access_sealed = tasksync_cell_bytes(0, 5, &run->access_length);
			run->refresh_sealed = tasksync_cell_bytes(0, 6, &run->refresh_length);
			run->access_expires_at = tasksync_cell_time(0, 7);
			MemoryContextSwitchTo(old);
			run->granted = true;
		}
	}
	tasksync_run_commit(run);
	return found && grant->code != NULL;
}

static char *
opened(TasksyncRun *run, const unsigned char *sealed, size_t length, const char *column)
{
	char *plaintext;
	size_t plaintext_length;
	TasksyncSealStatus status =
		tasksync_unseal(sealed, length, tasksync_account_context(run, column), &plaintext,
						&plaintext_length);

	if (status == TASKSYNC_SEAL_OK)
		return plaintext;
	tasksync_account_stop_locked(run, status);
	return NULL;
}

static void
wipe_text(const char *secret)
{
	if (secret != NULL)
		tasksync_wipe((char *) secret, strlen(secret));
}

/*
 * tasksync_grant_build exchanges the code of a consent.  False if there is
 * nothing to send: the phase is another one then, or the run was stopped.
 */
bool
tasksync_grant_build(TasksyncRun *run, TasksyncHttpRequest *request)
{
	Grant grant = {0};
	TasksyncTokenCall call = {0};

	if (!load(run, &grant))
	{
		run->phase = TASKSYNC_PHASE_IDENTIFY;
		return false;
	}
	if (grant.created_at < tasksync_now() - CODE_LIFE_US)
	{
		tasksync_grant_refuse(run, "consent_expired",
			   "the consent could not be taken up in time; connect the account again");
		return false;
	}
	if (!tasksync_account_credentials(run, &call))
	{
		if (!run->failed)
			tasksync_grant_refuse(run, "no_credentials",
				   "no app is registered any more that could take up the consent; call "
				   "set_provider_credentials(), then connect the account again");
		return false;
	}
	call.code = opened(run, grant.code, grant.code_length, "code");
	if (call.code != NULL)
		call.code_verifier = opened(run, grant.verifier, grant.verifier_length, "verifier");
	if (call.code_verifier != NULL)
	{
		call.url = run->oauth->token_url();
		call.redirect_uri = grant.redirect_uri;
		run->oauth->build_exchange(&call, request);
	}
	wipe_text(call.code);
	wipe_text(call.code_verifier);
	/* Basic takes it along as it is: wiped after the request has started */
	if (request->basic_password == NULL)
		wipe_text(call.client_secret);
	return call.code_verifier != NULL;
}

/* the pair, committed before anybody uses it; the code is of no use any more */
static void
store(TasksyncRun *run, const TasksyncTokenAnswer *answer)
{
	TASKSYNC_TEST_POINT("grant-answered");
	tasksync_run_begin(run, "store granted tokens");
	tasksync_query("UPDATE tasksync.oauth_grants SET code_sealed = NULL, verifier_sealed = NULL,"
				   " access_sealed = $3, refresh_sealed = $4, access_expires_at = $5, scope = $6,"
				   " workspace_id = $7, person_id = $8 WHERE user_id = $1 AND account_id = $2",
				   "uuBBTttt", tasksync_p_uuid(run->user_id), tasksync_p_uuid(run->account_id),
				   tasksync_p_bytes(run->access_sealed, run->access_length),
				   tasksync_p_bytes(run->refresh_sealed, run->refresh_length),
				   tasksync_p_time(run->access_expires_at), tasksync_p_text(answer->scope),
				   tasksync_p_text(answer->workspace_id), tasksync_p_text(answer->person_id));
	tasksync_run_commit(run);
	TASKSYNC_TEST_POINT("grant-stored");
	run->granted = true;
	run->phase = TASKSYNC_PHASE_IDENTIFY;
}

/* tokens that suffice and are not of somebody else, as far as the answer tells */
static void
granted(TasksyncRun *run, const TasksyncTokenAnswer *answer)
{
	const char *missing = run->oauth->missing_scope(answer->scope);
	unsigned char *access;
	unsigned char *refresh = NULL;
	size_t access_length;
	size_t refresh_length = 0;

	if (run->external_id != NULL && answer->subject != NULL &&
		strcmp(run->external_id, answer->subject) != 0)
	{
		wipe_text(answer->access_token);
		wipe_text(answer->refresh_token);
		tasksync_grant_refuse(run, "other_identity", TASKSYNC_OTHER_IDENTITY);
		return;
	}
	tasksync_account_seal(run, "access", answer->access_token, &access, &access_length);
	if (answer->refresh_token != NULL)
		tasksync_account_seal(run, "refresh", answer->refresh_token, &refresh, &refresh_length);
	if (run->failed)
		return;
	if (missing != NULL)
	{
		tasksync_grant_refuse(run, "scope_missing", missing);
		give_back(run, access, access_length, refresh, refresh_length);
		return;
	}
	run->access_sealed = access;
	run->access_length = access_length;
	run->refresh_sealed = refresh;
	run->refresh_length = refresh_length;
	run->access_expires_at =
		answer->expires_in > 0 ? tasksync_now() + answer->expires_in * USECS_PER_SEC : 0;
	store(run, answer);
}

void
tasksync_grant_exchanged(TasksyncRun *run, const TasksyncHttpResponse *response)
{
	TasksyncTokenCall call = {0};
	TasksyncTokenAnswer answer = {0};

	if (!tasksync_account_credentials(run, &call))
		return;
	wipe_text(call.client_secret);
	call.now = tasksync_now();
	run->oauth->parse_exchange(&call, response, &answer);
	switch (answer.outcome)
	{
		case TASKSYNC_OK:
			granted(run, &answer);
			break;
		case TASKSYNC_FORBIDDEN:
			tasksync_grant_refuse(run, answer.error_code, answer.error_message);
			break;
		default:
			/* the code is good for some minutes more */
			tasksync_run_stop(run, answer.error_code, answer.error_message, answer.retry_after_ms);
			break;
	}
}

/*
 * tasksync_grant_promote puts the tokens of the consent in the place of the
 * account's own.  In a transaction of the run.
 */
void
tasksync_grant_promote(TasksyncRun *run)
{
	tasksync_query("WITH g AS (DELETE FROM tasksync.oauth_grants"
				   "  WHERE user_id = $1 AND account_id = $2 RETURNING *),"
				   " w AS (UPDATE tasksync.accounts a SET workspace_id = g.workspace_id,"
				   "  person_id = g.person_id FROM g"
				   "  WHERE a.user_id = $1 AND a.id = $2 AND g.workspace_id IS NOT NULL)"
				   " INSERT INTO tasksync.account_tokens AS t (user_id, account_id, access_sealed,"
				   "  refresh_sealed, access_expires_at, scope, is_grant, refreshed_at)"
				   " SELECT user_id, account_id, access_sealed, refresh_sealed, access_expires_at,"
				   "  scope, true, now() FROM g"
				   " ON CONFLICT (user_id, account_id) DO UPDATE SET"
				   "  access_sealed = excluded.access_sealed,"
				   /* Google may leave it out for one that it gave before */
				   "  refresh_sealed = coalesce(excluded.refresh_sealed,"
				   "   CASE WHEN t.is_grant THEN t.refresh_sealed END),"
				   "  access_expires_at = excluded.access_expires_at, scope = excluded.scope,"
				   "  is_grant = true, refreshed_at = excluded.refreshed_at",
				   "uu", tasksync_p_uuid(run->user_id), tasksync_p_uuid(run->account_id));
}

/* ---- revocation ---- */

static void
forget(TasksyncRun *run)
{
	tasksync_run_begin(run, "forget tokens");
	tasksync_query("DELETE FROM tasksync.revocations WHERE user_id = $1 AND account_id = $2", "uu",
				   tasksync_p_uuid(run->user_id), tasksync_p_uuid(run->account_id));
	tasksync_run_commit(run);
	run->phase = TASKSYNC_PHASE_DONE;
}

/* the next attempt is counted before it is made; false when there were enough of them */
static bool
count_attempt(TasksyncRun *run, unsigned char **access, size_t *access_length,
			  unsigned char **refresh, size_t *refresh_length)
{
	bool found;

	tasksync_run_begin(run, "read tokens to revoke");
	found = tasksync_query("UPDATE tasksync.revocations SET attempts = attempts + 1"
						   " WHERE user_id = $1 AND account_id = $2 AND attempts < $3"
						   " RETURNING access_sealed, refresh_sealed",
						   "uui", tasksync_p_uuid(run->user_id), tasksync_p_uuid(run->account_id),
						   tasksync_p_int(REVOKE_ATTEMPTS)) > 0;
	if (found)
	{
		*access = tasksync_cell_bytes(0, 1, access_length);
		*refresh = tasksync_cell_bytes(0, 2, refresh_length);
	}
	tasksync_run_commit(run);
	return found;
}

/*
 * tasksync_revoke_build gives the tokens of a disconnected account back.  What
 * stands in the way for good (no key, no app) ends it: they are deleted here.
 */
bool
tasksync_revoke_build(TasksyncRun *run, TasksyncHttpRequest *request)
{
	TasksyncTokenCall call = {0};
	unsigned char *access = NULL;
	unsigned char *refresh = NULL;
	char *access_token = NULL;
	char *refresh_token = NULL;
	size_t access_length;
	size_t refresh_length;
	size_t length;
	bool ready;

	ready = run->oauth != NULL &&
			count_attempt(run, &access, &access_length, &refresh, &refresh_length) &&
			tasksync_unseal(access, access_length, tasksync_account_context(run, "access"),
							&access_token, &length) == TASKSYNC_SEAL_OK &&
			(refresh == NULL ||
			 tasksync_unseal(refresh, refresh_length, tasksync_account_context(run, "refresh"),
							 &refresh_token, &length) == TASKSYNC_SEAL_OK) &&
			tasksync_account_credentials(run, &call);
	if (ready)
	{
		call.url = run->oauth->revoke_url();
		call.access_token = access_token;
		call.refresh_token = refresh_token;
		run->oauth->build_revoke(&call, request);
	}
	wipe_text(access_token);
	wipe_text(refresh_token);
	if (request->basic_password == NULL)
		wipe_text(call.client_secret);
	if (!ready)
	{
		run->failed = false;
		run->account_state = NULL;
		run->error_code = NULL;
		forget(run);
	}
	return ready;
}

void
tasksync_revoke_answered(TasksyncRun *run, const TasksyncHttpResponse *response)
{
	TasksyncTokenAnswer answer = {0};

	run->oauth->parse_revoke(response, &answer);
	/* the account shows as disconnected whatever comes of it; only the next attempt depends */
	if (answer.outcome == TASKSYNC_TRY_LATER)
		tasksync_run_stop(run, "revocation_failed", answer.error_message, answer.retry_after_ms);
	else
		forget(run);
}
