/*
 * hub.h
 *	  The engine's writes to the hub's own tables; see hub.c.
 */
#ifndef TASKSYNC_HUB_H
#define TASKSYNC_HUB_H

#include "sync/link.h"

/* one change that an observation makes, with everything it brings along */
typedef struct TasksyncHubChange
{
	TasksyncLink *link;       /* as it shall be after the change */
	bool inserts;             /* the hub row is new */
	bool inserts_link;        /* the link row is new */
	bool updates;             /* link->hub differs from the hub's row */
	const char *container_id; /* project: remote id of the container to route it to */
	bool is_inbox;
	json_t *edited; /* {"field": instant} */
	TimestampTz created_at;
	json_t *conflicts; /* rows for tasksync.conflicts, or NULL */
	json_t *answered;  /* {"hub_id", "field", "result"}: no conflicts any more; or NULL */
} TasksyncHubChange;

/*
 * Applies all of them at once; if the hub refuses (a cycle, a constraint), one
 * by one, so that one impossible change does not keep the others out.  What
 * stays impossible is kept as a dead letter on its link.
 */
extern void tasksync_hub_apply(TasksyncRun *run, TasksyncKind kind, int count,
							   TasksyncHubChange *changes);

#endif /* TASKSYNC_HUB_H */
