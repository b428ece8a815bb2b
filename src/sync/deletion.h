/*
 * deletion.h
 *	  Deletions in both directions: proof, guard, quarantine; see deletion.c.
 */
#ifndef TASKSYNC_DELETION_H
#define TASKSYNC_DELETION_H

#include "sync/link.h"

/* of the pending deletions `links` (TasksyncLink *), those that may be sent now, in order */
extern List *tasksync_deletion_sendable(TasksyncRun *run, List *links);
/* in a transaction: the provider says that these (TasksyncLink *, of one kind) are gone */
extern void tasksync_deletion_record(TasksyncRun *run, TasksyncKind kind, List *links,
									 const char *proof);
/* carries out what approve_held() allowed; in a transaction */
extern void tasksync_deletion_approved(TasksyncRun *run);
/* remote ids are dead: takes the links of these rows away and remembers the ids */
extern void tasksync_deletion_bury(TasksyncRun *run, json_t *rows);

#endif /* TASKSYNC_DELETION_H */
