/*
 * tidy.c
 *	  Rows that have had their time: links to pages of consent, deliveries of
 *	  webhooks, secrets that were replaced.
 *
 * Called by the worker now and then, a small batch at a time, so that neither a
 * lock nor the WAL notices.
 */
#include "postgres.h"

#include "base/extension.h"
#include "base/spi.h"
#include "sync/engine.h"

#define BATCH 1000

/*
 * tasksync_engine_tidy removes a batch of each kind; true if there may be more.
 */
bool
tasksync_engine_tidy(void)
{
	uint64 states = 0;
	uint64 deliveries = 0;

	tasksync_txn_begin("tidy up");
	if (tasksync_extension_enter() == TASKSYNC_EXTENSION_READY)
	{
		states = tasksync_query("DELETE FROM tasksync.oauth_states s USING ("
								"  SELECT user_id, state_hash FROM tasksync.oauth_states"
								"  WHERE created_at <= now() - interval '10 minutes'"
								"  LIMIT $1 FOR UPDATE SKIP LOCKED) x"
								" WHERE s.user_id = x.user_id AND s.state_hash = x.state_hash"
								" RETURNING 1",
								"i", tasksync_p_int(BATCH));
		deliveries = tasksync_query("DELETE FROM tasksync.webhook_deliveries d USING ("
									"  SELECT provider, delivery_id"
									"  FROM tasksync.webhook_deliveries"
									"  WHERE received_at <= now() - interval '7 days'"
									"  ORDER BY received_at LIMIT $1 FOR UPDATE SKIP LOCKED) x"
									" WHERE d.provider = x.provider"
									"  AND d.delivery_id = x.delivery_id RETURNING 1",
									"i", tasksync_p_int(BATCH));
		tasksync_query("DELETE FROM tasksync.webhook_secrets WHERE valid_until <= now()", "");
	}
	tasksync_txn_commit_lazy();
	return states == BATCH || deliveries == BATCH;
}
