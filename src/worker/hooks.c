/*
 * hooks.c
 *	  The utility hook: commands that the worker must hear of.
 *
 * Runs in backends.  Three groups: commands that need a database without any
 * connection (the worker has to leave first), commands that install, remove or
 * switch TaskSync (somebody has to look again), and COMMIT PREPARED (the
 * session that made the changes is not there any more to say so).
 */
#include "postgres.h"

#include "catalog/pg_authid.h"
#include "catalog/pg_database.h"
#include "commands/dbcommands.h"
#include "commands/defrem.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "tcop/utility.h"
#include "utils/acl.h"
#include "utils/syscache.h"

#include "base/compat.h"
#include "worker/hooks.h"
#include "worker/shmem.h"
#include "worker/wake.h"

static ProcessUtility_hook_type previous_hook = NULL;

/*
 * may_create_databases - superusers and roles with CREATEDB.
 *
 * The server's own function for it is exported by the latest minor releases
 * only; a library that calls it does not load into an older one.
 */
static bool
may_create_databases(void)
{
	HeapTuple	tuple;
	bool		allowed;

	if (superuser())
		return true;
	tuple = SearchSysCache1(AUTHOID, ObjectIdGetDatum(GetUserId()));
	if (!HeapTupleIsValid(tuple))
		return false;
	allowed = ((Form_pg_authid) GETSTRUCT(tuple))->rolcreatedb;
	ReleaseSysCache(tuple);
	return allowed;
}

/*
 * may_disturb - would the command be allowed at all?
 *
 * The hook runs before the command's own check.  Without this anybody could
 * keep the worker busy leaving and coming back.
 */
static bool
may_disturb(Oid database, bool as_template)
{
	HeapTuple tuple;
	bool is_template;

	if (object_ownercheck(DatabaseRelationId, database, GetUserId()))
		return true;
	if (!as_template || !may_create_databases())
		return false;
	tuple = SearchSysCache1(DATABASEOID, ObjectIdGetDatum(database));
	if (!HeapTupleIsValid(tuple))
		return false;
	is_template = ((Form_pg_database) GETSTRUCT(tuple))->datistemplate;
	ReleaseSysCache(tuple);
	return is_template;
}

static void
hold_by_name(const char *name, bool as_template)
{
	Oid database = get_database_oid(name, true);

	/* its own database can be a template but neither be dropped nor renamed */
	if (!OidIsValid(database) || (database == MyDatabaseId && !as_template))
		return;
	if (may_disturb(database, as_template))
		tasksync_hold_database(database);
}

static const char *
option_text(List *options, const char *name)
{
	ListCell *cell;

	foreach(cell, options)
	{
		DefElem *option = lfirst_node(DefElem, cell);

		if (strcmp(option->defname, name) == 0)
			return option->arg != NULL ? defGetString(option) : NULL;
	}
	return NULL;
}

static bool
has_option(List *options, const char *name)
{
	ListCell *cell;

	foreach(cell, options)
	{
		if (strcmp(lfirst_node(DefElem, cell)->defname, name) == 0)
			return true;
	}
	return false;
}

/*
 * look_at - what there is to do before the command runs.  What is to be told
 * afterwards is only noted here and said at the end of the transaction.
 */
static void
look_at(Node *statement)
{
	switch (nodeTag(statement))
	{
		case T_DropdbStmt:
			hold_by_name(castNode(DropdbStmt, statement)->dbname, false);
			break;
		case T_RenameStmt:
			if (castNode(RenameStmt, statement)->renameType == OBJECT_DATABASE)
				hold_by_name(castNode(RenameStmt, statement)->subname, false);
			break;
		case T_AlterDatabaseStmt:
			if (has_option(castNode(AlterDatabaseStmt, statement)->options, "tablespace"))
				hold_by_name(castNode(AlterDatabaseStmt, statement)->dbname, false);
			/* ALLOW_CONNECTIONS may keep the worker out or let it in */
			tasksync_wake_launcher();
			break;
		case T_CreatedbStmt:
		{
			const char *source =
				option_text(castNode(CreatedbStmt, statement)->options, "template");

			hold_by_name(source != NULL ? source : "template1", true);
			break;
		}
		case T_AlterDatabaseSetStmt:
		case T_CreateExtensionStmt:
		case T_AlterExtensionStmt:
		case T_DropOwnedStmt:
			tasksync_wake_launcher();
			break;
		case T_DropStmt:
			if (castNode(DropStmt, statement)->removeType == OBJECT_EXTENSION)
				tasksync_wake_launcher();
			break;
		case T_TransactionStmt:
			if (castNode(TransactionStmt, statement)->kind == TRANS_STMT_COMMIT_PREPARED)
			{
				tasksync_wake();
				tasksync_wake_launcher();
			}
			break;
		default:
			break;
	}
}

static void
utility(PlannedStmt *planned, const char *query, bool read_only_tree, ProcessUtilityContext context,
		ParamListInfo parameters, QueryEnvironment *environment, DestReceiver *receiver,
		QueryCompletion *completion)
{
	if (IsUnderPostmaster && tasksync_shared != NULL && OidIsValid(MyDatabaseId))
		look_at(planned->utilityStmt);
	if (previous_hook)
		previous_hook(planned, query, read_only_tree, context, parameters, environment, receiver,
					  completion);
	else
		standard_ProcessUtility(planned, query, read_only_tree, context, parameters, environment,
								receiver, completion);
}

/*
 * tasksync_hooks_install - chains to an earlier hook.
 */
void
tasksync_hooks_install(void)
{
	previous_hook = ProcessUtility_hook;
	ProcessUtility_hook = utility;
}
