/*
 * ack.h
 *	  What became of the intents that were sent; see ack.c and, for those of
 *	  which no answer told it, unanswered.c.
 */
#ifndef TASKSYNC_ACK_H
#define TASKSYNC_ACK_H

#include "sync/run.h"

/* in a transaction: records the acknowledgements of run->call */
extern void tasksync_ack_record(TasksyncRun *run, TasksyncAnswer *answer);
/* in a transaction: rows {"hub_id"} of the tasks that hang below these there, as far as we know */
extern json_t *tasksync_ack_below(TasksyncRun *run, json_t *rows);

/*
 * What was written to this object and has not been seen since: fields in hub
 * terms, NULL if nothing.  `closed` = an occurrence was completed.
 */
typedef struct TasksyncSent
{
	char hub_id[TASKSYNC_UUID_LEN];
	TasksyncRecord *record;
	bool closed;
	/* it may be there since an earlier request: what is seen now is not what became of this one */
	bool was_unknown;
} TasksyncSent;

extern TasksyncSent *tasksync_ack_sent(TasksyncRun *run, const char *hub_id);
extern void tasksync_ack_seen(TasksyncRun *run, const char *hub_id);
extern void tasksync_ack_remember(TasksyncRun *run, const char *hub_id,
								  const TasksyncRecord *record, bool closed,
								  bool was_unknown);

/* ---- unanswered.c ---- */

/* intents without a known outcome, in hub terms; in a transaction */
typedef struct TasksyncOpenIntent
{
	const char *id;
	TasksyncKind kind;
	TasksyncOp op;
	const char *hub_id;
	TasksyncRecord *patch;
	TimestampTz first_sent_at;
	bool settled; /* by what the read showed */
} TasksyncOpenIntent;

extern List *tasksync_ack_open_intents(TasksyncRun *run);
/* removes the settled ones */
extern void tasksync_ack_settle(TasksyncRun *run, List *intents);
/* a create is found at the provider: its link gets the remote id */
extern void tasksync_ack_adopt(TasksyncRun *run, TasksyncOpenIntent *intent, const char *remote_id,
							   bool exact);
/* in a transaction, after a complete read: what the read did not settle is planned anew */
extern void tasksync_ack_settle_inherited(TasksyncRun *run);
/* in a transaction: keys of intents that may still arrive, for tasksync_ack_late_key() */
extern json_t *tasksync_ack_late(TasksyncRun *run);
/* the key under which this was sent before, to be used again; NULL if there is none */
extern const char *tasksync_ack_late_key(json_t *late, const char *hub_id, TasksyncOp op);

#endif /* TASKSYNC_ACK_H */
