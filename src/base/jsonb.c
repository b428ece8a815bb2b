/*
 * jsonb.c
 *	  From jansson and from records to jsonb without the way through text.
 *
 * Called where rows are handed to SQL (worker) and where results are built
 * (backends).  Writing the text and reading it again was a fifth of the
 * processor time of a first sync.  Pure but for memory and the encoding of the
 * database.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"

#include "base/jsonb.h"

static void
set_string(JsonbValue *value, const char *text, size_t length)
{
	char	   *here = unconstify(char *, text);

	/* checked by jansson: no second look where nothing has to be converted */
	if (GetDatabaseEncoding() != PG_UTF8)
		here = pg_any_to_server(text, (int) length, PG_UTF8);
	value->type = jbvString;
	value->val.string.val = here;
	value->val.string.len = here == text ? (int) length : (int) strlen(here);
}

static Numeric
numeric_of_text(const char *text)
{
	return DatumGetNumeric(DirectFunctionCall3(numeric_in, CStringGetDatum(text),
											   ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
}

static Numeric
numeric_of(const json_t *json)
{
	if (json_is_integer(json))
		return int64_to_numeric((int64) json_integer_value(json));
	/* through the text, so that it has the digits that it would have there */
	return numeric_of_text(tasksync_json_text(json));
}

/*
 * push pushes one value after the other; `token` says what a scalar is to the
 * container around it.  The depth is that of our own records.
 */
static JsonbValue *
push(JsonbParseState **state, const json_t *json, JsonbIteratorToken token)
{
	JsonbValue	value;
	const char *name;
	json_t	   *member;

	switch (json_typeof(json))
	{
		case JSON_OBJECT:
			pushJsonbValue(state, WJB_BEGIN_OBJECT, NULL);
			json_object_foreach((json_t *) json, name, member)
			{
				set_string(&value, name, strlen(name));
				pushJsonbValue(state, WJB_KEY, &value);
				push(state, member, WJB_VALUE);
			}
			return pushJsonbValue(state, WJB_END_OBJECT, NULL);
		case JSON_ARRAY:
			pushJsonbValue(state, WJB_BEGIN_ARRAY, NULL);
			for (size_t i = 0; i < json_array_size(json); i++)
				push(state, json_array_get(json, i), WJB_ELEM);
			return pushJsonbValue(state, WJB_END_ARRAY, NULL);
		case JSON_STRING:
			set_string(&value, json_string_value(json), json_string_length(json));
			break;
		case JSON_INTEGER:
		case JSON_REAL:
			value.type = jbvNumeric;
			value.val.numeric = numeric_of(json);
			break;
		case JSON_TRUE:
		case JSON_FALSE:
			value.type = jbvBool;
			value.val.boolean = json_is_true(json);
			break;
		case JSON_NULL:
			value.type = jbvNull;
			break;
	}
	return pushJsonbValue(state, token, &value);
}

Datum
tasksync_jsonb(const json_t *json)
{
	JsonbParseState *state = NULL;

	return JsonbPGetDatum(JsonbValueToJsonb(push(&state, json, WJB_VALUE)));
}

static void
push_names(JsonbParseState **state, const TasksyncNames *names)
{
	JsonbValue	value;

	pushJsonbValue(state, WJB_BEGIN_ARRAY, NULL);
	for (int i = 0; i < names->count; i++)
	{
		set_string(&value, names->names[i], strlen(names->names[i]));
		pushJsonbValue(state, WJB_ELEM, &value);
	}
	pushJsonbValue(state, WJB_END_ARRAY, NULL);
}

static void
push_field(JsonbParseState **state, const TasksyncRecord *record, TasksyncField field)
{
	const char *name = tasksync_field_name(field);
	const char *text = record->value[field];
	TasksyncForm form = tasksync_field_form(field);
	JsonbValue	value;

	set_string(&value, name, strlen(name));
	pushJsonbValue(state, WJB_KEY, &value);
	if (form == TASKSYNC_FORM_NAMES)
	{
		push_names(state, &record->labels);
		return;
	}
	if (text == NULL)
		value.type = jbvNull;
	else if (form == TASKSYNC_FORM_NUMBER)
	{
		value.type = jbvNumeric;
		value.val.numeric = numeric_of_text(text);
	}
	else if (form == TASKSYNC_FORM_BOOLEAN)
	{
		value.type = jbvBool;
		value.val.boolean = strcmp(text, "true") == 0;
	}
	else
		set_string(&value, text, strlen(text));
	pushJsonbValue(state, WJB_VALUE, &value);
}

Datum
tasksync_record_to_jsonb(const TasksyncRecord *record)
{
	JsonbParseState *state = NULL;

	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	for (int i = 0; i < TASKSYNC_NFIELDS; i++)
	{
		if (tasksync_record_has(record, (TasksyncField) i))
			push_field(&state, record, (TasksyncField) i);
	}
	return JsonbPGetDatum(JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL)));
}

json_t *
tasksync_json_from_jsonb(Jsonb *value, const char **error)
{
	char	   *text = JsonbToCString(NULL, &value->root, VARSIZE(value));

	text = pg_server_to_any(text, strlen(text), PG_UTF8);
	return tasksync_json_parse(text, strlen(text), error);
}
