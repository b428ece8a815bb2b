/*
 * batch.c
 *	  Many rows with one statement.
 *
 * The engine hands rows to SQL as one JSON array and lets
 * jsonb_to_recordset() unfold it: one statement and one plan whatever the
 * number of rows, and every column typed by the statement.  Rejected: arrays
 * per column (twenty parameters for a task) and one statement per row (a
 * first sync of 10,000 tasks would be 20,000 executions).
 *
 * Sync worker only.
 */
#include "postgres.h"

#include "utils/uuid.h"

#include "base/json.h"
#include "base/jsonb.h"
#include "sync/run.h"

/*
 * tasksync_uuid_new makes a random (version 4) UUID.  Ids are made here and not
 * by a column default because links and children refer to them before the row
 * is written.
 */
char *
tasksync_uuid_new(void)
{
	unsigned char b[UUID_LEN];

	if (!pg_strong_random(b, sizeof(b)))
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not generate random values")));
	b[6] = (b[6] & 0x0f) | 0x40;
	b[8] = (b[8] & 0x3f) | 0x80;
	return psprintf("%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0],
					b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12],
					b[13], b[14], b[15]);
}

/*
 * tasksync_batch runs `sql` once for all `rows`.  Parameters of the statement:
 * $1 user, $2 account, $3 run, $4 the rows.  No rows, no statement.
 */
void
tasksync_batch(const char *sql, TasksyncRun *run, json_t *rows)
{
	if (json_array_size(rows) == 0)
		return;
	tasksync_query(sql, "uuuj", tasksync_p_uuid(run->user_id), tasksync_p_uuid(run->account_id),
				   tasksync_p_uuid(run->run_id), tasksync_p_datum('j', tasksync_jsonb(rows)));
}
