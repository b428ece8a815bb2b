/*
 * spi.c
 *	  The only door to SPI.
 *
 * Called in the worker (whole transactions) and in backends (inside the
 * caller's transaction).  Every statement is a constant; values go in as
 * parameters.  Must not be used while a socket is waited for: the worker's
 * transactions are short, and nothing of them is left after commit or abort.
 */
#include "postgres.h"

#include <stdarg.h>

#include "access/xact.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "utils/backend_status.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/hsearch.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/plancache.h"
#include "utils/snapmgr.h"

#include "base/compat.h"
#include "base/extension.h"
#include "base/spi.h"

#define MAX_PARAMS 32

#define PLANS_MAX_AGE_MS 1000

/* one tasksync_spi_begin(); lives in the SPI procedure's memory, like what it points to */
typedef struct Level
{
	struct Level *outer;
	int			transaction_level;
	Oid			caller;
	int			caller_security;
	int			guc_level;
	MemoryContext params;		/* converted parameters of the running query */
	SPITupleTable *result;
	uint64		rows;
} Level;

typedef struct KeptPlan
{
	const char *sql;			/* the key: its address */
	SPIPlanPtr	plan;
} KeptPlan;

static Level *level = NULL;
static bool callbacks_registered = false;

static HTAB *plans = NULL;
static Oid	plans_extension = InvalidOid;

/* the worker's own transaction */
static bool in_transaction = false;
static MemoryContext transaction_caller;

/* when the worker's plans were last dropped */
static TimestampTz plans_since = 0;

/* ---- levels ---- */

static void
forget_levels(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_ABORT || event == XACT_EVENT_COMMIT || event == XACT_EVENT_PREPARE)
		level = NULL;
}

/* SPI, user and settings are restored by the abort itself; only our pointer is left to us */
static void
forget_levels_of_subtransaction(SubXactEvent event, SubTransactionId subid,
								SubTransactionId parent, void *arg)
{
	if (event != SUBXACT_EVENT_ABORT_SUB)
		return;
	while (level != NULL && level->transaction_level >= GetCurrentTransactionNestLevel())
		level = level->outer;
}

