/*
 * row_record.h
 *	  A row of tasks, projects, sections or labels as a set of synced fields.
 *
 * Shared by the record functions and by the row trigger: which columns are
 * fields, and how two of their values are compared.  Has its own list of kinds
 * because base/record.h brings jansson's names, which clash with the server's
 * in files that include utils/builtins.h.
 */
#ifndef TASKSYNC_ROW_RECORD_H
#define TASKSYNC_ROW_RECORD_H

#include "postgres.h"

#include "access/tupdesc.h"

typedef enum TasksyncRowKind
{
	TASKSYNC_ROW_PROJECT,
	TASKSYNC_ROW_SECTION,
	TASKSYNC_ROW_LABEL,
	TASKSYNC_ROW_TASK,
} TasksyncRowKind;

#define TASKSYNC_NROWKINDS 4

typedef enum TasksyncColumnType
{
	TASKSYNC_COLUMN_TEXT,
	TASKSYNC_COLUMN_UUID,
	TASKSYNC_COLUMN_INT2,
	TASKSYNC_COLUMN_BOOL,
	TASKSYNC_COLUMN_NUMERIC,
	TASKSYNC_COLUMN_DATE,
	TASKSYNC_COLUMN_TIME,
	TASKSYNC_COLUMN_INSTANT,
	TASKSYNC_COLUMN_NAMES,
} TasksyncColumnType;

typedef struct TasksyncColumn
{
	const char *name;
	TasksyncColumnType type;
} TasksyncColumn;

#define TASKSYNC_MAX_COLUMNS 16

/* "project" ...; false for another word */
extern bool tasksync_row_kind(const char *name, TasksyncRowKind *kind);
/* the synced columns of a kind, ended by a null name */
extern const TasksyncColumn *tasksync_columns(TasksyncRowKind kind);
/* index in the descriptor, from 0; an error if the table was altered */
extern int	tasksync_column_index(TupleDesc desc, const char *name);
extern bool tasksync_column_equal(TasksyncColumnType type, Datum a, bool a_null, Datum b,
								  bool b_null);

#endif							/* TASKSYNC_ROW_RECORD_H */
