/*
 * worker.c
 *	  The sync worker of one database: an event loop over many accounts.
 *
 * Started by the launcher.  Connects as the bootstrap superuser; everything it
 * does to rows happens as the owner of the extension (base/spi).  It keeps no
 * state that matters: what is due, leased or sent is in the tables.
 *
 * Exit codes: 0 when there is nothing to do here until a command says so, 1
 * (by an error or a signal) when the launcher shall judge.  The postmaster
 * never restarts it.
 */
#include "postgres.h"

#include <signal.h>

#include "access/xact.h"
#include "commands/dbcommands.h"
#include "common/pg_prng.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/clock.h"
#include "base/compat.h"
#include "base/extension.h"
#include "base/guc.h"
#include "base/spi.h"
#include "net/http.h"
#include "sync/engine.h"
#include "sync/schedule.h"
#include "worker/runs.h"
#include "worker/settings.h"
#include "worker/shmem.h"
#include "worker/wait.h"
#include "worker/worker.h"

#define HEALTHY_UPTIME_MS 60000
#define LONGEST_RESTART_DELAY_MS 60000
#define ABSENT_RETRY_MS 300000
#define LONGEST_TROUBLE_DELAY_MS 60000

static TasksyncSlot *slot = NULL;
static TasksyncHttp *http = NULL;
static MemoryContext loop_context = NULL;
static bool asked_to_leave = false;
static char database_name[NAMEDATALEN]; /* for messages; a rename sends the worker away */

/* what the loop remembers from one round to the next; times are monotonic ms */
static struct
{
	uint32 wakes; /* counters as last seen */
	uint32 checks;
	bool check_now;
	int64 check_at;
	bool claim_now;
	int64 claim_at;
	int64 tidy_at;
	bool started; /* tasksync_engine_start() has succeeded */
	int failures; /* of the database, in a row */
	int64 trouble_delay;
} loop;

/* ---- the slot ---- */

/*
 * next_start - when the launcher may start a worker here again.
 */
static TimestampTz
next_start(int code)
{
	TimestampTz now = GetCurrentTimestamp();
	int64 delay = 1000;

	/* nothing to do here, unless that has changed since it was looked at */
	if (code == 0 && !asked_to_leave && pg_atomic_read_u32(&slot->checks) == loop.checks)
		return TimestampTzPlusMilliseconds(now, ABSENT_RETRY_MS);
	if (code == 0 || TimestampDifferenceExceeds(slot->started_at, now, HEALTHY_UPTIME_MS))
	{
		slot->failures = 0;
		return now;
	}
	for (int i = 0; i < slot->failures && delay < LONGEST_RESTART_DELAY_MS; i++)
		delay *= 2;
	slot->failures++;
	return TimestampTzPlusMilliseconds(now, Min(delay, LONGEST_RESTART_DELAY_MS));
}

/*
 * detach - runs at every kind of exit but a crash, also when connecting fails.
 */
static void
detach(int code, Datum argument)
{
	LWLockAcquire(tasksync_shared->lock, LW_EXCLUSIVE);
	slot->pid = 0;
	slot->procno = -1;
	slot->retry_at = next_start(code);
	if (slot->state != TASKSYNC_SLOT_ABSENT)
		tasksync_slot_set_state(slot, TASKSYNC_SLOT_STOPPED);
	pg_atomic_write_u32(&slot->in_flight, 0);
	pg_atomic_write_u64(&slot->next_due, 0);
	LWLockRelease(tasksync_shared->lock);
	ConditionVariableBroadcast(&tasksync_shared->left);
	tasksync_signal_launcher();
}

/*
 * attach - takes over the slot that the launcher has prepared.
 *
 * If a command holds the database by now, or another worker is there, there
 * is nothing to do for this one.
 */
