/*
 * hub_triggers.c
 *	  The BEFORE ROW trigger of tasks, projects, sections and labels.
 *
 * Fills in what follows from the row alone: normal labels, completed_at, and
 * the bookkeeping columns version, edited and updated_at.  Runs in every
 * backend that writes these tables and in the sync worker, once per row, so it
 * is in C and runs no query; rules that need other rows are in the statement
 * triggers of sql/.  It must not fire during a restore: the WHEN clause of the
 * triggers asks tasksync.hub_is_active() first.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/jsonb.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "api/row_record.h"
#include "base/clock.h"
#include "base/compat.h"
#include "base/extension.h"

PG_FUNCTION_INFO_V1(tasksync_hub_row);

#define MAX_LABEL 256

typedef struct Label
{
	const char *bytes;
	int			length;
} Label;

/* where the columns of a table are; one per kind, found again when the table is another */
typedef struct Layout
{
	Oid			relid;
	int			user_id;
	int			id;
	int			version;
	int			edited;
	int			updated_at;
	int			metadata;
	int			field[TASKSYNC_MAX_COLUMNS];
	/* tasks only */
	int			status;
	int			completed_at;
	int			due_date;
	int			due_time;
	int			due_timezone;
	int			labels;
} Layout;

/* the row being written, taken apart */
typedef struct Work
{
	const Layout *at;
	Datum	   *values;
	bool	   *nulls;
	Datum	   *old_values;		/* NULL for an INSERT */
	bool	   *old_nulls;
} Work;

static Layout layouts[TASKSYNC_NROWKINDS];

static const Layout *
layout_of(TasksyncRowKind kind, Relation relation)
{
	Layout	   *layout = &layouts[kind];
	TupleDesc	desc = RelationGetDescr(relation);
	const TasksyncColumn *columns = tasksync_columns(kind);

	if (layout->relid == RelationGetRelid(relation))
		return layout;
	layout->relid = InvalidOid;
	layout->user_id = tasksync_column_index(desc, "user_id");
	layout->id = tasksync_column_index(desc, "id");
	layout->version = tasksync_column_index(desc, "version");
	layout->edited = tasksync_column_index(desc, "edited");
	layout->updated_at = tasksync_column_index(desc, "updated_at");
	layout->metadata = tasksync_column_index(desc, "metadata");
	for (int i = 0; columns[i].name != NULL; i++)
		layout->field[i] = tasksync_column_index(desc, columns[i].name);
	if (kind == TASKSYNC_ROW_TASK)
	{
		layout->status = tasksync_column_index(desc, "status");
		layout->completed_at = tasksync_column_index(desc, "completed_at");
		layout->due_date = tasksync_column_index(desc, "due_date");
		layout->due_time = tasksync_column_index(desc, "due_time");
		layout->due_timezone = tasksync_column_index(desc, "due_timezone");
		layout->labels = tasksync_column_index(desc, "labels");
	}
	layout->relid = RelationGetRelid(relation);
	return layout;
}

static bool
same(const Work *work, TasksyncColumnType type, int column)
{
	return tasksync_column_equal(type, work->old_values[column], work->old_nulls[column],
								 work->values[column], work->nulls[column]);
}

static void
set_value(Work *work, int column, Datum value)
{
	work->values[column] = value;
	work->nulls[column] = false;
}

static void
set_null(Work *work, int column)
{
	work->values[column] = (Datum) 0;
	work->nulls[column] = true;
}

static int
compare_labels(const void *a, const void *b)
{
	const Label *left = a;
	const Label *right = b;
	int			order = memcmp(left->bytes, right->bytes, Min(left->length, right->length));

	return order != 0 ? order : left->length - right->length;
}

