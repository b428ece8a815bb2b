/*
 * batch.c
 *	  Many rows with one statement.
 *
 * Small rows of any shape go to SQL as one JSON array, unfolded by
 * jsonb_to_recordset(); whole rows of tasks and links, which come by the
 * thousand, as an array of the table's row type (rowset.h).  Both are one
 * statement and one plan whatever the number of rows.  Rejected: arrays per
 * column (twenty parameters for a task) and one statement per row (a first
 * sync of 10,000 tasks would be 20,000 executions).
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
	static const char digits[] = "0123456789abcdef";
	unsigned char b[UUID_LEN];
	char *text = palloc(TASKSYNC_UUID_LEN);
	char *to = text;

	if (!pg_strong_random(b, sizeof(b)))
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not generate random values")));
	b[6] = (b[6] & 0x0f) | 0x40;
	b[8] = (b[8] & 0x3f) | 0x80;
	for (int i = 0; i < UUID_LEN; i++)
	{
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*to++ = '-';
		*to++ = digits[b[i] >> 4];
		*to++ = digits[b[i] & 0x0f];
	}
	*to = '\0';
	return text;
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

void
tasksync_batch_rows(const char *sql, TasksyncRun *run, const TasksyncRowset *rows)
{
	if (tasksync_rowset_count(rows) == 0)
		return;
	tasksync_query(sql, "uuuR", tasksync_p_uuid(run->user_id), tasksync_p_uuid(run->account_id),
				   tasksync_p_uuid(run->run_id), tasksync_p_rows(rows));
}
