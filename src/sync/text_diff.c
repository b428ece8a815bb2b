/*
 * text_diff.c
 *	  Comparison of two sequences of tokens.
 *
 * Called by text_merge.c only.  Pure; memory from the current context.
 *
 * First equal beginnings and ends, then tokens that occur once on both sides
 * (patience: they are what a person sees as unchanged), and between those the
 * greedy algorithm of Myers with a limit on the number of differences.  Where
 * the limit is reached the stretch counts as replaced as a whole.  The classic
 * table of all pairs was not an option: two texts of 65,536 lines have 4
 * thousand million pairs.
 */
#include "postgres.h"

#include "common/hashfn.h"

#include "sync/text_diff.h"

/* bound on (tokens * differences) of one stretch, and on the differences themselves */
#define MAX_WORK 8000000
#define MAX_DIFFERENCES 1024
#define MIN_DIFFERENCES 32
/* splitting at unique tokens never needs more levels on texts that people write */
#define MAX_DEPTH 32

/* ---- numbering tokens ---- */

typedef struct TokenSlot
{
	const char *bytes; /* NULL = free */
	int length;
	int id;
	uint32 hash;
} TokenSlot;

struct TasksyncTokenTable
{
	int count;
	uint32 mask;
	TokenSlot *slots;
};

TasksyncTokenTable *
tasksync_token_table(void)
{
	TasksyncTokenTable *table = palloc(sizeof(TasksyncTokenTable));

	table->count = 0;
	table->mask = 63;
	table->slots = palloc0(sizeof(TokenSlot) * 64);
	return table;
}

static void
grow(TasksyncTokenTable *table)
{
	TokenSlot *old = table->slots;
	uint32 size = table->mask + 1;

	table->mask = size * 2 - 1;
	table->slots = palloc0(sizeof(TokenSlot) * size * 2);
	for (uint32 i = 0; i < size; i++)
	{
		uint32 at = old[i].hash & table->mask;

		if (old[i].bytes == NULL)
			continue;
		while (table->slots[at].bytes != NULL)
			at = (at + 1) & table->mask;
		table->slots[at] = old[i];
	}
	pfree(old);
}

int
tasksync_token_id(TasksyncTokenTable *table, const char *bytes, int length)
{
	uint32 hash = hash_bytes((const unsigned char *) bytes, length);
	TokenSlot *slot;

	for (uint32 at = hash & table->mask;; at = (at + 1) & table->mask)
	{
		slot = &table->slots[at];
		if (slot->bytes == NULL)
			break;
		if (slot->hash == hash && slot->length == length && memcmp(slot->bytes, bytes, length) == 0)
			return slot->id;
	}
	slot->bytes = bytes;
	slot->length = length;
	slot->hash = hash;
	slot->id = table->count++;
	if (table->count > (int) (table->mask / 2))
	{
		grow(table);
		return table->count - 1;
	}
	return slot->id;
}

/* ---- comparison ---- */

typedef struct Diff
{
	const int *a;
	const int *b;
	int *partner; /* the result */
	int nids;
	int *once_a; /* per id: place of its only occurrence, -1 none, -2 several */
	int *once_b;
} Diff;

typedef struct Pair
{
	int a;
	int b;
	int before; /* previous pair of the chain */
} Pair;

static void
find_once(int *once, const int *ids, int from, int to)
{
	for (int i = from; i < to; i++)
		once[ids[i]] = once[ids[i]] == -1 ? i : -2;
}

static void
forget(int *once, const int *ids, int from, int to)
{
	for (int i = from; i < to; i++)
		once[ids[i]] = -1;
}

/*
 * unique_chain returns the longest rising chain among the tokens that occur
 * once on both sides, as pairs in order.
 */
static int
unique_chain(Diff *diff, int a1, int a2, int b1, int b2, Pair **chain)
{
	Pair *pairs = palloc(sizeof(Pair) * (a2 - a1 + 1));
	int *top = palloc(sizeof(int) * (a2 - a1 + 1)); /* patience piles, by b */
	int npairs = 0;
	int npiles = 0;

	find_once(diff->once_a, diff->a, a1, a2);
	find_once(diff->once_b, diff->b, b1, b2);
	for (int i = a1; i < a2; i++)
	{
		int place = diff->once_b[diff->a[i]];
		int low = 0;
		int high = npiles;

		if (diff->once_a[diff->a[i]] != i || place < 0)
			continue;
		while (low < high)
		{
			int middle = (low + high) / 2;

			if (pairs[top[middle]].b < place)
				low = middle + 1;
			else
				high = middle;
		}
		pairs[npairs] = (Pair){i, place, low > 0 ? top[low - 1] : -1};
		top[low] = npairs++;
		npiles = Max(npiles, low + 1);
	}
	forget(diff->once_a, diff->a, a1, a2);
	forget(diff->once_b, diff->b, b1, b2);

	*chain = palloc(sizeof(Pair) * (npiles + 1));
	for (int i = npiles - 1, at = npiles > 0 ? top[npiles - 1] : -1; i >= 0; i--)
	{
		(*chain)[i] = pairs[at];
		at = pairs[at].before;
	}
	pfree(pairs);
	pfree(top);
	return npiles;
}

