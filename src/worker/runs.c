/*
 * runs.c
 *	  The runs under way in this worker, between the engine and the transport.
 *
 * Called by the worker's loop.  Here is the wall between accounts: an error in
 * one run is caught, its transaction aborted, and the run told; the loop and
 * the other runs do not hear of it.
 */
#include "postgres.h"

#include "access/xact.h"
#include "lib/ilist.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "utils/memutils.h"

#include "base/clock.h"
#include "base/spi.h"
#include "sync/budget.h"
#include "sync/engine.h"
#include "worker/runs.h"
#include "worker/wait.h"

typedef struct Flight
{
	dlist_node node;
	TasksyncRun *run;
	TasksyncTransfer *transfer; /* NULL between two requests */
	int64 wakes_at;             /* monotonic milliseconds; 0 = waits for its answer */
} Flight;

static TasksyncHttp *http;
static TasksyncSlot *slot;
static MemoryContext flight_context;
static dlist_head flights = DLIST_STATIC_INIT(flights);
static int under_way = 0;
static bool unrecorded = false; /* the engine may have ends of runs put aside */

/*
 * tasksync_runs_init - once per process.
 */
void
tasksync_runs_init(TasksyncHttp *transport, TasksyncSlot *counters)
{
	http = transport;
	slot = counters;
	flight_context =
		AllocSetContextCreate(TopMemoryContext, "tasksync flights", ALLOCSET_SMALL_SIZES);
}

int
tasksync_runs_under_way(void)
{
	return under_way;
}

static void
release_transfer(Flight *flight)
{
	TasksyncTransfer *transfer = flight->transfer;

	flight->transfer = NULL;
	if (transfer != NULL)
		tasksync_transfer_release(transfer);
}

static void
land(Flight *flight)
{
	release_transfer(flight);
	tasksync_run_free(flight->run);
	dlist_delete(&flight->node);
	pfree(flight);
	under_way--;
	unrecorded = true;
	pg_atomic_write_u32(&slot->in_flight, under_way);
	pg_atomic_fetch_add_u64(&slot->runs, 1);
}

/*
 * fail - records an error of a run on its account.
 *
 * If even that fails the database is in trouble, not the account.  The run is
 * dropped; its lease runs out and the next claim finds it again.
 */
