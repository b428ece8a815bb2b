/*
 * param.c
 *	  Parameters of statements: made, typed, turned into datums.
 *
 * Called in the worker and in backends, inside a transaction.  Knows types, not
 * SPI.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

#include "base/compat.h"
#include "base/param.h"

static TasksyncParam
make_param(char made_as, bool isnull, Datum value)
{
	TasksyncParam param;

	param.isnull = isnull;
	param.made_as = made_as;
	param.value = value;
	return param;
}

TasksyncParam
tasksync_p_text(const char *value)
{
	return make_param('t', value == NULL, CStringGetDatum(value));
}

TasksyncParam
tasksync_p_uuid(const char *value)
{
	return make_param('t', value == NULL, CStringGetDatum(value));
}

TasksyncParam
tasksync_p_int(int32 value)
{
	return make_param('i', false, Int32GetDatum(value));
}

TasksyncParam
tasksync_p_long(int64 value)
{
	return make_param('l', false, Int64GetDatum(value));
}

TasksyncParam
tasksync_p_bool(bool value)
{
	return make_param('b', false, BoolGetDatum(value));
}

TasksyncParam
tasksync_p_time(int64 value)
{
	return make_param('T', value == 0, TimestampTzGetDatum(value));
}

TasksyncParam
tasksync_p_bytes(const void *data, size_t length)
{
	bytea	   *bytes;

	if (data == NULL)
		return make_param('B', true, (Datum) 0);
	bytes = palloc(VARHDRSZ + length);
	SET_VARSIZE(bytes, VARHDRSZ + length);
	memcpy(VARDATA(bytes), data, length);
	return make_param('B', false, PointerGetDatum(bytes));
}

TasksyncParam
tasksync_p_texts(int count, const char *const *values)
{
	Datum	   *items = palloc(sizeof(Datum) * Max(count, 1));

	for (int i = 0; i < count; i++)
		items[i] = CStringGetTextDatum(values[i]);
	return make_param('A', false, PointerGetDatum(construct_array(items, count, TEXTOID, -1, false,
																  TYPALIGN_INT)));
}

TasksyncParam
tasksync_p_datum(char type, Datum value)
{
	return make_param(type, false, value);
}

TasksyncParam
tasksync_p_null(void)
{
	return make_param('0', true, (Datum) 0);
}

Oid
tasksync_letter_type(char letter)
{
	switch (letter)
	{
		case 't':
		case 'J':
			return TEXTOID;
		case 'u':
			return UUIDOID;
		case 'j':
			return JSONBOID;
		case 'i':
			return INT4OID;
		case 'l':
			return INT8OID;
		case 'b':
			return BOOLOID;
		case 'T':
			return TIMESTAMPTZOID;
		case 'B':
			return BYTEAOID;
		case 'A':
			return TEXTARRAYOID;
		default:
			elog(ERROR, "unknown parameter type \"%c\"", letter);
	}
}

/* rows: of which table, their array knows */
Oid
tasksync_param_type(const TasksyncParam *param, char letter)
{
	if (letter != 'R')
		return tasksync_letter_type(letter);
	if (param->made_as != 'R')
		elog(ERROR, "parameter of type \"%c\" given for rows", param->made_as);
	return get_array_type(ARR_ELEMTYPE(DatumGetArrayTypeP(param->value)));
}

/* texts are converted here, once, and straight into the type that is wanted */
Datum
tasksync_param_datum(const TasksyncParam *param, char letter)
{
	const char *text = DatumGetCString(param->value);

	if (param->made_as == 't')
	{
		switch (letter)
		{
			case 't':
			case 'J':
				return CStringGetTextDatum(text);
			case 'u':
				return DirectFunctionCall1(uuid_in, CStringGetDatum(text));
			case 'j':
				return DirectFunctionCall1(jsonb_in, CStringGetDatum(text));
			default:
				break;
		}
	}
	else if (param->made_as == 'i' && letter == 'l')
		return Int64GetDatum((int64) DatumGetInt32(param->value));
	else if (param->made_as == letter)
		return param->value;
	elog(ERROR, "parameter of type \"%c\" given for \"%c\"", param->made_as, letter);
}
