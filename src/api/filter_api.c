/*
 * filter_api.c
 *	  normal_filter() and filter_matches(): which tasks a link carries, for the
 *	  triggers and for set_filter().
 *
 * Any backend.  Decides nothing itself, reads nothing but its arguments.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "base/compat.h"
#include "base/json.h"
#include "base/jsonb.h"
#include "sync/filter.h"

PG_FUNCTION_INFO_V1(tasksync_sql_normal_filter);
PG_FUNCTION_INFO_V1(tasksync_sql_filter_matches);

static const char filter_hint[] =
	"A filter looks like {\"labels\": {\"any\": [\"work\"], \"none\": [\"private\"]},"
	" \"min_priority\": 2, \"has_due\": true}; all keys are optional, and null carries all tasks.";

static void refuse(const char *why) pg_attribute_noreturn();

static void
refuse(const char *why)
{
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					errmsg("invalid filter: %s", pg_any_to_server(why, strlen(why), PG_UTF8)),
					errhint("%s", filter_hint)));
	pg_unreachable();
}

/* normal_filter(filter) -> the filter in normal form, null for one that carries all */
Datum
tasksync_sql_normal_filter(PG_FUNCTION_ARGS)
{
	const char *error = NULL;
	json_t	   *given = tasksync_json_from_jsonb(PG_GETARG_JSONB_P(0), &error);
	json_t	   *normal = given ? tasksync_filter_normal(given, &error) : NULL;

	if (normal == NULL)
		refuse(error);
	if (json_is_null(normal))
		PG_RETURN_NULL();
	PG_RETURN_DATUM(tasksync_jsonb(normal));
}

/* filter_matches(filter, task record) */
Datum
tasksync_sql_filter_matches(PG_FUNCTION_ARGS)
{
	const char *error = NULL;
	json_t	   *filter;
	json_t	   *record;
	TasksyncRecord *task = NULL;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_BOOL(PG_ARGISNULL(0));
	filter = tasksync_json_from_jsonb(PG_GETARG_JSONB_P(0), &error);
	record = tasksync_json_from_jsonb(PG_GETARG_JSONB_P(1), &error);
	if (filter && record)
		task = tasksync_record_from_json(TASKSYNC_TASK, record, &error);
	if (task == NULL)
		refuse(error);
	PG_RETURN_BOOL(tasksync_filter_matches(filter, task));
}
