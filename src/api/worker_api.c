/*
 * worker_api.c
 *	  SQL-callable functions about the worker: what it does, and waking it.
 *
 * Runs in backends, also of servers that do not preload the library: there the
 * status says so instead of failing, because it is where people look first.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "catalog/pg_authid.h"
#include "commands/dbcommands.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

#include "base/compat.h"
#include "base/errors.h"
#include "base/guc.h"
#include "worker/shmem.h"
#include "worker/wake.h"

#define NCOLUMNS 18

typedef struct StateText
{
	const char *name;
	const char *hint;
} StateText;

/* by TasksyncSlotState */
static const StateText states[] = {
	[TASKSYNC_SLOT_STOPPED] = {"stopped", NULL},
	[TASKSYNC_SLOT_NO_WORKER] =
		{"no_worker", "Raise max_worker_processes with ALTER SYSTEM SET and restart the server."},
	[TASKSYNC_SLOT_STARTING] = {"starting", NULL},
	[TASKSYNC_SLOT_ABSENT] = {"absent", "Run CREATE EXTENSION tasksync."},
	[TASKSYNC_SLOT_WRONG_VERSION] =
		{"wrong_version",
		 "Run ALTER EXTENSION tasksync UPDATE, or restart the server if its library is the older."},
	[TASKSYNC_SLOT_RESTORING] = {"restoring",
								 "When the rows are restored, run SELECT tasksync.post_restore()."},
	[TASKSYNC_SLOT_NOT_HOME] =
		{"not_home",
		 "If this database and no other copy of it shall sync, run SELECT tasksync.adopt()."},
	[TASKSYNC_SLOT_UNCLAIMED] = {"unclaimed", "Run SELECT tasksync.create_user(…)."},
	[TASKSYNC_SLOT_READY] = {"ready", NULL},
	[TASKSYNC_SLOT_FAILING] = {"failing", "See error_message; it is tried again at next_due."},
};

/* ---- one row ---- */

typedef struct Row
{
	Datum values[NCOLUMNS];
	bool nulls[NCOLUMNS];
	int used;
} Row;

static void
put(Row *row, Datum value)
{
	row->values[row->used] = value;
	row->nulls[row->used++] = false;
}

static void
put_text(Row *row, const char *text)
{
	row->values[row->used] =
		text != NULL && text[0] != '\0' ? CStringGetTextDatum(text) : (Datum) 0;
	row->nulls[row->used] = row->values[row->used] == (Datum) 0;
	row->used++;
}

static void
put_time(Row *row, TimestampTz time)
{
	row->values[row->used] = TimestampTzGetDatum(time);
	row->nulls[row->used++] = time == 0;
}

static void
put_count(Row *row, pg_atomic_uint64 *count)
{
	put(row, Int64GetDatum((int64) pg_atomic_read_u64(count)));
}

/* slot is a copy of the part under the lock; counters are read from where they live */
static void
add_slot(ReturnSetInfo *result, const TasksyncSlot *slot, TasksyncSlot *live)
{
	Row row = {.used = 0};
	TimestampTz due = (TimestampTz) pg_atomic_read_u64(&live->next_due);

	if (slot->pid == 0)
		due = slot->retry_at;
	put_text(&row, get_database_name(slot->database));
	put(&row, Int32GetDatum(slot->pid));
	row.nulls[row.used - 1] = slot->pid == 0;
	put_text(&row, states[slot->state].name);
	put_time(&row, slot->since);
	put(&row, Int32GetDatum(pg_atomic_read_u32(&live->in_flight)));
	put_count(&row, &live->runs);
	put_count(&row, &live->failed_runs);
	put_count(&row, &live->requests);
	put_count(&row, &live->bytes_sent);
	put_count(&row, &live->bytes_received);
	put(&row, Int32GetDatum(slot->restarts));
	put_time(&row, slot->started_at);
	put_time(&row, (TimestampTz) pg_atomic_read_u64(&live->last_loop));
	put_time(&row, due);
	put_text(&row, slot->error_code);
	put_text(&row, slot->error_message);
	put_time(&row, slot->error_at);
	put_text(&row, states[slot->state].hint);
	Assert(row.used == NCOLUMNS);
	tuplestore_putvalues(result->setResult, result->setDesc, row.values, row.nulls);
}

