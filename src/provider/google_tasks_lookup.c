/*
 * google_tasks_lookup.c
 *	  Single look-ups at Google: does this object live, in which list does it
 *	  live now.
 *
 * Called for POINT_READ and MOVED_IDS.  Pure.
 *
 * A task keeps its id when it moves to another list, but can only be asked for
 * in a list.  Whether the list that it left tells of it, and whether the move
 * counts as a change, is not documented; so a task that is not in its list any
 * more is looked for in all of them before it counts as deleted: first the list
 * of lists, then batches of reads.
 */
#include "postgres.h"

#include "base/json.h"
#include "provider/google_tasks_batch.h"
#include "provider/google_tasks_lookup.h"
#include "provider/google_tasks_object.h"
#include "provider/google_tasks_read.h"
#include "provider/google_tasks_status.h"
#include "provider/url.h"

#define MAX_LIST_PAGES 20

/* ---- where a moved task is looked for ---- */

/*
 * The cursor of MOVED_IDS: {"lists": [ids], "page": of the list of lists, or
 * "next": how many pairs of a list and a task were asked for}.
 */
static json_t *
search_of(const TasksyncCall *call)
{
	const char *ignored;
	json_t *search = call->cursor != NULL
		? tasksync_json_parse(call->cursor, strlen(call->cursor), &ignored) : NULL;

	if (!json_is_object(search))
		search = json_object();
	if (!json_is_array(json_object_get(search, "lists")))
		json_object_set_new(search, "lists", json_array());
	return search;
}

/* how many pairs were asked for, -1 while the lists themselves are read */
static int64
pairs_done(const json_t *search)
{
	return tasksync_json_int(search, "next", -1);
}

static int64
pairs_of(const TasksyncCall *call, const json_t *search)
{
	return (int64) json_array_size(json_object_get(search, "lists")) * call->nremote_ids;
}

static const char *
list_of_pair(const TasksyncCall *call, const json_t *search, int64 pair)
{
	return json_string_value(json_array_get(json_object_get(search, "lists"),
											pair / call->nremote_ids));
}

/* the parts of the next batch; returns how many */
static int
search_parts(const TasksyncCall *call, const json_t *search, TasksyncGooglePart *parts)
{
	int64 first = pairs_done(search);
	int count = (int) Min(GOOGLE_MAX_PARTS, pairs_of(call, search) - first);

	for (int i = 0; i < count; i++)
	{
		int64 pair = first + i;
		StringInfoData path;

		initStringInfo(&path);
		tasksync_google_task_path(&path, list_of_pair(call, search, pair),
								  call->remote_ids[pair % call->nremote_ids]);
		tasksync_google_query(&path, "?", GOOGLE_TASK_FIELDS);
		memset(&parts[i], 0, sizeof(parts[i]));
		parts[i].id = psprintf("pair-%lld", (long long) pair);
		parts[i].method = TASKSYNC_GET;
		parts[i].path = path.data;
	}
	return Max(count, 0);
}

/* ---- requests ---- */

static void
build_point(const TasksyncCall *call, StringInfo url)
{
	if (call->kind == TASKSYNC_PROJECT)
	{
		tasksync_google_list_path(url, call->remote_ids[0]);
		tasksync_google_query(url, "?", GOOGLE_LIST_FIELDS);
	}
	else if (call->container_id != NULL)
	{
		tasksync_google_task_path(url, call->container_id, call->remote_ids[0]);
		tasksync_google_query(url, "?", GOOGLE_TASK_FIELDS);
	}
	else
		/* nobody knows where to ask: the answer to something harmless says nothing */
		tasksync_google_lists_url(url, NULL);
}

static void
build_search(TasksyncCall *call, StringInfo url, TasksyncHttpRequest *request)
{
	const json_t *search = search_of(call);
	TasksyncGooglePart parts[GOOGLE_MAX_PARTS];

	if (pairs_done(search) < 0)
		tasksync_google_lists_url(url, tasksync_json_string(search, "page"));
	else
	{
		call->queries = search_parts(call, search, parts);
		tasksync_google_build_batch(call->base_url, call->queries, parts, request);
	}
}

void
tasksync_google_build_lookup(TasksyncCall *call, TasksyncHttpRequest *request)
{
	StringInfoData url;

	tasksync_url_start(&url, call->base_url, "");
	request->method = TASKSYNC_GET;
	switch (call->type)
	{
		case TASKSYNC_CALL_POINT_READ:
			build_point(call, &url);
			break;
		case TASKSYNC_CALL_MOVED_IDS:
			build_search(call, &url, request);
			break;
		case TASKSYNC_CALL_IDENTIFY:
		case TASKSYNC_CALL_COMPLETED:
		case TASKSYNC_CALL_SYNC:
			elog(ERROR, "google_tasks has no such look-up");
	}
	if (request->url == NULL)
		request->url = url.data;
}

/* ---- answers ---- */

static TasksyncObservation *
answer_point(const TasksyncCall *call, TasksyncRemoteState state, TasksyncAnswer *answer)
{
	answer->nobservations = 1;
	answer->observations = palloc0(sizeof(TasksyncObservation));
	answer->observations[0].kind = call->kind;
	answer->observations[0].remote_id = call->remote_ids[0];
	answer->observations[0].container_id = call->container_id;
	answer->observations[0].state = state;
	return answer->observations;
}

static bool
is_unlocated(const TasksyncCall *call)
{
	return call->type == TASKSYNC_CALL_POINT_READ && call->kind != TASKSYNC_PROJECT &&
		call->container_id == NULL;
}