static bool
is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* without blanks at the ends; false if nothing is left */
static bool
trim_label(Datum element, Label *label)
{
	const char *bytes = VARDATA_ANY(DatumGetPointer(element));
	int			length = VARSIZE_ANY_EXHDR(DatumGetPointer(element));

	while (length > 0 && is_blank(bytes[0]))
		bytes++, length--;
	while (length > 0 && is_blank(bytes[length - 1]))
		length--;
	if (length > MAX_LABEL && pg_mbstrlen_with_len(bytes, length) > MAX_LABEL)
		ereport(ERROR,
				(errcode(ERRCODE_STRING_DATA_RIGHT_TRUNCATION),
				 errmsg("a label is longer than %d characters", MAX_LABEL)));
	label->bytes = bytes;
	label->length = length;
	return length > 0;
}

/*
 * normal_labels makes a list of names the set it stands for: trimmed, without
 * empty names and doubles, in byte order, which is the same on every server
 * whatever its collation.
 */
static Datum
normal_labels(Datum names)
{
	Datum	   *elements;
	bool	   *nulls;
	int			given;
	int			count = 0;
	Label	   *labels;

	deconstruct_array(DatumGetArrayTypeP(names), TEXTOID, -1, false, TYPALIGN_INT, &elements,
					  &nulls, &given);
	if (given == 0)
		return names;
	labels = palloc(sizeof(Label) * given);
	for (int i = 0; i < given; i++)
	{
		if (!nulls[i] && trim_label(elements[i], &labels[count]))
			count++;
	}
	qsort(labels, count, sizeof(Label), compare_labels);
	given = count;
	count = 0;
	for (int i = 0; i < given; i++)
	{
		if (i > 0 && compare_labels(&labels[i - 1], &labels[i]) == 0)
			continue;
		elements[count++] = PointerGetDatum(cstring_to_text_with_len(labels[i].bytes,
																	 labels[i].length));
	}
	return PointerGetDatum(construct_array(elements, count, TEXTOID, -1, false, TYPALIGN_INT));
}

/* what of a task's columns follows from the others */
static void
settle_task(Work *work)
{
	const Layout *at = work->at;
	bool		done = false;

	if (!work->nulls[at->status])
	{
		text	   *status = DatumGetTextPP(work->values[at->status]);

		done = VARSIZE_ANY_EXHDR(status) == 4 && memcmp(VARDATA_ANY(status), "done", 4) == 0;
	}
	if (!done)
		set_null(work, at->completed_at);
	else if (work->nulls[at->completed_at])
		set_value(work, at->completed_at, TimestampTzGetDatum(tasksync_now()));

	if (!work->nulls[at->labels] &&
		(work->old_values == NULL || !same(work, TASKSYNC_COLUMN_NAMES, at->labels)))
		set_value(work, at->labels, normal_labels(work->values[at->labels]));

	/* taking the date away takes the time with it, unless the writer set one: then CHECK speaks */
	if (work->old_values != NULL)
	{
		if (work->nulls[at->due_date] && !work->old_nulls[at->due_date] &&
			same(work, TASKSYNC_COLUMN_TIME, at->due_time))
			set_null(work, at->due_time);
		if (work->nulls[at->due_time] && !work->old_nulls[at->due_time] &&
			same(work, TASKSYNC_COLUMN_TEXT, at->due_timezone))
			set_null(work, at->due_timezone);
	}
}

static void
refuse_key_change(const Work *work, const char *kind, int column, const char *name)
{
	if (same(work, TASKSYNC_COLUMN_UUID, column))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_CHECK_VIOLATION),
			 errmsg("\"%s\" of a %s cannot be changed", name, kind),
			 errhint("Insert a new row and delete the old one.")));
}

/*
 * note_edit counts the change and stamps the fields that differ.  Only the
 * worker, recognised by its origin, may bring stamps of its own: the time at
 * which the edit was made at the provider.
 */
