/*
 * google_tasks_cursor.h
 *	  What is remembered between two reads of a Google account, and between the
 *	  requests of one.  Pure.
 */
#ifndef TASKSYNC_GOOGLE_TASKS_CURSOR_H
#define TASKSYNC_GOOGLE_TASKS_CURSOR_H

#include "provider/provider.h"

typedef enum TasksyncGoogleAsk
{
	GOOGLE_ASK_NOTHING,			/* the read is at its end */
	GOOGLE_ASK_DEFAULT,			/* which list is "@default"? */
	GOOGLE_ASK_LISTS,			/* a page of the list of lists */
	GOOGLE_ASK_LIST,			/* does this list still exist? */
	GOOGLE_ASK_TASKS,			/* a page of the tasks of a list */
} TasksyncGoogleAsk;

/* one request of a read */
typedef struct TasksyncGoogleStep
{
	TasksyncGoogleAsk ask;
	const TasksyncContainer *container; /* of LIST, TASKS */
	const char *page;			/* token of the page, NULL for the first */
	bool		whole;			/* TASKS: belongs to a whole read */
	TimestampTz updated_min;	/* TASKS: only what changed since; 0 = everything */
} TasksyncGoogleStep;

/* the cursor as JSON that may be changed; an unreadable one is as good as none */
extern json_t *tasksync_google_cursor_read(const TasksyncCall *call);
/* what to ask next */
extern void tasksync_google_next_step(const TasksyncCall *call, json_t *cursor,
									  TasksyncGoogleStep *step);
/* fills in cursor and has_more */
extern void tasksync_google_cursor_write(const TasksyncCall *call, json_t *cursor,
										 TasksyncAnswer *answer);

/* ---- what an answer told ---- */

/* the id of the default list, NULL if Google does not tell it */
extern void tasksync_google_cursor_default(json_t *cursor, const char *list_id);
extern bool tasksync_google_cursor_is_default(const json_t *cursor, const char *list_id);
/* this list exists */
extern void tasksync_google_cursor_named(const TasksyncCall *call, json_t *cursor,
										 const char *list_id);
/* a page of the list of lists is read; false if the pages do not come to an end */
extern bool tasksync_google_cursor_lists_page(const TasksyncCall *call, json_t *cursor,
											  const char *next_page);
/* a page of tasks is read, `stamp` is the time of the service then, 0 = unknown */
typedef enum TasksyncGooglePaging
{
	GOOGLE_PAGE_FOLLOWS,
	GOOGLE_LIST_READ,
	GOOGLE_LIST_COMPLETE,		/* everything in it has been shown */
	GOOGLE_PAGES_ENDLESS,
} TasksyncGooglePaging;

extern TasksyncGooglePaging tasksync_google_cursor_tasks_page(const TasksyncCall *call,
															  json_t *cursor,
															  const TasksyncGoogleStep *step,
															  const char *next_page,
															  TimestampTz stamp);
/* the list or its page was refused as unknown or wrong: true if another way is left to try */
extern bool tasksync_google_cursor_retry(json_t *cursor, const TasksyncGoogleStep *step);
/* is it in the list of lists of this read?  If that was not read yet, it is read now. */
extern bool tasksync_google_cursor_doubt(json_t *cursor, const TasksyncGoogleStep *step);
/* it cannot be read: left alone until the list of lists is read again */
extern void tasksync_google_cursor_trouble(json_t *cursor, const TasksyncGoogleStep *step,
										   const char *code);

#endif							/* TASKSYNC_GOOGLE_TASKS_CURSOR_H */