static void
set_for_level(const char *name, const char *value, GucContext context)
{
	(void) set_config_option(name, value, context, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
}

void
tasksync_spi_begin(void)
{
	MemoryContext caller = CurrentMemoryContext;
	Oid			owner = tasksync_extension_owner();
	Level	   *inner;

	if (!callbacks_registered)
	{
		RegisterXactCallback(forget_levels, NULL);
		RegisterSubXactCallback(forget_levels_of_subtransaction, NULL);
		callbacks_registered = true;
	}
	SPI_connect();
	inner = palloc0(sizeof(Level));
	inner->outer = level;
	inner->transaction_level = GetCurrentTransactionNestLevel();
	inner->params = AllocSetContextCreate(CurrentMemoryContext, "tasksync query parameters",
										  ALLOCSET_DEFAULT_SIZES);
	GetUserIdAndSecContext(&inner->caller, &inner->caller_security);
	inner->guc_level = NewGUCNestLevel();
	/* without the extension there is no owner, and tasksync_query() refuses */
	if (OidIsValid(owner))
		SetUserIdAndSecContext(owner, inner->caller_security | SECURITY_LOCAL_USERID_CHANGE |
							   SECURITY_RESTRICTED_OPERATION);
	set_for_level("search_path", "pg_catalog, pg_temp", PGC_USERSET);
	level = inner;
	MemoryContextSwitchTo(caller);
}

void
tasksync_spi_end(void)
{
	MemoryContext caller = CurrentMemoryContext;
	Level	   *inner = level;

	if (inner == NULL)
		elog(ERROR, "tasksync_spi_end without begin");
	level = inner->outer;
	AtEOXact_GUC(false, inner->guc_level);
	SetUserIdAndSecContext(inner->caller, inner->caller_security);
	SPI_finish();
	MemoryContextSwitchTo(caller);
}

/* ---- transactions ---- */

/*
 * The worker's statements would fill the tables of query-tracking extensions
 * with what nobody asked for, and hide the application's queries there.
 */
static void
hide_from_query_tracking(void)
{
	static const char *const settings[][2] = {
		{"pg_stat_statements.track", "none"},
		{"pg_stat_monitor.pgsm_track", "none"},
		{"auto_explain.log_min_duration", "-1"},
		{"pgaudit.log", "none"},
	};

	for (int i = 0; i < lengthof(settings); i++)
	{
		if (GetConfigOption(settings[i][0], true, false) != NULL)
			set_for_level(settings[i][0], settings[i][1], PGC_SUSET);
	}
}

/*
 * A plan made while a table was empty reads all of it when it is full, and
 * nothing tells the worker until somebody has analyzed the table.  So plans
 * live for a second.  That goes for the plans of foreign keys and of PL/pgSQL
 * too, which is why the worker does not just plan each statement anew: a check
 * of a foreign key costs less than its plan.
 */
static void
drop_outgrown_plans(void)
{
	TimestampTz now = GetCurrentStatementStartTimestamp();

	if (!TimestampDifferenceExceeds(plans_since, now, PLANS_MAX_AGE_MS))
		return;
	ResetPlanCache();
	plans_since = now;
}

void
tasksync_txn_begin(const char *activity)
{
	if (in_transaction)
		elog(ERROR, "a transaction of the worker is open already");
	transaction_caller = CurrentMemoryContext;
	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	in_transaction = true;
	drop_outgrown_plans();
	/* whatever the database's defaults are, a claim must see what others committed */
	XactIsoLevel = XACT_READ_COMMITTED;
	XactReadOnly = false;
	XactDeferrable = false;
	PushActiveSnapshot(GetTransactionSnapshot());
	tasksync_spi_begin();
	hide_from_query_tracking();
	pgstat_report_activity(STATE_RUNNING, activity);
	MemoryContextSwitchTo(transaction_caller);
}

static void
commit(bool lazy)
{
	if (!in_transaction)
		elog(ERROR, "no transaction of the worker is open");
	tasksync_spi_end();
	/* after the end of the level, which takes back all settings made inside it */
	if (lazy)
		(void) set_config_option("synchronous_commit", "off", PGC_USERSET, PGC_S_SESSION,
								 GUC_ACTION_LOCAL, true, 0, false);
	PopActiveSnapshot();
	CommitTransactionCommand();
	in_transaction = false;
	/* else neither autovacuum nor the views of statistics would see the changes */
	pgstat_report_stat(false);
	pgstat_report_activity(STATE_IDLE, NULL);
	MemoryContextSwitchTo(transaction_caller);
}

void
tasksync_txn_commit(void)
{
	commit(false);
}

void
tasksync_txn_commit_lazy(void)
{
	commit(true);
}

void
tasksync_txn_abort(void)
{
	MemoryContext caller = in_transaction ? transaction_caller : CurrentMemoryContext;

	if (IsTransactionState() || IsAbortedTransactionBlockState() || in_transaction)
		AbortCurrentTransaction();
	in_transaction = false;
	level = NULL;
	pgstat_report_stat(false);
	pgstat_report_activity(STATE_IDLE, NULL);
	MemoryContextSwitchTo(caller);
}

/* ---- plans and queries ---- */

/* the plans of a dropped extension name tables that are gone */
static void
drop_old_plans(Oid extension)
{
	HASH_SEQ_STATUS scan;
	KeptPlan   *kept;

	if (plans == NULL || plans_extension == extension)
		return;
	hash_seq_init(&scan, plans);
	while ((kept = hash_seq_search(&scan)) != NULL)
	{
		if (kept->plan != NULL)
			SPI_freeplan(kept->plan);
	}
	hash_destroy(plans);
	plans = NULL;
}

static SPIPlanPtr
find_plan(const char *sql, const char *types, const TasksyncParam *params)
{
	Oid			extension = tasksync_extension_oid();
	int			ntypes = (int) strlen(types);
	Oid			type_oids[MAX_PARAMS];
	KeptPlan   *kept;
	SPIPlanPtr	plan;
	bool		found;

	if (!OidIsValid(extension))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("extension \"tasksync\" is not installed in this database"),
				 errhint("Run CREATE EXTENSION tasksync.")));
	drop_old_plans(extension);
	if (plans == NULL)
	{
		HASHCTL		control = {.keysize = sizeof(char *), .entrysize = sizeof(KeptPlan)};

		plans = hash_create("tasksync plans", 128, &control, HASH_ELEM | HASH_BLOBS);
		plans_extension = extension;
	}
	kept = hash_search(plans, &sql, HASH_FIND, NULL);
	if (kept != NULL)
		return kept->plan;
	for (int i = 0; i < ntypes; i++)
		type_oids[i] = tasksync_param_type(&params[i], types[i]);
	plan = SPI_prepare(sql, ntypes, type_oids);
	if (plan == NULL)
		elog(ERROR, "could not prepare a statement: %s", SPI_result_code_string(SPI_result));
	SPI_keepplan(plan);
	kept = hash_search(plans, &sql, HASH_ENTER, &found);
	kept->plan = plan;
	return plan;
}

