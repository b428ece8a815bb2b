/*
 * reorder.h
 *	  The order of tasks among their siblings, in both directions; see
 *	  reorder.c.
 */
#ifndef TASKSYNC_REORDER_H
#define TASKSYNC_REORDER_H

#include "sync/ack.h"
#include "sync/emit.h"

/*
 * An observation moved link->base.  Takes the place out of what the hub gets
 * from it; if the provider's order changed, link->reordered says so and
 * tasksync_reorder_hub() decides what follows.
 */
extern void tasksync_reorder_observed(TasksyncRun *run, TasksyncLink *link,
									  const TasksyncLink *before, const TasksyncSent *sent,
									  TasksyncRecord *hub_patch);
/* a new task of the provider */
extern void tasksync_reorder_new(TasksyncRun *run, const TasksyncLink *link);
/* after a chunk was applied: the hub takes over the orders that changed in it */
extern void tasksync_reorder_hub(TasksyncRun *run);

/* adds the intents that give the siblings of plan->reordered the hub's order */
extern void tasksync_reorder_emit(TasksyncBatchPlan *plan);
/* writes plan->order_rows */
extern void tasksync_reorder_settle(TasksyncRun *run, json_t *rows);
/* true: the intent was about the order and is settled by this outcome */
extern bool tasksync_reorder_acked(TasksyncRun *run, const TasksyncIntent *intent,
								   TasksyncAckOutcome outcome);

#endif /* TASKSYNC_REORDER_H */