static void
attach(Oid database)
{
	bool mine;

	LWLockAcquire(tasksync_shared->lock, LW_EXCLUSIVE);
	slot = tasksync_slot_find(database);
	mine = slot != NULL && slot->pid == 0 && slot->state == TASKSYNC_SLOT_STARTING &&
		   slot->wanted && slot->holds == 0;
	if (mine)
	{
		slot->pid = MyProcPid;
		slot->procno = MyProcNumber;
		loop.wakes = pg_atomic_read_u32(&slot->wakes);
		loop.checks = pg_atomic_read_u32(&slot->checks);
	}
	else if (slot != NULL && slot->pid == 0 && slot->state == TASKSYNC_SLOT_STARTING)
	{
		tasksync_slot_set_state(slot, TASKSYNC_SLOT_STOPPED);
		slot->retry_at = 0;
	}
	LWLockRelease(tasksync_shared->lock);
	if (!mine)
	{
		ConditionVariableBroadcast(&tasksync_shared->left);
		proc_exit(0);
	}
	before_shmem_exit(detach, (Datum) 0);
}

static void
set_state(TasksyncSlotState state)
{
	LWLockAcquire(tasksync_shared->lock, LW_EXCLUSIVE);
	tasksync_slot_set_state(slot, state);
	LWLockRelease(tasksync_shared->lock);
}

/*
 * note_error - the last error outside a single account, for worker_status.
 */
static void
note_error(const ErrorData *error)
{
	LWLockAcquire(tasksync_shared->lock, LW_EXCLUSIVE);
	strlcpy(slot->error_code, unpack_sql_state(error->sqlerrcode), sizeof(slot->error_code));
	strlcpy(slot->error_message, error->message != NULL ? error->message : "",
			sizeof(slot->error_message));
	slot->error_at = GetCurrentTimestamp();
	LWLockRelease(tasksync_shared->lock);
}

/* ---- is everything as it should be? ---- */

typedef struct Finding
{
	bool enabled;
	TasksyncSlotState state;
	const char *hint;
} Finding;

static Finding
look(void)
{
	Finding finding = {.state = TASKSYNC_SLOT_READY};
	TasksyncExtensionStatus status;

	StartTransactionCommand();
	PushActiveSnapshot(GetTransactionSnapshot());
	if (database_name[0] == '\0')
		strlcpy(database_name, get_database_name(MyDatabaseId), NAMEDATALEN);
	finding.enabled = tasksync_enabled_here();
	status = tasksync_extension_enter();
	finding.hint = tasksync_extension_hint(status);
	switch (status)
	{
		case TASKSYNC_EXTENSION_ABSENT:
			finding.state = TASKSYNC_SLOT_ABSENT;
			break;
		case TASKSYNC_EXTENSION_WRONG_VERSION:
			finding.state = TASKSYNC_SLOT_WRONG_VERSION;
			break;
		case TASKSYNC_EXTENSION_RESTORING:
			finding.state = TASKSYNC_SLOT_RESTORING;
			break;
		case TASKSYNC_EXTENSION_NOT_HOME:
			finding.state =
				tasksync_home_is_claimed() ? TASKSYNC_SLOT_NOT_HOME : TASKSYNC_SLOT_UNCLAIMED;
			break;
		case TASKSYNC_EXTENSION_READY:
			break;
	}
	PopActiveSnapshot();
	CommitTransactionCommand();
	MemoryContextSwitchTo(loop_context);
	return finding;
}

/*
 * tell - one line in the log when the worker begins to stand still, and why.
 */
static void
tell(const Finding *finding)
{
	const char *what = NULL;

	if (finding->state == TASKSYNC_SLOT_WRONG_VERSION)
		what = "the library and the SQL objects of tasksync are of different versions";
	else if (finding->state == TASKSYNC_SLOT_RESTORING)
		what = "tasksync.restoring is on";
	else if (finding->state == TASKSYNC_SLOT_NOT_HOME)
		what = "the database is a copy of another one that tasksync synchronizes";
	if (what != NULL)
		ereport(WARNING, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						  errmsg("tasksync does not synchronize in database \"%s\": %s",
								 database_name, what),
						  finding->hint != NULL ? errhint("%s", finding->hint) : 0));
}

/*
 * check - finds out whether there may be any work, and leaves if there never will.
 */
