/*
 * rowset.h
 *	  Many rows as one parameter of a statement.
 */
#ifndef TASKSYNC_ROWSET_H
#define TASKSYNC_ROWSET_H

#include "postgres.h"

#include "base/param.h"

typedef struct TasksyncRowset TasksyncRowset;

/*
 * An empty set of rows of tasksync.`table`.  They will have values in
 * `columns` (names, NULL at the end; both arguments must live as long as the
 * set) and nulls in all others.
 */
extern TasksyncRowset *tasksync_rowset_new(const char *table, const char *const *columns);
/*
 * Adds a row: one value per column, in the order of `columns`.  A value made
 * with tasksync_p_text() or _uuid() is read as the column's type reads it;
 * others must be of that type.
 */
extern void tasksync_rowset_add(TasksyncRowset *rowset, const TasksyncParam *values);
extern int tasksync_rowset_count(const TasksyncRowset *rowset);
/* the parameter, letter R; in the statement: FROM unnest($n) r */
extern TasksyncParam tasksync_p_rows(const TasksyncRowset *rowset);

#endif							/* TASKSYNC_ROWSET_H */
