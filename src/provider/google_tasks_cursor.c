/*
 * google_tasks_cursor.c
 *	  What is remembered between two reads of a Google account, and between the
 *	  requests of one: which list was read when, and which step comes next.
 *
 * Called for every read.  Pure.
 *
 *	  {"format": 1,
 *	   "default": id of the list that Google calls @default, "" if it has none,
 *	   "listed": when the list of lists was read (our clock),
 *	   "lists": {id: {"version": of the link, "from": where the next read of its
 *				 changes begins (Google's clock), "whole": when it was read whole
 *				 (our clock), "trouble": why it cannot be read}},
 *	   "round": the read under way: {"named": the list of lists is read,
 *				"page", "pages": its next page, "found": {id: true},
 *				"check": [ids it lacked], "done": {id: true},
 *				"at": {"id", "version", "whole", "from", "page", "pages",
 *					   "passes", "start", "restarts"}}}
 *
 * Times of the service are never compared with ours, so no clock of ours can
 * make an edit invisible.
 */
#include "postgres.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/testpoint.h"
#include "provider/google_tasks_cursor.h"

#define FORMAT 1

/* how often to look which lists there are, and to read each of them whole */
#define LISTED_FOR (1 * USECS_PER_HOUR)
#define WHOLE_FOR (24 * USECS_PER_HOUR)
/*
 * A read of changes begins this much earlier than the one before it ended.
 * Google's own clocks differ by 1.3 seconds in what was recorded; how far its
 * replicas lag behind each other is not known.
 */
#define OVERLAP (5 * USECS_PER_MINUTE)
/*
 * What changed while the pages of a whole read went by has moved in front of
 * them.  The pass that follows it up begins where they began; the Date header
 * is cut to a second and may come from another clock.
 */
#define FOLLOW_UP_OVERLAP (10 * USECS_PER_SEC)
/* follow-ups with several pages themselves, until the list is too busy to be sure of anything */
#define MAX_PASSES 4
/* a hundred thousand tasks are all that a person may have, and a hundred are on a page */
#define MAX_TASK_PAGES 1100
#define MAX_LIST_PAGES 20
#define MAX_RESTARTS 1

/* ---- small things ---- */

static TimestampTz
instant_of(const json_t *object, const char *key)
{
	TimestampTz instant;

	return tasksync_parse_instant(tasksync_json_string(object, key), &instant) ? instant : 0;
}

static void
set_instant(json_t *object, const char *key, TimestampTz instant)
{
	if (instant != 0)
		json_object_set_new(object, key, json_string(tasksync_format_instant(instant)));
	else
		json_object_del(object, key);
}

static void
set_text(json_t *object, const char *key, const char *text)
{
	if (text != NULL)
		json_object_set_new(object, key, json_string(text));
	else
		json_object_del(object, key);
}

/* a member that is an object; made if it is not */
static json_t *
part(json_t *object, const char *key)
{
	json_t *member = json_object_get(object, key);

	if (!json_is_object(member))
	{
		member = json_object();
		json_object_set_new(object, key, member);
	}
	return member;
}

static json_t *
round_part(json_t *cursor, const char *key)
{
	return part(part(cursor, "round"), key);
}

static json_t *
entry_of(const json_t *cursor, const char *list_id)
{
	return json_object_get(json_object_get(cursor, "lists"), list_id);
}

static bool
is_marked(json_t *cursor, const char *key, const char *list_id)
{
	return json_object_get(round_part(cursor, key), list_id) != NULL;
}

static void
mark(json_t *cursor, const char *key, const char *list_id)
{
	json_object_set_new(round_part(cursor, key), list_id, json_true());
}

static const TasksyncContainer *
container_of(const TasksyncCall *call, const char *list_id)
{
	for (int i = 0; list_id != NULL && i < call->ncontainers; i++)
	{
		if (strcmp(call->containers[i].remote_id, list_id) == 0)
			return &call->containers[i];
	}
	return NULL;
}

