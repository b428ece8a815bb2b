/*
 * user_api.c
 *	  current_user_id(), act_as() and the password of create_user().
 *
 * Any backend.  act_as() is the whole authority of an application's role over
 * persons: it is granted to roles that the database owner trusts to have
 * authenticated them.
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "auth/current_user.h"
#include "auth/password.h"
#include "base/compat.h"

PG_FUNCTION_INFO_V1(tasksync_sql_current_user_id);
PG_FUNCTION_INFO_V1(tasksync_sql_become_user);
PG_FUNCTION_INFO_V1(tasksync_sql_hash_password);

#define MIN_PASSWORD 8
#define MAX_PASSWORD 1024

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

/* the length is counted in bytes: what matters is that it is not short */
Datum
tasksync_sql_hash_password(PG_FUNCTION_ARGS)
{
	text	   *password = PG_GETARG_TEXT_PP(0);
	size_t		length = VARSIZE_ANY_EXHDR(password);
	char	   *hash;

	if (length < MIN_PASSWORD || length > MAX_PASSWORD)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the password must have between %d and %d bytes", MIN_PASSWORD,
						MAX_PASSWORD),
				 errhint("Choose a longer one, for example four words.")));
	hash = tasksync_password_hash(VARDATA_ANY(password), length);
	if (hash == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory for a password hash")));
	PG_RETURN_TEXT_P(cstring_to_text(hash));
}
