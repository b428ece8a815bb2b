/*
 * todoist_rest.c
 *	  The single look-ups that go through REST instead of POST /sync: who is
 *	  this, does this object live, what was completed, which ids moved.
 *
 * Called for all calls but SYNC.  Pure.  Nothing is written through REST: it
 * has no idempotency key, so a repeated POST would make a second task.
 */
#include "postgres.h"

#include "base/clock.h"
#include "base/json.h"
#include "provider/todoist_object.h"
#include "provider/todoist_rest.h"
#include "provider/todoist_status.h"
#include "provider/url.h"

/* the list of completed tasks takes at most three months; the shortest three have 89 days */
#define COMPLETED_WINDOW (INT64CONST(89) * USECS_PER_DAY)
#define PAGE_SIZE "200"

/* ---- requests ---- */

static const char *
collection_of(TasksyncKind kind)
{
	static const char *const names[] = {
		[TASKSYNC_PROJECT] = "projects", [TASKSYNC_SECTION] = "sections",
		[TASKSYNC_LABEL] = "labels", [TASKSYNC_TASK] = "tasks",
	};

	return names[kind];
}

/*
 * Our cursor through the windows: where the present one starts, a blank, and
 * the service's cursor within it, "" for its first page.
 */
static TimestampTz
window_start(const TasksyncCall *call, const char **page)
{
	const char *blank = call->cursor != NULL ? strchr(call->cursor, ' ') : NULL;
	TimestampTz start;

	*page = "";
	if (blank == NULL ||
		!tasksync_parse_instant(pnstrdup(call->cursor, blank - call->cursor), &start))
		return call->since;
	*page = blank + 1;
	return start;
}

static TimestampTz
window_end(const TasksyncCall *call, TimestampTz start)
{
	return Min(call->until, start + COMPLETED_WINDOW);
}

static void
append_completed(StringInfo url, const TasksyncCall *call)
{
	const char *page;
	TimestampTz start = window_start(call, &page);

	tasksync_url_parameter(url, "?", "since", tasksync_format_instant(start));
	tasksync_url_parameter(url, "&", "until",
						   tasksync_format_instant(window_end(call, start)));
	tasksync_url_parameter(url, "&", "limit", PAGE_SIZE);
	if (*page != '\0')
		tasksync_url_parameter(url, "&", "cursor", page);
}

/*
 * Tasks and sections are asked for moves.  Projects have only the older list
 * that translates the numeric ids of former interfaces.  Labels have neither:
 * the question is asked all the same and the refusal says "not moved".
 */
static void
append_moved_ids(StringInfo url, const TasksyncCall *call)
{
	StringInfoData ids;

	initStringInfo(&ids);
	for (int i = 0; i < call->nremote_ids; i++)
	{
		if (i > 0)
			appendStringInfoChar(&ids, ',');
		tasksync_url_escape(&ids, call->remote_ids[i]);
	}
	if (call->kind == TASKSYNC_PROJECT)
		appendStringInfo(url, "/id_mappings/projects/%s", ids.data);
	else
		appendStringInfo(url, "/moved_ids/%s?old_ids=%s", collection_of(call->kind), ids.data);
}

void
tasksync_todoist_build_rest(const TasksyncCall *call, TasksyncHttpRequest *request)
{
	StringInfoData url;

	tasksync_url_start(&url, call->base_url, "/api/v1");
	switch (call->type)
	{
		case TASKSYNC_CALL_IDENTIFY:
			appendStringInfoString(&url, "/user");
			break;
		case TASKSYNC_CALL_POINT_READ:
			appendStringInfo(&url, "/%s/", collection_of(call->kind));
			tasksync_url_escape(&url, call->remote_ids[0]);
			break;
		case TASKSYNC_CALL_COMPLETED:
			appendStringInfoString(&url, "/tasks/completed/by_completion_date");
			append_completed(&url, call);
			break;
		case TASKSYNC_CALL_MOVED_IDS:
			append_moved_ids(&url, call);
			break;
		case TASKSYNC_CALL_SYNC:
			elog(ERROR, "a sync call is not one of REST");
	}
	request->method = TASKSYNC_GET;
	request->url = url.data;
}

