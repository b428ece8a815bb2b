/*
 * shmem.h
 *	  What launcher, workers and backends know of each other.
 *
 * One slot per database that is or was switched on since the server started.
 * Holds numbers and short texts only: no pointers, no descriptors, and nothing
 * that is needed to understand the tables after a crash.
 */
#ifndef TASKSYNC_SHMEM_H
#define TASKSYNC_SHMEM_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "port/atomics.h"
#include "storage/condition_variable.h"
#include "storage/lwlock.h"

#define TASKSYNC_MAX_DATABASES 128

/* what a slot's worker does; README.md draws the transitions */
typedef enum TasksyncSlotState
{
	TASKSYNC_SLOT_STOPPED,		/* no process; started at retry_at if wanted */
	TASKSYNC_SLOT_NO_WORKER,	/* no process: max_worker_processes are all taken */
	TASKSYNC_SLOT_STARTING,		/* registered with the postmaster, not yet attached */
	TASKSYNC_SLOT_ABSENT,		/* from here on as tasksync_extension_enter() found it */
	TASKSYNC_SLOT_WRONG_VERSION,
	TASKSYNC_SLOT_RESTORING,
	TASKSYNC_SLOT_NOT_HOME,
	TASKSYNC_SLOT_UNCLAIMED,	/* freshly installed: nobody's home yet, no user, nothing to do */
	TASKSYNC_SLOT_READY,
	TASKSYNC_SLOT_FAILING,		/* the database itself is in trouble: claims fail */
} TasksyncSlotState;

/*
 * A preview that a backend waits for.  In shared memory and not in a table,
 * because the backend asks and waits within one statement, and nobody would see
 * its row before it commits.
 */
typedef struct TasksyncPreviewAsk
{
	char		preview_id[37];	/* "" = free */
	char		user_id[37];
	char		account_id[37];
} TasksyncPreviewAsk;

#define TASKSYNC_MAX_PREVIEWS 8

typedef struct TasksyncSlot
{
	/* under the lock */
	Oid			database;		/* InvalidOid = free */
	TasksyncSlotState state;
	TimestampTz since;			/* of the state */
	bool		wanted;			/* switched on, as the launcher last saw it */
	int			holds;			/* commands under way that need the database for themselves */
	int			pid;			/* 0 = no process */
	int			procno;			/* its number among the processes, -1 = none */
	TimestampTz started_at;
	TimestampTz retry_at;		/* not started before */
	int			restarts;		/* since the server started */
	int			failures;		/* early deaths in a row */
	char		error_code[6];	/* SQLSTATE of the last error outside a single account */
	char		error_message[256];
	TimestampTz error_at;
	TasksyncPreviewAsk previews[TASKSYNC_MAX_PREVIEWS];

	/* written by the worker alone, read by anybody */
	pg_atomic_uint32 in_flight;
	pg_atomic_uint64 runs;
	pg_atomic_uint64 failed_runs;
	pg_atomic_uint64 requests;
	pg_atomic_uint64 bytes_sent;
	pg_atomic_uint64 bytes_received;
	pg_atomic_uint64 last_loop; /* TimestampTz */
	pg_atomic_uint64 next_due;	/* TimestampTz, 0 = not known */

	/* counted up by backends, compared by the worker */
	pg_atomic_uint32 wakes;		/* there is work */
	pg_atomic_uint32 checks;	/* something was installed, dropped or switched */
} TasksyncSlot;

typedef struct TasksyncShared
{
	LWLock	   *lock;
	ConditionVariable left;		/* a worker has gone */
	int			launcher_pid;
	int			launcher_procno;
	pg_atomic_uint32 rescans;	/* counted up to make the launcher look again */
	TasksyncSlot slots[TASKSYNC_MAX_DATABASES];
} TasksyncShared;

/* NULL in a server that does not preload the library */
extern TasksyncShared *tasksync_shared;

/* called once, from _PG_init in the postmaster */
extern void tasksync_shmem_init_hooks(void);

/* with the lock held; NULL if there is none */
extern TasksyncSlot *tasksync_slot_find(Oid database);
/* with the lock held exclusively; finds or takes a free one, NULL if all are taken */
extern TasksyncSlot *tasksync_slot_make(Oid database);
extern void tasksync_slot_set_state(TasksyncSlot *slot, TasksyncSlotState state);

/* sets a process's latch; never fails */
extern void tasksync_signal_process(int procno);
extern void tasksync_signal_launcher(void);

#endif							/* TASKSYNC_SHMEM_H */
