/*
 * settings.c
 *	  Which databases have TaskSync switched on, read without being in one.
 *
 * Runs in the launcher, which is connected to no database: a connection would
 * stand in the way of DROP DATABASE, whichever database it was to.  Such a
 * process can open only the few shared catalogs that every process has in its
 * relation cache from the start.  pg_database is one of them;
 * pg_db_role_setting, where ALTER DATABASE … SET keeps its settings, is not.
 * So its pages are read directly, as CREATE DATABASE reads the pg_class of its
 * template: same lock, same snapshot rule, the layout of three columns known.
 *
 * Rejected: a worker per database that looks for itself (touches template
 * databases and costs a process each), a scout process that connects
 * somewhere (needs a database that may be dropped), a list of names in a
 * setting (must be edited by hand).
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/indexing.h"
#include "catalog/pg_database.h"
#include "catalog/pg_db_role_setting.h"
#include "catalog/pg_tablespace_d.h"
#include "catalog/pg_type_d.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "storage/lmgr.h"
#include "storage/smgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/relmapper.h"
#include "utils/snapmgr.h"

#include "base/compat.h"
#include "worker/settings.h"

#define ENABLED "tasksync.enabled="

/*
 * says_on - does this array of name=value texts switch TaskSync on?
 */
static bool
says_on(Datum settings)
{
	Datum *items;
	int count;
	bool on = false;

	deconstruct_array(DatumGetArrayTypeP(settings), TEXTOID, -1, false, TYPALIGN_INT, &items, NULL,
					  &count);
	for (int i = 0; i < count; i++)
	{
		char *item = TextDatumGetCString(items[i]);

		if (pg_strncasecmp(item, ENABLED, strlen(ENABLED)) == 0)
			(void) parse_bool(item + strlen(ENABLED), &on);
		pfree(item);
	}
	return on;
}

/*
 * enabled_by_tuple - the database that this row switches on, or InvalidOid.
 */
static Oid
enabled_by_tuple(HeapTuple tuple, TupleDesc columns)
{
	Datum values[Natts_pg_db_role_setting];
	bool nulls[Natts_pg_db_role_setting];
	Datum settings;

	heap_deform_tuple(tuple, columns, values, nulls);
	settings = values[Anum_pg_db_role_setting_setconfig - 1];
	if (OidIsValid(DatumGetObjectId(values[Anum_pg_db_role_setting_setrole - 1])) ||
		nulls[Anum_pg_db_role_setting_setconfig - 1])
		return InvalidOid;

	/*
	 * Settings so long that they were moved out of line cannot be fetched from
	 * here.  "Perhaps" means yes: the worker looks for itself and leaves.
	 */
	if (!VARATT_IS_EXTERNAL(DatumGetPointer(settings)) && !says_on(settings))
		return InvalidOid;
	return DatumGetObjectId(values[Anum_pg_db_role_setting_setdatabase - 1]);
}

/*
 * oid and oid[]-like columns: an oid is stored as an int4 is.
 */
static TupleDesc
columns_of_settings(void)
{
	TupleDesc columns = CreateTemplateTupleDesc(Natts_pg_db_role_setting);

	TupleDescInitBuiltinEntry(columns, Anum_pg_db_role_setting_setdatabase, "setdatabase", INT4OID,
							  -1, 0);
	TupleDescInitBuiltinEntry(columns, Anum_pg_db_role_setting_setrole, "setrole", INT4OID, -1, 0);
	TupleDescInitBuiltinEntry(columns, Anum_pg_db_role_setting_setconfig, "setconfig", TEXTARRAYOID,
							  -1, 0);
	return columns;
}

/*
 * visible_tuples - copies of the rows of one page that the snapshot sees.
 */
