/*
 * notion_query.c
 *	  Querying one data source, page by page and window by window.
 *
 * Called for the steps "read" of a read.  Pure.
 *
 * Changes: everything edited since the place of the data source, oldest first.
 * Stamps are rounded to a minute and queries may lag behind, so the question
 * overlaps and what comes twice is equal; the place is never nearer to now
 * than two minutes, by the service's own clock.
 *
 * All: sorted by the time of creation, which never changes.  One query ends
 * after 10,000 rows and says so only in passing; the next window begins at the
 * last creation seen.  Only a read that came to a natural end is complete.
 */
#include "postgres.h"

#include "base/clock.h"
#include "provider/notion_cursor.h"
#include "provider/notion_json.h"
#include "provider/notion_mapping.h"
#include "provider/notion_page.h"
#include "provider/notion_query.h"
#include "provider/notion_request.h"
#include "provider/notion_status.h"
#include "provider/url.h"

#define MARGIN (INT64CONST(120) * USECS_PER_SEC)

/*
 * An edit this old is in every query.  Without this the place would stay at the
 * newest edit, and after a mass change every quiet round would read it again.
 */
#define SURELY_SHOWN (INT64CONST(900) * USECS_PER_SEC)

#define MAX_BODIES_REMEMBERED 1000

static TimestampTz
to_minute(TimestampTz instant)
{
	TimestampTz rest = instant % USECS_PER_MINUTE;

	return instant - (rest < 0 ? rest + USECS_PER_MINUTE : rest);
}

/* ---- the request ---- */

/* only what is mapped: formulas and rollups of other columns cost the service seconds */
static void
append_properties(StringInfo url, const json_t *config)
{
	static const char *const roles[] = {"status",      "due",    "priority", "labels",
										"description", "parent", "sync_id"};

	appendStringInfoString(url, "?filter_properties=title");
	for (int i = 0; i < (int) lengthof(roles); i++)
	{
		const char *id = tasksync_notion_role_property(config, roles[i]);

		if (id == NULL)
			continue;
		appendStringInfoString(url, "&filter_properties=");
		/* ids are percent-encoded as they come; only what is not goes through escaping */
		if (strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~%") ==
			strlen(id))
			appendStringInfoString(url, id);
		else
			tasksync_url_escape(url, id);
	}
}

static json_t *
since_json(const char *timestamp, TimestampTz since)
{
	return json_pack("{s:s, s:{s:s}}", "timestamp", timestamp, timestamp, "on_or_after",
					 tasksync_format_instant(since));
}

static json_t *
query_json(const json_t *step, const json_t *place)
{
	bool all = tasksync_json_bool(step, "all", false);
	const char *timestamp = all ? "created_time" : "last_edited_time";
	TimestampTz since =
		all ? tasksync_notion_time(step, "from") : tasksync_notion_time(place, "at") - MARGIN;
	const char *page = tasksync_json_string(step, "page");
	json_t *body = json_pack("{s:[{s:s, s:s}], s:i}", "sorts", "timestamp", timestamp, "direction",
							 "ascending", "page_size", NOTION_PAGE_SIZE);

	if (!all || since != 0)
		json_object_set_new(body, "filter", since_json(timestamp, since));
	if (page != NULL)
		json_object_set_new(body, "start_cursor", json_string(page));
	return body;
}

void
tasksync_notion_build_query(const TasksyncCall *call, const json_t *state,
							TasksyncHttpRequest *request)
{
	const json_t *step = tasksync_notion_step(state);
	const char *id = tasksync_json_string(step, "id");
	const TasksyncContainer *container = tasksync_notion_container(call, id);
	const json_t *place = json_object_get(json_object_get(state, "in"), id);
	StringInfoData url;

	tasksync_notion_address(&url, call, "/v1/data_sources/%s/query", id);
	append_properties(&url, container != NULL ? container->config : NULL);
	tasksync_notion_request(request, TASKSYNC_POST, &url, query_json(step, place));
}

/* ---- the answer ---- */