/* ---- refusals that are answers ---- */

static void
answer_point(const TasksyncCall *call, TasksyncRemoteState state, TasksyncAnswer *answer)
{
	answer->coverage = TASKSYNC_COVERS_POINT;
	answer->nobservations = 1;
	answer->observations = palloc0(sizeof(TasksyncObservation));
	answer->observations[0].kind = call->kind;
	answer->observations[0].remote_id = call->remote_ids[0];
	answer->observations[0].state = state;
}

/*
 * Only a refusal in Todoist's own words counts: "gone" is the ground on which
 * tasks are deleted, and any proxy or wrong address can say 404.
 */
bool
tasksync_todoist_parse_absence(const TasksyncCall *call, const TasksyncHttpResponse *response,
							   TasksyncAnswer *answer)
{
	TasksyncTodoistError error;

	if (response->outcome != TASKSYNC_HTTP_ANSWERED || response->status < 400 ||
		response->status >= 500 || !tasksync_todoist_body_error(response, &error))
		return false;
	if (call->type == TASKSYNC_CALL_MOVED_IDS &&
		(response->status == 404 || response->status == 400))
		return true;
	if (call->type != TASKSYNC_CALL_POINT_READ)
		return false;
	if (response->status == 404 && error.tag != NULL && strcmp(error.tag, "NOT_FOUND") == 0)
		answer_point(call, TASKSYNC_REMOTE_GONE, answer);
	else if (response->status == 403 && error.tag != NULL && strcmp(error.tag, "FORBIDDEN") == 0)
		answer_point(call, TASKSYNC_REMOTE_HIDDEN, answer);
	else
		return false;
	return true;
}

/* ---- answers ---- */

/*
 * The zone in which floating times are meant.  Its name may be one that we do
 * not know; its present offset is better than nothing then.
 */
static const char *
zone_of(const json_t *user)
{
	const json_t *info = json_object_get(user, "tz_info");
	const char *zone = tasksync_json_string(info, "timezone");
	const char *offset = tasksync_json_string(info, "gmt_string");

	if (zone != NULL && tasksync_zone_known(zone))
		return pstrdup(zone);
	if (offset != NULL && strlen(offset) < 10 && tasksync_zone_known(psprintf("GMT %s", offset)))
		return psprintf("GMT %s", offset);
	return NULL;
}

static const char *
name_of(const json_t *user)
{
	const char *name = tasksync_json_string(user, "full_name");

	if (name == NULL || *name == '\0')
		name = tasksync_json_string(user, "email");
	return name != NULL ? pstrdup(name) : NULL;
}

/* the object holds a live token and an address with another one in it: neither outlives this */
static void
wipe_secrets(json_t *user)
{
	static const char *const names[] = {"token", "websocket_url"};

	for (int i = 0; i < (int) lengthof(names); i++)
	{
		json_t *secret = json_object_get(user, names[i]);

		if (json_is_string(secret))
			explicit_bzero((char *) json_string_value(secret), json_string_length(secret));
	}
}

static void
parse_identity(const TasksyncCall *call, json_t *user, TasksyncAnswer *answer)
{
	const char *id = tasksync_todoist_id(user, "id");

	if (id != NULL)
	{
		answer->external_id = pstrdup(id);
		answer->display_name = name_of(user);
		answer->zone = zone_of(user);
	}
	else
		tasksync_todoist_bad_answer(call, answer, "wrong_shape",
									"Todoist answered the question for the user without an id");
	wipe_secrets(user);
}

static void
parse_point(const TasksyncCall *call, const json_t *json, TasksyncAnswer *answer)
{
	TasksyncObservation *observation;

	answer_point(call, TASKSYNC_REMOTE_LIVE, answer);
	observation = &answer->observations[0];
	if (!tasksync_todoist_read_object(call->kind, json, call->zone, observation))
	{
		tasksync_todoist_bad_answer(call, answer, "wrong_shape",
									"Todoist answered a single read with something else");
		return;
	}
	/* asked by an old id, the service may answer with the object as it is called now */
	if (strcmp(observation->remote_id, call->remote_ids[0]) != 0)
	{
		const char *new_id = observation->remote_id;

		answer_point(call, TASKSYNC_REMOTE_MOVED_ID, answer);
		answer->observations[0].new_remote_id = new_id;
	}
}