static void
check(void)
{
	Finding finding = look();

	/* the launcher cannot always read the settings and then starts one to be on the safe side */
	if (!finding.enabled)
		proc_exit(0);
	loop.check_now = false;
	loop.check_at = tasksync_monotonic_ms() + tasksync_poll_interval_ms;
	if (slot->state == finding.state)
		return;
	set_state(finding.state);
	tell(&finding);
	if (finding.state != TASKSYNC_SLOT_READY)
		tasksync_runs_abandon();
	else
		loop.claim_now = true;
	if (finding.state == TASKSYNC_SLOT_ABSENT)
		proc_exit(0);
}

/* ---- one round ---- */

static void
claim(void)
{
	int room = Min(tasksync_max_concurrent_accounts, tasksync_http_capacity(http)) -
			   tasksync_runs_under_way();
	long wait_ms = -1;

	/* no room: claim_now stays, and the end of a run comes here again */
	if (room <= 0)
		return;
	loop.claim_now = tasksync_runs_claim(room, &wait_ms);
	if (wait_ms < 0 || wait_ms > tasksync_poll_interval_ms)
		wait_ms = tasksync_poll_interval_ms;
	loop.claim_at = tasksync_monotonic_ms() + wait_ms;
	pg_atomic_write_u64(&slot->next_due,
						(uint64) TimestampTzPlusMilliseconds(GetCurrentTimestamp(), wait_ms));
}

/* every other poll, or with each round while there is much to remove */
static void
tidy(void)
{
	int64 now = tasksync_monotonic_ms();

	if (now < loop.tidy_at)
		return;
	loop.tidy_at = tasksync_engine_tidy() ? now : now + 2 * (int64) tasksync_poll_interval_ms;
}

/*
 * look_for_work - may ereport when the database, not an account, is in trouble.
 */
static void
look_for_work(void)
{
	if (loop.check_now || tasksync_monotonic_ms() >= loop.check_at)
		check();
	if (slot->state != TASKSYNC_SLOT_READY)
		return;
	if (!loop.started)
	{
		tasksync_engine_start(slot->restarts == 0);
		loop.started = true;
	}
	/* first: an account that was asked for while it ran is due again and is claimed here */
	tasksync_runs_flush();
	tasksync_runs_preview();
	if (loop.claim_now || tasksync_monotonic_ms() >= loop.claim_at)
		claim();
	tasksync_runs_flush();
	tidy();
	tasksync_engine_statistics();
	loop.failures = 0;
	loop.trouble_delay = 0;
}

/*
 * trouble - an error that is no account's: note it, try again later.
 *
 * Only the first of a row goes to the log: a full disk must not be filled with
 * reports of it.
 */
static void
trouble(void)
{
	ErrorData *error;

	MemoryContextSwitchTo(loop_context);
	error = CopyErrorData();
	if (loop.failures++ == 0)
		EmitErrorReport();
	FlushErrorState();
	tasksync_txn_abort();
	MemoryContextSwitchTo(loop_context);
	note_error(error);
	set_state(TASKSYNC_SLOT_FAILING);
	loop.trouble_delay = Min(tasksync_backoff_ms(loop.failures, loop.trouble_delay,
												 pg_prng_uint64(&pg_global_prng_state)),
							 LONGEST_TROUBLE_DELAY_MS);
	loop.check_now = false;
	loop.check_at = tasksync_monotonic_ms() + loop.trouble_delay;
}

/*
 * contained - look_for_work() with a net under it.
 */
static void
contained(void)
{
	PG_TRY();
	{
		look_for_work();
	}
	PG_CATCH();
	{
		trouble();
	}
	PG_END_TRY();
}

/*
 * time_to_wait - until libcurl, the queue or the next check wants attention.
 */
static long
time_to_wait(void)
{
	int64 now = tasksync_monotonic_ms();
	int64 wait = loop.check_at - now;
	long transport = tasksync_http_timeout_ms(http);
	long turn = tasksync_runs_wait_ms();

	if (slot->state == TASKSYNC_SLOT_READY)
	{
		bool room = tasksync_runs_under_way() < tasksync_max_concurrent_accounts;

		wait = Min(wait, loop.claim_at - now);
		if (loop.claim_now && room)
			wait = 0;
	}
	if (transport >= 0)
		wait = Min(wait, transport);
	if (turn >= 0)
		wait = Min(wait, turn);
	return (long) Max(wait, 0);
}

