/*
 * hub_api.c
 *	  origin_set() and wake_worker() for the trigger functions in sql/.
 *
 * Any backend.  What the triggers ask the library about itself and about the
 * writer is in base/extension.c; waking the worker belongs to a higher layer,
 * so it is here.  Decides nothing itself.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/uuid.h"

#include "base/compat.h"
#include "base/extension.h"
#include "worker/wake.h"

PG_FUNCTION_INFO_V1(tasksync_sql_origin_set);
PG_FUNCTION_INFO_V1(tasksync_sql_wake);

/* origin_set(account, run): a run without an account is a local edit that belongs to a group */
Datum
tasksync_sql_origin_set(PG_FUNCTION_ARGS)
{
	char	   *ids[2] = {NULL, NULL};

	for (int i = 0; i < 2; i++)
	{
		if (!PG_ARGISNULL(i))
			ids[i] = DatumGetCString(DirectFunctionCall1(uuid_out, PG_GETARG_DATUM(i)));
	}
	if (ids[0] == NULL && ids[1] == NULL)
		tasksync_origin_clear();
	else
		tasksync_origin_set(ids[0], ids[1]);
	PG_RETURN_VOID();
}

Datum
tasksync_sql_wake(PG_FUNCTION_ARGS)
{
	tasksync_wake();
	/* create_user() and adopt() may be what makes the launcher start a worker */
	if (PG_GETARG_BOOL(0))
		tasksync_wake_launcher();
	PG_RETURN_VOID();
}
