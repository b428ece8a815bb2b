/*
 * testpoint.c
 *	  Test points: see testpoint.h.  Empty in a release build.
 *
 * Own points instead of the server's injection points, because packaged
 * servers are built without those and 15 has none.
 */
#include "postgres.h"

#include "base/testpoint.h"

#ifdef TASKSYNC_TESTING

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "miscadmin.h"
#include "postmaster/interrupt.h"
#include "storage/latch.h"
#include "utils/guc.h"
#include "utils/wait_event.h"

#include "base/compat.h"

#define MAX_POINTS 128
#define FIRED_FILE "tasksync_test_points.fired"

int			tasksync_test_clock_shift_s = 0;

static char *test_points = NULL;
static char *mutant = NULL;

/* passes since the setting was last changed, by name (the literals of the calls) and in all */
static struct
{
	const char *name;
	int			passes;
} points[MAX_POINTS];
static int	npoints = 0;
static int	all_passes = 0;

typedef struct Entry
{
	char		name[64];
	char		action[16];
	int			count;			/* 0 = every pass */
	char		text[96];		/* as written, to be found again */
} Entry;

static bool
parse_entry(const char *text, size_t length, Entry *entry)
{
	int			taken = 0;

	if (length == 0 || length >= sizeof(entry->text))
		return false;
	memcpy(entry->text, text, length);
	entry->text[length] = '\0';
	entry->count = 0;
	if (sscanf(entry->text, "%63[^:]:%15[a-z]%n:%d%n", entry->name, entry->action, &taken,
			   &entry->count, &taken) < 2)
		return false;
	return taken == (int) length && entry->count >= 0 &&
		(strcmp(entry->action, "log") == 0 || strcmp(entry->action, "error") == 0 ||
		 strcmp(entry->action, "wait") == 0 || strcmp(entry->action, "crash") == 0 ||
		 strcmp(entry->action, "shutdown") == 0);
}

/* steps to the next entry of a list; false at its end */
static bool
next_entry(const char **list, const char **start, size_t *length)
{
	if (*list == NULL || **list == '\0')
		return false;
	*start = *list;
	*length = strcspn(*list, ",");
	*list += *length;
	if (**list == ',')
		(*list)++;
	while (*length > 0 && **start == ' ')
	{
		(*start)++;
		(*length)--;
	}
	return true;
}

static bool
check_test_points(char **newval, void **extra, GucSource source)
{
	const char *list = *newval;
	const char *start;
	size_t		length;
	Entry		entry;

	while (next_entry(&list, &start, &length))
	{
		if (!parse_entry(start, length, &entry))
		{
			GUC_check_errdetail("Entries are NAME:ACTION[:COUNT] with the actions log, error, "
								"wait, crash and shutdown.");
			return false;
		}
	}
	return true;
}

/*
 * A change of the setting starts the counts anew, so that a test can name a
 * step of what it does next without knowing what the process did before.  A
 * background worker tells that it has seen the change.
 */
static void
assign_test_points(const char *newval, void *extra)
{
	if (test_points != NULL && newval != NULL && strcmp(test_points, newval) == 0)
		return;
	npoints = 0;
	all_passes = 0;
	if (MyBackendType == B_BG_WORKER && IsUnderPostmaster)
		elog(LOG, "test points \"%s\" are armed in process %d", newval ? newval : "", MyProcPid);
}

static void
assign_mutant(const char *newval, void *extra)
{
	if (mutant != NULL && newval != NULL && strcmp(mutant, newval) != 0 &&
		MyBackendType == B_BG_WORKER && IsUnderPostmaster)
		elog(LOG, "mutant \"%s\" lives in process %d", newval, MyProcPid);
}

bool
tasksync_mutant_is(const char *name)
{
	return mutant != NULL && strcmp(mutant, name) == 0;
}

