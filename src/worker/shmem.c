/*
 * shmem.c
 *	  What launcher, workers and backends know of each other.
 *
 * Requested in the postmaster, used in every process.  Losing all of it (a
 * crash of any process makes the server start it afresh) must never matter:
 * the launcher finds out again what is switched on, and the queue is a table.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/proc.h"
#include "storage/shmem.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "worker/shmem.h"

#define TRANCHE "tasksync"

TasksyncShared *tasksync_shared = NULL;

static shmem_request_hook_type previous_request_hook = NULL;
static shmem_startup_hook_type previous_startup_hook = NULL;

static void
request(void)
{
	if (previous_request_hook)
		previous_request_hook();
	RequestAddinShmemSpace(MAXALIGN(sizeof(TasksyncShared)));
	RequestNamedLWLockTranche(TRANCHE, 1);
}

static void
initialize(TasksyncShared *shared)
{
	memset(shared, 0, sizeof(*shared));
	shared->lock = &GetNamedLWLockTranche(TRANCHE)->lock;
	ConditionVariableInit(&shared->left);
	shared->launcher_procno = -1;
	pg_atomic_init_u32(&shared->rescans, 0);
	for (int i = 0; i < TASKSYNC_MAX_DATABASES; i++)
	{
		TasksyncSlot *slot = &shared->slots[i];

		slot->procno = -1;
		pg_atomic_init_u32(&slot->in_flight, 0);
		pg_atomic_init_u64(&slot->runs, 0);
		pg_atomic_init_u64(&slot->failed_runs, 0);
		pg_atomic_init_u64(&slot->requests, 0);
		pg_atomic_init_u64(&slot->bytes_sent, 0);
		pg_atomic_init_u64(&slot->bytes_received, 0);
		pg_atomic_init_u64(&slot->last_loop, 0);
		pg_atomic_init_u64(&slot->next_due, 0);
		pg_atomic_init_u32(&slot->wakes, 0);
		pg_atomic_init_u32(&slot->checks, 0);
	}
}

static void
startup(void)
{
	bool found;

	if (previous_startup_hook)
		previous_startup_hook();
	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	tasksync_shared = ShmemInitStruct("tasksync", sizeof(TasksyncShared), &found);
	if (!found)
		initialize(tasksync_shared);
	LWLockRelease(AddinShmemInitLock);
}

/*
 * tasksync_shmem_init_hooks - asks for the memory; chains to earlier hooks.
 */
void
tasksync_shmem_init_hooks(void)
{
	previous_request_hook = shmem_request_hook;
	shmem_request_hook = request;
	previous_startup_hook = shmem_startup_hook;
	shmem_startup_hook = startup;
}

/*
 * tasksync_slot_find - the slot of a database, or NULL.  Lock held.
 */
TasksyncSlot *
tasksync_slot_find(Oid database)
{
	Assert(LWLockHeldByMe(tasksync_shared->lock));
	for (int i = 0; i < TASKSYNC_MAX_DATABASES; i++)
	{
		if (tasksync_shared->slots[i].database == database)
			return &tasksync_shared->slots[i];
	}
	return NULL;
}

/*
 * tasksync_slot_make - the slot of a database, a fresh one if it has none.
 *
 * Lock held exclusively.  NULL if all are taken.  The counters of wakes and
 * checks go on from where they are: a worker only compares them.
 */
TasksyncSlot *
tasksync_slot_make(Oid database)
{
	TasksyncSlot *slot = tasksync_slot_find(database);

	Assert(LWLockHeldByMeInMode(tasksync_shared->lock, LW_EXCLUSIVE));
	if (slot != NULL)
		return slot;
	slot = tasksync_slot_find(InvalidOid);
	if (slot == NULL)
		return NULL;
	slot->database = database;
	slot->wanted = false;
	slot->holds = 0;
	slot->pid = 0;
	slot->procno = -1;
	slot->started_at = slot->retry_at = slot->error_at = 0;
	slot->restarts = slot->failures = 0;
	slot->error_code[0] = slot->error_message[0] = '\0';
	pg_atomic_write_u32(&slot->in_flight, 0);
	pg_atomic_write_u64(&slot->runs, 0);
	pg_atomic_write_u64(&slot->failed_runs, 0);
	pg_atomic_write_u64(&slot->requests, 0);
	pg_atomic_write_u64(&slot->bytes_sent, 0);
	pg_atomic_write_u64(&slot->bytes_received, 0);
	pg_atomic_write_u64(&slot->last_loop, 0);
	pg_atomic_write_u64(&slot->next_due, 0);
	slot->since = 0;
	tasksync_slot_set_state(slot, TASKSYNC_SLOT_STOPPED);
	return slot;
}

/*
 * tasksync_slot_set_state - lock held exclusively; the time is that of the change.
 */
void
tasksync_slot_set_state(TasksyncSlot *slot, TasksyncSlotState state)
{
	if (slot->state == state && slot->since != 0)
		return;
	slot->state = state;
	slot->since = GetCurrentTimestamp();
}

/*
 * tasksync_signal_process - sets the latch of a process by its number.
 *
 * The number may be out of date: then a stranger's latch is set, which every
 * process must stand.  Latches live as long as the server.
 */
void
tasksync_signal_process(int procno)
{
	if (procno >= 0)
		SetLatch(&GetPGProcByNumber(procno)->procLatch);
}

void
tasksync_signal_launcher(void)
{
	pg_atomic_fetch_add_u32(&tasksync_shared->rescans, 1);
	tasksync_signal_process(tasksync_shared->launcher_procno);
}