/*
 * walk_back follows the recorded rows of the greedy search from the end to the
 * beginning and notes the diagonals, which are the matches.
 */
static void
walk_back(Diff *diff, int **rows, int differences, int a1, int na, int b1, int nb)
{
	int x = na;
	int y = nb;

	for (int d = differences; d >= 0; d--)
	{
		int k = x - y;
		int from_x = 0;
		int from_y = 0;

		if (d > 0)
		{
			/* row d - 1 holds the diagonals -(d - 1) .. d - 1 */
			int *row = rows[d - 1] + (d - 1);
			int from_k;

			/* the same choice as on the way forward */
			if (k == -d || (k != d && row[k - 1] < row[k + 1]))
				from_k = k + 1;
			else
				from_k = k - 1;
			from_x = row[from_k];
			from_y = from_x - from_k;
		}
		while (x > from_x && y > from_y)
		{
			x--;
			y--;
			diff->partner[a1 + x] = b1 + y;
		}
		x = from_x;
		y = from_y;
	}
}

/* Myers' greedy search; without effect where it would take too many differences */
static void
greedy(Diff *diff, int a1, int a2, int b1, int b2)
{
	int na = a2 - a1;
	int nb = b2 - b1;
	int limit = Max(MIN_DIFFERENCES, Min(MAX_DIFFERENCES, MAX_WORK / (na + nb)));
	int **rows;
	int done = -1;

	limit = Min(limit, na + nb);
	rows = palloc0(sizeof(int *) * (limit + 1));
	for (int d = 0; d <= limit && done < 0; d++)
	{
		int *row = (int *) palloc(sizeof(int) * (2 * d + 1)) + d;
		int *last = d > 0 ? rows[d - 1] + (d - 1) : NULL;

		rows[d] = row - d;
		for (int k = -d; k <= d; k += 2)
		{
			int x;

			if (d == 0)
				x = 0;
			else if (k == -d || (k != d && last[k - 1] < last[k + 1]))
				x = last[k + 1];
			else
				x = last[k - 1] + 1;
			while (x < na && x - k < nb && x - k >= 0 && diff->a[a1 + x] == diff->b[b1 + x - k])
				x++;
			row[k] = x;
			if (k == na - nb && x >= na)
			{
				done = d;
				break;
			}
		}
	}
	if (done >= 0)
		walk_back(diff, rows, done, a1, na, b1, nb);
	for (int d = 0; d <= limit; d++)
	{
		if (rows[d] != NULL)
			pfree(rows[d]);
	}
	pfree(rows);
}

static void
compare(Diff *diff, int a1, int a2, int b1, int b2, int depth)
{
	Pair *chain;
	int length;

	while (a1 < a2 && b1 < b2 && diff->a[a1] == diff->b[b1])
		diff->partner[a1++] = b1++;
	while (a1 < a2 && b1 < b2 && diff->a[a2 - 1] == diff->b[b2 - 1])
		diff->partner[--a2] = --b2;
	if (a1 == a2 || b1 == b2)
		return;
	length = depth < MAX_DEPTH ? unique_chain(diff, a1, a2, b1, b2, &chain) : 0;
	if (length == 0)
	{
		greedy(diff, a1, a2, b1, b2);
		return;
	}
	for (int i = 0; i < length; i++)
	{
		diff->partner[chain[i].a] = chain[i].b;
		compare(diff, a1, chain[i].a, b1, chain[i].b, depth + 1);
		a1 = chain[i].a + 1;
		b1 = chain[i].b + 1;
	}
	compare(diff, a1, a2, b1, b2, depth + 1);
	pfree(chain);
}

int *
tasksync_text_diff(const int *a, int na, const int *b, int nb)
{
	Diff diff = {.a = a, .b = b};

	diff.partner = palloc(sizeof(int) * Max(na, 1));
	for (int i = 0; i < na; i++)
	{
		diff.partner[i] = -1;
		diff.nids = Max(diff.nids, a[i] + 1);
	}
	for (int i = 0; i < nb; i++)
		diff.nids = Max(diff.nids, b[i] + 1);
	diff.once_a = palloc(sizeof(int) * Max(diff.nids, 1));
	diff.once_b = palloc(sizeof(int) * Max(diff.nids, 1));
	for (int i = 0; i < diff.nids; i++)
		diff.once_a[i] = diff.once_b[i] = -1;
	compare(&diff, 0, na, 0, nb, 0);
	pfree(diff.once_a);
	pfree(diff.once_b);
	return diff.partner;
}
