/*
 * test_order.c
 *	  The order of siblings: the fewest moves, places that make the wanted order,
 *	  nothing to do a second time.
 */
#include "postgres.h"

#include <math.h>

#include "lib/stringinfo.h"

#include "sync/order.h"
#include "unit.h"

#define MOST 9

typedef struct Siblings
{
	int			count;
	TasksyncOrderItem item[64];
	TasksyncOrderItem *sorted[64];
} Siblings;

static int
plan(Siblings *siblings)
{
	for (int i = 0; i < siblings->count; i++)
		siblings->sorted[i] = &siblings->item[i];
	return tasksync_order_plan(siblings->count, siblings->sorted);
}

static const char *
show_siblings(const Siblings *siblings)
{
	StringInfoData text;

	initStringInfo(&text);
	for (int i = 0; i < siblings->count; i++)
		appendStringInfo(&text, " %g:%g%s%s%s>%g", siblings->item[i].want, siblings->item[i].have,
						 siblings->item[i].placed ? "" : "?", siblings->item[i].loose ? "~" : "",
						 siblings->item[i].moves ? "!" : "", siblings->item[i].place);
	return text.data;
}

/* few numbers, so that equal ones are common; now and then wide ones, halves, below zero */
static void
draw(Random *random, Siblings *siblings, int most)
{
	int			range = random_chance(random, 50) ? most : 3 * most;
	int			shift = random_chance(random, 20) ? -most : 0;
	bool		halves = random_chance(random, 30);

	memset(siblings, 0, sizeof(*siblings));
	siblings->count = random_below(random, most + 1);
	for (int i = 0; i < siblings->count; i++)
	{
		TasksyncOrderItem *item = &siblings->item[i];

		item->want = random_below(random, range) + shift;
		item->have = random_below(random, range) + shift;
		if (halves)
			item->have /= 2;
		item->placed = !random_chance(random, 10);
		item->loose = random_chance(random, 30);
	}
}

/* may these two stay as they are? */
static bool
agree(const TasksyncOrderItem *a, const TasksyncOrderItem *b)
{
	if (a->want == b->want)
		return true;
	return a->want < b->want ? a->have < b->have : a->have > b->have;
}

/* the largest set that agrees, and how many of it would rather stay: by trying all sets */
static void
best_of_all(const Siblings *siblings, int *size, int *firm)
{
	*size = *firm = 0;
	for (int set = 0; set < 1 << siblings->count; set++)
	{
		int			members = 0;
		int			stay = 0;
		bool		fits = true;

		for (int i = 0; i < siblings->count && fits; i++)
		{
			if ((set & 1 << i) == 0)
				continue;
			fits = siblings->item[i].placed;
			members++;
			stay += !siblings->item[i].loose;
			for (int j = 0; j < i && fits; j++)
				fits = (set & 1 << j) == 0 || agree(&siblings->item[i], &siblings->item[j]);
		}
		if (fits && (members > *size || (members == *size && stay > *firm)))
		{
			*size = members;
			*firm = stay;
		}
	}
}

static bool
fewest_moves(Random *random)
{
	Siblings	siblings;
	int			size;
	int			firm;
	int			moved;
	int			stayed = 0;

	draw(random, &siblings, MOST);
	moved = plan(&siblings);
	best_of_all(&siblings, &size, &firm);
	for (int i = 0; i < siblings.count; i++)
		stayed += !siblings.item[i].moves && !siblings.item[i].loose;
	if (moved != siblings.count - size)
		return unit_reason("%d moves, %d are enough:%s", moved, siblings.count - size,
						   show_siblings(&siblings));
	if (stayed != firm)
		return unit_reason("%d of those that would rather stay do, %d could:%s", stayed, firm,
						   show_siblings(&siblings));
	return true;
}

static bool
makes_order(Random *random, bool whole)
{
	Siblings	siblings;
	int			moved;

	draw(random, &siblings, 64);
	moved = plan(&siblings);
	tasksync_order_place(siblings.count, siblings.sorted, whole);
	for (int i = 0; i < siblings.count; i++)
	{
		TasksyncOrderItem *item = siblings.sorted[i];

		if (i > 0 && siblings.sorted[i - 1]->want > item->want)
			return unit_reason("not sorted:%s", show_siblings(&siblings));
		if (i > 0 && siblings.sorted[i - 1]->want < item->want &&
			siblings.sorted[i - 1]->place >= item->place)
			return unit_reason("out of order:%s", show_siblings(&siblings));
		if (whole && (item->moves || item->place != item->have) &&
			(item->place != floor(item->place) || item->place < Min(item->have, -64)))
			return unit_reason("no whole number:%s", show_siblings(&siblings));
		if (strtod(tasksync_order_text(item->place), NULL) != item->place)
			return unit_reason("not what it is written as:%s", show_siblings(&siblings));
		if (moved == 0 && item->place != item->have && (!whole || item->have == floor(item->have)))
			return unit_reason("changed for nothing:%s", show_siblings(&siblings));
	}
	/* once more, with what is there now */
	for (int i = 0; i < siblings.count; i++)
	{
		siblings.item[i].have = siblings.item[i].place;
		siblings.item[i].placed = true;
	}
	if (plan(&siblings) != 0)
		return unit_reason("moves again:%s", show_siblings(&siblings));
	tasksync_order_place(siblings.count, siblings.sorted, whole);
	for (int i = 0; i < siblings.count; i++)
		if (siblings.item[i].place != siblings.item[i].have)
			return unit_reason("numbered again:%s", show_siblings(&siblings));
	return true;
}

