/*
 * merge_api.c
 *	  merge_task(), merge_text() and project_task(): the pure heart of the sync,
 *	  callable from SQL.
 *
 * Runs in any backend, also in parallel workers and without the library being
 * preloaded.  Reads nothing but its arguments, so the functions are IMMUTABLE:
 * no clock (stamps in the future are the caller's matter), no setting, no table.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "base/clock.h"
#include "base/compat.h"
#include "base/json.h"
#include "base/jsonb.h"
#include "sync/merge.h"
#include "sync/text_merge.h"

PG_FUNCTION_INFO_V1(tasksync_sql_merge_task);
PG_FUNCTION_INFO_V1(tasksync_sql_merge_text);
PG_FUNCTION_INFO_V1(tasksync_sql_project_task);

static const char task_hint[] =
	"A task looks like {\"title\": \"Buy milk\", \"priority\": 3, \"labels\": [\"home\"], "
	"\"due_date\": \"2026-05-12\"}; all keys are optional.";
static const char policy_hint[] =
	"A policy looks like {\"rule\": \"newest\", \"fields\": {\"title\": \"manual\"}, "
	"\"provider\": \"todoist\", \"hub_edited_at\": {\"title\": \"2026-05-12T14:30:00Z\"}, "
	"\"remote_edited_at\": {\"title\": [\"2026-05-12T14:00:00Z\", \"2026-05-12T14:05:00Z\"]}}; "
	"all keys are optional.";

static void refuse(const char *what, const char *why, const char *hint) pg_attribute_noreturn();

static void
refuse(const char *what, const char *why, const char *hint)
{
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("invalid %s: %s", what, why),
					errhint("%s", hint)));
	pg_unreachable();
}

/* ---- between SQL values and records; inside, all text is UTF-8 ---- */

static char *
to_utf8(const char *text)
{
	return pg_server_to_any(text, strlen(text), PG_UTF8);
}

static char *
from_utf8(const char *text)
{
	return pg_any_to_server(text, strlen(text), PG_UTF8);
}

static json_t *
parse(const char *server_text, const char *what, const char *hint)
{
	const char *text = to_utf8(server_text);
	const char *error;
	json_t	   *json = tasksync_json_parse(text, strlen(text), &error);

	if (json == NULL)
		refuse(what, error, hint);
	return json;
}

static json_t *
parse_container(JsonbContainer *container, int length, const char *what, const char *hint)
{
	return parse(JsonbToCString(NULL, container, length), what, hint);
}

/* a small whole number, or what jansson makes of the text */
static json_t *
from_numeric(Numeric numeric, const char *what)
{
	const char *text = DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(numeric)));

	if (strlen(text) < 10 && strspn(text, "0123456789") == strlen(text))
		return json_integer(atoi(text));
	return parse(text, what, task_hint);
}

static json_t *
from_string(const JsonbValue *value)
{
	return json_string(to_utf8(pnstrdup(value->val.string.val, value->val.string.len)));
}

/* an array of strings; NULL if it is another container */
static json_t *
from_names(JsonbContainer *container)
{
	json_t	   *names = json_array();
	JsonbIterator *iterator = JsonbIteratorInit(container);
	JsonbValue	value;
	JsonbIteratorToken token = JsonbIteratorNext(&iterator, &value, true);

	if (token != WJB_BEGIN_ARRAY || value.val.array.rawScalar)
		return NULL;
	while ((token = JsonbIteratorNext(&iterator, &value, true)) == WJB_ELEM)
	{
		if (value.type != jbvString)
			return NULL;
		json_array_append_new(names, from_string(&value));
	}
	return names;
}

/* the common types do not go through text and back: that was half of the time of a merge */
static json_t *
from_jsonb_value(const JsonbValue *value, const char *what)
{
	json_t	   *names;

	switch (value->type)
	{
		case jbvNull:
			return json_null();
		case jbvBool:
			return json_boolean(value->val.boolean);
		case jbvString:
			return from_string(value);
		case jbvNumeric:
			return from_numeric(value->val.numeric, what);
		case jbvBinary:
			names = from_names(value->val.binary.data);
			return names != NULL ? names :
				parse_container(value->val.binary.data, value->val.binary.len, what, task_hint);
		default:
			elog(ERROR, "unexpected type of a jsonb value: %d", (int) value->type);
	}
	return NULL;
}

