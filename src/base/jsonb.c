/*
 * jsonb.c
 *	  From jansson to jsonb without the way through text.
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
	char	   *here = pg_any_to_server(text, (int) length, PG_UTF8);

	value->type = jbvString;
	value->val.string.val = here;
	value->val.string.len = here == text ? (int) length : (int) strlen(here);
}

static Numeric
numeric_of(const json_t *json)
{
	if (json_is_integer(json))
		return int64_to_numeric((int64) json_integer_value(json));
	/* through the text, so that it has the digits that it would have there */
	return DatumGetNumeric(DirectFunctionCall3(numeric_in,
											   CStringGetDatum(tasksync_json_text(json)),
											   ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
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
