/*
 * first_link.h
 *	  The first whole read of a container whose project has tasks already.
 */
#ifndef TASKSYNC_FIRST_LINK_H
#define TASKSYNC_FIRST_LINK_H

#include "sync/run.h"

/*
 * Takes tasks out of the answer that have to wait for the end of the read:
 * only then is it known which of them are tasks of the hub.
 */
extern void tasksync_first_link_defer(TasksyncRun *run, TasksyncAnswer *answer);
/*
 * At the end of a read, in its transaction: pairs what was put aside with the
 * hub's tasks and hands it back as an answer to be merged; NULL = nothing was.
 */
extern TasksyncAnswer *tasksync_first_link_settle(TasksyncRun *run);
/*
 * These containers have been read whole, and matched; all of the account where
 * one read covers it.
 */
extern void tasksync_first_link_done(TasksyncRun *run, List *containers);

#endif /* TASKSYNC_FIRST_LINK_H */