static bool
is_over(TimestampTz then, int64 lasts, TimestampTz now)
{
	/* a clock that was set back makes everything due */
	return then == 0 || then > now || now - then >= lasts;
}

/* ---- reading and writing it ---- */

json_t *
tasksync_google_cursor_read(const TasksyncCall *call)
{
	const char *ignored;
	json_t *cursor = call->cursor != NULL
		? tasksync_json_parse(call->cursor, strlen(call->cursor), &ignored) : NULL;

	if (json_is_object(cursor) && tasksync_json_int(cursor, "format", 0) == FORMAT)
		return cursor;
	cursor = json_object();
	json_object_set_new(cursor, "format", json_integer(FORMAT));
	return cursor;
}

/* one that is linked again later is read whole */
static void
forget_unlinked(const TasksyncCall *call, json_t *cursor)
{
	json_t *kept = json_object();

	for (int i = 0; i < call->ncontainers; i++)
	{
		json_t *entry = entry_of(cursor, call->containers[i].remote_id);

		if (entry != NULL)
			json_object_set(kept, call->containers[i].remote_id, entry);
	}
	json_object_set_new(cursor, "lists", kept);
}

void
tasksync_google_cursor_write(const TasksyncCall *call, json_t *cursor, TasksyncAnswer *answer)
{
	TasksyncGoogleStep step;

	tasksync_google_next_step(call, cursor, &step);
	answer->has_more = step.ask != GOOGLE_ASK_NOTHING;
	if (!answer->has_more)
	{
		json_object_del(cursor, "round");
		forget_unlinked(call, cursor);
	}
	answer->cursor = tasksync_json_text(cursor);
}

/* ---- what comes next ---- */

/* in trouble, and the list of lists has not named it since */
static bool
is_out(json_t *cursor, const char *list_id)
{
	return tasksync_json_string(entry_of(cursor, list_id), "trouble") != NULL &&
		!is_marked(cursor, "found", list_id);
}

static const TasksyncContainer *
next_container(const TasksyncCall *call, json_t *cursor)
{
	for (int i = 0; i < call->ncontainers; i++)
	{
		const char *id = call->containers[i].remote_id;

		if (!is_marked(cursor, "done", id) && !is_out(cursor, id))
			return &call->containers[i];
	}
	return NULL;
}

static bool
wants_lists(const TasksyncCall *call, json_t *cursor)
{
	json_t *round = part(cursor, "round");

	if (json_object_get(round, "named") != NULL)
		return false;
	if (call->cursor == NULL || call->wants_containers || json_object_get(round, "page") != NULL ||
		json_object_get(round, "doubt") != NULL)
		return true;
	/* something has to be asked: with nothing to read it is this */
	if (next_container(call, cursor) == NULL && json_object_size(round_part(cursor, "done")) == 0)
		return true;
	return is_over(instant_of(cursor, "listed"), LISTED_FOR, call->now);
}

static bool
wants_whole(const TasksyncCall *call, const TasksyncContainer *container, const json_t *entry)
{
	return instant_of(entry, "from") == 0 ||
		tasksync_json_int(entry, "version", -1) != container->version ||
		is_over(instant_of(entry, "whole"), WHOLE_FOR, call->now);
}

/* starts with the list, unless the read is in the midst of it */
static json_t *
begin_list(const TasksyncCall *call, json_t *cursor, const TasksyncContainer *container)
{
	json_t *round = part(cursor, "round");
	json_t *at = json_object_get(round, "at");
	const json_t *entry = entry_of(cursor, container->remote_id);
	const char *id = tasksync_json_string(at, "id");
	bool whole;

	if (id != NULL && strcmp(id, container->remote_id) == 0)
		return at;
	whole = wants_whole(call, container, entry);
	at = json_object();
	json_object_set_new(round, "at", at);
	set_text(at, "id", container->remote_id);
	json_object_set_new(at, "version", json_integer(container->version));
	if (whole)
		json_object_set_new(at, "whole", json_true());
	else
		set_instant(at, "from", instant_of(entry, "from") - OVERLAP);
	return at;
}

