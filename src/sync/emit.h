/*
 * emit.h
 *	  From one dirty link to the intents that make its counterpart equal; see
 *	  emit.c.
 */
#ifndef TASKSYNC_EMIT_H
#define TASKSYNC_EMIT_H

#include "sync/link.h"

typedef struct TasksyncCandidate
{
	TasksyncLink *link;
	TasksyncRecord *out; /* NULL: nothing to send */
	const char *temp_id; /* of its create in this request */
	bool visiting;
	bool settled; /* emitted, or decided against */
	bool emitted;
	bool closes; /* its completion is in this request, or is a consequence of one */
} TasksyncCandidate;

typedef struct TasksyncBatchPlan
{
	TasksyncRun *run;
	bool may_patch; /* a recent read allows changes of existing objects */
	int ncandidates;
	TasksyncCandidate *candidates;
	json_t *candidate_of;  /* hub id -> index */
	json_t *remote_of;     /* hub id -> remote id, for references */
	json_t *link_state_of; /* hub id -> "pending_create" … */
	json_t *late;          /* tasksync_ack_late(); NULL: none */
	List *closes;          /* completions of this request, to be added last */
	int room;
	int nintents;
	TasksyncIntent *intents;
	List *reordered;      /* TasksyncCandidate *: the order of their siblings is to be looked at */
	json_t *order_rows;   /* reorder.c: pairs of places that say the same */
	json_t *intent_rows;  /* parallel to intents */
	json_t *clean_rows;   /* links found clean */
	json_t *blocked_rows; /* links that wait for a refused one */
} TasksyncBatchPlan;

typedef enum TasksyncReference
{
	TASKSYNC_REF_RESOLVED,
	TASKSYNC_REF_INVISIBLE, /* this account does not know it: leave the reference out */
	TASKSYNC_REF_LATER,
	TASKSYNC_REF_REFUSED,
} TasksyncReference;

/* where the objects stand that the candidates refer to */
extern void tasksync_load_references(TasksyncBatchPlan *plan);
/*
 * Puts remote ids in place of hub ids into `remote_patch` and takes references
 * that this account cannot show out of both.
 */
extern TasksyncReference tasksync_resolve_places(TasksyncBatchPlan *plan, TasksyncRecord *hub_patch,
												 TasksyncRecord *remote_patch);
extern void tasksync_emit_intent(TasksyncBatchPlan *plan, const TasksyncLink *link, TasksyncOp op,
								 TasksyncRecord *hub_patch, TasksyncRecord *remote_patch,
								 const char *temp_id);
extern json_t *tasksync_emit_hub_id_row(const TasksyncLink *link);
/* true if intents were added for it */
extern bool tasksync_emit_candidate(TasksyncBatchPlan *plan, TasksyncCandidate *candidate);
/* adds the completions: what is still to leave a task that is completed leaves before */
extern void tasksync_emit_closes(TasksyncBatchPlan *plan);
extern void tasksync_emit_deletes(TasksyncBatchPlan *plan);

#endif /* TASKSYNC_EMIT_H */
