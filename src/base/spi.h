/*
 * spi.h
 *	  The only door to SPI: short transactions of the worker, and queries from
 *	  SQL-callable functions, always with a locked search_path.
 */
#ifndef TASKSYNC_SPI_H
#define TASKSYNC_SPI_H

#include "postgres.h"

#include "base/param.h"

/* ---- transactions (worker only) ---- */

/*
 * Starts a transaction, takes a snapshot, connects SPI, becomes the extension's
 * owner under a restricted search_path.  Must not be nested.  The caller's
 * memory context stays current, during the transaction and after it, so what is
 * palloc'd in between lives on.
 */
extern void tasksync_txn_begin(const char *activity);
extern void tasksync_txn_commit(void);
/* also the first thing to do after an error, and harmless outside of a transaction */
extern void tasksync_txn_abort(void);
/* like commit, without waiting for the WAL flush: for rows that a crash may lose */
extern void tasksync_txn_commit_lazy(void);

/* ---- inside a backend's transaction: SQL-callable functions and triggers ---- */

/*
 * Connects SPI, becomes the extension's owner under a restricted search_path;
 * end() undoes that, and so does an error.  Pairs may nest (a query may fire a
 * trigger that does the same).  The caller's memory context stays current.
 */
extern void tasksync_spi_begin(void);
extern void tasksync_spi_end(void);

/* ---- queries, between begin and commit or end ---- */

/*
 * Runs a constant statement (parameters: param.h) with a snapshot of its own.
 * Its plan is kept for the life of the process, by address of `sql`, and
 * dropped when the extension goes away.  The result stays valid until the next
 * query at this level, the end of the level or tasksync_query_done().  Returns
 * the number of rows.
 */
extern uint64 tasksync_query(const char *sql, const char *types, ...);
/* frees the last result early */
extern void tasksync_query_done(void);

/* cells of the last result; text is palloc'd in the current context */
extern bool tasksync_cell_null(uint64 row, int column);  /* columns from 1 */
extern char *tasksync_cell_text(uint64 row, int column); /* NULL = null */
extern int64 tasksync_cell_long(uint64 row, int column, int64 otherwise);
extern bool tasksync_cell_bool(uint64 row, int column);
extern int64 tasksync_cell_time(uint64 row, int column); /* 0 = null */
/* palloc'd with a NUL after the end; NULL = null */
extern void *tasksync_cell_bytes(uint64 row, int column, size_t *length);

#endif /* TASKSYNC_SPI_H */
