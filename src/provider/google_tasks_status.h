/*
 * google_tasks_status.h
 *	  Google's refusals: of a whole request, and of a single write.  Pure.
 */
#ifndef TASKSYNC_GOOGLE_TASKS_STATUS_H
#define TASKSYNC_GOOGLE_TASKS_STATUS_H

#include "provider/provider.h"

/* where Google's day begins at midnight */
#define GOOGLE_QUOTA_ZONE "America/Los_Angeles"

/* what a refusal means, decided by HTTP status and reason, as the reason alone is ambiguous */
typedef enum TasksyncGoogleMeaning
{
	GOOGLE_BAD_VALUE,			/* 400: will never work as it is */
	GOOGLE_UNKNOWN_ID,			/* 400 with one of the two messages that mean an unknown id */
	GOOGLE_TOKEN,				/* 401 */
	GOOGLE_RATE,				/* too fast */
	GOOGLE_QUOTA,				/* the project's day, or the storage, is used up */
	GOOGLE_SCOPE,				/* the person did not let us at the tasks */
	GOOGLE_DISABLED,			/* the API is off in the project: the operator's matter */
	GOOGLE_FORBIDDEN,			/* not allowed, for good */
	GOOGLE_GONE,				/* 404, 410 */
	GOOGLE_CONFLICT,			/* 409, 412 */
	GOOGLE_TROUBLE,				/* 5xx: may have been carried out */
	GOOGLE_FOREIGN,				/* not Google's word: a proxy, a wrong address */
} TasksyncGoogleMeaning;

typedef struct TasksyncGoogleError
{
	TasksyncGoogleMeaning meaning;
	int			status;
	const char *reason;			/* Google's own tag, letters and underscores only; or NULL */
} TasksyncGoogleError;

/* reads a refusal with this HTTP status and body */
extern void tasksync_google_read_error(int status, const char *body, size_t length,
									   TasksyncGoogleError *error);
/* for people; made of our own words */
extern const char *tasksync_google_error_message(const TasksyncGoogleError *error);
extern const char *tasksync_google_error_code(const TasksyncGoogleError *error);

/* what became of one write of `intent`, refused with `error` */
extern TasksyncAckOutcome tasksync_google_judge(const TasksyncIntent *intent,
												const TasksyncGoogleError *error);
/* milliseconds to stay away after this refusal, 0 = as the schedule likes */
extern int64 tasksync_google_pause_ms(const TasksyncCall *call,
									  const TasksyncHttpResponse *response,
									  const TasksyncGoogleError *error);

/* the whole answer fails; nothing is known of the intents unless `acks` says so */
extern void tasksync_google_fail(const TasksyncCall *call, TasksyncAnswer *answer,
								 TasksyncOutcome outcome, TasksyncAckOutcome acks,
								 const char *code, const char *message);
/* an answer that breaks the promises; nothing is known of the intents */
extern void tasksync_google_bad_answer(const TasksyncCall *call, TasksyncAnswer *answer,
									   const char *code, const char *message);
/* no answer at all: fills in the outcome and returns false */
extern bool tasksync_google_was_answered(const TasksyncCall *call,
										 const TasksyncHttpResponse *response,
										 TasksyncAnswer *answer);
/* a refusal of the request as a whole */
extern void tasksync_google_refused(const TasksyncCall *call, const TasksyncHttpResponse *response,
									const TasksyncGoogleError *error, TasksyncAnswer *answer);

/* the body of an answer with status 2xx as a JSON object; NULL and a failed answer otherwise */
extern json_t *tasksync_google_body(const TasksyncCall *call, const TasksyncHttpResponse *response,
									const char *kind, TasksyncAnswer *answer);

#endif							/* TASKSYNC_GOOGLE_TASKS_STATUS_H */
