/*
 * absence.h
 *	  Linked tasks that a full read did not show; see absence.c.
 */
#ifndef TASKSYNC_ABSENCE_H
#define TASKSYNC_ABSENCE_H

#include "sync/run.h"

/* in a transaction, at the end of a full read */
extern void tasksync_absence_record(TasksyncRun *run, bool is_stale);
/* of the tombstoned tasks those (remote ids as keys) that may have got another id */
extern json_t *tasksync_absence_suspect(TasksyncRun *run, json_t *dead, json_t *alive);
/* of those told dead in one container those (as keys) that are looked for in the others first */
extern json_t *tasksync_absence_doubt(TasksyncRun *run, json_t *dead);
/* sets run->call to the next question about missing objects; false = none is left for this run */
extern bool tasksync_absence_next(TasksyncRun *run);
extern void tasksync_absence_answer(TasksyncRun *run, TasksyncAnswer *answer);

#endif /* TASKSYNC_ABSENCE_H */