static void
note_edit(Work *work, TasksyncRowKind kind)
{
	const Layout *at = work->at;
	const TasksyncColumn *columns = tasksync_columns(kind);
	bool		own_stamps = tasksync_origin_is_set() &&
		!datum_image_eq(work->old_values[at->edited], work->values[at->edited], false, -1);
	char	   *now = tasksync_format_instant(tasksync_now());
	StringInfoData stamps;
	int			changed = 0;

	initStringInfo(&stamps);
	for (int i = 0; columns[i].name != NULL; i++)
	{
		if (same(work, columns[i].type, at->field[i]))
			continue;
		appendStringInfo(&stamps, "%c\"%s\":\"%s\"", changed++ == 0 ? '{' : ',', columns[i].name,
						 now);
	}
	if (changed == 0)
	{
		/* `version` may be set by the owner to step over the numbers of a deleted row */
		if (DatumGetInt64(work->values[at->version]) < DatumGetInt64(work->old_values[at->version]))
			set_value(work, at->version, work->old_values[at->version]);
		if (!own_stamps)
			set_value(work, at->edited, work->old_values[at->edited]);
		if (!datum_image_eq(work->old_values[at->metadata], work->values[at->metadata], false, -1))
			set_value(work, at->updated_at, TimestampTzGetDatum(tasksync_now()));
		return;
	}
	appendStringInfoChar(&stamps, '}');
	set_value(work, at->version,
			  Int64GetDatum(DatumGetInt64(work->old_values[at->version]) + 1));
	set_value(work, at->updated_at, TimestampTzGetDatum(tasksync_now()));
	if (!own_stamps)
		set_value(work, at->edited,
				  DirectFunctionCall2(jsonb_concat, work->old_values[at->edited],
									  DirectFunctionCall1(jsonb_in,
														  CStringGetDatum(stamps.data))));
}

static void
note_insert(Work *work)
{
	const Layout *at = work->at;

	if (!tasksync_origin_is_set() &&
		(work->nulls[at->edited] || !JB_ROOT_IS_OBJECT(DatumGetJsonbP(work->values[at->edited])) ||
		 JB_ROOT_COUNT(DatumGetJsonbP(work->values[at->edited])) != 0))
		set_value(work, at->edited, DirectFunctionCall1(jsonb_in, CStringGetDatum("{}")));
	if (work->nulls[at->version] || DatumGetInt64(work->values[at->version]) < 1)
		set_value(work, at->version, Int64GetDatum(1));
}

Datum
tasksync_hub_row(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	TasksyncRowKind kind;
	TupleDesc	desc;
	HeapTuple	row;
	Work		work = {0};

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_FOR_ROW(trigger->tg_event) ||
		!TRIGGER_FIRED_BEFORE(trigger->tg_event) || trigger->tg_trigger->tgnargs != 1 ||
		!tasksync_row_kind(trigger->tg_trigger->tgargs[0], &kind))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("hub_row() can only be called by the triggers of tasksync")));

	desc = RelationGetDescr(trigger->tg_relation);
	work.at = layout_of(kind, trigger->tg_relation);
	work.values = palloc(sizeof(Datum) * desc->natts);
	work.nulls = palloc(sizeof(bool) * desc->natts);
	if (TRIGGER_FIRED_BY_UPDATE(trigger->tg_event))
	{
		row = trigger->tg_newtuple;
		work.old_values = palloc(sizeof(Datum) * desc->natts);
		work.old_nulls = palloc(sizeof(bool) * desc->natts);
		heap_deform_tuple(trigger->tg_trigtuple, desc, work.old_values, work.old_nulls);
	}
	else
		row = trigger->tg_trigtuple;
	heap_deform_tuple(row, desc, work.values, work.nulls);

	if (kind == TASKSYNC_ROW_TASK)
		settle_task(&work);
	if (work.old_values == NULL)
		note_insert(&work);
	else
	{
		refuse_key_change(&work, trigger->tg_trigger->tgargs[0], work.at->user_id, "user_id");
		refuse_key_change(&work, trigger->tg_trigger->tgargs[0], work.at->id, "id");
		note_edit(&work, kind);
	}
	return PointerGetDatum(heap_form_tuple(desc, work.values, work.nulls));
}
