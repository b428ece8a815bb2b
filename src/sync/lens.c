/*
 * lens.c
 *	  One table per provider, and the two directions that read it.
 *
 * Called by the merge, the plan, the engine and tasksync.project_task().
 * Pure: no SPI, clock, latch or socket; memory from the current context.
 *
 * A new provider is a new table here.  What a table cannot say (a value's
 * spelling on the wire) belongs to the provider's own file, not here.
 */
#include "postgres.h"

#include <unigbrk.h>
#include <unistr.h>

#include "lib/stringinfo.h"

#include "base/clock.h"
#include "base/testpoint.h"
#include "sync/canonical.h"
#include "sync/lens.h"

#define BIT(f) TASKSYNC_FIELD_BIT(TASKSYNC_F_##f)
#define NPRIORITIES 5
/* how much of the end of a cut text must be unchanged for the cut to count as untouched */
#define MAX_TAIL 64

typedef enum Unit
{
	CODE_POINTS,
	UTF16_UNITS,
	BYTES,
} Unit;

typedef struct Limit
{
	int most; /* 0 = none */
	Unit unit;
} Limit;

typedef struct KindLens
{
	uint32 fields;
	Limit text; /* of NAME or TITLE */
} KindLens;

struct TasksyncLens
{
	const char *name;
	KindLens kind[TASKSYNC_NKINDS];
	Limit description;
	Limit label;
	int most_labels;         /* 0 = any number */
	const char *label_comma; /* what stands for a comma in a label; NULL = a comma */
	int depth;
	char priority[NPRIORITIES]; /* what is seen of hub priority 0 .. 4 */
	bool drops_seconds;
	bool zone_is_offset; /* of a zone it keeps what it is ahead of UTC at that time */
	const char *const *colors; /* those it knows, NULL-terminated; NULL = any */
	const char *default_color;
};

static const char *const todoist_colors[] = {
	"berry_red",  "red",     "orange",   "yellow",     "olive_green", "lime_green", "green",
	"mint_green", "teal",    "sky_blue", "light_blue", "blue",        "grape",      "violet",
	"lavender",   "magenta", "salmon",   "charcoal",   "grey",        "taupe",      NULL};

/* the unit of Todoist's limits is not published; code points are what its own tools check */
static const TasksyncLens todoist = {
	.name = "todoist",
	.kind =
		{
			[TASKSYNC_PROJECT] = {BIT(NAME) | BIT(COLOR) | BIT(ARCHIVED) | BIT(PARENT) |
									  BIT(POSITION),
								  {120, CODE_POINTS}},
			[TASKSYNC_SECTION] = {BIT(NAME) | BIT(PROJECT) | BIT(POSITION), {2048, CODE_POINTS}},
			[TASKSYNC_LABEL] = {BIT(NAME) | BIT(COLOR) | BIT(POSITION), {60, CODE_POINTS}},
			[TASKSYNC_TASK] = {BIT(TITLE) | BIT(DESCRIPTION) | BIT(STATUS) | BIT(COMPLETED_AT) |
								   BIT(PRIORITY) | TASKSYNC_DUE_FIELDS | BIT(LABELS) |
								   TASKSYNC_PLACE_FIELDS | BIT(POSITION),
							   {500, CODE_POINTS}},
		},
	.description = {16383, CODE_POINTS},
	.label = {60, CODE_POINTS},
	.most_labels = 100,
	.depth = 4,
	.priority = {'0', '1', '2', '4', '4'},
	.colors = todoist_colors,
	.default_color = "charcoal",
};

/* "characters" of Google are not defined further; UTF-16 units are the stricter reading */
static const TasksyncLens google_tasks = {
	.name = "google_tasks",
	.kind =
		{
			[TASKSYNC_PROJECT] = {BIT(NAME), {1024, UTF16_UNITS}},
			[TASKSYNC_TASK] = {BIT(TITLE) | BIT(DESCRIPTION) | BIT(STATUS) | BIT(COMPLETED_AT) |
								   BIT(DUE_DATE) | BIT(PROJECT) | BIT(PARENT) | BIT(POSITION),
							   {1024, UTF16_UNITS}},
		},
	.description = {8192, UTF16_UNITS},
	.depth = 1,
	.priority = {'0', '1', '2', '3', '4'},
};