/*
 * leave_if_asked - switched off, or a command wants the database for itself.
 *
 * By a look at the slot instead of a signal, so that an ordinary DROP DATABASE
 * leaves no FATAL in the log.  The launcher sends the signal a second later.
 */
static void
leave_if_asked(void)
{
	LWLockAcquire(tasksync_shared->lock, LW_SHARED);
	asked_to_leave = !slot->wanted || slot->holds > 0;
	LWLockRelease(tasksync_shared->lock);
	if (asked_to_leave)
		proc_exit(0);
}

/*
 * hear - what backends have told since the last round.
 */
static void
hear(bool reloaded)
{
	uint32 wakes = pg_atomic_read_u32(&slot->wakes);
	uint32 checks = pg_atomic_read_u32(&slot->checks);

	leave_if_asked();
	if (wakes != loop.wakes)
	{
		loop.wakes = wakes;
		loop.claim_now = true;

		/* the first user makes this database a home, and only then is there work */
		if (slot->state != TASKSYNC_SLOT_READY && slot->state != TASKSYNC_SLOT_FAILING)
			loop.check_now = true;
	}
	if (checks != loop.checks || reloaded)
	{
		loop.checks = checks;
		loop.check_now = true;
	}
}

/* ---- the process ---- */

/*
 * settle_settings - what ALTER DATABASE … SET may say for people must not
 * change what this process does.  Above the database's settings, below a SET.
 */
static void
settle_settings(void)
{
	static const char *const settings[][2] = {
		{"application_name", "tasksync worker"},
		{"statement_timeout", "0"},
		{"transaction_timeout", "0"}, /* from 17 on */
		{"idle_in_transaction_session_timeout", "0"},
		/* a row that an application keeps locked costs its own account a retry, not all a stop */
		{"lock_timeout", "300ms"},
		{"default_transaction_isolation", "read committed"},
		{"default_transaction_read_only", "off"},
		{"default_transaction_deferrable", "off"},
		{"session_replication_role", "origin"},
		{"row_security", "on"},
		{"jit", "off"},
		/*
		 * Of a person whose rows came after the last ANALYZE the statistics may
		 * say that there are none, and then any index looks as good as the key.
		 * A plan that does not know the person is made for the average one.
		 * How long plans are kept: see spi.c.
		 */
		{"plan_cache_mode", "force_generic_plan"},
		{"DateStyle", "ISO, YMD"},
		{"IntervalStyle", "postgres"},
		{"TimeZone", "UTC"},
		{"extra_float_digits", "1"},
		{"bytea_output", "hex"},
	};

	for (int i = 0; i < lengthof(settings); i++)
	{
		if (GetConfigOption(settings[i][0], true, false) != NULL)
			SetConfigOption(settings[i][0], settings[i][1], PGC_SUSET, PGC_S_OVERRIDE);
	}
}

static void
connect_to(Oid database)
{
	BackgroundWorkerInitializeConnectionByOid(database, InvalidOid, 0);
	settle_settings();
}

/*
 * tasksync_worker_main - the process.
 */
void
tasksync_worker_main(Datum argument)
{
	Oid database = DatumGetObjectId(argument);

	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	attach(database);
	connect_to(database);

	loop_context =
		AllocSetContextCreate(TopMemoryContext, "tasksync worker round", ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(loop_context);
	http = tasksync_http_create();
	tasksync_runs_init(http, slot);
	tasksync_wait_init(tasksync_http_fd(http));
	loop.check_now = true;
	hear(false);

	for (;;)
	{
		bool reloaded;

		contained();
		tasksync_http_drive(http);
		if (tasksync_runs_advance())
			loop.claim_now = true;
		if (tasksync_runs_under_way() == 0)
			tasksync_http_trim(http);
		pg_atomic_write_u64(&slot->last_loop, (uint64) GetCurrentTimestamp());
		Assert(CurrentMemoryContext == loop_context);
		MemoryContextReset(loop_context);
		reloaded = tasksync_wait(time_to_wait());
		hear(reloaded);
	}
}