static bool
is_json_null(Jsonb *jsonb)
{
	JsonbValue	value;

	return JB_ROOT_IS_SCALAR(jsonb) && JsonbExtractScalar(&jsonb->root, &value) &&
		value.type == jbvNull;
}

/*
 * Only the members that are fields: what an application keeps beside them may
 * be larger or deeper than our parser allows, and is none of our business.
 */
static TasksyncRecord *
task_argument(FunctionCallInfo fcinfo, int argument, const char *what)
{
	json_t	   *object;
	const char *error;
	TasksyncRecord *record;
	Jsonb	   *jsonb;

	if (PG_ARGISNULL(argument) || is_json_null(PG_GETARG_JSONB_P(argument)))
		return tasksync_record_new(TASKSYNC_TASK);
	jsonb = PG_GETARG_JSONB_P(argument);
	if (!JB_ROOT_IS_OBJECT(jsonb))
		refuse(what, "it must be a JSON object", task_hint);
	object = json_object();
	for (int i = 0; i < TASKSYNC_NFIELDS; i++)
	{
		const char *name = tasksync_field_name((TasksyncField) i);
		JsonbValue	space;
		JsonbValue *value =
			getKeyJsonValueFromContainer(&jsonb->root, name, (int) strlen(name), &space);

		if (value != NULL)
			json_object_set_new(object, name, from_jsonb_value(value, what));
	}
	record = tasksync_record_from_json(TASKSYNC_TASK, object, &error);
	if (record == NULL)
		refuse(what, error, task_hint);
	return record;
}

static const TasksyncLens *
find_lens(const char *provider)
{
	const TasksyncLens *lens = tasksync_lens_find(provider);

	if (lens == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown provider \"%s\"", provider),
				 errhint("Known providers are %s.", tasksync_lens_names())));
	return lens;
}

/* ---- the policy of merge_task ---- */

static TimestampTz
read_instant(const json_t *json, const char *key)
{
	const char *text = json_string_value(json);
	TimestampTz instant = 0;

	if (text == NULL || !tasksync_parse_instant(text, &instant))
		refuse("policy", psprintf("\"%s\" must hold instants like 2026-05-12T14:30:00Z", key),
			   policy_hint);
	return instant;
}

/* {"title": instant} or {"title": [earliest, latest]} */
static void
read_edits(const json_t *policy, const char *key, TasksyncEdits *edits)
{
	json_t	   *object = json_object_get(policy, key);
	const char *name;
	json_t	   *member;

	memset(edits, 0, sizeof(TasksyncEdits));
	if (object == NULL || json_is_null(object))
		return;
	if (!json_is_object(object))
		refuse("policy", psprintf("\"%s\" must be an object of field names and instants", key),
			   policy_hint);
	json_object_foreach(object, name, member)
	{
		TasksyncField field;

		if (!tasksync_field_from_name(name, &field))
			refuse("policy", psprintf("\"%s\" names a field that does not exist", key),
				   policy_hint);
		if (json_is_array(member) && json_array_size(member) == 2)
		{
			edits->lo[field] = read_instant(json_array_get(member, 0), key);
			edits->hi[field] = read_instant(json_array_get(member, 1), key);
		}
		else
			edits->lo[field] = edits->hi[field] = read_instant(member, key);
		if (edits->lo[field] > edits->hi[field])
			refuse("policy", psprintf("\"%s\" holds an interval that ends before it begins", key),
				   policy_hint);
	}
}

typedef struct MergePolicy
{
	TasksyncPolicy policy;
	const TasksyncLens *lens;
	TasksyncEdits hub_edits;
	TasksyncEdits remote_edits;
} MergePolicy;

static void
policy_argument(FunctionCallInfo fcinfo, int argument, MergePolicy *result)
{
	Jsonb	   *jsonb = PG_ARGISNULL(argument) ? NULL : PG_GETARG_JSONB_P(argument);
	json_t	   *json = jsonb == NULL ? json_object() :
		parse_container(&jsonb->root, VARSIZE(jsonb), "policy", policy_hint);
	json_t	   *provider = json_object_get(json, "provider");
	const char *error;

	memset(result, 0, sizeof(MergePolicy));
	if (!tasksync_policy_parse(json, &result->policy, &error))
		refuse("policy", from_utf8(error), policy_hint);
	if (provider != NULL && !json_is_null(provider))
	{
		if (!json_is_string(provider))
			refuse("policy", "\"provider\" must be a string", policy_hint);
		result->lens = find_lens(from_utf8(json_string_value(provider)));
	}
	read_edits(json, "hub_edited_at", &result->hub_edits);
	read_edits(json, "remote_edited_at", &result->remote_edits);
}