/* this database has no slot: say why */
static void
add_here(ReturnSetInfo *result)
{
	Row row = {.used = 0};
	const char *state = "disabled";
	const char *hint;

	if (tasksync_shared == NULL)
	{
		state = "not_preloaded";
		hint =
			"ALTER SYSTEM SET shared_preload_libraries = 'tasksync' (with what is in it already), "
			"then restart the server.";
	}
	else if (RecoveryInProgress())
	{
		state = "standby";
		hint = "The worker starts when this server is promoted.";
	}
	else if (tasksync_shared->launcher_pid == 0)
	{
		state = "no_launcher";
		hint =
			"It is started again within 5 seconds; if it never comes, raise max_worker_processes "
			"with ALTER SYSTEM SET and restart the server.";
	}
	else if (tasksync_enabled)
		hint =
			"Set tasksync.enabled = on in postgresql.conf and for the database with ALTER DATABASE "
			"… SET, and reload.";
	else
		hint = "ALTER DATABASE … SET tasksync.enabled = on;";
	put_text(&row, get_database_name(MyDatabaseId));
	put_text(&row, NULL);
	put_text(&row, state);
	while (row.used < NCOLUMNS - 1)
		put_text(&row, NULL);
	put_text(&row, hint);
	tuplestore_putvalues(result->setResult, result->setDesc, row.values, row.nulls);
}

/*
 * tasksync_worker_status - SQL: one row per database, one's own alone for
 * those who may not see the statistics of others.
 */
PG_FUNCTION_INFO_V1(tasksync_worker_status);
Datum
tasksync_worker_status(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	bool sees_all = has_privs_of_role(GetUserId(), ROLE_PG_READ_ALL_STATS);
	bool found = false;

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; tasksync_shared != NULL && i < TASKSYNC_MAX_DATABASES; i++)
	{
		TasksyncSlot *live = &tasksync_shared->slots[i];
		TasksyncSlot slot;

		/* a copy, because nothing that may fail should run under the lock */
		LWLockAcquire(tasksync_shared->lock, LW_SHARED);
		slot = *live;
		LWLockRelease(tasksync_shared->lock);
		if (!OidIsValid(slot.database) || (slot.database != MyDatabaseId && !sees_all))
			continue;
		found = found || slot.database == MyDatabaseId;
		add_slot(result, &slot, live);
	}
	if (!found)
		add_here(result);
	return (Datum) 0;
}

/*
 * tasksync_wake_sql - SQL: at commit, the worker looks into its queue.
 */
PG_FUNCTION_INFO_V1(tasksync_wake_sql);
Datum
tasksync_wake_sql(PG_FUNCTION_ARGS)
{
	if (tasksync_shared == NULL)
		ereport(ERROR,
				(errcode(TASKSYNC_ERRCODE_NOT_PRELOADED),
				 errmsg("there is no worker to wake: the server has not preloaded tasksync"),
				 errhint(
					 "ALTER SYSTEM SET shared_preload_libraries = 'tasksync' (with what is in it "
					 "already), then restart the server.")));
	tasksync_wake();
	PG_RETURN_VOID();
}

/*
 * tasksync_ask_preview_sql - SQL: the worker is asked for a preview now.
 */
PG_FUNCTION_INFO_V1(tasksync_ask_preview_sql);
Datum
tasksync_ask_preview_sql(PG_FUNCTION_ARGS)
{
	const char *ids[3];

	for (int i = 0; i < 3; i++)
		ids[i] = DatumGetCString(DirectFunctionCall1(uuid_out, PG_GETARG_DATUM(i)));
	PG_RETURN_BOOL(tasksync_shared != NULL && tasksync_ask_preview(ids[0], ids[1], ids[2]));
}
