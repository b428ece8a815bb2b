/*
 * odd_lens.c
 *	  Lenses drawn at random.
 *
 * What a lens holds is nobody's business but lens.c's, which is therefore part
 * of this file.  A program that wants odd lenses is linked with this object
 * before the archive that has the real one.
 */
#include "sync/lens.c"

#include "odd_lens.h"

static const char *const real[] = {"todoist", "google_tasks", "notion"};

static Limit
odd_limit(Random *random, int least, int more)
{
	Limit limit = {0, (Unit) random_below(random, 3)};

	if (random_chance(random, 60))
		limit.most = least + random_below(random, more);
	return limit;
}

/* what no provider can be: it shows the part and not the whole that the part belongs to */
static uint32
whole_bundles(uint32 fields)
{
	if ((fields & BIT(DUE_DATE)) == 0)
		fields &= ~TASKSYNC_DUE_FIELDS;
	if ((fields & BIT(DUE_TIME)) == 0)
		fields &= ~BIT(DUE_TIMEZONE);
	if ((fields & BIT(STATUS)) == 0)
		fields &= ~BIT(COMPLETED_AT);
	if ((fields & BIT(PROJECT)) == 0)
		fields &= ~(BIT(SECTION) | BIT(PARENT));
	return fields;
}

/* what is seen of a priority is itself seen as it is */
static void
odd_priorities(Random *random, char *seen)
{
	int from = 0;

	while (from < NPRIORITIES)
	{
		int to = from + random_below(random, NPRIORITIES - from);
		int shown = from + random_below(random, to - from + 1);

		for (; from <= to; from++)
			seen[from] = (char) ('0' + shown);
	}
}

static const TasksyncLens *
odd_lens(Random *random)
{
	TasksyncLens *lens = palloc0(sizeof(TasksyncLens));
	uint32 fields = tasksync_kind_fields(TASKSYNC_TASK);

	lens->name = "odd";
	fields &= (uint32) random_next(random) | (uint32) random_next(random);
	lens->kind[TASKSYNC_TASK].fields = whole_bundles(fields | BIT(TITLE));
	lens->kind[TASKSYNC_TASK].text = odd_limit(random, 4, 12);
	lens->description = odd_limit(random, 4, 24);
	lens->label = odd_limit(random, 4, 4);
	lens->most_labels = random_chance(random, 50) ? 0 : 1 + random_below(random, 3);
	lens->label_comma = random_chance(random, 50) ? NULL : ";";
	lens->depth = random_below(random, 3);
	lens->drops_seconds = random_chance(random, 50);
	odd_priorities(random, lens->priority);
	return lens;
}

const TasksyncLens *
any_lens(Random *random)
{
	int draw = random_below(random, 100);

	if (draw < 8)
		return NULL;
	if (draw < 60)
		return tasksync_lens_find(real[draw % 3]);
	return odd_lens(random);
}

bool
lens_is_odd(const TasksyncLens *lens)
{
	return lens != NULL && strcmp(lens->name, "odd") == 0;
}

const char *
lens_text(const TasksyncLens *lens)
{
	static const char *const units[] = {"points", "utf16", "bytes"};
	StringInfoData text;
	const KindLens *task;

	if (!lens_is_odd(lens))
		return lens != NULL ? lens->name : "no lens";
	task = &lens->kind[TASKSYNC_TASK];
	initStringInfo(&text);
	appendStringInfo(&text, "odd lens: title %d %s, description %d %s, labels %d of %d %s%s,"
					 " priorities %.5s%s, without",
					 task->text.most, units[task->text.unit],
					 lens->description.most, units[lens->description.unit], lens->most_labels,
					 lens->label.most, units[lens->label.unit],
					 lens->label_comma != NULL ? " (no comma)" : "", lens->priority,
					 lens->drops_seconds ? ", to the minute" : "");
	for (int i = 0; i < TASKSYNC_NFIELDS; i++)
	{
		uint32 bit = TASKSYNC_FIELD_BIT(i);

		if ((tasksync_kind_fields(TASKSYNC_TASK) & ~task->fields & bit) != 0)
			appendStringInfo(&text, " %s", tasksync_field_name((TasksyncField) i));
	}
	return text.data;
}

int
lens_most_labels(const TasksyncLens *lens)
{
	return lens != NULL ? lens->most_labels : 0;
}
