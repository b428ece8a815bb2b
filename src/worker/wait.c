/*
 * wait.c
 *	  The one place where the worker waits.
 *
 * One WaitEventSet for the life of the process, with three members: latch,
 * postmaster, and the transport's epoll descriptor, behind which there may be
 * a thousand sockets.  Whatever ends the wait, interrupts are served before
 * anything else: DROP DATABASE anywhere in the server waits for every process
 * to pass here.
 */
#include "postgres.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/interrupt.h"
#include "storage/latch.h"
#include "utils/guc.h"
#include "utils/memutils.h"

#include "base/compat.h"
#include "worker/wait.h"

/* below this a wait is part of the work; above it the process counts as idle */
#define IDLE_MS 100

static WaitEventSet *wait_set = NULL;
static uint32 wait_event = 0;

/*
 * tasksync_wait_init - builds the set; fd must live as long as the process.
 */
void
tasksync_wait_init(int fd)
{
	MemoryContext before = MemoryContextSwitchTo(TopMemoryContext);

	Assert(wait_set == NULL);
	wait_event = tasksync_wait_event("TasksyncMain");
	wait_set = CreateWaitEventSet(TASKSYNC_WAIT_SET_OWNER, 3);
	AddWaitEventToSet(wait_set, WL_LATCH_SET, PGINVALID_SOCKET, MyLatch, NULL);
	AddWaitEventToSet(wait_set, WL_EXIT_ON_PM_DEATH, PGINVALID_SOCKET, NULL, NULL);
	AddWaitEventToSet(wait_set, WL_SOCKET_READABLE, fd, NULL, NULL);
	MemoryContextSwitchTo(before);
}

/*
 * tasksync_serve_interrupts - pg_cancel_backend() meant a transaction that is
 * over, and an error would leave the round half done; all else is obeyed.
 */
void
tasksync_serve_interrupts(void)
{
	Assert(!IsTransactionState());
	QueryCancelPending = false;
	CHECK_FOR_INTERRUPTS();
}

/*
 * tasksync_wait - until something happens.
 */
bool
tasksync_wait(long timeout_ms)
{
	WaitEvent events[3];
	bool reloaded = false;

	Assert(!IsTransactionState());
	if (timeout_ms < 0 || timeout_ms > IDLE_MS)
	{
		/* forced, for else the last changes would show in the statistics only after the wait */
		pgstat_report_stat(true);
		pgstat_report_activity(STATE_IDLE, NULL);
	}
	(void) WaitEventSetWait(wait_set, timeout_ms, events, lengthof(events), wait_event);
	ResetLatch(MyLatch);
	tasksync_serve_interrupts();
	if (ConfigReloadPending)
	{
		ConfigReloadPending = false;
		ProcessConfigFile(PGC_SIGHUP);
		reloaded = true;
	}
	return reloaded;
}
