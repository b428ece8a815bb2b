/*
 * runs.h
 *	  The runs under way in this worker, between the engine and the transport.
 */
#ifndef TASKSYNC_RUNS_H
#define TASKSYNC_RUNS_H

#include "postgres.h"

#include "net/http.h"
#include "worker/shmem.h"

/* once per process; `slot` receives the counters */
extern void tasksync_runs_init(TasksyncHttp *http, TasksyncSlot *slot);

extern int	tasksync_runs_under_way(void);

/*
 * Claims what is due, as far as there is room, and takes the first step of
 * each.  *wait_ms = time to the next due account (-1: none).  True if there may
 * be more that is due already.  May ereport: then nothing was claimed.
 */
extern bool tasksync_runs_claim(int room, long *wait_ms);

/* until a run that waits for its turn at the provider may go on; -1 = none waits */
extern long tasksync_runs_wait_ms(void);

/* starts the previews that backends wait for; may ereport */
extern void tasksync_runs_preview(void);

/* hands finished transfers to their runs; true if a run came to its end */
extern bool tasksync_runs_advance(void);

/* records what the engine has put aside; may ereport */
extern void tasksync_runs_flush(void);

/* lets go of everything without recording it: the leases run out, unknown intents stay unknown */
extern void tasksync_runs_abandon(void);

#endif							/* TASKSYNC_RUNS_H */
