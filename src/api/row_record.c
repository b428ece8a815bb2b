/*
 * row_record.c
 *	  Rows of the hub as record JSON: task_record() and its sisters, and what
 *	  changed between two versions of a row.
 *
 * Called from SQL: by the engine's queries, by the triggers that write the
 * journal.  Runs in backends and in the sync worker.  In C because an SQL
 * function around jsonb_build_object() cannot be inlined here (that function is
 * only STABLE) and costs five times as much per row; loads of ten thousand rows
 * are normal.  Reads nothing but its arguments.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/datum.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"
#include "utils/uuid.h"

#include "api/row_record.h"
#include "base/clock.h"
#include "base/compat.h"

PG_FUNCTION_INFO_V1(tasksync_task_record);
PG_FUNCTION_INFO_V1(tasksync_project_record);
PG_FUNCTION_INFO_V1(tasksync_section_record);
PG_FUNCTION_INFO_V1(tasksync_label_record);
PG_FUNCTION_INFO_V1(tasksync_row_record);
PG_FUNCTION_INFO_V1(tasksync_row_changes);

/* in the order in which jsonb keeps keys (by length, then by bytes): nothing is left to sort */
static const TasksyncColumn project_columns[] = {
	{"name", TASKSYNC_COLUMN_TEXT},
	{"color", TASKSYNC_COLUMN_TEXT},
	{"position", TASKSYNC_COLUMN_NUMERIC},
	{"parent_id", TASKSYNC_COLUMN_UUID},
	{"is_archived", TASKSYNC_COLUMN_BOOL},
	{NULL},
};

static const TasksyncColumn section_columns[] = {
	{"name", TASKSYNC_COLUMN_TEXT},
	{"position", TASKSYNC_COLUMN_NUMERIC},
	{"project_id", TASKSYNC_COLUMN_UUID},
	{NULL},
};

static const TasksyncColumn label_columns[] = {
	{"name", TASKSYNC_COLUMN_TEXT},
	{"color", TASKSYNC_COLUMN_TEXT},
	{"position", TASKSYNC_COLUMN_NUMERIC},
	{NULL},
};

static const TasksyncColumn task_columns[] = {
	{"title", TASKSYNC_COLUMN_TEXT},
	{"labels", TASKSYNC_COLUMN_NAMES},
	{"status", TASKSYNC_COLUMN_TEXT},
	{"due_date", TASKSYNC_COLUMN_DATE},
	{"due_time", TASKSYNC_COLUMN_TIME},
	{"position", TASKSYNC_COLUMN_NUMERIC},
	{"priority", TASKSYNC_COLUMN_INT2},
	{"parent_id", TASKSYNC_COLUMN_UUID},
	{"project_id", TASKSYNC_COLUMN_UUID},
	{"recurrence", TASKSYNC_COLUMN_TEXT},
	{"section_id", TASKSYNC_COLUMN_UUID},
	{"description", TASKSYNC_COLUMN_TEXT},
	{"completed_at", TASKSYNC_COLUMN_INSTANT},
	{"due_timezone", TASKSYNC_COLUMN_TEXT},
	{NULL},
};

static const TasksyncColumn *const columns_of[TASKSYNC_NROWKINDS] = {
	[TASKSYNC_ROW_PROJECT] = project_columns,
	[TASKSYNC_ROW_SECTION] = section_columns,
	[TASKSYNC_ROW_LABEL] = label_columns,
	[TASKSYNC_ROW_TASK] = task_columns,
};

/* where the columns are in the row type last seen by one call site */
typedef struct RowShape
{
	TasksyncRowKind kind;
	Oid			type;
	int32		typmod;
	int			index[TASKSYNC_MAX_COLUMNS];
} RowShape;

/* one row, taken apart */
typedef struct Row
{
	Datum		values[TASKSYNC_MAX_COLUMNS];
	bool		nulls[TASKSYNC_MAX_COLUMNS];
} Row;

bool
tasksync_row_kind(const char *name, TasksyncRowKind *kind)
{
	static const char *const names[TASKSYNC_NROWKINDS] = {
		[TASKSYNC_ROW_PROJECT] = "project",
		[TASKSYNC_ROW_SECTION] = "section",
		[TASKSYNC_ROW_LABEL] = "label",
		[TASKSYNC_ROW_TASK] = "task",
	};

	for (int i = 0; i < TASKSYNC_NROWKINDS; i++)
	{
		if (strcmp(names[i], name) == 0)
		{
			*kind = (TasksyncRowKind) i;
			return true;
		}
	}
	return false;
}

const TasksyncColumn *
tasksync_columns(TasksyncRowKind kind)
{
	return columns_of[kind];
}

