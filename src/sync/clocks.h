/*
 * clocks.h
 *	  The provider's clock and ours; see clocks.c.
 */
#ifndef TASKSYNC_CLOCKS_H
#define TASKSYNC_CLOCKS_H

#include "net/http.h"
#include "sync/run.h"

/* what an answer's Date header says of the provider's clock */
extern void tasksync_clock_sample(TasksyncRun *run, const TasksyncHttpResponse *response);
/* a stamp of the provider's in our time, not later than the request; 0 stays 0 */
extern TimestampTz tasksync_clock_ours(const TasksyncRun *run, TimestampTz stamp);
/* when the changed fields of an observation were edited there */
extern void tasksync_remote_edits(const TasksyncRun *run, const TasksyncObservation *observation,
								  uint32 changed, TasksyncEdits *edits);
/* {"field": instant} of the fields of a patch */
extern json_t *tasksync_edited_json(const TasksyncRecord *patch, const TasksyncEdits *edits);

#endif /* TASKSYNC_CLOCKS_H */
