/*
 * rowset.c
 *	  Many rows as one parameter of a statement.
 *
 * An array of the table's own row type, which unnest() turns into rows without
 * reading anything.  Rejected: a JSON array and jsonb_to_recordset(), which
 * writes every value as JSON and reads it again (a sixth of the processor time
 * of a first sync); an array per column (twenty parameters for a task).
 *
 * Sync worker only, inside a transaction.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "nodes/pg_list.h"
#include "utils/array.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#include "base/rowset.h"

/* how one of the given columns is read */
typedef struct Column
{
	int			index;			/* in the table */
	Oid			type;
	int32		typmod;
	Oid			io_param;
	FmgrInfo	input;
} Column;

struct TasksyncRowset
{
	Oid			type;
	TupleDesc	desc;
	int			ncolumns;
	Column	   *columns;
	List	   *rows;			/* of HeapTuple */
	/* of the row that is being added */
	Datum	   *values;
	bool	   *nulls;
};

static void
find_column(TupleDesc desc, const char *name, Column *column)
{
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(desc, i);
		Oid			input;

		if (attribute->attisdropped || strcmp(NameStr(attribute->attname), name) != 0)
			continue;
		column->index = i;
		column->type = attribute->atttypid;
		column->typmod = attribute->atttypmod;
		getTypeInputInfo(attribute->atttypid, &input, &column->io_param);
		fmgr_info(input, &column->input);
		return;
	}
	elog(ERROR, "no column \"%s\"", name);
}

TasksyncRowset *
tasksync_rowset_new(const char *table, const char *const *columns)
{
	TasksyncRowset *rowset = palloc0(sizeof(TasksyncRowset));
	Oid			relation = get_relname_relid(table, get_namespace_oid("tasksync", false));

	rowset->type = get_rel_type_id(relation);
	if (!OidIsValid(rowset->type))
		elog(ERROR, "no table \"tasksync.%s\"", table);
	rowset->desc = lookup_rowtype_tupdesc_copy(rowset->type, -1);
	while (columns[rowset->ncolumns] != NULL)
		rowset->ncolumns++;
	rowset->columns = palloc(sizeof(Column) * rowset->ncolumns);
	for (int i = 0; i < rowset->ncolumns; i++)
		find_column(rowset->desc, columns[i], &rowset->columns[i]);
	rowset->values = palloc0(sizeof(Datum) * rowset->desc->natts);
	rowset->nulls = palloc(sizeof(bool) * rowset->desc->natts);
	memset(rowset->nulls, true, sizeof(bool) * rowset->desc->natts);
	return rowset;
}

/* texts of ours are UTF-8, whatever the database keeps */
static char *
in_encoding_of_database(const char *text)
{
	if (GetDatabaseEncoding() == PG_UTF8)
		return unconstify(char *, text);
	return pg_any_to_server(text, (int) strlen(text), PG_UTF8);
}

void
tasksync_rowset_add(TasksyncRowset *rowset, const TasksyncParam *values)
{
	HeapTuple	row;

	for (int i = 0; i < rowset->ncolumns; i++)
	{
		Column	   *column = &rowset->columns[i];
		const TasksyncParam *value = &values[i];

		rowset->nulls[column->index] = value->isnull;
		if (value->isnull)
			continue;
		if (value->made_as == 't')
			rowset->values[column->index] =
				InputFunctionCall(&column->input,
								  in_encoding_of_database(DatumGetCString(value->value)),
								  column->io_param, column->typmod);
		else if (tasksync_letter_type(value->made_as) == column->type)
			rowset->values[column->index] = value->value;
		else
			elog(ERROR, "parameter of type \"%c\" given for a column of type %u", value->made_as,
				 column->type);
	}
	row = heap_form_tuple(rowset->desc, rowset->values, rowset->nulls);
	rowset->rows = lappend(rowset->rows, row);
}

int
tasksync_rowset_count(const TasksyncRowset *rowset)
{
	return list_length(rowset->rows);
}

TasksyncParam
tasksync_p_rows(const TasksyncRowset *rowset)
{
	Datum	   *rows = palloc(sizeof(Datum) * Max(list_length(rowset->rows), 1));
	ListCell   *cell;

	foreach(cell, rowset->rows)
		rows[foreach_current_index(cell)] = HeapTupleGetDatum((HeapTuple) lfirst(cell));
	return tasksync_p_datum('R', PointerGetDatum(construct_array(rows, list_length(rowset->rows),
																 rowset->type, -1, false,
																 TYPALIGN_DOUBLE)));
}
