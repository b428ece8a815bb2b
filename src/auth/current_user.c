/*
 * current_user.c
 *	  The person a session acts for, kept in the backend's memory.
 *
 * Every row-level security policy compares with it.  A static variable and not
 * a setting: a setting under our prefix could be written with SET by anybody
 * who may run SQL, this one only by functions that the application's role was
 * granted.  It outlives transactions, so a connection pool must call act_as()
 * for each request it hands out; act_as(NULL) ends it.
 *
 * Any backend.  Knows no table: whether the person exists is the caller's
 * question.
 */
#include "postgres.h"

#include "auth/current_user.h"

static pg_uuid_t current_user;
static bool current_user_known = false;

const pg_uuid_t *
tasksync_current_user(void)
{
	return current_user_known ? &current_user : NULL;
}

void
tasksync_current_user_set(const pg_uuid_t *user_id)
{
	current_user_known = user_id != NULL;
	if (user_id != NULL)
		current_user = *user_id;
}