static List *
visible_tuples(Buffer buffer, BlockNumber block, Snapshot snapshot)
{
	List *tuples = NIL;
	Page page;

	LockBuffer(buffer, BUFFER_LOCK_SHARE);
	page = BufferGetPage(buffer);
	if (!PageIsNew(page) && !PageIsEmpty(page))
	{
		OffsetNumber last = PageGetMaxOffsetNumber(page);

		for (OffsetNumber offset = FirstOffsetNumber; offset <= last; offset++)
		{
			ItemId item = PageGetItemId(page, offset);
			HeapTupleData tuple;

			if (!ItemIdIsNormal(item))
				continue;
			tuple.t_data = (HeapTupleHeader) PageGetItem(page, item);
			tuple.t_len = ItemIdGetLength(item);
			tuple.t_tableOid = DbRoleSettingRelationId;
			ItemPointerSet(&tuple.t_self, block, offset);
			if (HeapTupleSatisfiesVisibility(&tuple, snapshot, buffer))
				tuples = lappend(tuples, heap_copytuple(&tuple));
		}
	}
	UnlockReleaseBuffer(buffer);
	return tuples;
}

/*
 * switched_on - OIDs from pg_db_role_setting, page by page.
 */
static List *
switched_on(void)
{
	List *databases = NIL;
	TupleDesc columns = columns_of_settings();
	Snapshot snapshot;
	SMgrRelation file;
	BlockNumber blocks;

	LockRelationOid(DbRoleSettingRelationId, AccessShareLock);
	snapshot = RegisterSnapshot(GetLatestSnapshot());
	{
		/* after the lock: VACUUM FULL gives the catalog another file */
		RelFileLocator locator = {GLOBALTABLESPACE_OID, InvalidOid,
								  RelationMapOidToFilenumber(DbRoleSettingRelationId, true)};

		file = smgropen(locator, INVALID_PROC_NUMBER);
		blocks = smgrnblocks(file, MAIN_FORKNUM);
		smgrclose(file);
		for (BlockNumber block = 0; block < blocks; block++)
		{
			Buffer buffer =
				ReadBufferWithoutRelcache(locator, MAIN_FORKNUM, block, RBM_NORMAL, NULL, true);
			ListCell *cell;

			CHECK_FOR_INTERRUPTS();
			foreach(cell, visible_tuples(buffer, block, snapshot))
			{
				Oid database = enabled_by_tuple(lfirst(cell), columns);

				if (OidIsValid(database))
					databases = lappend_oid(databases, database);
			}
		}
	}
	UnregisterSnapshot(snapshot);
	UnlockRelationOid(DbRoleSettingRelationId, AccessShareLock);
	return databases;
}

/*
 * tasksync_enabled_databases - those of them that can be connected to.
 */
List *
tasksync_enabled_databases(void)
{
	List *enabled = switched_on();
	List *databases = NIL;
	Relation catalog;
	TableScanDesc scan;
	HeapTuple tuple;

	if (enabled == NIL)
		return NIL;
	catalog = table_open(DatabaseRelationId, AccessShareLock);
	scan = table_beginscan_catalog(catalog, 0, NULL);
	while ((tuple = heap_getnext(scan, ForwardScanDirection)) != NULL)
	{
		Form_pg_database row = (Form_pg_database) GETSTRUCT(tuple);
		TasksyncDatabase *database;

		if (!row->datallowconn || !list_member_oid(enabled, row->oid))
			continue;
		database = palloc(sizeof(TasksyncDatabase));
		database->oid = row->oid;
		strlcpy(database->name, NameStr(row->datname), NAMEDATALEN);
		databases = lappend(databases, database);
	}
	table_endscan(scan);
	table_close(catalog, AccessShareLock);
	return databases;
}

/*
 * tasksync_enabled_here - the same for the database one is in, from the worker.
 */
bool
tasksync_enabled_here(void)
{
	Relation catalog = table_open(DbRoleSettingRelationId, AccessShareLock);
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple tuple;
	bool enabled = false;

	ScanKeyInit(&keys[0], Anum_pg_db_role_setting_setdatabase, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(MyDatabaseId));
	ScanKeyInit(&keys[1], Anum_pg_db_role_setting_setrole, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(InvalidOid));
	scan = systable_beginscan(catalog, DbRoleSettingDatidRolidIndexId, true, NULL, 2, keys);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		bool isnull;
		Datum settings = heap_getattr(tuple, Anum_pg_db_role_setting_setconfig,
									  RelationGetDescr(catalog), &isnull);

		enabled = !isnull && says_on(settings);
	}
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	return enabled;
}
