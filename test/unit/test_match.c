/*
 * test_match.c
 *	  Two populated sides: who is paired with whom, what goes to review, and
 *	  that the order of the input decides nothing.
 */
#include "postgres.h"

#include "sync/match.h"
#include "unit.h"

#define MOST 64

static void
item(TasksyncMatchItem *to, const char *id, const char *title, const char *due, const char *notes,
	 const char *parent)
{
	TasksyncRecord *record = tasksync_record_new(TASKSYNC_TASK);

	memset(to, 0, sizeof(*to));
	tasksync_record_set(record, TASKSYNC_F_TITLE, title);
	tasksync_record_set(record, TASKSYNC_F_STATUS, "open");
	tasksync_record_set(record, TASKSYNC_F_DUE_DATE, due);
	tasksync_record_set(record, TASKSYNC_F_DESCRIPTION, notes);
	to->id = id;
	to->parent = parent;
	to->record = record;
}

/* "h1=r2(title) h3~r1(title)": ~ is a proposal; in the order of the hub's ids */
static const char *
result(int nhub, const TasksyncMatchItem *hub, const TasksyncMatchItem *remote)
{
	const char *lines[MOST];
	char	   *text = pstrdup("");

	for (int i = 0; i < nhub; i++)
		lines[i] = hub[i].other < 0
			? NULL
			: psprintf("%s%s%s(%s)", hub[i].id, hub[i].review ? "~" : "=", remote[hub[i].other].id,
					   tasksync_match_tier_name(hub[i].tier));
	for (int i = 0; i < nhub; i++)
	{
		int			first = -1;

		for (int k = 0; k < nhub; k++)
			if (lines[k] != NULL && (first < 0 || strcmp(lines[k], lines[first]) < 0))
				first = k;
		if (first < 0)
			break;
		text = psprintf("%s%s%s", text, *text ? " " : "", lines[first]);
		lines[first] = NULL;
	}
	return text;
}

static const char *
matched(int nhub, TasksyncMatchItem *hub, int nremote, TasksyncMatchItem *remote)
{
	tasksync_match(nhub, hub, nremote, remote);
	return result(nhub, hub, remote);
}

static void
by_hand(void)
{
	TasksyncMatchItem hub[8];
	TasksyncMatchItem remote[8];

	item(&hub[0], "h1", "Pay rent", "2026-05-01", "", NULL);
	item(&hub[1], "h2", "Pay rent", "2026-06-01", "", NULL);
	item(&hub[2], "h3", "Call Ann", NULL, "", NULL);
	item(&remote[0], "r1", "Pay rent", "2026-06-01", "by transfer", NULL);
	item(&remote[1], "r2", "Call Ann", "2026-07-01", "", NULL);
	item(&remote[2], "r3", "Pay rent", "2026-05-01", "", NULL);
	unit_is(matched(3, hub, 3, remote),
			"h1=r3(title and date) h2=r1(title and date) h3=r2(title and parent)",
			"the date tells equal titles apart; a title that is there once is enough");

	for (int i = 0; i < 3; i++)
		item(&hub[i], psprintf("h%d", i + 1), "Buy milk", NULL, "", NULL);
	for (int i = 0; i < 2; i++)
		item(&remote[i], psprintf("r%d", i + 1), "Buy milk", NULL, "", NULL);
	unit_is(matched(3, hub, 2, remote), "h1=r1(title and date) h2=r2(title and date)",
			"three that are alike against two: two pairs, the third is new there");

	item(&hub[0], "h1", "Buy milk", NULL, "two litres", NULL);
	item(&hub[1], "h2", "Buy milk", NULL, "for Bob", NULL);
	item(&remote[0], "r1", "Buy milk", NULL, "oat", NULL);
	item(&remote[1], "r2", "Buy milk", NULL, "for Bob", NULL);
	unit_is(matched(2, hub, 2, remote), "h1=r1(title and date) h2=r2(title and date)",
			"those alike to the letter first; what is left over once on each side is a pair");
	item(&remote[1], "r2", "Buy milk", NULL, "soy", NULL);
	unit_is(matched(2, hub, 2, remote), "h1~r1(title and date) h2~r2(title and date)",
			"with different notes nobody can tell: proposed only");

	item(&hub[0], "h1", "Draft", NULL, "", "Talk");
	item(&hub[1], "h2", "Draft", NULL, "", "Paper");
	item(&remote[0], "r1", "Draft", NULL, "", "Paper");
	item(&remote[1], "r2", "Draft", NULL, "", NULL);
	unit_is(matched(2, hub, 2, remote), "h1=r2(title) h2=r1(title and date)",
			"the task above tells subtasks apart; the rest by title alone");

	item(&hub[0], "h1", "", NULL, "", NULL);
	item(&remote[0], "r1", "", NULL, "", NULL);
	unit_is(matched(1, hub, 1, remote), "", "untitled tasks are never paired");

	item(&hub[0], "h1", "Old name", NULL, "", NULL);
	item(&hub[1], "h2", "New name", NULL, "", NULL);
	item(&remote[0], "r1", "New name", NULL, "", NULL);
	remote[0].marker = "h1";
	unit_is(matched(2, hub, 1, remote), "h1=r1(marker)", "a marker counts before any title");

	item(&hub[0], "h1", "Done one", NULL, "", NULL);
	item(&remote[0], "r1", "Done one", NULL, "", NULL);
	tasksync_record_set((TasksyncRecord *) remote[0].record, TASKSYNC_F_STATUS, "done");
	unit_is(matched(1, hub, 1, remote), "", "an open task is not a completed one");
}

