/*
 * launcher.c
 *	  The static background worker that starts one sync worker per database.
 *
 * Started by the postmaster once recovery is over, so on a standby only after
 * its promotion.  Connected to no database.  Everything it decides follows
 * from the slots in shared memory and from pg_db_role_setting, so that it can
 * die and come back at any moment without a worker noticing.
 */
#include "postgres.h"

#include <signal.h>

#include "access/xact.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "base/guc.h"
#include "worker/launcher.h"
#include "worker/settings.h"
#include "worker/shmem.h"

#define RESCAN_MS 60000 /* without being told; for what no hook sees */
#define STOPPING_POLL_MS 1000
#define NO_WORKER_RETRY_MS 10000
#define BURIED_RETRY_MS 1000
#define START_PATIENCE_MS 30000

/* of the workers that this launcher started, by slot */
static BackgroundWorkerHandle *handles[TASKSYNC_MAX_DATABASES];
static bool told_no_worker = false;
static bool told_no_slot = false;
static MemoryContext launcher_context;

/*
 * tasksync_launcher_register - called in the postmaster, from _PG_init.
 */
void
tasksync_launcher_register(void)
{
	BackgroundWorker worker = {0};

	strlcpy(worker.bgw_name, "tasksync launcher", sizeof(worker.bgw_name));
	strlcpy(worker.bgw_type, "tasksync launcher", sizeof(worker.bgw_type));
	worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker.bgw_restart_time = 5;
	strlcpy(worker.bgw_library_name, "tasksync", sizeof(worker.bgw_library_name));
	strlcpy(worker.bgw_function_name, "tasksync_launcher_main", sizeof(worker.bgw_function_name));
	RegisterBackgroundWorker(&worker);
}

static void
detach(int code, Datum argument)
{
	LWLockAcquire(tasksync_shared->lock, LW_EXCLUSIVE);
	tasksync_shared->launcher_pid = 0;
	tasksync_shared->launcher_procno = -1;
	LWLockRelease(tasksync_shared->lock);
}

static void
attach(void)
{
	before_shmem_exit(detach, (Datum) 0);
	LWLockAcquire(tasksync_shared->lock, LW_EXCLUSIVE);
	tasksync_shared->launcher_pid = MyProcPid;
	tasksync_shared->launcher_procno = MyProcNumber;
	LWLockRelease(tasksync_shared->lock);
}

/*
 * note_wanted - brings the list of slots up to date with the settings.
 */
static void
note_wanted(void)
{
	List *databases = NIL;
	ListCell *cell;
	bool full = false;

	/* off in postgresql.conf: no worker anywhere, for copies of a server that must not sync */
	if (tasksync_enabled)
	{
		StartTransactionCommand();
		MemoryContextSwitchTo(launcher_context);
		databases = tasksync_enabled_databases();
		CommitTransactionCommand();
		MemoryContextSwitchTo(launcher_context);
	}

	LWLockAcquire(tasksync_shared->lock, LW_EXCLUSIVE);
	for (int i = 0; i < TASKSYNC_MAX_DATABASES; i++)
		tasksync_shared->slots[i].wanted = false;
	foreach(cell, databases)
	{
		TasksyncSlot *slot = tasksync_slot_make(((TasksyncDatabase *) lfirst(cell))->oid);

		if (slot != NULL)
			slot->wanted = true;
		else
			full = true;
	}
	LWLockRelease(tasksync_shared->lock);

	if (full && !told_no_slot)
		ereport(
			WARNING,
			(errcode(ERRCODE_INSUFFICIENT_RESOURCES),
			 errmsg(
				 "more than %d databases have tasksync switched on, the rest is not synchronized",
				 TASKSYNC_MAX_DATABASES),
			 errhint("ALTER DATABASE … SET tasksync.enabled = off where it is not needed.")));
	told_no_slot = full;
}

/*
 * bury - the worker of a slot has gone before it could say so itself.
 */
static void
bury(TasksyncSlot *slot)
{
	LWLockAcquire(tasksync_shared->lock, LW_EXCLUSIVE);
	if (slot->state == TASKSYNC_SLOT_STARTING)
	{
		slot->pid = 0;
		slot->procno = -1;
		slot->retry_at = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), BURIED_RETRY_MS);
		tasksync_slot_set_state(slot, TASKSYNC_SLOT_STOPPED);
	}
	LWLockRelease(tasksync_shared->lock);
	ConditionVariableBroadcast(&tasksync_shared->left);
}