static void
tasks_step(const TasksyncCall *call, json_t *cursor, const TasksyncContainer *container,
		   TasksyncGoogleStep *step)
{
	const json_t *at = begin_list(call, cursor, container);

	step->ask = GOOGLE_ASK_TASKS;
	step->container = container;
	step->page = tasksync_json_string(at, "page");
	step->whole = tasksync_json_bool(at, "whole", false);
	step->updated_min = instant_of(at, "from");
}

/* the first of the lists to be checked that is still linked */
static const TasksyncContainer *
next_check(const TasksyncCall *call, json_t *cursor)
{
	json_t *check = json_object_get(part(cursor, "round"), "check");

	while (json_array_size(check) > 0)
	{
		const char *id = json_string_value(json_array_get(check, 0));
		const TasksyncContainer *container = container_of(call, id);

		if (container != NULL && !is_marked(cursor, "done", id) &&
			!is_marked(cursor, "found", id))
			return container;
		json_array_remove(check, 0);
	}
	return NULL;
}

void
tasksync_google_next_step(const TasksyncCall *call, json_t *cursor, TasksyncGoogleStep *step)
{
	const TasksyncContainer *container;

	memset(step, 0, sizeof(*step));
	if (wants_lists(call, cursor))
	{
		step->ask = tasksync_json_string(cursor, "default") == NULL ? GOOGLE_ASK_DEFAULT
			: GOOGLE_ASK_LISTS;
		step->page = tasksync_json_string(part(cursor, "round"), "page");
		return;
	}
	container = next_check(call, cursor);
	if (container != NULL)
	{
		step->ask = GOOGLE_ASK_LIST;
		step->container = container;
		return;
	}
	container = next_container(call, cursor);
	if (container != NULL)
		tasks_step(call, cursor, container, step);
}

/* ---- the list of lists ---- */

void
tasksync_google_cursor_default(json_t *cursor, const char *list_id)
{
	set_text(cursor, "default", list_id != NULL ? list_id : "");
}

bool
tasksync_google_cursor_is_default(const json_t *cursor, const char *list_id)
{
	const char *id = tasksync_json_string(cursor, "default");

	return id != NULL && strcmp(id, list_id) == 0;
}

void
tasksync_google_cursor_named(const TasksyncCall *call, json_t *cursor, const char *list_id)
{
	if (container_of(call, list_id) != NULL)
		mark(cursor, "found", list_id);
}

/*
 * Lists have no tombstones: a linked one that the whole list of lists lacked is
 * asked for by its id, unless that was done before.
 */
bool
tasksync_google_cursor_lists_page(const TasksyncCall *call, json_t *cursor, const char *next_page)
{
	json_t *round = part(cursor, "round");
	const char *page = tasksync_json_string(round, "page");
	int64 pages = tasksync_json_int(round, "pages", 0) + 1;
	json_t *check = json_array();

	if (next_page != NULL)
	{
		if (pages >= MAX_LIST_PAGES || (page != NULL && strcmp(page, next_page) == 0))
			return false;
		set_text(round, "page", next_page);
		json_object_set_new(round, "pages", json_integer(pages));
		return true;
	}
	json_object_del(round, "page");
	json_object_del(round, "pages");
	json_object_del(round, "doubt");
	json_object_set_new(round, "named", json_true());
	set_instant(cursor, "listed", call->now);
	for (int i = 0; i < call->ncontainers; i++)
	{
		const char *id = call->containers[i].remote_id;

		if (!is_marked(cursor, "found", id) && !is_out(cursor, id))
			json_array_append_new(check, json_string(id));
	}
	if (json_array_size(check) > 0)
		json_object_set_new(round, "check", check);
	return true;
}

/* ---- pages of tasks ---- */

