/*
 * budget.c
 *	  Queries of the day, for providers that count them for all accounts of an
 *	  app together.
 *
 * Counted in the worker's memory and added to provider_days now and then, so
 * that a quiet round stays cheap; a worker that crashes forgets a few seconds.
 * The table is what survives a restart and what operators see.
 *
 * Sync worker only.
 */
#include "postgres.h"

#include "base/clock.h"
#include "base/spi.h"
#include "sync/budget.h"
#include "sync/schedule.h"

#define MAX_PROVIDERS 8
/* how long a count may wait to be written */
#define WRITE_AFTER_MS 5000
#define DAY_MS INT64CONST(86400000)
#define KEPT_DAYS 31

typedef struct Ledger
{
	const TasksyncProvider *provider; /* NULL: free */
	char day[11];                     /* that `used` belongs to */
	int64 used;                       /* as the table said last, and what came since */
	int64 pending;                    /* of these not in the table yet */
	int64 written_at;                 /* monotonic milliseconds */
} Ledger;

static Ledger ledgers[MAX_PROVIDERS];

static bool
has_budget(const TasksyncProvider *provider)
{
	return provider != NULL && provider->daily_queries != NULL;
}

/* today there, and what is left of it; an hour more or less on two days of the year */
static int64
day_left_ms(const TasksyncProvider *provider, char date[11])
{
	char time[9];
	int hour;
	int minute;
	int second;

	if (!tasksync_instant_to_local(tasksync_now(), provider->day_zone, date, time) ||
		sscanf(time, "%d:%d:%d", &hour, &minute, &second) != 3)
		elog(ERROR, "the zone \"%s\" of the provider \"%s\" is not known", provider->day_zone,
			 provider->name);
	return DAY_MS - ((int64) hour * 3600 + minute * 60 + second) * 1000;
}

/* the provider's, of the present day; the last seconds of the one before are not written */
static Ledger *
ledger_of(const TasksyncProvider *provider)
{
	char today[11];

	(void) day_left_ms(provider, today);
	for (int i = 0; i < MAX_PROVIDERS; i++)
	{
		Ledger *ledger = &ledgers[i];

		if (ledger->provider != NULL && ledger->provider != provider)
			continue;
		ledger->provider = provider;
		if (strcmp(ledger->day, today) != 0)
		{
			strlcpy(ledger->day, today, sizeof(ledger->day));
			ledger->used = ledger->pending = 0;
		}
		return ledger;
	}
	elog(ERROR, "more than %d providers have a daily budget", MAX_PROVIDERS);
	return NULL;
}

void
tasksync_budget_count(const TasksyncProvider *provider, int queries)
{
	Ledger *ledger;

	if (!has_budget(provider))
		return;
	ledger = ledger_of(provider);
	ledger->used += Max(queries, 1);
	ledger->pending += Max(queries, 1);
}

int64
tasksync_budget_poll_ms(const TasksyncProvider *provider, int64 delay_ms)
{
	char today[11];

	if (!has_budget(provider))
		return delay_ms;
	return tasksync_budget_delay_ms(delay_ms, ledger_of(provider)->used,
									provider->daily_queries(), day_left_ms(provider, today));
}

bool
tasksync_budget_is_due(void)
{
	for (int i = 0; i < MAX_PROVIDERS; i++)
		if (ledgers[i].pending > 0 &&
			tasksync_monotonic_ms() - ledgers[i].written_at > WRITE_AFTER_MS)
			return true;
	return false;
}

static void
write_ledger(Ledger *ledger)
{
	static const char sql[] =
		"INSERT INTO tasksync.provider_days AS d (provider, day, queries, budget, ends_at)"
		" VALUES ($1, $2::date, $3, $4, ($2::date + 1)::timestamp AT TIME ZONE $5)"
		" ON CONFLICT (provider, day) DO UPDATE SET queries = d.queries + excluded.queries,"
		" budget = excluded.budget, updated_at = now() RETURNING d.queries, d.queries = $3";

	tasksync_query(sql, "ttlit", tasksync_p_text(ledger->provider->name),
				   tasksync_p_text(ledger->day), tasksync_p_long(ledger->pending),
				   tasksync_p_int(ledger->provider->daily_queries()),
				   tasksync_p_text(ledger->provider->day_zone));
	ledger->used = tasksync_cell_long(0, 1, ledger->used);
	ledger->pending = 0;
	ledger->written_at = tasksync_monotonic_ms();
	/* the first of a day takes the place of the oldest */
	if (tasksync_cell_bool(0, 2))
		tasksync_query("DELETE FROM tasksync.provider_days WHERE provider = $1"
					   " AND day < $2::date - $3",
					   "tti", tasksync_p_text(ledger->provider->name),
					   tasksync_p_text(ledger->day), tasksync_p_int(KEPT_DAYS));
}

void
tasksync_budget_flush(void)
{
	for (int i = 0; i < MAX_PROVIDERS; i++)
		if (ledgers[i].pending > 0)
			write_ledger(&ledgers[i]);
}