/*
 * look_after - asks the postmaster about the workers that were started here.
 */
static void
look_after(void)
{
	TimestampTz now = GetCurrentTimestamp();

	for (int i = 0; i < TASKSYNC_MAX_DATABASES; i++)
	{
		TasksyncSlot *slot = &tasksync_shared->slots[i];
		pid_t pid;

		if (handles[i] != NULL)
		{
			if (GetBackgroundWorkerPid(handles[i], &pid) != BGWH_STOPPED)
				continue;
			pfree(handles[i]);
			handles[i] = NULL;
			bury(slot);
		}
		else if (slot->state == TASKSYNC_SLOT_STARTING &&
				 TimestampDifferenceExceeds(slot->started_at, now, START_PATIENCE_MS))
			bury(slot); /* started by an earlier launcher */
	}
}

/*
 * must_stop - is there a worker that should not be?  Lock held.
 */
static bool
must_stop(const TasksyncSlot *slot)
{
	return OidIsValid(slot->database) && (!slot->wanted || slot->holds > 0) &&
		   (slot->pid != 0 || slot->state == TASKSYNC_SLOT_STARTING);
}

/*
 * stop_unwanted - sends away workers that are switched off or in the way.
 *
 * First by their latch: a worker that has nothing better to do leaves at once
 * and without a line in the log.  After a second by SIGTERM, which also ends a
 * long statement.  True if one has not left yet.
 */
static bool
stop_unwanted(void)
{
	static TimestampTz asked_at[TASKSYNC_MAX_DATABASES];
	TimestampTz now = GetCurrentTimestamp();
	bool waiting = false;

	for (int i = 0; i < TASKSYNC_MAX_DATABASES; i++)
	{
		TasksyncSlot *slot = &tasksync_shared->slots[i];
		bool stop;
		bool by_force;

		LWLockAcquire(tasksync_shared->lock, LW_SHARED);
		stop = must_stop(slot);
		if (!stop)
			asked_at[i] = 0;
		else if (asked_at[i] == 0)
		{
			asked_at[i] = now;
			tasksync_signal_process(slot->procno);
		}
		by_force = stop && TimestampDifferenceExceeds(asked_at[i], now, STOPPING_POLL_MS);

		/* under the lock, because a worker's pid is its own until it has given back the slot */
		if (by_force && handles[i] == NULL && slot->pid != 0)
			kill(slot->pid, SIGTERM);
		LWLockRelease(tasksync_shared->lock);
		if (by_force && handles[i] != NULL)
			TerminateBackgroundWorker(handles[i]);
		waiting = waiting || stop;
	}
	return waiting;
}

/*
 * free_slots - of databases that are switched off or dropped.
 */
static void
free_slots(void)
{
	LWLockAcquire(tasksync_shared->lock, LW_EXCLUSIVE);
	for (int i = 0; i < TASKSYNC_MAX_DATABASES; i++)
	{
		TasksyncSlot *slot = &tasksync_shared->slots[i];

		if (OidIsValid(slot->database) && !slot->wanted && slot->holds == 0 && slot->pid == 0 &&
			slot->state != TASKSYNC_SLOT_STARTING && handles[i] == NULL)
			slot->database = InvalidOid;
	}
	LWLockRelease(tasksync_shared->lock);
}

/*
 * may_start - lock held exclusively; takes the slot into STARTING if so.
 */
static bool
may_start(TasksyncSlot *slot, BackgroundWorkerHandle *handle, TimestampTz now)
{
	if (!OidIsValid(slot->database) || !slot->wanted || slot->holds > 0 || slot->pid != 0 ||
		slot->state == TASKSYNC_SLOT_STARTING || handle != NULL || slot->retry_at > now)
		return false;
	if (slot->started_at != 0)
		slot->restarts++;
	slot->started_at = now;
	tasksync_slot_set_state(slot, TASKSYNC_SLOT_STARTING);
	return true;
}

/*
 * start - registers one worker.  If the server has no room for it this is
 * said once, not at every try, and the state shows it.
 */
