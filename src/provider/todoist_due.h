/*
 * todoist_due.h
 *	  Todoist's due object and our four due fields, in both directions.  Pure.
 */
#ifndef TASKSYNC_TODOIST_DUE_H
#define TASKSYNC_TODOIST_DUE_H

#include "base/record.h"

/*
 * Fills the due fields of `record`.  A due that cannot be understood leaves
 * them absent: unknown, not cleared.  `user_zone` serves a fixed time that
 * came without its zone; may be NULL.
 */
extern void tasksync_todoist_read_due(const json_t *due, const char *user_zone,
									  TasksyncRecord *record);
/* the parts of a due that later commands need, or NULL if there are none */
extern json_t *tasksync_todoist_keep_due(const json_t *due);
/*
 * The due to send.  Fields that `patch` does not name are taken from `before`;
 * `raw` is what an earlier observation kept.  Both may be NULL.
 */
extern json_t *tasksync_todoist_write_due(const TasksyncRecord *patch,
										  const TasksyncRecord *before, const json_t *raw);

#endif							/* TASKSYNC_TODOIST_DUE_H */