/* is there another page of this window, or another window? */
static void
next_page(const TasksyncCall *call, const char *next_cursor, TasksyncAnswer *answer)
{
	const char *page;
	TimestampTz start = window_start(call, &page);
	TimestampTz end = window_end(call, start);

	if (next_cursor != NULL && *next_cursor != '\0')
		answer->cursor = psprintf("%s %s", tasksync_format_instant(start), next_cursor);
	else if (end < call->until)
		answer->cursor = psprintf("%s ", tasksync_format_instant(end));
	answer->has_more = answer->cursor != NULL;
}

static void
parse_completed(const TasksyncCall *call, const json_t *json, TasksyncAnswer *answer)
{
	const json_t *items = json_object_get(json, "items");
	size_t count = json_array_size(items);

	answer->coverage = TASKSYNC_COVERS_POINT;
	answer->observations = palloc(sizeof(TasksyncObservation) * Max(count, 1));
	for (size_t i = 0; i < count; i++)
	{
		if (!tasksync_todoist_read_object(TASKSYNC_TASK, json_array_get(items, i), call->zone,
										  &answer->observations[i]))
			break;
		answer->nobservations++;
	}
	if (!json_is_array(items) || answer->nobservations < (int) count)
		tasksync_todoist_bad_answer(call, answer, "wrong_shape",
									"Todoist answered without a list of completed tasks");
	else
		next_page(call, tasksync_json_string(json, "next_cursor"), answer);
}

static const char *
asked_id(const TasksyncCall *call, const char *id)
{
	for (int i = 0; id != NULL && i < call->nremote_ids; i++)
	{
		if (strcmp(call->remote_ids[i], id) == 0)
			return call->remote_ids[i];
	}
	return NULL;
}

/* ids that were not asked for, or map to themselves or to nothing, say nothing */
static void
parse_moved_ids(const TasksyncCall *call, const json_t *json, TasksyncAnswer *answer)
{
	size_t count = json_array_size(json);

	answer->coverage = TASKSYNC_COVERS_POINT;
	if (!json_is_array(json))
	{
		tasksync_todoist_bad_answer(call, answer, "wrong_shape",
									"Todoist answered the question for moved ids without a list");
		return;
	}
	answer->observations = palloc0(sizeof(TasksyncObservation) * Max(count, 1));
	for (size_t i = 0; i < count; i++)
	{
		const json_t *pair = json_array_get(json, i);
		const char *old_id = asked_id(call, tasksync_todoist_id(pair, "old_id"));
		const char *new_id = tasksync_todoist_id(pair, "new_id");
		TasksyncObservation *observation = &answer->observations[answer->nobservations];

		if (old_id == NULL || new_id == NULL || strcmp(old_id, new_id) == 0)
			continue;
		observation->kind = call->kind;
		observation->remote_id = old_id;
		observation->state = TASKSYNC_REMOTE_MOVED_ID;
		observation->new_remote_id = new_id;
		answer->nobservations++;
	}
}

void
tasksync_todoist_parse_rest(const TasksyncCall *call, const TasksyncHttpResponse *response,
							TasksyncAnswer *answer)
{
	const char *error;
	json_t *json = tasksync_json_parse(response->body, response->body_length, &error);

	if (json == NULL)
	{
		tasksync_todoist_bad_answer(call, answer, "not_json", error);
		return;
	}
	switch (call->type)
	{
		case TASKSYNC_CALL_IDENTIFY:
			parse_identity(call, json, answer);
			break;
		case TASKSYNC_CALL_POINT_READ:
			parse_point(call, json, answer);
			break;
		case TASKSYNC_CALL_COMPLETED:
			parse_completed(call, json, answer);
			break;
		case TASKSYNC_CALL_MOVED_IDS:
			parse_moved_ids(call, json, answer);
			break;
		case TASKSYNC_CALL_SYNC:
			elog(ERROR, "a sync call is not one of REST");
	}
}