/*
 * Notion: 100 segments of 2,000 UTF-16 units, which is more than the hub
 * takes.  Options of a multi-select may not hold a comma.  The order in a view
 * is not in the API, so position is outside.  The time of completion follows
 * the status; it is never told.  Times go to the minute and have an offset,
 * hardly ever the name of a zone.
 */
static const TasksyncLens notion = {
	.name = "notion",
	.kind =
		{
			[TASKSYNC_PROJECT] = {BIT(NAME), {2000, UTF16_UNITS}},
			[TASKSYNC_TASK] = {BIT(TITLE) | BIT(DESCRIPTION) | BIT(STATUS) | BIT(COMPLETED_AT) |
								   BIT(PRIORITY) | BIT(DUE_DATE) | BIT(DUE_TIME) |
								   BIT(DUE_TIMEZONE) | BIT(LABELS) | BIT(PROJECT) | BIT(PARENT),
							   {200000, UTF16_UNITS}},
		},
	.description = {200000, UTF16_UNITS},
	.label = {100, UTF16_UNITS},
	.most_labels = 100,
	.label_comma = "\xEF\xBC\x8C", /* fullwidth comma */
	.depth = 64,
	.priority = {'0', '1', '2', '3', '4'},
	.drops_seconds = true,
	.zone_is_offset = true,
};

static const TasksyncLens *const lenses[] = {&google_tasks, &notion, &todoist};

const TasksyncLens *
tasksync_lens_find(const char *provider)
{
	for (int i = 0; provider != NULL && i < (int) lengthof(lenses); i++)
	{
		if (strcmp(lenses[i]->name, provider) == 0)
			return lenses[i];
	}
	return NULL;
}

const char *
tasksync_lens_names(void)
{
	StringInfoData names;

	initStringInfo(&names);
	for (int i = 0; i < (int) lengthof(lenses); i++)
		appendStringInfo(&names, "%s\"%s\"", i > 0 ? ", " : "", lenses[i]->name);
	return names.data;
}

const TasksyncLens *
tasksync_lens_restrict(const TasksyncLens *lens, TasksyncKind kind, uint32 fields)
{
	TasksyncLens *restricted = palloc(sizeof(TasksyncLens));

	*restricted = *lens;
	restricted->kind[kind].fields &= fields;
	return restricted;
}

uint32
tasksync_lens_fields(const TasksyncLens *lens, TasksyncKind kind)
{
	return lens != NULL ? lens->kind[kind].fields : tasksync_kind_fields(kind);
}

int
tasksync_lens_depth(const TasksyncLens *lens)
{
	return lens != NULL ? lens->depth : PG_INT32_MAX;
}

/* ---- limits ---- */

static Limit
limit_of(const TasksyncLens *lens, TasksyncKind kind, TasksyncField field)
{
	if (lens != NULL && (field == TASKSYNC_F_TITLE || field == TASKSYNC_F_NAME))
		return lens->kind[kind].text;
	if (lens != NULL && field == TASKSYNC_F_DESCRIPTION)
		return lens->description;
	return (Limit){0, BYTES};
}

static int
units(ucs4_t point, int bytes, Unit unit)
{
	switch (unit)
	{
		case CODE_POINTS:
			return 1;
		case UTF16_UNITS:
			return point > 0xFFFF ? 2 : 1;
		case BYTES:
			break;
	}
	return bytes;
}

/*
 * fit returns how many bytes of text may be shown: all of them, or up to the
 * last boundary between two things that a person sees as one character.  One
 * such character longer than the limit is cut between code points, because
 * nothing at all would be worse.
 */
static size_t
fit(const char *text, Limit limit)
{
	const uint8_t *bytes = (const uint8_t *) text;
	size_t length = strlen(text);
	size_t at = 0;
	int used = 0;
	char *breaks;
	size_t cut;

	/* no unit is smaller than a byte */
	if (limit.most == 0 || length <= (size_t) limit.most)
		return length;
	while (at < length)
	{
		ucs4_t point;
		int step = u8_mbtouc(&point, bytes + at, length - at);

		used += units(point, step, limit.unit);
		if (used > limit.most)
		{
			/* the boundary at `at` depends on the code point behind it */
			breaks = palloc(at + step);
			u8_grapheme_breaks(bytes, at + step, breaks);
			cut = at;
			while (cut > 0 && !breaks[cut])
				cut--;
			pfree(breaks);
			return cut > 0 ? cut : at;
		}
		at += step;
	}
	return length;
}

