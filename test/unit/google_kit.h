/*
 * google_kit.h
 *	  Calls and answers for the tests of the Google Tasks provider.
 */
#ifndef TASKSYNC_GOOGLE_KIT_H
#define TASKSYNC_GOOGLE_KIT_H

#include "provider_kit.h"

/* 2026-11-22T10:00:00Z, which is also the Date of every answer */
extern TimestampTz google_now(void);
/* the same as "2026-11-22T10:00:00Z" */
extern TimestampTz google_time(const char *text);

/* a read or push over the containers "L1" and "L2" (the first `n` of them) */
extern TasksyncCall google_sync(const char *cursor, int n);
/* ... with intents */
extern TasksyncCall google_push(int nintents, TasksyncIntent *intents);
/* the path of the request and its query parameter, or NULL */
extern const char *google_path(const TasksyncHttpRequest *request);
extern const char *google_parameter(const TasksyncHttpRequest *request, const char *name);
/* an intent on a task of list "L1" */
extern TasksyncIntent google_task(int n, TasksyncOp op, const char *remote_id, const char *patch);
/* a page of tasks, or of lists, with these items and this token ("" = none) */
extern const char *google_tasks(const char *items, const char *token);
extern const char *google_lists(const char *items, const char *token);
/* an error object */
extern const char *google_error(const char *reason);
extern const char *google_unknown_list(void);

/*
 * A whole read: answers are served in turn until the read has no more; each
 * request is noted as "path?page|updatedMin".  *cursor moves on.
 */
typedef struct GoogleServed
{
	int			status;
	const char *body;
	const char *date;			/* NULL = as always, "" = none */
} GoogleServed;

typedef struct GoogleRead
{
	int			requests;
	const char *asked[16];
	const char *complete;		/* ids, comma-separated */
	const char *troubles;		/* "L1=code" or "L1=well", comma-separated */
	const char *seen;			/* remote ids in the order in which they came */
	const char *whole;			/* "w" or "-" for each answer */
	TasksyncAnswer last;
	const char *cursor;
} GoogleRead;

extern GoogleRead google_read(TasksyncCall call, const GoogleServed *served);

#endif							/* TASKSYNC_GOOGLE_KIT_H */