static bool
whole_numbers(Random *random)
{
	return makes_order(random, true);
}

static bool
fractions(Random *random)
{
	return makes_order(random, false);
}

/* one move at a time, each after the sibling before it: what a service without numbers is told */
static bool
one_by_one(Random *random)
{
	Siblings	siblings;
	int			moved;
	int			calls = 0;

	draw(random, &siblings, 32);
	for (int i = 0; i < siblings.count; i++)
		siblings.item[i].placed = true;
	moved = plan(&siblings);
	while (plan(&siblings) > 0)
	{
		TasksyncOrderItem *next = NULL;

		tasksync_order_place(siblings.count, siblings.sorted, false);
		for (int i = 0; i < siblings.count; i++)
			if (siblings.sorted[i]->moves && next == NULL)
				next = siblings.sorted[i];
		next->have = next->place;
		if (++calls > moved)
			return unit_reason("%d moves were said, but more come:%s", moved,
							   show_siblings(&siblings));
	}
	if (calls != moved)
		return unit_reason("%d moves were said, %d came", moved, calls);
	return true;
}

static void
by_hand(void)
{
	Siblings	siblings = {.count = 4};
	double		places[3];
	const char *text = "";

	/* the last one comes first */
	for (int i = 0; i < 4; i++)
		siblings.item[i] = (TasksyncOrderItem) {.want = i == 3 ? 0 : i + 1, .have = i + 1,
			.placed = true};
	unit_ok(plan(&siblings) == 1 && siblings.item[3].moves, "one task moves, not the other three");
	tasksync_order_place(4, siblings.sorted, true);
	for (int i = 0; i < 4; i++)
		text = psprintf("%s %g", text, siblings.sorted[i]->place);
	unit_is(text, " 1 2 3 4", "whole numbers are shifted where there is no room");
	tasksync_order_place(4, siblings.sorted, false);
	unit_ok(siblings.item[3].place == 0, "a fraction, or a number below the first, needs no other");

	unit_ok(tasksync_order_between(1, 10, 2, places) && places[0] == 2 && places[1] == 3,
			"whole numbers where there are some");
	unit_ok(tasksync_order_between(1, 2, 1, places) && places[0] == 1.5, "then a half");
	unit_ok(tasksync_order_between(NAN, NAN, 2, places) && places[0] == 1 && places[1] == 2,
			"the first ones are 1 and 2");
	unit_ok(tasksync_order_between(7.5, NAN, 1, places) && places[0] == 8, "after the last");
	unit_ok(!tasksync_order_between(1, 1, 1, places), "no room between equal places");
	unit_ok(!tasksync_order_between(1, 1.00000000000001, 1, places), "nor beyond the digits");
}

static void
speed(void)
{
	int			count = 100000;
	TasksyncOrderItem *items = palloc0(sizeof(TasksyncOrderItem) * count);
	TasksyncOrderItem **sorted = palloc(sizeof(TasksyncOrderItem *) * count);
	Random		random = {1};
	double		start;
	double		took[2];

	for (int round = 0; round < 2; round++)
	{
		int			n = round == 0 ? count / 10 : count;

		for (int i = 0; i < n; i++)
		{
			items[i].want = i;
			items[i].have = random_below(&random, n);
			items[i].placed = true;
			sorted[i] = &items[i];
		}
		start = unit_seconds();
		tasksync_order_plan(n, sorted);
		tasksync_order_place(n, sorted, true);
		took[round] = unit_seconds() - start;
	}
	unit_note("%d siblings in disorder: %.1f ms", count, took[1] * 1000);
	unit_ok(took[1] < 40 * took[0] + 0.01,
			"ten times the siblings take about ten times as long");
}

int
main(void)
{
	unit_start();
	by_hand();
	unit_property("no plan has fewer moves", 20000, fewest_moves);
	unit_property("whole numbers make the wanted order, once", 20000, whole_numbers);
	unit_property("fractions make the wanted order, once", 20000, fractions);
	unit_property("one by one it is as many moves as said", 10000, one_by_one);
	speed();
	return unit_done();
}