int
tasksync_column_index(TupleDesc desc, const char *name)
{
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(desc, i);

		if (!attribute->attisdropped && strcmp(NameStr(attribute->attname), name) == 0)
			return i;
	}
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_COLUMN), errmsg("the row has no column \"%s\"", name),
			 errhint("The tables of tasksync must not be altered; use the column metadata.")));
}

/*
 * tasksync_column_equal compares as the wire would: byte for byte, except that
 * 1.0 and 1.00 are one position.
 */
bool
tasksync_column_equal(TasksyncColumnType type, Datum a, bool a_null, Datum b, bool b_null)
{
	if (a_null || b_null)
		return a_null == b_null;
	switch (type)
	{
		case TASKSYNC_COLUMN_NUMERIC:
			return DatumGetBool(DirectFunctionCall2(numeric_eq, a, b));
		case TASKSYNC_COLUMN_TEXT:
		case TASKSYNC_COLUMN_NAMES:
			return datum_image_eq(a, b, false, -1);
		case TASKSYNC_COLUMN_UUID:
			return datum_image_eq(a, b, false, UUID_LEN);
		default:
			return a == b;
	}
}

static void
push_text(JsonbParseState **state, JsonbIteratorToken token, const char *bytes, int length)
{
	JsonbValue	value;

	value.type = jbvString;
	value.val.string.val = unconstify(char *, bytes);
	value.val.string.len = length;
	pushJsonbValue(state, token, &value);
}

static void
push_names(JsonbParseState **state, Datum names)
{
	Datum	   *elements;
	int			count;

	deconstruct_array(DatumGetArrayTypeP(names), TEXTOID, -1, false, TYPALIGN_INT, &elements, NULL,
					  &count);
	pushJsonbValue(state, WJB_BEGIN_ARRAY, NULL);
	for (int i = 0; i < count; i++)
		push_text(state, WJB_ELEM, VARDATA_ANY(DatumGetPointer(elements[i])),
				  VARSIZE_ANY_EXHDR(DatumGetPointer(elements[i])));
	pushJsonbValue(state, WJB_END_ARRAY, NULL);
}

/* text form that depends on no setting: DateStyle must not change a record */
static char *
plain_text(TasksyncColumnType type, Datum value)
{
	char	   *buffer = palloc(MAXDATELEN + 1);

	switch (type)
	{
		case TASKSYNC_COLUMN_DATE:
			return JsonEncodeDateTime(buffer, value, DATEOID, NULL);
		case TASKSYNC_COLUMN_TIME:
			return JsonEncodeDateTime(buffer, value, TIMEOID, NULL);
		case TASKSYNC_COLUMN_INSTANT:
			return tasksync_format_instant(DatumGetTimestampTz(value));
		default:
			return DatumGetCString(DirectFunctionCall1(uuid_out, value));
	}
}

static void
push_column(JsonbParseState **state, const TasksyncColumn *column, Datum datum, bool isnull)
{
	JsonbValue	value;

	push_text(state, WJB_KEY, column->name, strlen(column->name));
	if (isnull)
	{
		value.type = jbvNull;
		pushJsonbValue(state, WJB_VALUE, &value);
		return;
	}
	switch (column->type)
	{
		case TASKSYNC_COLUMN_TEXT:
			{
				struct varlena *text = PG_DETOAST_DATUM_PACKED(datum);

				push_text(state, WJB_VALUE, VARDATA_ANY(text), VARSIZE_ANY_EXHDR(text));
				return;
			}
		case TASKSYNC_COLUMN_NAMES:
			push_names(state, datum);
			return;
		case TASKSYNC_COLUMN_BOOL:
			value.type = jbvBool;
			value.val.boolean = DatumGetBool(datum);
			break;
		case TASKSYNC_COLUMN_INT2:
			value.type = jbvNumeric;
			value.val.numeric = int64_to_numeric(DatumGetInt16(datum));
			break;
		case TASKSYNC_COLUMN_NUMERIC:
			value.type = jbvNumeric;
			value.val.numeric = DatumGetNumeric(DirectFunctionCall1(numeric_trim_scale, datum));
			break;
		default:
			{
				char	   *text = plain_text(column->type, datum);

				push_text(state, WJB_VALUE, text, strlen(text));
				return;
			}
	}
	pushJsonbValue(state, WJB_VALUE, &value);
}