static void
start(int index, Oid database)
{
	BackgroundWorker worker = {0};
	TasksyncSlot *slot = &tasksync_shared->slots[index];

	strlcpy(worker.bgw_name, "tasksync worker", sizeof(worker.bgw_name));
	strlcpy(worker.bgw_type, "tasksync worker", sizeof(worker.bgw_type));
	worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker.bgw_restart_time = BGW_NEVER_RESTART; /* that is the launcher's business */
	strlcpy(worker.bgw_library_name, "tasksync", sizeof(worker.bgw_library_name));
	strlcpy(worker.bgw_function_name, "tasksync_worker_main", sizeof(worker.bgw_function_name));
	worker.bgw_main_arg = ObjectIdGetDatum(database);
	worker.bgw_notify_pid = MyProcPid;

	MemoryContextSwitchTo(TopMemoryContext);
	if (RegisterDynamicBackgroundWorker(&worker, &handles[index]))
		told_no_worker = false;
	else
	{
		handles[index] = NULL;
		LWLockAcquire(tasksync_shared->lock, LW_EXCLUSIVE);
		slot->started_at = 0;
		slot->retry_at = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), NO_WORKER_RETRY_MS);
		tasksync_slot_set_state(slot, TASKSYNC_SLOT_NO_WORKER);
		LWLockRelease(tasksync_shared->lock);
		ConditionVariableBroadcast(&tasksync_shared->left);
		if (!told_no_worker)
			ereport(WARNING,
					(errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
					 errmsg("no background worker is free for tasksync in database %u", database),
					 errdetail("It will be tried again every %d seconds.",
							   NO_WORKER_RETRY_MS / 1000),
					 errhint("ALTER SYSTEM SET max_worker_processes = %d; then restart the server.",
							 max_worker_processes + 8)));
		told_no_worker = true;
	}
	MemoryContextSwitchTo(launcher_context);
}

static void
start_wanted(void)
{
	TimestampTz now = GetCurrentTimestamp();

	for (int i = 0; i < TASKSYNC_MAX_DATABASES; i++)
	{
		TasksyncSlot *slot = &tasksync_shared->slots[i];
		Oid database;
		bool go;

		LWLockAcquire(tasksync_shared->lock, LW_EXCLUSIVE);
		go = may_start(slot, handles[i], now);
		database = slot->database;
		LWLockRelease(tasksync_shared->lock);
		if (go)
			start(i, database);
	}
}

/*
 * time_to_next - how long nothing will be due.
 */
static long
time_to_next(bool stopping)
{
	TimestampTz now = GetCurrentTimestamp();
	long wait = stopping ? STOPPING_POLL_MS : RESCAN_MS;

	LWLockAcquire(tasksync_shared->lock, LW_SHARED);
	for (int i = 0; i < TASKSYNC_MAX_DATABASES; i++)
	{
		TasksyncSlot *slot = &tasksync_shared->slots[i];

		if (!OidIsValid(slot->database))
			continue;
		if (slot->state == TASKSYNC_SLOT_STARTING)
			wait = Min(wait, STOPPING_POLL_MS);
		else if (slot->pid == 0 && slot->wanted && slot->holds == 0)
			wait = Min(wait, Max(TimestampDifferenceMilliseconds(now, slot->retry_at), 10));
	}
	LWLockRelease(tasksync_shared->lock);
	return wait;
}

static void
wait_for_news(long timeout_ms)
{
	static uint32 wait_event = 0;

	if (wait_event == 0)
		wait_event = tasksync_wait_event("TasksyncLauncher");
	pgstat_report_activity(STATE_IDLE, NULL);
	(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, timeout_ms,
					 wait_event);
	ResetLatch(MyLatch);
	QueryCancelPending = false; /* there is nothing to cancel here */
	CHECK_FOR_INTERRUPTS();
	if (ConfigReloadPending)
	{
		ConfigReloadPending = false;
		ProcessConfigFile(PGC_SIGHUP);
		tasksync_signal_launcher();
	}
}

/*
 * tasksync_launcher_main - the process.
 */
void
tasksync_launcher_main(Datum argument)
{
	bool know_wanted = false;
	uint32 seen = 0;
	TimestampTz scanned_at = 0;

	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	attach();
	BackgroundWorkerInitializeConnection(NULL, NULL, 0);
	launcher_context =
		AllocSetContextCreate(TopMemoryContext, "tasksync launcher", ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(launcher_context);

	for (;;)
	{
		uint32 told = pg_atomic_read_u32(&tasksync_shared->rescans);
		TimestampTz now = GetCurrentTimestamp();
		bool stopping;

		if (!know_wanted || told != seen || TimestampDifferenceExceeds(scanned_at, now, RESCAN_MS))
		{
			note_wanted();
			know_wanted = true;
			seen = told;
			scanned_at = now;
		}
		look_after();
		stopping = stop_unwanted();
		free_slots();
		start_wanted();
		MemoryContextReset(launcher_context);
		wait_for_news(time_to_next(stopping));
	}
}