static void
fail(Flight *flight)
{
	MemoryContext context =
		AllocSetContextCreate(flight_context, "tasksync error", ALLOCSET_SMALL_SIZES);
	ErrorData *error;

	MemoryContextSwitchTo(context);
	error = CopyErrorData();
	FlushErrorState();
	tasksync_txn_abort();
	MemoryContextSwitchTo(context);
	pg_atomic_fetch_add_u64(&slot->failed_runs, 1);

	PG_TRY();
	{
		tasksync_run_fail(flight->run, error);
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(context);
		EmitErrorReport();
		FlushErrorState();
		tasksync_txn_abort();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(flight_context);
	MemoryContextDelete(context);
}

/*
 * step - hands the answer over if there is one, and sends what the run wants next.
 *
 * True if the run is at its end.
 */
static bool
step(Flight *flight)
{
	MemoryContext before = CurrentMemoryContext;
	volatile bool over = true;

	pgstat_report_activity(STATE_RUNNING, tasksync_run_activity(flight->run));
	PG_TRY();
	{
		TasksyncHttpRequest request = {0};

		if (flight->transfer != NULL)
		{
			tasksync_run_answer(flight->run, tasksync_transfer_response(flight->transfer));
			release_transfer(flight);
		}
		flight->wakes_at = 0;
		switch (tasksync_run_step(flight->run, &request))
		{
			case TASKSYNC_STEP_REQUEST:
				flight->transfer = tasksync_http_start(http, &request, flight);
				tasksync_run_sent(flight->run, &request);
				pg_atomic_fetch_add_u64(&slot->requests, 1);
				over = false;
				break;
			case TASKSYNC_STEP_WAIT:
				flight->wakes_at = tasksync_monotonic_ms() + tasksync_run_wait_ms(flight->run);
				over = false;
				break;
			case TASKSYNC_STEP_DONE:
				break;
		}
	}
	PG_CATCH();
	{
		fail(flight);
	}
	PG_END_TRY();
	MemoryContextSwitchTo(before);
	Assert(!IsTransactionState());
	return over;
}

/*
 * tasksync_runs_claim - takes due accounts from the queue and starts their runs.
 */
bool
tasksync_runs_claim(int room, long *wait_ms)
{
	MemoryContext before = MemoryContextSwitchTo(flight_context);
	List *runs;
	int count;
	Flight **claimed;
	ListCell *cell;

	/* a run's context is a child of the current one, and must outlive the round */
	runs = tasksync_engine_claim(room, wait_ms);
	MemoryContextSwitchTo(before);
	count = list_length(runs);
	claimed = palloc(sizeof(Flight *) * Max(count, 1));
	foreach(cell, runs)
	{
		Flight *flight = MemoryContextAllocZero(flight_context, sizeof(Flight));

		flight->run = lfirst(cell);
		dlist_push_tail(&flights, &flight->node);
		claimed[foreach_current_index(cell)] = flight;
		under_way++;
	}
	list_free(runs);
	pg_atomic_write_u32(&slot->in_flight, under_way);

	for (int i = 0; i < count; i++)
	{
		if (step(claimed[i]))
			land(claimed[i]);
		tasksync_serve_interrupts();
	}
	return count == room;
}

/*
 * take_ask - the n-th preview somebody waits for; false = there is none.
 */
static bool
take_ask(int n, TasksyncPreviewAsk *ask)
{
	LWLockAcquire(tasksync_shared->lock, LW_SHARED);
	*ask = slot->previews[n];
	LWLockRelease(tasksync_shared->lock);
	return *ask->preview_id != '\0';
}

static void
drop_ask(int n, const TasksyncPreviewAsk *ask)
{
	LWLockAcquire(tasksync_shared->lock, LW_EXCLUSIVE);
	if (strcmp(slot->previews[n].preview_id, ask->preview_id) == 0)
		slot->previews[n].preview_id[0] = '\0';
	LWLockRelease(tasksync_shared->lock);
}

/*
 * tasksync_runs_preview - starts the previews that backends wait for; one whose
 * account is being synchronized waits for the end of that run.
 */
void
tasksync_runs_preview(void)
{
	for (int i = 0; i < TASKSYNC_MAX_PREVIEWS; i++)
	{
		MemoryContext before;
		TasksyncPreviewAsk ask;
		TasksyncRun *run;
		Flight *flight;

		if (!take_ask(i, &ask))
			continue;
		before = MemoryContextSwitchTo(flight_context);
		run = tasksync_engine_preview(ask.user_id, ask.account_id, ask.preview_id);
		MemoryContextSwitchTo(before);
		if (run == NULL)
			continue;
		drop_ask(i, &ask);
		flight = MemoryContextAllocZero(flight_context, sizeof(Flight));
		flight->run = run;
		dlist_push_tail(&flights, &flight->node);
		under_way++;
		if (step(flight))
			land(flight);
	}
}

static void
count_bytes(const TasksyncHttpResponse *response)
{
	pg_atomic_fetch_add_u64(&slot->bytes_sent, response->sent_bytes);
	pg_atomic_fetch_add_u64(&slot->bytes_received, response->received_bytes);
}

/*
 * tasksync_runs_wait_ms - until the first run that waits for its turn; -1 = none does.
 */
long
tasksync_runs_wait_ms(void)
{
	int64 first = -1;
	dlist_iter iter;

	dlist_foreach(iter, &flights)
	{
		Flight *flight = dlist_container(Flight, node, iter.cur);

		if (flight->wakes_at != 0 && (first < 0 || flight->wakes_at < first))
			first = flight->wakes_at;
	}
	return first < 0 ? -1 : (long) Max(first - tasksync_monotonic_ms(), 0);
}

/* those whose turn has come */
static bool
advance_waiting(void)
{
	dlist_mutable_iter iter;
	bool landed = false;

	dlist_foreach_modify(iter, &flights)
	{
		Flight *flight = dlist_container(Flight, node, iter.cur);

		if (flight->wakes_at == 0 || flight->wakes_at > tasksync_monotonic_ms())
			continue;
		if (step(flight))
		{
			land(flight);
			landed = true;
		}
		tasksync_serve_interrupts();
	}
	return landed;
}

/*
 * tasksync_runs_advance - every run whose answer is there, or whose turn has
 * come, does its next step.
 */
bool
tasksync_runs_advance(void)
{
	TasksyncTransfer *transfer;
	bool landed = advance_waiting();

	while ((transfer = tasksync_http_finished(http)) != NULL)
	{
		Flight *flight = tasksync_transfer_owner(transfer);

		Assert(flight->transfer == transfer);
		count_bytes(tasksync_transfer_response(transfer));
		if (step(flight))
		{
			land(flight);
			landed = true;
		}
		tasksync_serve_interrupts();
	}
	return landed;
}

/*
 * tasksync_runs_flush - the ends of quiet runs, many in one transaction.
 */
void
tasksync_runs_flush(void)
{
	if (!unrecorded && !tasksync_budget_is_due())
		return;
	tasksync_engine_flush();
	unrecorded = false;
}

/*
 * tasksync_runs_abandon - the extension has gone or must not be touched.
 */
void
tasksync_runs_abandon(void)
{
	while (!dlist_is_empty(&flights))
		land(dlist_container(Flight, node, dlist_head_node(&flights)));
	unrecorded = false;
}
