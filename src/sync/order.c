/*
 * order.c
 *	  Putting siblings into a wanted order with the fewest moves.
 *
 * What need not move is a longest increasing subsequence of the places that
 * the items have, read in the order that is wanted; everything else moves.
 * Nothing smaller can do: two items that stay must be in order already.
 *
 * Equal numbers ask for nothing: items that are wanted at the same place may
 * stand in either order.  But two that *have* the same place and are wanted in
 * one order do not stand in it for sure, so one of them moves.
 *
 * Called in both directions, for what came from a provider and for what goes
 * there.  Pure: no SPI, clock, latch or socket; memory from the current context.
 */
#include "postgres.h"

#include <math.h>

#include "sync/order.h"

#define DIGITS 15

/* a kept item counts this, and one more if it had rather not move: longest first, then those */
#define KEPT ((int64) 1 << 32)

static int
compare_wanted(const void *left, const void *right)
{
	const TasksyncOrderItem *a = *(TasksyncOrderItem *const *) left;
	const TasksyncOrderItem *b = *(TasksyncOrderItem *const *) right;

	if (a->want != b->want)
		return a->want < b->want ? -1 : 1;
	if (a->placed != b->placed)
		return a->placed ? -1 : 1;
	if (a->placed && a->have != b->have)
		return a->have < b->have ? -1 : 1;
	return 0;
}

static int
compare_doubles(const void *left, const void *right)
{
	double a = *(const double *) left;
	double b = *(const double *) right;

	return a < b ? -1 : a > b ? 1 : 0;
}

/* the best chain that ends at or below a rank: a Fenwick tree of maxima */
typedef struct Chains
{
	int size;
	int *best; /* 1 + index of the chain's last item; 0 = none */
	const int64 *worth;
} Chains;

static int
better(const Chains *chains, int a, int b)
{
	if (a == 0 || b == 0)
		return a == 0 ? b : a;
	return chains->worth[b - 1] > chains->worth[a - 1] ? b : a;
}

static int
best_below(const Chains *chains, int rank)
{
	int best = 0;

	for (; rank > 0; rank -= rank & -rank)
		best = better(chains, best, chains->best[rank]);
	return best;
}

static void
offer(Chains *chains, int rank, int item)
{
	for (; rank <= chains->size; rank += rank & -rank)
		chains->best[rank] = better(chains, chains->best[rank], item + 1);
}

/* ranks of the places that there are, from 1; 0 for an item without one */
static int *
rank_places(int count, TasksyncOrderItem **items)
{
	double *places = palloc(sizeof(double) * Max(count, 1));
	int *ranks = palloc0(sizeof(int) * Max(count, 1));
	int nplaces = 0;

	for (int i = 0; i < count; i++)
		if (items[i]->placed)
			places[nplaces++] = items[i]->have;
	qsort(places, nplaces, sizeof(double), compare_doubles);
	for (int i = 0; i < count; i++)
	{
		int low = 0;
		int high = nplaces;

		if (!items[i]->placed)
			continue;
		while (low < high)
		{
			int middle = low + (high - low) / 2;

			if (places[middle] < items[i]->have)
				low = middle + 1;
			else
				high = middle;
		}
		ranks[i] = low + 1;
	}
	return ranks;
}

int
tasksync_order_plan(int count, TasksyncOrderItem **items)
{
	int64 *worth = palloc0(sizeof(int64) * Max(count, 1));
	int *before = palloc0(sizeof(int) * Max(count, 1));
	Chains chains = {count, palloc0(sizeof(int) * (count + 1)), worth};
	int *ranks;
	int kept = 0;
	int moved = 0;
	int end;

	qsort(items, count, sizeof(*items), compare_wanted);
	ranks = rank_places(count, items);
	for (int i = 0; i < count; i = end)
	{
		/* those that are wanted at one place: any of them may follow any other */
		int chain = 0;

		for (end = i; end < count && items[end]->want == items[i]->want; end++)
		{
			if (!items[end]->placed)
				continue;
			before[end] = better(&chains, best_below(&chains, ranks[end] - 1), chain);
			worth[end] = KEPT + (items[end]->loose ? 0 : 1) +
						 (before[end] > 0 ? worth[before[end] - 1] : 0);
			chain = better(&chains, chain, end + 1);
		}
		for (int j = i; j < end; j++)
			if (items[j]->placed)
				offer(&chains, ranks[j], j);
	}
	for (int i = 0; i < count; i++)
	{
		items[i]->moves = true;
		items[i]->place = items[i]->have;
		if (items[i]->placed)
			kept = better(&chains, kept, i + 1);
	}
	for (; kept > 0; kept = before[kept - 1])
		items[kept - 1]->moves = false;
	for (int i = 0; i < count; i++)
		moved += items[i]->moves;
	return moved;
}

