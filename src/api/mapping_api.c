/*
 * mapping_api.c
 *	  map_fields(): asks a provider whether a mapping fits a container.
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
#include "provider/provider.h"

PG_FUNCTION_INFO_V1(tasksync_sql_map_fields);

static const char mapping_hint[] =
	"A mapping looks like {\"status\": {\"property\": \"State\", \"done\": [\"Done\"]},"
	" \"due\": \"Deadline\", \"labels\": null}; tasksync.mapping() shows what there is.";

static void refuse(const char *why) pg_attribute_noreturn();

static void
refuse(const char *why)
{
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("invalid mapping: %s", why),
					errhint("%s", mapping_hint)));
	pg_unreachable();
}

static void cannot_map(const char *provider) pg_attribute_noreturn();

static void
cannot_map(const char *provider)
{
	ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					errmsg("the fields of \"%s\" cannot be mapped", provider),
					errhint("Only providers whose containers have properties of their own need a"
							" mapping.")));
	pg_unreachable();
}

/* NULL for a null argument */
static json_t *
json_argument(FunctionCallInfo fcinfo, int n)
{
	const char *error;
	json_t	   *json;

	if (PG_ARGISNULL(n))
		return NULL;
	json = tasksync_json_from_jsonb(PG_GETARG_JSONB_P(n), &error);
	if (json == NULL)
		refuse(error);
	return json;
}

/* map_fields(provider, known, mapping) -> the mapping in normal form */
Datum
tasksync_sql_map_fields(PG_FUNCTION_ARGS)
{
	const char *name = PG_ARGISNULL(0) ? "" : text_to_cstring(PG_GETARG_TEXT_PP(0));
	const TasksyncProvider *provider = tasksync_provider_find(name);
	const char *error = NULL;
	json_t	   *mapping;

	if (provider == NULL || provider->map_fields == NULL)
		cannot_map(name);
	mapping = provider->map_fields(json_argument(fcinfo, 1), json_argument(fcinfo, 2), &error);
	if (mapping == NULL)
		refuse(pg_any_to_server(error, strlen(error), PG_UTF8));
	PG_RETURN_DATUM(tasksync_jsonb(mapping));
}
