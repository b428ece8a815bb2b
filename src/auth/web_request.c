/*
 * web_request.c
 *	  Is a web request being served?
 *
 * Called by the SQL functions that return a plaintext.
 */
#include "postgres.h"

#include "utils/guc.h"

#include "auth/web_request.h"

void
tasksync_refuse_web_requests(const char *function)
{
	const char *claims = GetConfigOption("request.jwt.claims", true, false);

	if (claims != NULL && *claims != '\0')
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("secrets are not opened for a web request"),
				 errhint("Call tasksync.%s() from a session without request.jwt.claims.",
						 function)));
}
