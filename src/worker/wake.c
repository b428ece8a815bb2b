/*
 * wake.c
 *	  What a backend tells the worker and the launcher when it commits.
 *
 * Runs in backends: the triggers and functions note during the transaction
 * what has to be said, and one callback says it at the end.  By then the
 * commit is durable, so nothing in the callback may fail: it takes one lock in
 * shared memory, counts, and sets latches.
 *
 * Notes made in a subtransaction that is rolled back stay: a needless wake
 * costs one look into the queue, tracking would cost more.
 */
#include "postgres.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "storage/condition_variable.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "worker/shmem.h"
#include "worker/wake.h"

#define HOLD_PATIENCE_MS 5000
#define MAX_HOLDS 8

static bool callback_registered = false;
static bool wake_at_commit = false;
static bool check_at_end = false;
static Oid holds[MAX_HOLDS];
static int nholds = 0;

/*
 * tell_worker - this database's worker: there is work in the queue.
 */
static void
tell_worker(void)
{
	TasksyncSlot *slot;
	int procno = -1;

	LWLockAcquire(tasksync_shared->lock, LW_SHARED);
	slot = tasksync_slot_find(MyDatabaseId);
	if (slot != NULL)
	{
		pg_atomic_fetch_add_u32(&slot->wakes, 1);
		procno = slot->procno;
	}
	LWLockRelease(tasksync_shared->lock);
	tasksync_signal_process(procno);
}

bool
tasksync_ask_preview(const char *preview_id, const char *user_id, const char *account_id)
{
	TasksyncSlot *slot;
	TasksyncPreviewAsk *ask = NULL;

	LWLockAcquire(tasksync_shared->lock, LW_EXCLUSIVE);
	slot = tasksync_slot_find(MyDatabaseId);
	for (int i = 0; slot != NULL && ask == NULL && i < TASKSYNC_MAX_PREVIEWS; i++)
		if (*slot->previews[i].preview_id == '\0')
			ask = &slot->previews[i];
	if (ask != NULL)
	{
		strlcpy(ask->preview_id, preview_id, sizeof(ask->preview_id));
		strlcpy(ask->user_id, user_id, sizeof(ask->user_id));
		strlcpy(ask->account_id, account_id, sizeof(ask->account_id));
	}
	LWLockRelease(tasksync_shared->lock);
	if (ask != NULL)
		tell_worker();
	return ask != NULL;
}

/*
 * tell_everybody - something was installed, removed or switched.
 *
 * All workers, because ALTER DATABASE may be run from another database.  One
 * that was sent away because the extension is not there gets a new chance only
 * by a command in its own database: other commands cannot install it.
 */
static void
tell_everybody(void)
{
	LWLockAcquire(tasksync_shared->lock, LW_EXCLUSIVE);
	for (int i = 0; i < TASKSYNC_MAX_DATABASES; i++)
	{
		TasksyncSlot *slot = &tasksync_shared->slots[i];

		if (!OidIsValid(slot->database))
			continue;
		pg_atomic_fetch_add_u32(&slot->checks, 1);
		tasksync_signal_process(slot->procno);
		if (slot->database == MyDatabaseId || slot->state != TASKSYNC_SLOT_ABSENT)
			slot->retry_at = 0;
	}
	LWLockRelease(tasksync_shared->lock);
}

/*
 * release_holds - the launcher may start workers there again, if the databases still exist.
 */
static void
release_holds(void)
{
	LWLockAcquire(tasksync_shared->lock, LW_EXCLUSIVE);
	for (int i = 0; i < nholds; i++)
	{
		TasksyncSlot *slot = tasksync_slot_find(holds[i]);

		if (slot != NULL && slot->holds > 0)
		{
			slot->holds--;
			slot->retry_at = 0;
		}
	}
	nholds = 0;
	LWLockRelease(tasksync_shared->lock);
}

static void
at_transaction_end(XactEvent event, void *arg)
{
	if (event != XACT_EVENT_COMMIT && event != XACT_EVENT_ABORT && event != XACT_EVENT_PREPARE)
		return;
	if (!wake_at_commit && !check_at_end && nholds == 0)
		return;

	/*
	 * A prepared transaction is committed later, by another session: the
	 * utility hook wakes the worker then.
	 */
	if (event == XACT_EVENT_COMMIT && wake_at_commit)
		tell_worker();
	if (event == XACT_EVENT_COMMIT && check_at_end)
		tell_everybody();
	if (nholds > 0)
		release_holds();
	if (check_at_end)
		tasksync_signal_launcher();
	wake_at_commit = check_at_end = false;
}

static void
register_callback(void)
{
	if (callback_registered)
		return;
	RegisterXactCallback(at_transaction_end, NULL);
	callback_registered = true;
}

/*
 * tasksync_wake - at commit, wake the worker of this database.
 */
void
tasksync_wake(void)
{
	if (tasksync_shared == NULL)
		return;
	register_callback();
	wake_at_commit = true;
}

/*
 * tasksync_wake_launcher - at the end, look again at what is installed and switched on.
 */
void
tasksync_wake_launcher(void)
{
	if (tasksync_shared == NULL)
		return;
	register_callback();
	check_at_end = true;
}

/*
 * hold - counts us in and says whether a worker is there.
 *
 * The launcher does not start one as long as somebody holds the database; so a
 * database that the launcher has not heard of yet gets its slot here.
 */
static bool
hold(Oid database)
{
	TasksyncSlot *slot;
	bool running = false;

	LWLockAcquire(tasksync_shared->lock, LW_EXCLUSIVE);
	slot = tasksync_slot_make(database);
	if (slot != NULL)
	{
		slot->holds++;
		holds[nholds++] = database;
		running = slot->pid != 0 || slot->state == TASKSYNC_SLOT_STARTING;
		tasksync_signal_process(slot->procno);
	}
	LWLockRelease(tasksync_shared->lock);
	return running;
}

static bool
worker_is_there(Oid database)
{
	TasksyncSlot *slot;
	bool there;

	LWLockAcquire(tasksync_shared->lock, LW_SHARED);
	slot = tasksync_slot_find(database);
	there = slot != NULL && (slot->pid != 0 || slot->state == TASKSYNC_SLOT_STARTING);
	LWLockRelease(tasksync_shared->lock);
	return there;
}

/*
 * tasksync_hold_database - keeps the worker out until the end of this transaction.
 *
 * The worker sees the hold in its slot; one that is too busy to look gets a
 * signal from the launcher, which knows the workers that are starting too.  If
 * it does not leave in time the command goes on and says itself that the
 * database is in use.
 */
void
tasksync_hold_database(Oid database)
{
	TimestampTz deadline;

	if (tasksync_shared == NULL || nholds == MAX_HOLDS)
		return;
	register_callback();
	check_at_end = true;
	if (!hold(database))
		return;
	tasksync_signal_launcher();

	deadline = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), HOLD_PATIENCE_MS);
	ConditionVariablePrepareToSleep(&tasksync_shared->left);
	while (worker_is_there(database))
	{
		long left = TimestampDifferenceMilliseconds(GetCurrentTimestamp(), deadline);

		if (left <= 0)
			break;
		(void) ConditionVariableTimedSleep(&tasksync_shared->left, left, PG_WAIT_EXTENSION);
	}
	ConditionVariableCancelSleep();
}
