/*
 * match.c
 *	  Pairs the tasks of two populated sides, in tiers.
 *
 * In each tier what is left of both sides is grouped by a key.  In a group
 * with one task on each side these two are a pair.  In a larger one, tasks
 * that are alike to the letter are paired first, because which of them is
 * which makes no difference; if then one is left on each side, they are a
 * pair; if more are, they are proposed for review.  What is left on one side
 * only goes on to the next tier, and in the end counts as new.
 *
 * Sorting instead of comparing each with each: 10,000 tasks on both sides
 * take milliseconds.  Called by first_link.c.  Pure: no SPI, clock, latch or
 * socket; memory from the current context.
 */
#include "postgres.h"

#include "sync/canonical.h"
#include "sync/match.h"

typedef struct Entry
{
	const char *key;
	const char *likeness; /* equal for tasks that are alike in all that tells them apart */
	int index;
	const char *id;
} Entry;

typedef struct Side
{
	int count;
	TasksyncMatchItem *items;
	const char **likeness;
	int nentries;
	Entry *entries; /* of the tier under way, sorted by key, likeness, id */
} Side;

/* which task a person means is told by its text and its place, not by its tags */
static const char *
likeness_of(const TasksyncMatchItem *item)
{
	TasksyncRecord *bare = tasksync_record_share(item->record);

	tasksync_record_drop(bare, TASKSYNC_PLACE_FIELDS);
	return psprintf("%s %s", tasksync_fingerprint(bare), item->parent ? item->parent : "");
}

static const char *
value_of(const TasksyncMatchItem *item, TasksyncField field)
{
	const char *value = item->record->value[field];

	return value ? value : "";
}

/* NULL: the item has no key in this tier.  No value holds a line end but by being a description. */
static const char *
key_of(const TasksyncMatchItem *item, TasksyncMatchTier tier, bool is_hub)
{
	const char *title = value_of(item, TASKSYNC_F_TITLE);
	const char *status = value_of(item, TASKSYNC_F_STATUS);

	if (tier == TASKSYNC_MATCH_MARKER)
		return is_hub ? item->id : item->marker;
	/* an untitled task is like every other one */
	if (*title == '\0')
		return NULL;
	switch (tier)
	{
		case TASKSYNC_MATCH_TITLE_DUE:
			return psprintf("%s\n%s\n%s\n%s\n%s", status, title,
							value_of(item, TASKSYNC_F_DUE_DATE),
							value_of(item, TASKSYNC_F_DUE_TIME), item->parent ? item->parent : "");
		case TASKSYNC_MATCH_TITLE_PARENT:
			return psprintf("%s\n%s\n%s", status, title, item->parent ? item->parent : "");
		default:
			return psprintf("%s\n%s", status, title);
	}
}

static int
compare(const void *a, const void *b)
{
	const Entry *x = a;
	const Entry *y = b;
	int order = strcmp(x->key, y->key);

	if (order == 0)
		order = strcmp(x->likeness, y->likeness);
	return order != 0 ? order : strcmp(x->id, y->id);
}

static void
collect(Side *side, TasksyncMatchTier tier, bool is_hub)
{
	side->nentries = 0;
	for (int i = 0; i < side->count; i++)
	{
		TasksyncMatchItem *item = &side->items[i];
		Entry *entry = &side->entries[side->nentries];

		if (item->other >= 0)
			continue;
		entry->key = key_of(item, tier, is_hub);
		if (entry->key == NULL)
			continue;
		entry->likeness = side->likeness[i];
		entry->index = i;
		entry->id = item->id;
		side->nentries++;
	}
	qsort(side->entries, side->nentries, sizeof(Entry), compare);
}

static void
pair(Side *hub, int h, Side *remote, int r, TasksyncMatchTier tier, bool review)
{
	hub->items[h].other = r;
	remote->items[r].other = h;
	hub->items[h].tier = remote->items[r].tier = tier;
	hub->items[h].review = remote->items[r].review = review;
}

/* one group of equal keys: entries [h, hend) and [r, rend), sorted by likeness */
static void
settle_group(Side *hub, int h, int hend, Side *remote, int r, int rend, TasksyncMatchTier tier)
{
	int *hleft = palloc(sizeof(int) * (hend - h));
	int *rleft = palloc(sizeof(int) * (rend - r));
	int nh = 0;
	int nr = 0;

	while (h < hend || r < rend)
	{
		int order = h >= hend   ? 1
					: r >= rend ? -1
								: strcmp(hub->entries[h].likeness, remote->entries[r].likeness);

		if (order == 0)
			pair(hub, hub->entries[h++].index, remote, remote->entries[r++].index, tier, false);
		else if (order < 0)
			hleft[nh++] = hub->entries[h++].index;
		else
			rleft[nr++] = remote->entries[r++].index;
	}
	for (int i = 0; i < Min(nh, nr); i++)
		pair(hub, hleft[i], remote, rleft[i], tier, nh > 1 || nr > 1);
	pfree(hleft);
	pfree(rleft);
}

static int
group_end(const Side *side, int from)
{
	int end = from;

	while (end < side->nentries && strcmp(side->entries[end].key, side->entries[from].key) == 0)
		end++;
	return end;
}

static void
match_tier(Side *hub, Side *remote, TasksyncMatchTier tier)
{
	int h = 0;
	int r = 0;

	collect(hub, tier, true);
	collect(remote, tier, false);
	while (h < hub->nentries && r < remote->nentries)
	{
		int order = strcmp(hub->entries[h].key, remote->entries[r].key);
		int hend = order <= 0 ? group_end(hub, h) : h;
		int rend = order >= 0 ? group_end(remote, r) : r;

		if (order == 0)
			settle_group(hub, h, hend, remote, r, rend, tier);
		h = hend;
		r = rend;
	}
}

static void
prepare(Side *side, int count, TasksyncMatchItem *items)
{
	side->count = count;
	side->items = items;
	side->likeness = palloc(sizeof(char *) * Max(count, 1));
	side->entries = palloc(sizeof(Entry) * Max(count, 1));
	for (int i = 0; i < count; i++)
	{
		items[i].tier = TASKSYNC_MATCH_NONE;
		items[i].other = -1;
		items[i].review = false;
		side->likeness[i] = likeness_of(&items[i]);
	}
}

const char *
tasksync_match_tier_name(TasksyncMatchTier tier)
{
	static const char *const names[] = {
		[TASKSYNC_MATCH_NONE] = "none",
		[TASKSYNC_MATCH_MARKER] = "marker",
		[TASKSYNC_MATCH_TITLE_DUE] = "title and date",
		[TASKSYNC_MATCH_TITLE_PARENT] = "title and parent",
		[TASKSYNC_MATCH_TITLE] = "title",
	};

	return names[tier];
}

/*
 * tasksync_match fills in the results of both sides.  The same input in another
 * order gives the same pairs.
 */
void
tasksync_match(int nhub, TasksyncMatchItem *hub, int nremote, TasksyncMatchItem *remote)
{
	Side here;
	Side there;

	prepare(&here, nhub, hub);
	prepare(&there, nremote, remote);
	for (int tier = TASKSYNC_MATCH_MARKER; tier <= TASKSYNC_MATCH_TITLE; tier++)
		match_tier(&here, &there, (TasksyncMatchTier) tier);
}