/* text as far as it may be shown; blanks that the cut leaves at the end go too */
static const char *
shorten(const char *text, Limit limit, bool single_line)
{
	size_t length = fit(text, limit);

	if (text[length] == '\0')
		return text;
	return tasksync_canonical_text(pnstrdup(text, length), single_line);
}

bool
tasksync_lens_exceeds(const TasksyncLens *lens, TasksyncKind kind, TasksyncField field,
					  const char *text)
{
	return text != NULL && text[fit(text, limit_of(lens, kind, field))] != '\0';
}

/* ---- what the provider shows ---- */

static const char *
show_label(const TasksyncLens *lens, const char *name)
{
	StringInfoData shown;

	if (lens->label_comma != NULL && strchr(name, ',') != NULL)
	{
		initStringInfo(&shown);
		for (; *name != '\0'; name++)
		{
			if (*name == ',')
				appendStringInfoString(&shown, lens->label_comma);
			else
				appendStringInfoChar(&shown, *name);
		}
		name = shown.data;
	}
	return shorten(name, lens->label, true);
}

static void
project_labels(const TasksyncLens *lens, TasksyncRecord *record)
{
	TasksyncNames *labels = &record->labels;
	const char **names = palloc(sizeof(char *) * Max(labels->count, 1));

	for (int i = 0; i < labels->count; i++)
		names[i] = show_label(lens, labels->names[i]);
	tasksync_record_set_labels(record, labels->count, names);
	if (lens->most_labels > 0 && labels->count > lens->most_labels)
		labels->count = lens->most_labels;
}

static const char *
show_color(const TasksyncLens *lens, const char *color)
{
	if (lens->colors == NULL)
		return color;
	for (int i = 0; color != NULL && lens->colors[i] != NULL; i++)
	{
		if (strcmp(lens->colors[i], color) == 0)
			return color;
	}
	return lens->default_color;
}

/* a zone as its offset at this local time; as it is if that cannot be known */
static const char *
offset_of(const char *zone, const char *date, const char *time)
{
	TimestampTz instant;
	const char *offset = NULL;

	if (date != NULL && time != NULL && tasksync_local_to_instant(date, time, zone, &instant))
		offset = tasksync_offset_zone(date, time, instant);
	return offset != NULL ? offset : zone;
}

TasksyncRecord *
tasksync_lens_project(const TasksyncLens *lens, const TasksyncRecord *hub)
{
	TasksyncRecord *shown = tasksync_record_share(hub);
	const char **value = shown->value;

	tasksync_canonicalize(shown);
	tasksync_record_drop(shown, ~tasksync_lens_fields(lens, hub->kind));
	if (lens == NULL)
		return shown;
	for (int i = 0; i < TASKSYNC_NFIELDS; i++)
	{
		Limit limit = limit_of(lens, hub->kind, (TasksyncField) i);

		if (tasksync_record_has(shown, (TasksyncField) i) && limit.most > 0)
			value[i] = shorten(value[i], limit, i != TASKSYNC_F_DESCRIPTION);
	}
	if (tasksync_record_has(shown, TASKSYNC_F_LABELS))
		project_labels(lens, shown);
	if (tasksync_record_has(shown, TASKSYNC_F_COLOR))
		value[TASKSYNC_F_COLOR] = show_color(lens, value[TASKSYNC_F_COLOR]);
	if (tasksync_record_has(shown, TASKSYNC_F_PRIORITY))
		value[TASKSYNC_F_PRIORITY] =
			pnstrdup(&lens->priority[value[TASKSYNC_F_PRIORITY][0] - '0'], 1);
	if (tasksync_record_has(shown, TASKSYNC_F_DUE_TIME) && lens->drops_seconds &&
		value[TASKSYNC_F_DUE_TIME] != NULL)
		value[TASKSYNC_F_DUE_TIME] = psprintf("%.5s:00", value[TASKSYNC_F_DUE_TIME]);
	if (lens->zone_is_offset && value[TASKSYNC_F_DUE_TIMEZONE] != NULL)
		value[TASKSYNC_F_DUE_TIMEZONE] =
			offset_of(value[TASKSYNC_F_DUE_TIMEZONE], value[TASKSYNC_F_DUE_DATE],
					  value[TASKSYNC_F_DUE_TIME]);
	return shown;
}

/* ---- how a change of the view becomes a change of the hub ---- */

