/*
 * statistics.c
 *	  What the planner knows of the tables that grow by thousands of rows.
 *
 * Autovacuum looks once a minute.  Until then a table that was filled by a
 * first sync or by an application's import counts as nearly empty, and then
 * reading all of a person's rows looks as cheap as one look-up by the key:
 * a push of 3,000 changes took a hundred times as long.
 *
 * A table is analyzed when it has outgrown what is known of it by half, so that
 * a hub of millions of rows is not read again for every person who joins; a
 * small sample of the key columns is enough.  Autovacuum stays responsible for
 * everything else.
 *
 * Sync worker only, in a transaction of its own between two rounds of the loop.
 */
#include "postgres.h"

#include "base/extension.h"
#include "sync/run.h"

/* about as many rows as fill the pages from which on a wrong plan is felt */
#define WORTH_A_LOOK 500

/* the rows sampled are 300 times this */
#define SAMPLE "10"

static const char sql_outgrown[] =
	"SELECT c.relname::text FROM pg_class c"
	" WHERE c.oid IN ('tasksync.tasks'::regclass, 'tasksync.links'::regclass)"
	" AND pg_relation_size(c.oid) / current_setting('block_size')::integer > c.relpages * 3 / 2 + 32";

/* the first look is for what came while no worker ran */
static int64 noted = WORTH_A_LOOK;

/* tasksync_statistics_note counts rows that were written, or found written by others. */
void
tasksync_statistics_note(int rows)
{
	noted += rows;
}

/*
 * tasksync_engine_statistics analyzes what has outgrown its statistics.  It
 * waits for nobody: whoever holds a lock that is in the way (autovacuum, most
 * likely) is about to do the same.
 */
void
tasksync_engine_statistics(void)
{
	bool tasks = false;
	bool links = false;
	uint64 rows;

	if (noted < WORTH_A_LOOK)
		return;
	noted = 0;
	tasksync_txn_begin("refresh statistics");
	if (tasksync_extension_enter() == TASKSYNC_EXTENSION_READY)
	{
		rows = tasksync_query(sql_outgrown, "");
		for (uint64 row = 0; row < rows; row++)
		{
			tasks |= strcmp(tasksync_cell_text(row, 1), "tasks") == 0;
			links |= strcmp(tasksync_cell_text(row, 1), "links") == 0;
		}
		if (tasks || links)
			tasksync_query("SELECT set_config('default_statistics_target', '" SAMPLE "', true)",
						   "");
		if (tasks)
			tasksync_query("ANALYZE (SKIP_LOCKED) tasksync.tasks"
						   " (user_id, id, project_id, section_id, parent_id)",
						   "");
		if (links)
			tasksync_query("ANALYZE (SKIP_LOCKED) tasksync.links"
						   " (user_id, hub_id, account_id, remote_id)",
						   "");
	}
	tasksync_txn_commit_lazy();
}
