/*
 * late.h
 *	  Subtasks that a read of several requests shows before their parent; see
 *	  late.c.
 */
#ifndef TASKSYNC_LATE_H
#define TASKSYNC_LATE_H

#include "sync/chunk.h"

/* a copy in the run's memory: an answer is forgotten before the read ends */
extern TasksyncObservation *tasksync_observation_keep(TasksyncRun *run,
													  const TasksyncObservation *observation);
/* is its parent unknown, and may the read under way still show it?  Then it is kept. */
extern bool tasksync_late_keep(TasksyncChunk *chunk, const TasksyncObservation *observation);
/* puts what was kept in front of the observations of the read's last answer */
extern void tasksync_late_take(TasksyncRun *run, TasksyncAnswer *answer);

#endif /* TASKSYNC_LATE_H */