void
tasksync_query_done(void)
{
	if (level != NULL && level->result != NULL)
		SPI_freetuptable(level->result);
	if (level != NULL)
	{
		level->result = NULL;
		level->rows = 0;
	}
}

uint64
tasksync_query(const char *sql, const char *types, ...)
{
	MemoryContext caller = CurrentMemoryContext;
	Level	   *mine = level;
	SPIPlanPtr	plan;
	TasksyncParam params[MAX_PARAMS];
	Datum		values[MAX_PARAMS];
	char		nulls[MAX_PARAMS];
	va_list		arguments;
	int			result;

	if (mine == NULL)
		elog(ERROR, "query outside of a transaction");
	if (strlen(types) > MAX_PARAMS)
		elog(ERROR, "too many parameters");
	tasksync_query_done();
	va_start(arguments, types);
	for (int i = 0; types[i] != '\0'; i++)
		params[i] = va_arg(arguments, TasksyncParam);
	va_end(arguments);
	plan = find_plan(sql, types, params);
	MemoryContextSwitchTo(mine->params);
	for (int i = 0; types[i] != '\0'; i++)
	{
		nulls[i] = params[i].isnull ? 'n' : ' ';
		values[i] = params[i].isnull ? (Datum) 0 : tasksync_param_datum(&params[i], types[i]);
	}
	/* not read-only, also for a SELECT: each statement sees what the one before wrote */
	result = SPI_execute_plan(plan, values, nulls, false, 0);
	if (result < 0)
		elog(ERROR, "could not execute a statement: %s", SPI_result_code_string(result));
	mine->result = SPI_tuptable;
	mine->rows = SPI_processed;
	MemoryContextReset(mine->params);
	MemoryContextSwitchTo(caller);
	return mine->rows;
}

/* ---- results ---- */

static HeapTuple
row_of_result(uint64 row, int column)
{
	if (level == NULL || level->result == NULL || row >= level->rows || column < 1 ||
		column > level->result->tupdesc->natts)
		elog(ERROR, "no such cell: row " UINT64_FORMAT ", column %d", row, column);
	return level->result->vals[row];
}

static Datum
cell(uint64 row, int column, bool *isnull)
{
	HeapTuple	tuple = row_of_result(row, column);

	return SPI_getbinval(tuple, level->result->tupdesc, column, isnull);
}

static Oid
type_of_column(int column)
{
	return TupleDescAttr(level->result->tupdesc, column - 1)->atttypid;
}

bool
tasksync_cell_null(uint64 row, int column)
{
	bool		isnull;

	(void) cell(row, column, &isnull);
	return isnull;
}

char *
tasksync_cell_text(uint64 row, int column)
{
	bool		isnull;
	Datum		value = cell(row, column, &isnull);
	Oid			output;
	bool		is_varlena;

	if (isnull)
		return NULL;
	if (type_of_column(column) == TEXTOID)
		return TextDatumGetCString(value);
	getTypeOutputInfo(type_of_column(column), &output, &is_varlena);
	return OidOutputFunctionCall(output, value);
}

int64
tasksync_cell_long(uint64 row, int column, int64 otherwise)
{
	bool		isnull;
	Datum		value = cell(row, column, &isnull);

	if (isnull)
		return otherwise;
	switch (type_of_column(column))
	{
		case INT8OID:
			return DatumGetInt64(value);
		case INT4OID:
			return DatumGetInt32(value);
		case INT2OID:
			return DatumGetInt16(value);
		default:
			elog(ERROR, "column %d is no integer", column);
	}
}

/* null reads as false */
bool
tasksync_cell_bool(uint64 row, int column)
{
	bool		isnull;
	Datum		value = cell(row, column, &isnull);

	if (!isnull && type_of_column(column) != BOOLOID)
		elog(ERROR, "column %d is no boolean", column);
	return !isnull && DatumGetBool(value);
}

int64
tasksync_cell_time(uint64 row, int column)
{
	bool		isnull;
	Datum		value = cell(row, column, &isnull);

	if (!isnull && type_of_column(column) != TIMESTAMPTZOID)
		elog(ERROR, "column %d is no instant", column);
	return isnull ? 0 : DatumGetTimestampTz(value);
}

void *
tasksync_cell_bytes(uint64 row, int column, size_t *length)
{
	bool		isnull;
	Datum		value = cell(row, column, &isnull);
	struct varlena *bytes;
	char	   *copy;

	*length = 0;
	if (isnull)
		return NULL;
	bytes = PG_DETOAST_DATUM_PACKED(value);
	*length = VARSIZE_ANY_EXHDR(bytes);
	copy = palloc(*length + 1);
	memcpy(copy, VARDATA_ANY(bytes), *length);
	copy[*length] = '\0';
	return copy;
}
