/*
 * preview.h
 *	  A run that only says what it would do.
 */
#ifndef TASKSYNC_PREVIEW_H
#define TASKSYNC_PREVIEW_H

#include "sync/run.h"

/* builds the next request of the reading; false: everything was read and judged */
extern bool tasksync_preview_request(TasksyncRun *run, TasksyncHttpRequest *request);
/* keeps an answer, which must live in run->cxt */
extern void tasksync_preview_keep(TasksyncRun *run, TasksyncAnswer *answer);
/* the reading begins again */
extern void tasksync_preview_forget(TasksyncRun *run);
/* stores the rows, or why there are none, and gives the account back as it was */
extern void tasksync_preview_finish(TasksyncRun *run);

#endif /* TASKSYNC_PREVIEW_H */
