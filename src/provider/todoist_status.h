/*
 * todoist_status.h
 *	  Todoist's refusals: of a whole request, and of a single command.  Pure.
 */
#ifndef TASKSYNC_TODOIST_STATUS_H
#define TASKSYNC_TODOIST_STATUS_H

#include "provider/provider.h"

/* the error object that bodies and commands share; a member that is missing is NULL or 0 */
typedef struct TasksyncTodoistError
{
	const char *tag;			/* "NOT_FOUND" ...: capitals only, so it holds nobody's text */
	int			code;
	int			http;
	const char *argument;		/* name of the argument that was refused */
	const char *noun;			/* first word of the error text, if it is a kind of object */
	int64		retry_after_ms;
	bool		mentions_cursor;
	bool		is_temp_id;		/* refers to a temporary id that stands for nothing */
} TasksyncTodoistError;

/* false if this is no error object */
extern bool tasksync_todoist_read_error(const json_t *json, TasksyncTodoistError *error);
/* the error in the body of an answer */
extern bool tasksync_todoist_body_error(const TasksyncHttpResponse *response,
										TasksyncTodoistError *error);
/* for people; made of our own words */
extern const char *tasksync_todoist_error_message(const TasksyncTodoistError *error);
extern const char *tasksync_todoist_error_code(const TasksyncTodoistError *error);

/*
 * True for an answer that is worth parsing.  Otherwise fills in the outcome
 * and what it says about the intents of the call.
 */
extern bool tasksync_todoist_check_status(const TasksyncCall *call,
										  const TasksyncHttpResponse *response,
										  TasksyncAnswer *answer);
/* an answer that breaks the promises; nothing is known of the intents */
extern void tasksync_todoist_bad_answer(const TasksyncCall *call, TasksyncAnswer *answer,
										const char *code, const char *message);
/* what became of one command of `intent`, refused with `error` */
extern TasksyncAckOutcome tasksync_todoist_judge(const TasksyncIntent *intent,
												 const TasksyncTodoistError *error);
/* how long to stay away after a limit was hit, in any of the ways it can be told */
extern int64 tasksync_todoist_pause_ms(const TasksyncHttpResponse *response,
									   const TasksyncTodoistError *error);

#endif							/* TASKSYNC_TODOIST_STATUS_H */