const char *
tasksync_order_text(double place)
{
	return psprintf("%.*g", DIGITS, place == 0 ? 0.0 : place);
}

/* a place is what its spelling says */
static double
spelled(double place)
{
	return strtod(tasksync_order_text(place), NULL);
}

bool
tasksync_order_between(double low, double high, int count, double *places)
{
	double previous = low;

	if (count == 0)
		return true;
	for (int i = 0; i < count; i++)
	{
		if (isnan(low) && isnan(high))
			places[i] = i + 1;
		else if (isnan(high))
			places[i] = floor(low) + i + 1;
		else if (isnan(low))
			places[i] = ceil(high) - count + i;
		else if (floor(low) + count < high)
			places[i] = floor(low) + i + 1;
		else
			places[i] = spelled(low + (high - low) * (i + 1) / (count + 1));
		if (!isnan(previous) && places[i] <= previous)
			return false;
		previous = places[i];
	}
	return isnan(high) || isnan(previous) || previous < high;
}

/* items that move together, up to the next one that stays */
static int
end_of_run(int count, TasksyncOrderItem **items, int i)
{
	while (i < count && items[i]->moves)
		i++;
	return i;
}

static bool
place_between(int count, TasksyncOrderItem **items)
{
	double *places = palloc(sizeof(double) * Max(count, 1));
	double low = NAN;
	int end;

	for (int i = 0; i < count; i = end + 1)
	{
		end = end_of_run(count, items, i);
		if (!tasksync_order_between(low, end < count ? items[end]->have : NAN, end - i, places))
			return false;
		for (int j = i; j < end; j++)
			items[j]->place = places[j - i];
		if (end < count)
			low = items[end]->place = items[end]->have;
	}
	return true;
}

static int
compare_had(const void *left, const void *right)
{
	const TasksyncOrderItem *a = *(TasksyncOrderItem *const *) left;
	const TasksyncOrderItem *b = *(TasksyncOrderItem *const *) right;

	if (a->have != b->have)
		return a->have < b->have ? -1 : 1;
	/* as wanted: `place` holds that for a moment */
	return a->place < b->place ? -1 : a->place > b->place ? 1 : 0;
}

/* the order that there is, in numbers with room between them */
static void
renumber(int count, TasksyncOrderItem **items)
{
	TasksyncOrderItem **had = palloc(sizeof(TasksyncOrderItem *) * count);
	int n = 0;

	for (int i = 0; i < count; i++)
	{
		items[i]->place = i;
		if (items[i]->placed)
			had[n++] = items[i];
	}
	qsort(had, n, sizeof(*had), compare_had);
	for (int i = 0; i < n; i++)
		had[i]->have = i + 1;
}

/* whole numbers: what stays keeps its number as long as there is room before it */
static void
place_whole(int count, TasksyncOrderItem **items)
{
	int end = end_of_run(count, items, 0);
	/* services count from 1 or from 0 */
	double last = end < count ? Min(0, floor(items[end]->have) - 1) : 0;

	for (int i = 0; i < count; i = end + 1)
	{
		double room;
		double step;

		end = end_of_run(count, items, i);
		room = end < count ? floor(items[end]->have) - last : end - i + 1;
		step = Max(1, floor(room / (end - i + 1)));
		for (int j = i; j < end; j++)
			items[j]->place = last += step;
		if (end < count)
		{
			double have = items[end]->have;
			/* two that are wanted at one place may stay there together */
			bool may_share = end == i && i > 0 && items[i]->want == items[i - 1]->want;

			if (have == floor(have) && (have > last || (may_share && have == last)))
				last = have;
			else
				last += 1;
			items[end]->place = last;
		}
	}
}

void
tasksync_order_place(int count, TasksyncOrderItem **items, bool whole)
{
	if (whole)
		place_whole(count, items);
	else if (!place_between(count, items))
	{
		renumber(count, items);
		(void) place_between(count, items);
	}
}
