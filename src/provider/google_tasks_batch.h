/*
 * google_tasks_batch.h
 *	  Several requests in one: POST /batch with a multipart/mixed body.  Pure.
 */
#ifndef TASKSYNC_GOOGLE_TASKS_BATCH_H
#define TASKSYNC_GOOGLE_TASKS_BATCH_H

#include "provider/provider.h"

/*
 * How many Google Tasks takes is not published.  A thousand is the general
 * limit; of other services of Google more than 50 are discouraged.
 */
#define GOOGLE_MAX_PARTS 50

/* a request, alone or as a part */
typedef struct TasksyncGooglePart
{
	const char *id;				/* of letters, digits and "-"; comes back with the answer */
	TasksyncMethod method;
	const char *path;			/* with the query, from GOOGLE_ROOT on */
	const char *body;			/* JSON, or NULL */
} TasksyncGooglePart;

/* what was answered to one of them */
typedef struct TasksyncGooglePartAnswer
{
	int			status;			/* 0 = nothing */
	const char *body;
	size_t		length;
} TasksyncGooglePartAnswer;

/* bytes that a part adds to the body, at most */
extern size_t tasksync_google_part_size(const TasksyncGooglePart *part);
extern void tasksync_google_build_one(const char *base_url, const TasksyncGooglePart *part,
									  TasksyncHttpRequest *request);
extern void tasksync_google_build_batch(const char *base_url, int nparts,
										const TasksyncGooglePart *parts,
										TasksyncHttpRequest *request);
/*
 * The answers in the order of `parts`.  False if the body is no multipart one;
 * a part that is missing or cut off has status 0.
 */
extern bool tasksync_google_parse_batch(const TasksyncHttpResponse *response, int nparts,
										const TasksyncGooglePart *parts,
										TasksyncGooglePartAnswer *answers);

#endif							/* TASKSYNC_GOOGLE_TASKS_BATCH_H */
