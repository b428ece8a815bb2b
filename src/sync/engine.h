/*
 * engine.h
 *	  One account, one run: a state machine between the queue and the network.
 *
 * Runs in the sync worker only.  The worker loop asks a run for its next step,
 * carries the HTTP request out and hands the answer back; the engine does the
 * rest in short transactions of its own (claim, write-ahead of intents,
 * record).  No transaction is open when one of these functions returns.
 *
 * Any of them may ereport: the caller catches, aborts the transaction and calls
 * tasksync_run_fail(), so that one account's trouble stays its own.
 */
#ifndef TASKSYNC_ENGINE_H
#define TASKSYNC_ENGINE_H

#include "postgres.h"

#include "nodes/pg_list.h"

#include "net/http.h"

typedef struct TasksyncRun TasksyncRun;

typedef enum TasksyncStep
{
	TASKSYNC_STEP_REQUEST, /* send *request, then tasksync_run_answer() */
	TASKSYNC_STEP_WAIT,    /* ask again after tasksync_run_wait_ms() */
	TASKSYNC_STEP_DONE,    /* the run is over and recorded (or queued for flush) */
} TasksyncStep;

/* once per worker start: closes runs that a dead worker left open */
extern void tasksync_engine_start(bool maybe_crashed);

/*
 * Claims up to `max` due accounts in one committed transaction and returns
 * their runs (TasksyncRun *), each in a memory context of its own.
 * *wait_ms = how long until the next account becomes due (-1: none).
 */
extern List *tasksync_engine_claim(int max, long *wait_ms);

/*
 * Claims an account for a run that only says what it would do and leaves its
 * rows under `preview_id`; NULL: a run of it is under way.
 */
extern TasksyncRun *tasksync_engine_preview(const char *user_id, const char *account_id,
											const char *preview_id);
extern int tasksync_run_wait_ms(const TasksyncRun *run);
extern TasksyncStep tasksync_run_step(TasksyncRun *run, TasksyncHttpRequest *request);
/* directly after the request was started: wipes the secrets it carries */
extern void tasksync_run_sent(TasksyncRun *run, TasksyncHttpRequest *request);
extern void tasksync_run_answer(TasksyncRun *run, const TasksyncHttpResponse *response);

/*
 * After an error of one of the two: records it on the account; may ereport
 * only if the database itself is in trouble.
 */
extern void tasksync_run_fail(TasksyncRun *run, const ErrorData *error);
extern const char *tasksync_run_activity(const TasksyncRun *run); /* "sync account <uuid>: push" */
extern void tasksync_run_free(TasksyncRun *run);

/* writes the ends of quiet runs collected since the last call, in one transaction */
extern void tasksync_engine_flush(void);
/* keeps the planner informed after many rows were written; cheap when they were not */
extern void tasksync_engine_statistics(void);

/* removes outdated rows, a batch at a time; true if there may be more */
extern bool tasksync_engine_tidy(void);

#endif /* TASKSYNC_ENGINE_H */