static void
fill(Random *random, TasksyncMatchItem *items, int count, const char *prefix)
{
	static const char *const titles[] = {"a", "b", "c", "d e", ""};
	static const char *const dues[] = {NULL, "2026-05-01", "2026-05-02"};
	static const char *const notes[] = {"", "x", "y"};
	static const char *const parents[] = {NULL, "p", "q"};

	for (int i = 0; i < count; i++)
		item(&items[i], psprintf("%s%02d", prefix, i), titles[random_below(random, 5)],
			 dues[random_below(random, 3)], notes[random_below(random, 3)],
			 parents[random_below(random, 3)]);
}

static void
shuffle(Random *random, TasksyncMatchItem *items, int count)
{
	for (int i = count - 1; i > 0; i--)
	{
		int			k = random_below(random, i + 1);
		TasksyncMatchItem kept = items[i];

		items[i] = items[k];
		items[k] = kept;
	}
}

/* one to one, both ways; a pair agrees in its title; nothing that is left could be a sure pair */
static bool
laws(Random *random)
{
	TasksyncMatchItem hub[MOST];
	TasksyncMatchItem remote[MOST];
	int			nhub = random_below(random, 20);
	int			nremote = random_below(random, 20);
	const char *first;

	fill(random, hub, nhub, "h");
	fill(random, remote, nremote, "r");
	first = matched(nhub, hub, nremote, remote);
	for (int i = 0; i < nhub; i++)
	{
		if (hub[i].other < 0)
		{
			for (int k = 0; k < nremote; k++)
				if (remote[k].other < 0 && *hub[i].record->value[TASKSYNC_F_TITLE] &&
					strcmp(hub[i].record->value[TASKSYNC_F_TITLE],
						   remote[k].record->value[TASKSYNC_F_TITLE]) == 0)
					return unit_reason("%s and %s were left over: %s", hub[i].id, remote[k].id,
									   first);
			continue;
		}
		if (remote[hub[i].other].other != i || remote[hub[i].other].review != hub[i].review ||
			!tasksync_field_equal(hub[i].record, remote[hub[i].other].record, TASKSYNC_F_TITLE))
			return unit_reason("%s is not paired both ways: %s", hub[i].id, first);
	}
	shuffle(random, hub, nhub);
	shuffle(random, remote, nremote);
	if (strcmp(matched(nhub, hub, nremote, remote), first) != 0)
		return unit_reason("another order, other pairs: %s / %s", first,
						   result(nhub, hub, remote));
	return true;
}

/* 10,000 tasks on both sides, half of them with titles that are there often */
static void
large(void)
{
	int			count = 10000;
	TasksyncMatchItem *hub = palloc(sizeof(TasksyncMatchItem) * count);
	TasksyncMatchItem *remote = palloc(sizeof(TasksyncMatchItem) * count);
	double		began;
	int			pairs = 0;

	for (int i = 0; i < count; i++)
	{
		const char *title = i % 2 ? psprintf("task %d", i) : psprintf("often %d", i % 50);

		item(&hub[i], psprintf("h%05d", i), title, NULL, psprintf("%d", i), NULL);
		item(&remote[count - 1 - i], psprintf("r%05d", i), title, NULL, psprintf("%d", i), NULL);
	}
	began = unit_seconds();
	tasksync_match(count, hub, count, remote);
	unit_note("10,000 against 10,000 in %.2f s", unit_seconds() - began);
	for (int i = 0; i < count; i++)
		pairs += hub[i].other >= 0 && !hub[i].review;
	unit_ok(pairs == count, "10,000 tasks find their likeness among 10,000");
}

int
main(void)
{
	unit_start();
	by_hand();
	unit_property("one to one, whatever the order", 20000, laws);
	large();
	return unit_done();
}