typedef struct PutBack
{
	const TasksyncLens *lens;
	const TasksyncRecord *base;   /* the view before, or NULL */
	const TasksyncRecord *remote; /* the view now */
	const TasksyncRecord *hub;
	const TasksyncRecord *shown; /* what the provider would show of the hub */
	TasksyncRecord *out;
} PutBack;

/* the hub's text beyond what is shown of it; both as the provider would see them */
static const char *
beyond(const TasksyncRecord *hub, const TasksyncRecord *shown, TasksyncField field)
{
	const char *whole = tasksync_canonical_text(hub->value[field], field != TASKSYNC_F_DESCRIPTION);

	return whole + strlen(shown->value[field]);
}

/* a view longer than the limit proves the limit wrong: then nothing is hidden */
static bool
may_hide(const TasksyncLens *lens, const TasksyncRecord *hub, const TasksyncRecord *remote,
		 TasksyncField field)
{
	return limit_of(lens, hub->kind, field).most > 0 && tasksync_record_has(hub, field) &&
		   !tasksync_lens_exceeds(lens, hub->kind, field, remote->value[field]);
}

const char *
tasksync_lens_hidden(const TasksyncLens *lens, const TasksyncRecord *hub,
					 const TasksyncRecord *remote, TasksyncField field)
{
	if (!may_hide(lens, hub, remote, field))
		return "";
	return beyond(hub, tasksync_lens_project(lens, hub), field);
}

/* do both texts end with the last word of `before`? */
static bool
same_tail(const char *before, const char *now)
{
	size_t length = strlen(before);
	size_t tail = 0;

	while (tail < length && tail < MAX_TAIL && strchr(" \t\n", before[length - 1 - tail]) == NULL)
		tail++;
	return strlen(now) >= tail &&
		   memcmp(before + length - tail, now + strlen(now) - tail, tail) == 0;
}

static void
put_text(PutBack *put, TasksyncField field)
{
	const char *now = put->remote->value[field] != NULL ? put->remote->value[field] : "";
	const char *hidden = may_hide(put->lens, put->hub, put->remote, field)
							 ? beyond(put->hub, put->shown, field)
							 : "";
	const TasksyncRecord *before =
		put->base != NULL && tasksync_record_has(put->base, field) ? put->base : put->shown;

	/*
	 * A title typed anew must not be glued to the rest of the old one; of notes
	 * the part that nobody saw stays.  Both cases are reported by
	 * tasksync_lens_cut_touched().
	 */
	if (*hidden != '\0' && field != TASKSYNC_F_DESCRIPTION &&
		!same_tail(before->value[field] != NULL ? before->value[field] : "", now))
		hidden = "";
	if (*hidden != '\0')
		now =
			tasksync_canonical_text(psprintf("%s%s", now, hidden), field != TASKSYNC_F_DESCRIPTION);
	tasksync_record_set(put->out, field, now);
}

