/*
 * deletion.h
 *	  Deletions in both directions: proof, guard, quarantine; see deletion.c and
 *	  deletion_out.c.  Everything runs in a transaction of the run.
 */
#ifndef TASKSYNC_DELETION_H
#define TASKSYNC_DELETION_H

#include "sync/link.h"

/* ---- deletion_out.c ---- */

/* of the pending deletions `links` (TasksyncLink *), those that may be sent now, in order */
extern List *tasksync_deletion_sendable(TasksyncRun *run, List *links);
/* of the links of deleted objects, those that a deletion of ours of unknown outcome names */
extern List *tasksync_deletion_ours(TasksyncRun *run, List *links);
/* deletions of ours, {"hub_id"}, were carried out */
extern void tasksync_deletion_done(TasksyncRun *run, json_t *deleted);

/* ---- deletion.c ---- */

/* the provider says that these (TasksyncLink *, of one kind) are gone */
extern void tasksync_deletion_record(TasksyncRun *run, TasksyncKind kind, List *links,
									 const char *proof);
/* remote ids are dead: takes these links away and remembers the ids */
extern void tasksync_deletion_bury(TasksyncRun *run, List *links, const char *proof);
/* the same, but the hub keeps the objects: they are made there anew */
extern void tasksync_deletion_recreate(TasksyncRun *run, List *links);
/* the run ends with changes_held */
extern void tasksync_deletion_say_held(TasksyncRun *run);

/* ---- approval.c ---- */

/* carries out what approve_held() allowed */
extern void tasksync_deletion_approved(TasksyncRun *run);

#endif /* TASKSYNC_DELETION_H */
