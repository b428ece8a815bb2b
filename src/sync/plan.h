/*
 * plan.h
 *	  What follows for one link from what is known: the pure heart of the
 *	  engine.  Callable alone, from tests and for dry runs.
 */
#ifndef TASKSYNC_PLAN_H
#define TASKSYNC_PLAN_H

#include "sync/merge.h"

/*
 * Coercion memo: the provider answered `echo` to `sent`.  While the hub still
 * projects to `sent` and the base is `echo`, the field is clean.
 */
typedef struct TasksyncMemo
{
	TasksyncRecord *sent; /* present = fields with a memo; NULL = none */
	TasksyncRecord *echo;
} TasksyncMemo;

/*
 * Fields of the projected hub record that differ from the base and are not
 * explained by the memo or frozen.  memo may be NULL.  COMPLETED_AT comes only
 * along with STATUS.
 */
extern TasksyncRecord *tasksync_plan_out(const TasksyncLens *lens, const TasksyncRecord *hub,
										 const TasksyncRecord *base, const TasksyncMemo *memo,
										 uint32 frozen);

/* the fields in which the hub and the base differ only by what the provider made of a value */
extern uint32 tasksync_plan_coerced(const TasksyncLens *lens, const TasksyncRecord *hub,
									const TasksyncRecord *base, const TasksyncMemo *memo);

/*
 * An acknowledged write of the fields `sent`: the new base, and the memo if the
 * echo (NULL if the answer held none) differs from what was sent.
 */
extern void tasksync_plan_ack(const TasksyncLens *lens, const TasksyncRecord *sent,
							  const TasksyncRecord *echo, TasksyncRecord *base, TasksyncMemo *memo);

/* deletion of one side against edits of the other */
typedef enum TasksyncDeleteVerdict
{
	TASKSYNC_DELETE_BOTH,  /* the deletion goes through */
	TASKSYNC_DELETE_LOSES, /* edit wins: recreate on the deleting side, conflict row */
	TASKSYNC_DELETE_WAITS, /* policy "ask": held */
} TasksyncDeleteVerdict;

/* beside the fields: a child was added under the task since the base */
#define TASKSYNC_CHANGED_CHILD ((uint32) 1 << 31)

/* `changed`: fields that the surviving side changed since the base, and TASKSYNC_CHANGED_CHILD */
extern TasksyncDeleteVerdict tasksync_plan_delete(const TasksyncPolicy *policy, uint32 changed);

/* does a deletion that goes through take something along that a person would miss? */
extern bool tasksync_plan_delete_costs(uint32 changed);

/* mass-change guard: true = hold.  `live` counts those about to be deleted too */
extern bool tasksync_plan_guard(int deletes, int live);

#endif /* TASKSYNC_PLAN_H */
