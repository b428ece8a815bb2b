/*
 * ack.h
 *	  What became of the intents that were sent; see ack.c.
 */
#ifndef TASKSYNC_ACK_H
#define TASKSYNC_ACK_H

#include "sync/run.h"

/* in a transaction: records the acknowledgements of run->call */
extern void tasksync_ack_record(TasksyncRun *run, TasksyncAnswer *answer);

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
extern void tasksync_ack_adopt(TasksyncRun *run, TasksyncOpenIntent *intent, const char *remote_id);
/* in a transaction, after a complete read: what the read did not settle is planned anew */
extern void tasksync_ack_settle_inherited(TasksyncRun *run);
/* the key under which this occurrence was completed before, to be used again; or NULL */
extern const char *tasksync_ack_close_key(TasksyncRun *run, const char *hub_id,
										  const TasksyncRecord *base);

#endif /* TASKSYNC_ACK_H */