/* a body that was read when its page had rested for a while is known */
static bool
knows_body(const json_t *place, const TasksyncObservation *row)
{
	const char *read = tasksync_json_string(json_object_get(place, "bodies"), row->remote_id);

	return read != NULL && row->edited_at != 0 &&
		   strcmp(read, tasksync_format_instant(row->edited_at)) == 0;
}

/* a step for the bodies of these rows, which is done before the next page */
static void
plan_bodies(const TasksyncCall *call, json_t *state, const char *id, TimestampTz safe,
			const TasksyncAnswer *answer)
{
	const TasksyncContainer *container = tasksync_notion_container(call, id);
	json_t *place = tasksync_notion_place(state, id);
	json_t *known = json_object_get(place, "bodies");
	json_t *pages = json_array();

	if (container == NULL || !tasksync_notion_body_is_description(container->config))
		return;
	if (!json_is_object(known) || json_object_size(known) > MAX_BODIES_REMEMBERED)
	{
		known = json_object();
		json_object_set_new(place, "bodies", known);
	}
	for (int i = 0; i < answer->nobservations; i++)
	{
		const TasksyncObservation *row = &answer->observations[i];

		if (row->state != TASKSYNC_REMOTE_LIVE || knows_body(place, row))
			continue;
		json_array_append_new(pages, json_string(row->remote_id));
		if (row->edited_at != 0 && row->edited_at <= safe)
			json_object_set_new(known, row->remote_id,
								json_string(tasksync_format_instant(row->edited_at)));
	}
	if (json_array_size(pages) > 0)
		tasksync_notion_add_step(state, json_pack("{s:s, s:s, s:o}", "do", "bodies", "id", id,
												  "pages", pages));
}

/* rows that are no whole pages say nothing: another query will, or a single read */
static void
read_rows(const TasksyncCall *call, const json_t *rows, json_t *step, TasksyncAnswer *answer)
{
	TimestampTz newest = tasksync_notion_time(step, "newest");
	TimestampTz last = tasksync_notion_time(step, "last");

	answer->observations = palloc(sizeof(TasksyncObservation) * Max(json_array_size(rows), 1));
	for (size_t i = 0; i < json_array_size(rows); i++)
	{
		TasksyncObservation *row = &answer->observations[answer->nobservations];

		if (!tasksync_notion_read_page(call, json_array_get(rows, i), row))
			continue;
		answer->nobservations++;
		newest = Max(newest, row->edited_at);
		last = Max(last, row->created_at);
	}
	if (newest != 0)
		tasksync_notion_set_time(step, "newest", newest);
	if (last != 0)
		tasksync_notion_set_time(step, "last", last);
	json_object_set_new(step, "rows",
						json_integer(tasksync_json_int(step, "rows", 0) +
									 (json_int_t) json_array_size(rows)));
}

/* the service's time when this read of the data source began, less the margin */
static TimestampTz
safe_time(const TasksyncCall *call, const TasksyncHttpResponse *response, json_t *step)
{
	TimestampTz now = tasksync_notion_time(step, "start");

	if (now == 0)
	{
		if (!tasksync_parse_http_date(response->date, &now))
			now = call->now;
		now -= MARGIN;
		tasksync_notion_set_time(step, "start", now);
	}
	return now;
}

void
tasksync_notion_finish_read(const TasksyncCall *call, json_t *state, const json_t *step,
							TasksyncAnswer *answer)
{
	const char *id = tasksync_json_string(step, "id");
	const TasksyncContainer *container = tasksync_notion_container(call, id);
	json_t *place = tasksync_notion_place(state, id);
	bool all = tasksync_json_bool(step, "all", false);
	TimestampTz safe = tasksync_notion_time(step, "start");
	TimestampTz newest = tasksync_notion_time(step, "newest");
	TimestampTz at = all ? 0 : tasksync_notion_time(place, "at");

	at = Max(at, Min(Max(to_minute(newest), safe - SURELY_SHOWN), safe));
	tasksync_notion_set_time(place, "at", to_minute(at));
	json_object_del(place, "bad");
	if (!all)
		return;
	json_object_set_new(place, "v", json_integer(container != NULL ? container->version : 0));
	tasksync_notion_set_time(place, "swept", call->now);
	answer->complete = palloc(sizeof(char *));
	answer->complete[0] = container != NULL ? container->remote_id : id;
	answer->ncomplete = 1;
}

