/*
 * zone_test.c
 *	  The conversions of zone.c as SQL functions, to compare them with the
 *	  server's own.  Called from test/sql/settings.sql; empty in a release build.
 */
#include "postgres.h"

#ifdef TASKSYNC_TESTING

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "base/clock.h"
#include "base/compat.h"

/* (date, time, zone), null = refused */
PG_FUNCTION_INFO_V1(tasksync_test_to_instant);
Datum
tasksync_test_to_instant(PG_FUNCTION_ARGS)
{
	TimestampTz instant;

	if (!tasksync_local_to_instant(text_to_cstring(PG_GETARG_TEXT_PP(0)),
								   text_to_cstring(PG_GETARG_TEXT_PP(1)),
								   text_to_cstring(PG_GETARG_TEXT_PP(2)), &instant))
		PG_RETURN_NULL();
	PG_RETURN_TIMESTAMPTZ(instant);
}

/* (instant, zone): "date time", null = refused */
PG_FUNCTION_INFO_V1(tasksync_test_to_local);
Datum
tasksync_test_to_local(PG_FUNCTION_ARGS)
{
	char		date[11];
	char		time[9];

	if (!tasksync_instant_to_local(PG_GETARG_TIMESTAMPTZ(0),
								   text_to_cstring(PG_GETARG_TEXT_PP(1)), date, time))
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(psprintf("%s %s", date, time)));
}

#endif
