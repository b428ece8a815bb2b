/*
 * notion_cursor.c
 *	  Where a read of all linked data sources stands, and what comes next.
 *
 * Called when a read is built, and again when its answer is read: both see the
 * same call, so both come to the same step.  Pure.
 *
 * A quiet round is one query for each data source.  Once an hour, and when the
 * engine asks, the schemas and the list of data sources come first; once a day
 * each data source is read whole, because rows leave a query in ways that no
 * query shows.
 */
#include "postgres.h"

#include "base/clock.h"
#include "provider/notion_cursor.h"
#include "provider/notion_json.h"
#include "provider/notion_page.h"

#define LOOK_EVERY (INT64CONST(3600) * USECS_PER_SEC)
#define SWEEP_EVERY (INT64CONST(24) * 3600 * USECS_PER_SEC)

TimestampTz
tasksync_notion_time(const json_t *object, const char *key)
{
	return tasksync_notion_instant(object, key);
}

void
tasksync_notion_set_time(json_t *object, const char *key, TimestampTz instant)
{
	json_object_set_new(object, key, json_string(tasksync_format_instant(instant)));
}

json_t *
tasksync_notion_step(const json_t *state)
{
	return json_array_get(json_object_get(state, "todo"), 0);
}

void
tasksync_notion_drop_step(json_t *state)
{
	json_array_remove(json_object_get(state, "todo"), 0);
}

void
tasksync_notion_add_step(json_t *state, json_t *step)
{
	json_array_insert_new(json_object_get(state, "todo"), 0, step);
}

void
tasksync_notion_drop_steps_of(json_t *state, const char *id)
{
	json_t *todo = json_object_get(state, "todo");

	for (size_t i = json_array_size(todo); i-- > 0;)
	{
		if (tasksync_notion_says(json_array_get(todo, i), "id", id))
			json_array_remove(todo, i);
	}
}

json_t *
tasksync_notion_place(json_t *state, const char *id)
{
	json_t *places = json_object_get(state, "in");
	json_t *place = json_object_get(places, id);

	if (!json_is_object(place))
	{
		place = json_object();
		json_object_set_new(places, id, place);
	}
	return place;
}

static json_t *
parse_cursor(const char *cursor)
{
	const char *ignored;
	json_t *state = cursor != NULL ? tasksync_json_parse(cursor, strlen(cursor), &ignored) : NULL;

	/* nobody but us writes it, and a strange one is none */
	if (!json_is_object(state))
		state = json_object();
	if (!json_is_object(json_object_get(state, "in")))
		json_object_set_new(state, "in", json_object());
	if (!json_is_array(json_object_get(state, "todo")))
		json_object_set_new(state, "todo", json_array());
	return state;
}

/* earlier than `every` ago, or later than now: a clock that was wrong must not stop it for ever */
static bool
is_due(const json_t *object, const char *key, TimestampTz now, int64 every)
{
	TimestampTz then = tasksync_notion_time(object, key);

	return then == 0 || now - then >= every || then - now >= every;
}

static void
append(json_t *state, json_t *step)
{
	json_array_append_new(json_object_get(state, "todo"), step);
}

static void
plan_container(json_t *state, const TasksyncCall *call, const TasksyncContainer *container,
			   bool looks)
{
	const char *id = tasksync_notion_normal_id(container->remote_id);
	const json_t *place = json_object_get(json_object_get(state, "in"), id);
	bool whole = tasksync_notion_time(place, "at") == 0 ||
				 tasksync_json_int(place, "v", -1) != container->version ||
				 is_due(place, "swept", call->now, SWEEP_EVERY);

	if (whole || looks || json_object_get(container->config, "known") == NULL)
		append(state, json_pack("{s:s, s:s}", "do", "schema", "id", id));
	append(state, json_pack("{s:s, s:s, s:b}", "do", "read", "id", id, "all", whole));
}

static void
forget_unlinked(json_t *state, const TasksyncCall *call)
{
	json_t *places = json_object_get(state, "in");
	json_t *todo = json_object_get(state, "todo");
	const char *id;
	json_t *place;
	void *next;

	json_object_foreach_safe(places, next, id, place)
	{
		if (tasksync_notion_container(call, id) == NULL)
			json_object_del(places, id);
	}
	for (size_t i = json_array_size(todo); i-- > 0;)
	{
		const json_t *step = json_array_get(todo, i);

		if (!tasksync_notion_says(step, "do", "search") &&
			(tasksync_json_string(step, "do") == NULL ||
			 tasksync_notion_container(call, tasksync_json_string(step, "id")) == NULL))
			json_array_remove(todo, i);
	}
}

json_t *
tasksync_notion_plan(const TasksyncCall *call)
{
	json_t *state = parse_cursor(call->cursor);
	bool goes_on = tasksync_notion_step(state) != NULL;
	bool looks = call->wants_containers || is_due(state, "looked", call->now, LOOK_EVERY);

	forget_unlinked(state, call);
	if (goes_on && tasksync_notion_step(state) != NULL)
		return state;
	if (looks && !goes_on)
		append(state, json_pack("{s:s}", "do", "search"));
	for (int i = 0; i < call->ncontainers && !goes_on; i++)
		plan_container(state, call, &call->containers[i], looks);
	/* nothing is linked: then the only question is what could be */
	if (tasksync_notion_step(state) == NULL)
		append(state, json_pack("{s:s}", "do", "search"));
	return state;
}

void
tasksync_notion_set_cursor(const json_t *state, TasksyncAnswer *answer)
{
	answer->cursor = tasksync_json_text(state);
	answer->has_more = tasksync_notion_step(state) != NULL;
}
