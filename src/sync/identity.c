/*
 * identity.c
 *	  Whose the token is, and whether that account is connected already.
 *
 * Before anything is read or written: another identity than before is refused,
 * and an account that this person has connected under another id is that
 * account.  What becomes of the two depends on the other one: if it is in use,
 * it gets the new tokens; if it was disconnected, the new one goes on where it
 * was.  Sync worker only.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "sync/run.h"
#include "vault/seal.h"

/*
 * Another external_id than before is another account, unless the provider makes
 * a new one with every consent and tells who agreed.  In a transaction.
 */
static bool
is_same(TasksyncRun *run, const TasksyncAnswer *answer)
{
	if (run->external_id == NULL || strcmp(run->external_id, answer->external_id) == 0)
		return true;
	return run->granted &&
		   tasksync_query("SELECT FROM tasksync.accounts a JOIN tasksync.oauth_grants g"
						  " ON g.user_id = a.user_id AND g.account_id = a.id"
						  " WHERE a.user_id = $1 AND a.id = $2 AND a.person_id = g.person_id",
						  "uu", tasksync_p_uuid(run->user_id),
						  tasksync_p_uuid(run->account_id)) > 0;
}

/* this person's other account of the same identity; NULL if there is none */
static char *
twin(TasksyncRun *run, const TasksyncAnswer *answer, bool *disconnected)
{
	if (tasksync_query("SELECT a.id::text, a.state = 'disconnected' FROM tasksync.accounts a"
					   " JOIN tasksync.accounts me"
					   " ON me.user_id = a.user_id AND me.provider = a.provider AND me.id <> a.id"
					   " LEFT JOIN tasksync.oauth_grants g"
					   " ON g.user_id = me.user_id AND g.account_id = me.id"
					   " WHERE me.user_id = $1 AND me.id = $2"
					   "  AND (a.external_id = $3 OR a.person_id = g.person_id)"
					   " ORDER BY a.external_id = $3 DESC NULLS LAST, a.state = 'disconnected'"
					   " LIMIT 1",
					   "uut", tasksync_p_uuid(run->user_id), tasksync_p_uuid(run->account_id),
					   tasksync_p_text(answer->external_id)) == 0)
		return NULL;
	*disconnected = tasksync_cell_bool(0, 2);
	return tasksync_cell_text(0, 1);
}

/* seals a token of this account for another one of the person; null stays null */
static bool
seal_for(TasksyncRun *run, const char *other, const char *column, const unsigned char *sealed,
		 size_t length, TasksyncParam *param)
{
	char *token;
	size_t token_length;
	unsigned char *again;
	size_t again_length;
	TasksyncSealStatus status;

	*param = tasksync_p_null();
	if (sealed == NULL)
		return true;
	status = tasksync_unseal(sealed, length, tasksync_account_context(run, column), &token,
							 &token_length);
	if (status == TASKSYNC_SEAL_OK)
	{
		status = tasksync_seal(token, token_length,
							   tasksync_token_context(run->user_id, other, run->provider->name,
													  column),
							   &again, &again_length);
		tasksync_wipe(token, token_length);
	}
	if (status != TASKSYNC_SEAL_OK)
	{
		tasksync_account_stop_locked(run, status);
		return false;
	}
	*param = tasksync_p_bytes(again, again_length);
	return true;
}

/* the other account is in use: it goes on with the new tokens, and this one ends */
static void
hand_over(TasksyncRun *run, const char *other, const char *external_id)
{
	TasksyncParam access;
	TasksyncParam refresh;

	if (!seal_for(run, other, "access", run->access_sealed, run->access_length, &access) ||
		!seal_for(run, other, "refresh", run->refresh_sealed, run->refresh_length, &refresh))
		return;
	tasksync_run_begin(run, "hand tokens over");
	tasksync_query("SELECT tasksync.hand_over($1, $2, $3, $4, $5, $6, $7)", "uuutBBT",
				   tasksync_p_uuid(run->user_id), tasksync_p_uuid(run->account_id),
				   tasksync_p_uuid(other), tasksync_p_text(external_id), access, refresh,
				   tasksync_p_time(run->access_expires_at));
	tasksync_run_commit(run);
	run->granted = run->has_grant = false;
	tasksync_run_stop_account(run, "disconnected", "already_connected",
							  "this person already connected the same account of the provider; "
							  "that one has the new token and goes on");
}

static void
refuse(TasksyncRun *run)
{
	if (run->granted)
		tasksync_grant_refuse(run, "other_identity", TASKSYNC_OTHER_IDENTITY);
	else
		tasksync_run_stop_account(run, "reauth_required", "other_identity",
								  TASKSYNC_OTHER_IDENTITY);
}

/*
 * tasksync_account_identified compares who answered with who was connected.
 * Another identity stops the account before anything is written anywhere.
 */
void
tasksync_account_identified(TasksyncRun *run, const TasksyncAnswer *answer)
{
	MemoryContext old;
	char *other;
	bool same;
	bool disconnected = false;

	tasksync_run_begin(run, "store identity");
	same = is_same(run, answer);
	other = same ? twin(run, answer, &disconnected) : NULL;
	if (!same || (other != NULL && !disconnected))
	{
		tasksync_run_commit(run);
		if (same)
			hand_over(run, other, answer->external_id);
		else
			refuse(run);
		return;
	}
	old = MemoryContextSwitchTo(run->cxt);
	run->external_id = pstrdup(answer->external_id);
	if (answer->zone)
		run->zone = pstrdup(answer->zone);
	MemoryContextSwitchTo(old);
	if (other != NULL)
		tasksync_query("SELECT tasksync.take_over($1, $2, $3)", "uuu",
					   tasksync_p_uuid(run->user_id), tasksync_p_uuid(other),
					   tasksync_p_uuid(run->account_id));
	if (run->granted)
		tasksync_grant_promote(run);
	tasksync_query("UPDATE tasksync.accounts SET external_id = $3, display_name = $4,"
				   " timezone = coalesce($5, timezone), updated_at = now()"
				   " WHERE user_id = $1 AND id = $2",
				   "uuttt", tasksync_p_uuid(run->user_id), tasksync_p_uuid(run->account_id),
				   tasksync_p_text(answer->external_id), tasksync_p_text(answer->display_name),
				   tasksync_p_text(run->zone));
	tasksync_run_commit(run);
	run->granted = run->has_grant = false;
	/* what was taken over is not what the claim read: the next run begins with it */
	run->phase = other == NULL && run->may_sync ? TASKSYNC_PHASE_SYNC : TASKSYNC_PHASE_DONE;
}