static bool
holds(const TasksyncNames *names, const char *name)
{
	int low = 0;
	int high = names->count;

	while (low < high)
	{
		int middle = (low + high) / 2;
		int order = strcmp(names->names[middle], name);

		if (order == 0)
			return true;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

/* (hub + what was added) - what was removed, each hub label known by what is shown of it */
static void
put_labels(PutBack *put)
{
	static const TasksyncNames none = {0, NULL};
	const TasksyncNames *now = &put->remote->labels;
	const TasksyncNames *before = &none;
	const TasksyncNames *hub =
		tasksync_record_has(put->hub, TASKSYNC_F_LABELS) ? &put->hub->labels : &none;
	const char **names = palloc(sizeof(char *) * (hub->count + now->count + 1));
	const char **views = palloc(sizeof(char *) * (hub->count + 1));
	TasksyncRecord *seen = tasksync_record_new(put->hub->kind);
	int count = 0;

	if (put->base != NULL && tasksync_record_has(put->base, TASKSYNC_F_LABELS))
		before = &put->base->labels;
	for (int i = 0; i < hub->count; i++)
	{
		const char *name = tasksync_canonical_text(hub->names[i], true);

		views[i] = put->lens != NULL ? show_label(put->lens, name) : name;
		if (!holds(before, views[i]) || holds(now, views[i]) ||
			TASKSYNC_MUTANT("label union only"))
			names[count++] = hub->names[i];
	}
	tasksync_record_set_labels(seen, hub->count, views);
	for (int i = 0; i < now->count; i++)
	{
		if (!holds(before, now->names[i]) && !holds(&seen->labels, now->names[i]))
			names[count++] = now->names[i];
	}
	tasksync_record_set_labels(put->out, count, names);
}

/*
 * The hub's zone stays where it has the offset that is shown at the date and
 * time that are shown, and where the offset is what it was before: then nobody
 * meant another zone.
 */
static void
put_zone(PutBack *put)
{
	const char *own = put->hub->value[TASKSYNC_F_DUE_TIMEZONE];
	const char *now = put->remote->value[TASKSYNC_F_DUE_TIMEZONE];
	const char *date = put->remote->value[TASKSYNC_F_DUE_DATE];
	const char *time = put->remote->value[TASKSYNC_F_DUE_TIME];
	bool same = put->base != NULL && now != NULL &&
				tasksync_field_equal(put->base, put->remote, TASKSYNC_F_DUE_TIMEZONE) &&
				own == NULL && put->hub->value[TASKSYNC_F_DUE_TIME] != NULL;

	if (own != NULL && now != NULL && strcmp(offset_of(own, date, time), now) == 0)
		same = true;
	tasksync_record_set(put->out, TASKSYNC_F_DUE_TIMEZONE, same ? own : now);
}

/* empties what cannot stay; a field the hub record does not hold is left alone */
static void
clear(PutBack *put, TasksyncField field)
{
	if (tasksync_record_has(put->hub, field) || tasksync_record_has(put->out, field))
		tasksync_record_set(put->out, field, NULL);
}

static bool
is_null(const TasksyncRecord *record, TasksyncField field)
{
	return tasksync_record_has(record, field) && record->value[field] == NULL;
}

/* what a change of status, date, time or project takes along */
static void
put_consequences(PutBack *put, uint32 mask)
{
	TasksyncRecord *out = put->out;

	if (is_null(out, TASKSYNC_F_DUE_DATE))
		clear(put, TASKSYNC_F_DUE_TIME);
	if (is_null(out, TASKSYNC_F_DUE_TIME))
		clear(put, TASKSYNC_F_DUE_TIMEZONE);
	if (tasksync_record_has(out, TASKSYNC_F_STATUS) &&
		strcmp(out->value[TASKSYNC_F_STATUS], "open") == 0)
		clear(put, TASKSYNC_F_COMPLETED_AT);
	if (put->hub->kind != TASKSYNC_TASK || !tasksync_record_has(out, TASKSYNC_F_PROJECT) ||
		tasksync_field_equal(out, put->hub, TASKSYNC_F_PROJECT))
		return;
	if ((mask & BIT(SECTION)) == 0)
		clear(put, TASKSYNC_F_SECTION);
	if ((mask & BIT(PARENT)) == 0)
		clear(put, TASKSYNC_F_PARENT);
}

void
tasksync_lens_put_back(const TasksyncLens *lens, const TasksyncRecord *base,
					   const TasksyncRecord *remote, const TasksyncRecord *hub, uint32 mask,
					   TasksyncRecord *out)
{
	PutBack put = {lens, base, remote, hub, NULL, out};

	mask &= tasksync_lens_fields(lens, hub->kind) & remote->present;
	if (mask == 0)
		return;
	put.shown = tasksync_lens_project(lens, hub);
	for (int i = 0; i < TASKSYNC_NFIELDS; i++)
	{
		TasksyncField field = (TasksyncField) i;

		if ((mask & TASKSYNC_FIELD_BIT(i)) == 0)
			continue;
		/* what the provider would show anyway says nothing about what it cannot show */
		if (tasksync_record_has(hub, field) && tasksync_field_equal(put.shown, remote, field))
			tasksync_record_take(out, hub, TASKSYNC_FIELD_BIT(i));
		else if (field == TASKSYNC_F_LABELS)
			put_labels(&put);
		else if (limit_of(lens, hub->kind, field).most > 0)
			put_text(&put, field);
		else if (field == TASKSYNC_F_DUE_TIMEZONE && lens != NULL && lens->zone_is_offset)
			put_zone(&put);
		else
			tasksync_record_set(out, field, remote->value[i]);
	}
	put_consequences(&put, mask);
}

bool
tasksync_lens_cut_touched(const TasksyncLens *lens, const TasksyncRecord *base,
						  const TasksyncRecord *remote, const TasksyncRecord *hub,
						  TasksyncField field)
{
	return tasksync_record_has(base, field) && base->value[field] != NULL &&
		   *tasksync_lens_hidden(lens, hub, remote, field) != '\0' &&
		   !same_tail(base->value[field], remote->value[field]);
}
