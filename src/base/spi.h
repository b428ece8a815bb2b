/*
 * spi.h
 *	  The only door to SPI: short transactions of the worker, and queries from
 *	  SQL-callable functions, always with a locked search_path.
 */
#ifndef TASKSYNC_SPI_H
#define TASKSYNC_SPI_H

#include "postgres.h"

/* ---- transactions (worker only) ---- */

/*
 * Starts a transaction, takes a snapshot, connects SPI, becomes the extension's
 * owner under a restricted search_path.  Must not be nested.
 */
extern void tasksync_txn_begin(const char *activity);
extern void tasksync_txn_commit(void);
extern void tasksync_txn_abort(void);
/* like commit, without waiting for the WAL flush: for rows that a crash may lose */
extern void tasksync_txn_commit_lazy(void);

/* ---- queries ---- */

/*
 * A constant statement with text-format parameters.  `types` is a string with
 * one letter per parameter: t text, u uuid (given as text), j jsonb (given as
 * text), i int4, l int8, b bool, T timestamptz, J text (json text that the
 * statement casts itself), B bytea (Datum), A text[] (Datum).
 */
typedef struct TasksyncParam
{
	bool		isnull;
	Datum		value;
} TasksyncParam;

extern TasksyncParam tasksync_p_text(const char *value);	/* NULL = null */
extern TasksyncParam tasksync_p_uuid(const char *value);
extern TasksyncParam tasksync_p_int(int32 value);
extern TasksyncParam tasksync_p_long(int64 value);
extern TasksyncParam tasksync_p_bool(bool value);
extern TasksyncParam tasksync_p_time(int64 value);	/* TimestampTz; 0 = null */
extern TasksyncParam tasksync_p_bytes(const void *data, size_t length);
extern TasksyncParam tasksync_p_null(void);

/*
 * Runs it (plan kept for the life of the process, by address of `sql`, and
 * dropped when the extension goes away); result stays valid until the end of
 * the transaction or tasksync_query_done().  Returns the number of rows.
 */
extern uint64 tasksync_query(const char *sql, const char *types, ...);

/* cells of the last result; text is palloc'd in the current context */
extern bool tasksync_cell_null(uint64 row, int column);	/* columns from 1 */
extern char *tasksync_cell_text(uint64 row, int column);	/* NULL = null */
extern int64 tasksync_cell_long(uint64 row, int column, int64 otherwise);
extern bool tasksync_cell_bool(uint64 row, int column);
extern int64 tasksync_cell_time(uint64 row, int column);	/* 0 = null */
extern void *tasksync_cell_bytes(uint64 row, int column, size_t *length);

#endif							/* TASKSYNC_SPI_H */