void
tasksync_testpoint_define(void)
{
	DefineCustomStringVariable("tasksync.mutant", "A bug built in on purpose.", NULL, &mutant, "",
							   PGC_SUSET, GUC_SUPERUSER_ONLY, NULL, assign_mutant, NULL);
	DefineCustomStringVariable("tasksync.test_points",
							   "Armed test points, NAME:ACTION[:COUNT], ...", NULL, &test_points,
							   "", PGC_SUSET, GUC_SUPERUSER_ONLY, check_test_points,
							   assign_test_points, NULL);
	DefineCustomIntVariable("tasksync.test_clock_shift", "Added to the clock of the library.",
							NULL, &tasksync_test_clock_shift_s, 0, -1000000000, 1000000000,
							PGC_SUSET, GUC_SUPERUSER_ONLY | GUC_UNIT_S, NULL, NULL, NULL);
}

static int
count_pass(const char *name)
{
	all_passes++;
	for (int i = 0; i < npoints; i++)
	{
		if (strcmp(points[i].name, name) == 0)
			return ++points[i].passes;
	}
	if (npoints >= MAX_POINTS)
		elog(ERROR, "too many test points");
	points[npoints].name = name;
	points[npoints].passes = 1;
	npoints++;
	return 1;
}

static bool
is_armed(const char *text)
{
	const char *list = test_points;
	const char *start;
	size_t		length;

	while (next_entry(&list, &start, &length))
	{
		if (strlen(text) == length && strncmp(start, text, length) == 0)
			return true;
	}
	return false;
}

static void
wait_here(const Entry *entry)
{
	elog(LOG, "test point \"%s\": waiting", entry->text);
	while (is_armed(entry->text))
	{
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, 20,
						 PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
		if (ConfigReloadPending)
		{
			ConfigReloadPending = false;
			ProcessConfigFile(PGC_SIGHUP);
		}
	}
	/* whoever sets the latch for work must not have done so in vain */
	SetLatch(MyLatch);
}

/* true if this entry has not fired yet; from now on it has */
static bool
fire_once(const Entry *entry)
{
	char		line[sizeof(entry->text) + 1];
	FILE	   *file = fopen(FIRED_FILE, "a+");
	bool		fired = false;

	if (file == NULL)
		elog(ERROR, "could not open \"%s\": %m", FIRED_FILE);
	rewind(file);
	while (fgets(line, sizeof(line), file) != NULL)
	{
		line[strcspn(line, "\n")] = '\0';
		if (strcmp(line, entry->text) == 0)
			fired = true;
	}
	if (!fired && fseek(file, 0, SEEK_END) == 0)
		fprintf(file, "%s\n", entry->text);
	fclose(file);
	return !fired;
}

static void
act(const Entry *entry, const char *name, int pass)
{
	if (strcmp(entry->action, "log") == 0)
		elog(LOG, "test point \"%s\" pass %d step %d", name, pass, all_passes);
	else if (strcmp(entry->action, "error") == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("test point \"%s\" reached", name)));
	else if (strcmp(entry->action, "wait") == 0)
		wait_here(entry);
	else if (fire_once(entry))
	{
		elog(LOG, "test point \"%s\" step %d: %s", name, all_passes, entry->action);
		if (strcmp(entry->action, "shutdown") == 0)
		{
			kill(PostmasterPid, SIGQUIT);
			/* the postmaster's SIGQUIT ends this process at whatever comes next */
			for (;;)
				pg_usleep(1000);
		}
		kill(MyProcPid, SIGKILL);
		for (;;)
			pg_usleep(1000);
	}
}

void
tasksync_testpoint_pass(const char *name)
{
	int			pass = count_pass(name);
	int			step = all_passes;
	const char *list;
	char	   *copy;
	const char *start;
	size_t		length;
	Entry		entry;

	if (test_points == NULL || *test_points == '\0')
		return;
	/* a wait may reload the setting while the list is being read */
	copy = pstrdup(test_points);
	list = copy;
	while (next_entry(&list, &start, &length))
	{
		bool		is_any;

		if (!parse_entry(start, length, &entry))
			continue;
		is_any = strcmp(entry.name, "any") == 0 || strcmp(entry.name, "step") == 0;
		if (!is_any && strcmp(entry.name, name) != 0)
			continue;
		if (entry.count == 0 || entry.count == (is_any ? step : pass))
			act(&entry, name, pass);
	}
	pfree(copy);
}

#endif