/* the columns of `header`, found by name once per call site and row type */
static void
read_row(FunctionCallInfo fcinfo, TasksyncRowKind kind, HeapTupleHeader header, Row *row)
{
	RowShape   *shape = fcinfo->flinfo->fn_extra;
	Oid			type = HeapTupleHeaderGetTypeId(header);
	int32		typmod = HeapTupleHeaderGetTypMod(header);
	TupleDesc	desc = lookup_rowtype_tupdesc(type, typmod);
	const TasksyncColumn *columns = columns_of[kind];
	HeapTupleData tuple;
	Datum	   *values = palloc(sizeof(Datum) * desc->natts);
	bool	   *nulls = palloc(sizeof(bool) * desc->natts);

	if (shape == NULL || shape->kind != kind || shape->type != type || shape->typmod != typmod)
	{
		if (shape == NULL)
			shape = fcinfo->flinfo->fn_extra =
				MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(RowShape));
		shape->type = InvalidOid;
		for (int i = 0; columns[i].name != NULL; i++)
			shape->index[i] = tasksync_column_index(desc, columns[i].name);
		shape->kind = kind;
		shape->type = type;
		shape->typmod = typmod;
	}

	tuple.t_len = HeapTupleHeaderGetDatumLength(header);
	ItemPointerSetInvalid(&tuple.t_self);
	tuple.t_tableOid = InvalidOid;
	tuple.t_data = header;
	heap_deform_tuple(&tuple, desc, values, nulls);
	for (int i = 0; columns[i].name != NULL; i++)
	{
		row->values[i] = values[shape->index[i]];
		row->nulls[i] = nulls[shape->index[i]];
	}
	ReleaseTupleDesc(desc);
}

static Datum
record_of(FunctionCallInfo fcinfo, TasksyncRowKind kind, int argument)
{
	const TasksyncColumn *columns = columns_of[kind];
	JsonbParseState *state = NULL;
	Row			row;

	read_row(fcinfo, kind, PG_GETARG_HEAPTUPLEHEADER(argument), &row);
	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	for (int i = 0; columns[i].name != NULL; i++)
		push_column(&state, &columns[i], row.values[i], row.nulls[i]);
	return JsonbPGetDatum(JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL)));
}

Datum
tasksync_task_record(PG_FUNCTION_ARGS)
{
	return record_of(fcinfo, TASKSYNC_ROW_TASK, 0);
}

Datum
tasksync_project_record(PG_FUNCTION_ARGS)
{
	return record_of(fcinfo, TASKSYNC_ROW_PROJECT, 0);
}

Datum
tasksync_section_record(PG_FUNCTION_ARGS)
{
	return record_of(fcinfo, TASKSYNC_ROW_SECTION, 0);
}

Datum
tasksync_label_record(PG_FUNCTION_ARGS)
{
	return record_of(fcinfo, TASKSYNC_ROW_LABEL, 0);
}

static TasksyncRowKind
kind_argument(FunctionCallInfo fcinfo)
{
	char	   *name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	TasksyncRowKind kind;

	if (!tasksync_row_kind(name, &kind))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("unknown kind \"%s\"", name),
				 errhint("Use project, section, label or task.")));
	return kind;
}

/* tasksync_row_record(kind, row) is the same for a row whose type has no name. */
Datum
tasksync_row_record(PG_FUNCTION_ARGS)
{
	return record_of(fcinfo, kind_argument(fcinfo), 1);
}

/*
 * tasksync_row_changes(kind, old, new) returns the fields that differ, as they
 * were and as they are: two JSON objects with the same keys, empty if only
 * columns that no provider knows were touched.
 */
Datum
tasksync_row_changes(PG_FUNCTION_ARGS)
{
	TasksyncRowKind kind = kind_argument(fcinfo);
	const TasksyncColumn *columns = tasksync_columns(kind);
	JsonbParseState *before = NULL;
	JsonbParseState *after = NULL;
	TupleDesc	desc;
	Datum		values[2];
	bool		nulls[2] = {false, false};
	Row			was;
	Row			is;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "row_changes() must return a row");
	read_row(fcinfo, kind, PG_GETARG_HEAPTUPLEHEADER(1), &was);
	read_row(fcinfo, kind, PG_GETARG_HEAPTUPLEHEADER(2), &is);

	pushJsonbValue(&before, WJB_BEGIN_OBJECT, NULL);
	pushJsonbValue(&after, WJB_BEGIN_OBJECT, NULL);
	for (int i = 0; columns[i].name != NULL; i++)
	{
		if (tasksync_column_equal(columns[i].type, was.values[i], was.nulls[i], is.values[i],
								  is.nulls[i]))
			continue;
		push_column(&before, &columns[i], was.values[i], was.nulls[i]);
		push_column(&after, &columns[i], is.values[i], is.nulls[i]);
	}
	values[0] = JsonbPGetDatum(JsonbValueToJsonb(pushJsonbValue(&before, WJB_END_OBJECT, NULL)));
	values[1] = JsonbPGetDatum(JsonbValueToJsonb(pushJsonbValue(&after, WJB_END_OBJECT, NULL)));
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls));
}
