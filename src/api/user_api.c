/*
 * user_api.c
 *	  current_user_id() and act_as().
 *
 * Any backend.  act_as() is the whole authority of an application's role over
 * persons: it is granted to roles that the database owner trusts to have
 * authenticated them.
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "auth/current_user.h"
#include "base/compat.h"

PG_FUNCTION_INFO_V1(tasksync_sql_current_user_id);
PG_FUNCTION_INFO_V1(tasksync_sql_become_user);

Datum
tasksync_sql_current_user_id(PG_FUNCTION_ARGS)
{
	const pg_uuid_t *user_id = tasksync_current_user();

	if (user_id == NULL)
		PG_RETURN_NULL();
	PG_RETURN_UUID_P(memcpy(palloc(sizeof(pg_uuid_t)), user_id, sizeof(pg_uuid_t)));
}

/* the inner half of act_as(), which has looked the person up */
Datum
tasksync_sql_become_user(PG_FUNCTION_ARGS)
{
	tasksync_current_user_set(PG_ARGISNULL(0) ? NULL : PG_GETARG_UUID_P(0));
	PG_RETURN_VOID();
}
