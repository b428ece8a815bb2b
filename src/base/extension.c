/*
 * extension.c
 *	  The state of the extension in this database, and who is writing.
 *
 * Called in backends (triggers, functions) and in the worker, always inside a
 * transaction.  Reads catalogs and the table home directly instead of through
 * SPI: triggers ask once per transaction or oftener, as any role.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/indexing.h"
#include "catalog/namespace.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_db_role_setting.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_proc.h"
#include "commands/extension.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "parser/parse_func.h"
#include "storage/lmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/uuid.h"

#include "base/compat.h"
#include "base/errors.h"
#include "base/extension.h"
#include "base/guc.h"

#define RESTORING_SETTING "tasksync.restoring="

/* columns of tasksync.home, in the order of the install script */
#define HOME_SYSTEM_IDENTIFIER 2
#define HOME_DATABASE_OID 3
#define HOME_EXTENSION_OID 4

#define UUID_TEXT_SIZE 37

typedef enum HomeState
{
	HOME_EMPTY,
	HOME_ELSEWHERE,
	HOME_HERE,
} HomeState;

/* what this transaction knows; forgotten at its end */
static struct
{
	bool		known;
	Oid			extension;
	Oid			owner;
	bool		active_known;
	bool		active;
	CommandId	active_command;
	char		origin_account[UUID_TEXT_SIZE];	/* "" = none */
	char		origin_run[UUID_TEXT_SIZE];
} here;

/* the answer of tasksync.api_version(), good as long as its pg_proc row is the same */
static struct
{
	Oid			function;
	TransactionId xmin;
	ItemPointerData tid;
	int32		version;
} api;

static bool callbacks_registered = false;

static void
forget_at_end(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT || event == XACT_EVENT_PREPARE ||
		event == XACT_EVENT_PARALLEL_COMMIT || event == XACT_EVENT_PARALLEL_ABORT)
		memset(&here, 0, sizeof(here));
}

/* what was read may have been written by the subtransaction that is undone */
static void
forget_at_subabort(SubXactEvent event, SubTransactionId subid, SubTransactionId parent, void *arg)
{
	if (event == SUBXACT_EVENT_ABORT_SUB)
	{
		here.known = false;
		here.active_known = false;
	}
}

static void
register_callbacks(void)
{
	if (callbacks_registered)
		return;
	RegisterXactCallback(forget_at_end, NULL);
	RegisterSubXactCallback(forget_at_subabort, NULL);
	callbacks_registered = true;
}