/* ---- the functions ---- */

static json_t *
conflicts_to_json(const TasksyncMergeResult *result)
{
	json_t	   *array = json_array();

	for (int i = 0; i < result->nconflicts; i++)
	{
		const TasksyncConflict *conflict = &result->conflicts[i];
		json_t	   *row = json_object();

		json_object_set_new(row, "field", json_string(tasksync_field_name(conflict->field)));
		json_object_set_new(row, "base", conflict->base);
		json_object_set_new(row, "hub", conflict->hub);
		json_object_set_new(row, "remote", conflict->remote);
		json_object_set_new(row, "result", conflict->result);
		json_object_set_new(row, "rule", json_string(conflict->rule));
		json_array_append_new(array, row);
	}
	return array;
}

static TupleDesc
result_type(FunctionCallInfo fcinfo)
{
	TupleDesc	type;

	if (get_call_result_type(fcinfo, NULL, &type) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	return BlessTupleDesc(type);
}

/*
 * merge_task(base, hub, remote, policy) -> (merged, conflicts).  merged is hub
 * with the changed fields replaced, so keys of an application's own survive.
 */
Datum
tasksync_sql_merge_task(PG_FUNCTION_ARGS)
{
	TasksyncRecord *base = task_argument(fcinfo, 0, "base");
	TasksyncRecord *hub = task_argument(fcinfo, 1, "hub");
	TasksyncRecord *remote = task_argument(fcinfo, 2, "remote");
	TasksyncMergeInput input = {.base = base, .hub = hub, .remote = remote};
	TasksyncMergeResult result;
	MergePolicy policy;
	Datum		values[2];
	bool		nulls[2] = {false, false};

	policy_argument(fcinfo, 3, &policy);
	input.lens = policy.lens;
	input.policy = &policy.policy;
	input.hub_edits = &policy.hub_edits;
	input.remote_edits = &policy.remote_edits;
	tasksync_merge(&input, &result);

	values[0] = tasksync_jsonb(tasksync_record_to_json(result.hub_patch));
	if (!PG_ARGISNULL(1) && JB_ROOT_IS_OBJECT(PG_GETARG_JSONB_P(1)))
		values[0] = result.hub_patch->present == 0 ? JsonbPGetDatum(PG_GETARG_JSONB_P(1)) :
			DirectFunctionCall2(jsonb_concat, PG_GETARG_DATUM(1), values[0]);
	values[1] = tasksync_jsonb(conflicts_to_json(&result));
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(result_type(fcinfo), values, nulls)));
}

static char *
text_argument(FunctionCallInfo fcinfo, int argument)
{
	return PG_ARGISNULL(argument) ? pstrdup("") :
		to_utf8(text_to_cstring(PG_GETARG_TEXT_PP(argument)));
}

/* merge_text(base, ours, theirs) -> (merged, clean); a null text counts as empty */
Datum
tasksync_sql_merge_text(PG_FUNCTION_ARGS)
{
	bool		clean;
	char	   *merged = tasksync_merge_text(text_argument(fcinfo, 0), text_argument(fcinfo, 1),
											 text_argument(fcinfo, 2), TASKSYNC_OURS, &clean);
	Datum		values[2] = {CStringGetTextDatum(from_utf8(merged)), BoolGetDatum(clean)};
	bool		nulls[2] = {false, false};

	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(result_type(fcinfo), values, nulls)));
}

/* project_task(provider, task) -> what that provider would show of it */
Datum
tasksync_sql_project_task(PG_FUNCTION_ARGS)
{
	const TasksyncLens *lens = find_lens(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	TasksyncRecord *task = task_argument(fcinfo, 1, "task");

	PG_RETURN_DATUM(tasksync_jsonb(tasksync_record_to_json(tasksync_lens_project(lens, task))));
}
