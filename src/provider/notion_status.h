/*
 * notion_status.h
 *	  Notion's refusals: of an account, of a container, of one page.  Pure.
 */
#ifndef TASKSYNC_NOTION_STATUS_H
#define TASKSYNC_NOTION_STATUS_H

#include "provider/provider.h"

/* the error object; a member that is missing is NULL or false */
typedef struct TasksyncNotionError
{
	const char *code;			/* "validation_error" ...: small letters only, so nobody's text */
	const char *reason;			/* of a 429 */
	const char *committed_id;	/* of a 503: what was made all the same */
	int64		retry_after_ms;
	bool		is_notion;		/* an error object of Notion, not of something in front of it */
	bool		is_block_limit; /* the free plan takes no more pages */
	bool		mentions_archive;	/* the page, or something above it, is in the trash */
} TasksyncNotionError;

extern void tasksync_notion_read_error(const TasksyncHttpResponse *response,
									   TasksyncNotionError *error);
extern bool tasksync_notion_is_error(const TasksyncNotionError *error, const char *code);
/* answered with success? */
extern bool tasksync_notion_succeeded(const TasksyncHttpResponse *response);

/*
 * Fills in the outcome of an answer that concerns the whole account, or none
 * in particular: no answer, 401, 403, 429, 5xx, and what nobody expected.
 */
extern void tasksync_notion_refused(const TasksyncCall *call, const TasksyncHttpResponse *response,
									const TasksyncNotionError *error, TasksyncAnswer *answer);
/* an answer that breaks the promises; nothing is known of the intents */
extern void tasksync_notion_bad_answer(const TasksyncCall *call, TasksyncAnswer *answer,
									   const char *code, const char *message);
/* the code for a table or a log */
extern const char *tasksync_notion_error_code(const TasksyncHttpResponse *response,
											  const TasksyncNotionError *error);

#endif							/* TASKSYNC_NOTION_STATUS_H */