/* `shown` is when everything in it had been shown, 0 = it was not now */
static void
end_list(json_t *cursor, json_t *at, TimestampTz start, TimestampTz shown)
{
	const char *id = pstrdup(tasksync_json_string(at, "id"));
	json_t *lists = part(cursor, "lists");
	TimestampTz whole = instant_of(json_object_get(lists, id), "whole");
	TimestampTz from = instant_of(json_object_get(lists, id), "from");
	json_t *entry = json_object();

	json_object_set(entry, "version", json_object_get(at, "version"));
	set_instant(entry, "from", start != 0 ? start : from);
	set_instant(entry, "whole", shown != 0 ? shown : whole);
	json_object_set_new(lists, id, entry);
	mark(cursor, "done", id);
	json_object_del(part(cursor, "round"), "at");
}

/* another pass for what changed while the pages of this one went by */
static void
follow_up(json_t *at, TimestampTz start, int64 passes)
{
	set_instant(at, "from", start - FOLLOW_UP_OVERLAP);
	json_object_set_new(at, "passes", json_integer(passes));
	json_object_del(at, "start");
	json_object_del(at, "page");
	json_object_del(at, "pages");
}

TasksyncGooglePaging
tasksync_google_cursor_tasks_page(const TasksyncCall *call, json_t *cursor,
								  const TasksyncGoogleStep *step, const char *next_page,
								  TimestampTz stamp)
{
	json_t *at = begin_list(call, cursor, step->container);
	int64 pages = tasksync_json_int(at, "pages", 0) + 1;
	int64 passes = tasksync_json_int(at, "passes", 0) + 1;
	TimestampTz start;
	bool complete;

	if (step->page == NULL)
		set_instant(at, "start", TASKSYNC_MUTANT("cursor from local clock") ? call->now : stamp);
	start = instant_of(at, "start");
	if (next_page != NULL)
	{
		if (pages >= MAX_TASK_PAGES || (step->page != NULL && strcmp(step->page, next_page) == 0))
			return GOOGLE_PAGES_ENDLESS;
		set_text(at, "page", next_page);
		json_object_set_new(at, "pages", json_integer(pages));
		return GOOGLE_PAGE_FOLLOWS;
	}
	if (step->whole && pages > 1 && start != 0 && passes < MAX_PASSES)
	{
		follow_up(at, start, passes);
		return GOOGLE_PAGE_FOLLOWS;
	}
	/* one page shows one moment; of several nobody knows what slipped through between them */
	complete = step->whole && pages == 1;
	end_list(cursor, at, start, complete ? call->now : 0);
	return complete ? GOOGLE_LIST_COMPLETE : GOOGLE_LIST_READ;
}

/*
 * A token may have been forgotten, and filters by time were refused for whole
 * days once: first the pages start over, then everything is read, without
 * taking it for complete.
 */
bool
tasksync_google_cursor_retry(json_t *cursor, const TasksyncGoogleStep *step)
{
	json_t *at = round_part(cursor, "at");
	int64 restarts = tasksync_json_int(at, "restarts", 0);

	if (step->page != NULL && restarts < MAX_RESTARTS)
		json_object_set_new(at, "restarts", json_integer(restarts + 1));
	else if (step->updated_min == 0)
		return false;
	else if (step->whole)
	{
		end_list(cursor, at, 0, 0);
		return true;
	}
	else
	{
		json_object_del(at, "from");
		json_object_set_new(at, "whole", json_true());
	}
	json_object_del(at, "page");
	json_object_del(at, "pages");
	json_object_del(at, "start");
	return true;
}

/* ---- lists in trouble ---- */

bool
tasksync_google_cursor_doubt(json_t *cursor, const TasksyncGoogleStep *step)
{
	json_t *round = part(cursor, "round");

	if (json_object_get(round, "named") != NULL)
		return true;
	json_object_set_new(round, "doubt", json_true());
	json_object_del(round, "at");
	return false;
}

void
tasksync_google_cursor_trouble(json_t *cursor, const TasksyncGoogleStep *step, const char *code)
{
	const char *id = step->container->remote_id;
	json_t *entry = json_object();

	/* without its place in time: once it is well again it is read whole */
	set_text(entry, "trouble", code);
	json_object_set_new(part(cursor, "lists"), id, entry);
	mark(cursor, "done", id);
	json_object_del(part(cursor, "round"), "at");
}