/* owner of the extension with this OID, InvalidOid if it has gone */
static Oid
read_owner(Oid extension)
{
	Relation	rel = table_open(ExtensionRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	Oid			owner = InvalidOid;

	ScanKeyInit(&key, Anum_pg_extension_oid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(extension));
	scan = systable_beginscan(rel, ExtensionOidIndexId, true, NULL, 1, &key);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
		owner = ((Form_pg_extension) GETSTRUCT(tuple))->extowner;
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	return owner;
}

static void
look_up(void)
{
	register_callbacks();
	if (here.known)
		return;
	here.extension = get_extension_oid("tasksync", true);
	here.owner = OidIsValid(here.extension) ? read_owner(here.extension) : InvalidOid;
	/* while it is being created it is not there yet: ask again */
	here.known = OidIsValid(here.extension);
}

Oid
tasksync_extension_oid(void)
{
	look_up();
	return here.extension;
}

Oid
tasksync_extension_owner(void)
{
	look_up();
	return here.owner;
}

/* 0 if the script knows no API number, which was so before there was one */
static int32
script_api_version(void)
{
	List	   *name = list_make2(makeString("tasksync"), makeString("api_version"));
	Oid			function = LookupFuncName(name, 0, NULL, true);
	HeapTuple	tuple;

	if (!OidIsValid(function))
		return 0;
	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	if (!HeapTupleIsValid(tuple))
		return 0;
	if (api.function != function || api.xmin != HeapTupleHeaderGetRawXmin(tuple->t_data) ||
		!ItemPointerEquals(&api.tid, &tuple->t_self))
	{
		api.version = DatumGetInt32(OidFunctionCall0(function));
		api.function = function;
		api.xmin = HeapTupleHeaderGetRawXmin(tuple->t_data);
		api.tid = tuple->t_self;
	}
	ReleaseSysCache(tuple);
	return api.version;
}

void
tasksync_extension_check_version(void)
{
	int32		version = script_api_version();

	if (version == TASKSYNC_API_VERSION)
		return;
	ereport(ERROR,
			(errcode(TASKSYNC_ERRCODE_VERSION),
			 errmsg("the library and the SQL objects of tasksync are of different versions"),
			 errdetail("The library has API number %d, the SQL objects have %d.",
					   TASKSYNC_API_VERSION, version),
			 version < TASKSYNC_API_VERSION
			 ? errhint("Run ALTER EXTENSION tasksync UPDATE.")
			 : errhint("Restart the server so that it loads the new library.")));
}

/* is tasksync.restoring on in the settings of this database, whatever this session started with? */
static bool
restoring_by_setting(void)
{
	Relation	rel = table_open(DbRoleSettingRelationId, AccessShareLock);
	ScanKeyData key[2];
	SysScanDesc scan;
	HeapTuple	tuple;
	bool		restoring = false;

	ScanKeyInit(&key[0], Anum_pg_db_role_setting_setdatabase, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(MyDatabaseId));
	ScanKeyInit(&key[1], Anum_pg_db_role_setting_setrole, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(InvalidOid));
	scan = systable_beginscan(rel, DbRoleSettingDatidRolidIndexId, true, NULL, 2, key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		bool		isnull;
		Datum		settings = heap_getattr(tuple, Anum_pg_db_role_setting_setconfig,
											RelationGetDescr(rel), &isnull);
		Datum	   *items;
		int			nitems;

		if (isnull)
			continue;
		deconstruct_array(DatumGetArrayTypeP(settings), TEXTOID, -1, false, TYPALIGN_INT, &items,
						  NULL, &nitems);
		for (int i = 0; i < nitems; i++)
		{
			char	   *item = TextDatumGetCString(items[i]);

			if (strncmp(item, RESTORING_SETTING, strlen(RESTORING_SETTING)) == 0)
				(void) parse_bool(item + strlen(RESTORING_SETTING), &restoring);
		}
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	return restoring;
}

/* the newest committed row of home, and what this transaction itself has written */
static HomeState
read_home(void)
{
	Oid			schema = get_namespace_oid("tasksync", true);
	Oid			relid = OidIsValid(schema) ? get_relname_relid("home", schema) : InvalidOid;
	HomeState	state = HOME_EMPTY;
	Relation	rel;
	Snapshot	snapshot;
	TableScanDesc scan;
	TupleTableSlot *slot;

	if (!OidIsValid(relid))
		return HOME_EMPTY;
	rel = table_open(relid, AccessShareLock);
	snapshot = RegisterSnapshot(GetLatestSnapshot());
	slot = table_slot_create(rel, NULL);
	scan = table_beginscan(rel, snapshot, 0, NULL);
	if (table_scan_getnextslot(scan, ForwardScanDirection, slot))
	{
		bool		no_system;
		bool		no_database;
		bool		no_extension;
		int64		system = DatumGetInt64(slot_getattr(slot, HOME_SYSTEM_IDENTIFIER, &no_system));
		Oid			database = DatumGetObjectId(slot_getattr(slot, HOME_DATABASE_OID,
															 &no_database));
		Oid			extension = DatumGetObjectId(slot_getattr(slot, HOME_EXTENSION_OID,
															  &no_extension));

		state = !no_system && !no_database && !no_extension &&
			(uint64) system == GetSystemIdentifier() && database == MyDatabaseId &&
			extension == get_extension_oid("tasksync", true) ? HOME_HERE : HOME_ELSEWHERE;
	}
	table_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	UnregisterSnapshot(snapshot);
	table_close(rel, AccessShareLock);
	return state;
}

TasksyncExtensionStatus
tasksync_extension_enter(void)
{
	Oid			extension = get_extension_oid("tasksync", true);

	register_callbacks();
	here.known = false;
	if (!OidIsValid(extension))
		return TASKSYNC_EXTENSION_ABSENT;
	LockDatabaseObject(ExtensionRelationId, extension, 0, AccessShareLock);
	/* it may have been dropped, and even created anew, while the lock was waited for */
	if (tasksync_extension_oid() != extension)
		return TASKSYNC_EXTENSION_ABSENT;
	if (script_api_version() != TASKSYNC_API_VERSION)
		return TASKSYNC_EXTENSION_WRONG_VERSION;
	if (tasksync_restoring || restoring_by_setting())
		return TASKSYNC_EXTENSION_RESTORING;
	if (read_home() != HOME_HERE)
		return TASKSYNC_EXTENSION_NOT_HOME;
	return TASKSYNC_EXTENSION_READY;
}

const char *
tasksync_extension_hint(TasksyncExtensionStatus status)
{
	switch (status)
	{
		case TASKSYNC_EXTENSION_ABSENT:
			return "Run CREATE EXTENSION tasksync.";
		case TASKSYNC_EXTENSION_WRONG_VERSION:
			return script_api_version() < TASKSYNC_API_VERSION
				? "Run ALTER EXTENSION tasksync UPDATE."
				: "Restart the server so that it loads the new library.";
		case TASKSYNC_EXTENSION_RESTORING:
			return "When the rows are restored, run SELECT tasksync.post_restore().";
		case TASKSYNC_EXTENSION_NOT_HOME:
			return "If this database shall sync from now on, and no other copy of it, run SELECT "
				"tasksync.adopt().";
		case TASKSYNC_EXTENSION_READY:
			break;
	}
	return NULL;
}

/*
 * tasksync_hub_is_active is asked for every row by triggers.  A "yes" is good
 * for the whole transaction; a "no" only until the next command, which may be
 * the create_user() or adopt() that makes this database the home.
 */
bool
tasksync_hub_is_active(void)
{
	if (tasksync_restoring)
		return false;
	register_callbacks();
	if (here.active_known &&
		(here.active || here.active_command == GetCurrentCommandId(false)))
		return here.active;
	here.active = read_home() == HOME_HERE;
	here.active_command = GetCurrentCommandId(false);
	here.active_known = true;
	return here.active;
}

bool
tasksync_home_is_claimed(void)
{
	return read_home() != HOME_EMPTY;
}

static void
keep_id(char kept[UUID_TEXT_SIZE], const char *id)
{
	if (id == NULL)
		kept[0] = '\0';
	else if (strlcpy(kept, id, UUID_TEXT_SIZE) != UUID_TEXT_SIZE - 1)
	{
		kept[0] = '\0';
		elog(ERROR, "an origin is no uuid");
	}
}

void
tasksync_origin_set(const char *account_id, const char *run_id)
{
	register_callbacks();
	keep_id(here.origin_account, account_id);
	keep_id(here.origin_run, run_id);
}

void
tasksync_origin_clear(void)
{
	keep_id(here.origin_account, NULL);
	keep_id(here.origin_run, NULL);
}

bool
tasksync_origin_is_set(void)
{
	return here.origin_account[0] != '\0';
}

/* SQL: tasksync.hub_is_active() */
PG_FUNCTION_INFO_V1(tasksync_hub_is_active_sql);
Datum
tasksync_hub_is_active_sql(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(tasksync_hub_is_active());
}

/* SQL: tasksync.origin_account() */
PG_FUNCTION_INFO_V1(tasksync_origin_account);
Datum
tasksync_origin_account(PG_FUNCTION_ARGS)
{
	if (here.origin_account[0] == '\0')
		PG_RETURN_NULL();
	return DirectFunctionCall1(uuid_in, CStringGetDatum(here.origin_account));
}

/* SQL: tasksync.origin_run() */
PG_FUNCTION_INFO_V1(tasksync_origin_run);
Datum
tasksync_origin_run(PG_FUNCTION_ARGS)
{
	if (here.origin_run[0] == '\0')
		PG_RETURN_NULL();
	return DirectFunctionCall1(uuid_in, CStringGetDatum(here.origin_run));
}