static void
parse_point(const TasksyncCall *call, const json_t *json, TasksyncAnswer *answer)
{
	TasksyncObservation *observation = answer_point(call, TASKSYNC_REMOTE_LIVE, answer);
	bool is_read = call->kind == TASKSYNC_PROJECT
		? tasksync_google_read_list(json, observation)
		: tasksync_google_read_task(json, call->container_id, observation);

	if (!is_read || strcmp(observation->remote_id, call->remote_ids[0]) != 0)
		tasksync_google_bad_answer(call, answer, "wrong_shape",
								   "Google Tasks answered a single read with something else");
}

static void
parse_lists(const TasksyncCall *call, const json_t *json, json_t *search, TasksyncAnswer *answer)
{
	const json_t *items = json_object_get(json, "items");
	const char *page = tasksync_json_string(json, "nextPageToken");
	json_t *lists = json_object_get(search, "lists");
	int64 pages = tasksync_json_int(search, "pages", 0) + 1;

	for (size_t i = 0; i < json_array_size(items); i++)
	{
		const char *id = tasksync_google_id(json_array_get(items, i), "id");

		if (id != NULL)
			json_array_append_new(lists, json_string(id));
	}
	json_object_del(search, "page");
	json_object_set_new(search, "pages", json_integer(pages));
	if (page != NULL && *page != '\0' && pages < MAX_LIST_PAGES)
		json_object_set_new(search, "page", json_string(page));
	else
		json_object_set_new(search, "next", json_integer(0));
	answer->has_more = pairs_done(search) < 0 || pairs_of(call, search) > 0;
}

/* one answer of a batch; false if it leaves open whether the task is there */
static bool
read_pair(const TasksyncGooglePartAnswer *part, const char *list_id, const char *task_id,
		  TasksyncGoogleError *error, TasksyncAnswer *answer)
{
	TasksyncObservation *observation = &answer->observations[answer->nobservations];
	const char *ignored;

	if (part->status >= 200 && part->status <= 299)
	{
		if (!tasksync_google_read_task(tasksync_json_parse(part->body, part->length, &ignored),
									   list_id, observation) ||
			strcmp(observation->remote_id, task_id) != 0)
			return false;
		if (observation->state == TASKSYNC_REMOTE_LIVE)
			answer->nobservations++;
		return true;
	}
	if (part->status == 0)
		return false;
	tasksync_google_read_error(part->status, part->body, part->length, error);
	return error->meaning == GOOGLE_GONE || error->meaning == GOOGLE_UNKNOWN_ID ||
		error->meaning == GOOGLE_FORBIDDEN;
}

static void
parse_pairs(const TasksyncCall *call, const TasksyncHttpResponse *response, json_t *search,
			TasksyncAnswer *answer)
{
	TasksyncGooglePart parts[GOOGLE_MAX_PARTS];
	TasksyncGooglePartAnswer answers[GOOGLE_MAX_PARTS];
	int64 first = pairs_done(search);
	int count = search_parts(call, search, parts);
	TasksyncGoogleError error = {GOOGLE_FOREIGN, response->status, NULL};

	answer->observations = palloc(sizeof(TasksyncObservation) * Max(count, 1));
	if (!tasksync_google_parse_batch(response, count, parts, answers))
	{
		tasksync_google_bad_answer(call, answer, "wrong_shape",
								   "Google Tasks answered a batch with something else");
		return;
	}
	for (int i = 0; i < count; i++)
	{
		if (!read_pair(&answers[i], list_of_pair(call, search, first + i),
					   call->remote_ids[(first + i) % call->nremote_ids], &error, answer))
		{
			tasksync_google_refused(call, response, &error, answer);
			return;
		}
	}
	json_object_set_new(search, "next", json_integer(first + count));
	answer->has_more = first + count < pairs_of(call, search);
}

static void
parse_search(const TasksyncCall *call, const TasksyncHttpResponse *response,
			 TasksyncAnswer *answer)
{
	json_t *search = search_of(call);
	const json_t *json;

	if (pairs_done(search) >= 0)
		parse_pairs(call, response, search, answer);
	else
	{
		json = tasksync_google_body(call, response, GOOGLE_KIND_LISTS, answer);
		if (json != NULL)
			parse_lists(call, json, search, answer);
	}
	if (answer->outcome == TASKSYNC_OK && answer->has_more)
		answer->cursor = tasksync_json_text(search);
}

/* "gone" is the ground on which tasks are deleted: only Google's own word counts */
static void
refused(const TasksyncCall *call, const TasksyncHttpResponse *response, TasksyncAnswer *answer)
{
	TasksyncGoogleError error;

	tasksync_google_read_error(response->status, response->body, response->body_length, &error);
	if (call->type == TASKSYNC_CALL_POINT_READ && !is_unlocated(call))
	{
		if (error.meaning == GOOGLE_GONE || error.meaning == GOOGLE_UNKNOWN_ID)
		{
			(void) answer_point(call, TASKSYNC_REMOTE_GONE, answer);
			return;
		}
		if (error.meaning == GOOGLE_FORBIDDEN)
		{
			(void) answer_point(call, TASKSYNC_REMOTE_HIDDEN, answer);
			return;
		}
	}
	tasksync_google_refused(call, response, &error, answer);
}

void
tasksync_google_parse_lookup(const TasksyncCall *call, const TasksyncHttpResponse *response,
							 TasksyncAnswer *answer)
{
	const json_t *json;

	answer->coverage = TASKSYNC_COVERS_POINT;
	if (response->status < 200 || response->status > 299)
		refused(call, response, answer);
	else if (call->type == TASKSYNC_CALL_MOVED_IDS)
		parse_search(call, response, answer);
	else if (!is_unlocated(call))
	{
		json = tasksync_google_body(call, response, NULL, answer);
		if (json != NULL)
			parse_point(call, json, answer);
	}
}