/*
 * The query was cut off.  False if no window can go further: so many rows were
 * made in one minute that they are not told apart.
 */
static bool
next_window(json_t *step)
{
	TimestampTz last = tasksync_notion_time(step, "last");

	if (!tasksync_json_bool(step, "all", false) || last == 0 ||
		last == tasksync_notion_time(step, "from"))
		return false;
	tasksync_notion_set_time(step, "from", last);
	json_object_del(step, "page");
	return true;
}

static void
cut_off(const TasksyncCall *call, json_t *state, json_t *step, TasksyncAnswer *answer)
{
	const char *id = tasksync_json_string(step, "id");
	const TasksyncContainer *container = tasksync_notion_container(call, id);

	/* of changes: too many to be told as such, so all is read */
	if (!tasksync_json_bool(step, "all", false))
	{
		json_t *whole = json_pack("{s:s, s:s, s:b}", "do", "read", "id", id, "all", 1);

		tasksync_notion_drop_step(state);
		tasksync_notion_add_step(state, whole);
		return;
	}
	tasksync_notion_drop_step(state);
	answer->troubles = palloc0(sizeof(TasksyncContainerTrouble));
	answer->troubles[0].remote_id = container != NULL ? container->remote_id : id;
	answer->troubles[0].code = "too_many_rows";
	answer->troubles[0].message =
		"Notion does not list all pages of this database, as more than ten thousand of them were"
		" made in the same minute; what it lists is synced, and nothing is taken for deleted";
	answer->ntroubles = 1;
}

/* a data source that is empty all of a sudden is asked about before that is believed */
static void
end_of_read(const TasksyncCall *call, json_t *state, json_t *step, TasksyncAnswer *answer)
{
	bool doubt = tasksync_json_bool(step, "all", false) && tasksync_json_int(step, "rows", 0) == 0;

	if (doubt)
	{
		json_t *ends = json_deep_copy(step);

		json_object_set_new(ends, "do", json_string("schema"));
		json_object_set_new(ends, "ends", json_true());
		tasksync_notion_drop_step(state);
		tasksync_notion_add_step(state, ends);
		return;
	}
	tasksync_notion_finish_read(call, state, step, answer);
	tasksync_notion_drop_step(state);
}

static bool
is_cut_off(const json_t *json)
{
	/* usually absent; only this one value says anything */
	return tasksync_notion_says(json_object_get(json, "request_status"), "type", "incomplete");
}

void
tasksync_notion_parse_query(const TasksyncCall *call, json_t *state, const json_t *json,
							const TasksyncHttpResponse *response, TasksyncAnswer *answer)
{
	json_t *step = tasksync_notion_step(state);
	const char *id = pstrdup(tasksync_json_string(step, "id"));
	const char *page = tasksync_json_string(json, "next_cursor");
	bool has_more = tasksync_json_bool(json, "has_more", false);
	TimestampTz safe;

	if (!tasksync_notion_says(json, "object", "list") ||
		!json_is_array(json_object_get(json, "results")) || (has_more && page == NULL))
	{
		tasksync_notion_bad_answer(call, answer, "wrong_shape",
								   "Notion answered a query with something else than a list");
		return;
	}
	json_incref(step);
	answer->coverage = TASKSYNC_COVERS_DELTA;
	answer->is_whole = tasksync_json_bool(step, "all", false);
	safe = safe_time(call, response, step);
	read_rows(call, json_object_get(json, "results"), step, answer);
	if (has_more)
		json_object_set_new(step, "page", json_string(page));
	else if (!is_cut_off(json))
		end_of_read(call, state, step, answer);
	else if (!next_window(step))
		cut_off(call, state, step, answer);
	plan_bodies(call, state, id, safe, answer);
}
