/*
 * google_tasks_read.c
 *	  The requests of a read and what their answers say.
 *
 * Called for every SYNC call without intents.  Pure.  Which request comes next
 * is decided in google_tasks_cursor.c.
 *
 * A page is taken whole or not at all: if any part of it is not what Google
 * promises, the cursor stays where it is and nothing of it is believed, least
 * of all an absence.
 */
#include "postgres.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/testpoint.h"
#include "provider/google_tasks_cursor.h"
#include "provider/google_tasks_object.h"
#include "provider/google_tasks_read.h"
#include "provider/google_tasks_status.h"
#include "provider/url.h"

#define PAGE_OF_TASKS "100"
#define PAGE_OF_LISTS "1000"

/* ---- requests ---- */

void
tasksync_google_list_path(StringInfo url, const char *list_id)
{
	appendStringInfoString(url, GOOGLE_ROOT "/users/@me/lists");
	if (list_id == NULL)
		return;
	appendStringInfoChar(url, '/');
	tasksync_url_escape(url, list_id);
}

void
tasksync_google_task_path(StringInfo url, const char *list_id, const char *task_id)
{
	appendStringInfoString(url, GOOGLE_ROOT "/lists/");
	tasksync_url_escape(url, list_id);
	appendStringInfoString(url, "/tasks");
	if (task_id == NULL)
		return;
	appendStringInfoChar(url, '/');
	tasksync_url_escape(url, task_id);
}

void
tasksync_google_query(StringInfo url, const char *before, const char *fields)
{
	tasksync_url_parameter(url, before, "prettyPrint", "false");
	if (fields != NULL)
		tasksync_url_parameter(url, "&", "fields", fields);
}

void
tasksync_google_lists_url(StringInfo url, const char *page)
{
	tasksync_google_list_path(url, NULL);
	tasksync_google_query(url, "?", GOOGLE_LISTS_FIELDS);
	tasksync_url_parameter(url, "&", "maxResults", PAGE_OF_LISTS);
	if (page != NULL)
		tasksync_url_parameter(url, "&", "pageToken", page);
}

/*
 * Every flag is said, because the defaults hide what counts: without showHidden
 * a task that a person completed is simply not there.
 */
static void
append_tasks_url(StringInfo url, const TasksyncGoogleStep *step)
{
	static const char *const flags[] = {"showCompleted", "showHidden", "showDeleted",
										"showAssigned"};

	tasksync_google_task_path(url, step->container->remote_id, NULL);
	tasksync_google_query(url, "?", GOOGLE_TASKS_FIELDS);
	if (!TASKSYNC_MUTANT("list default page size"))
		tasksync_url_parameter(url, "&", "maxResults", PAGE_OF_TASKS);
	for (int i = 0; i < (int) lengthof(flags); i++)
		tasksync_url_parameter(url, "&", flags[i], "true");
	if (step->updated_min != 0)
		tasksync_url_parameter(url, "&", "updatedMin",
							   tasksync_format_instant(step->updated_min));
	if (step->page != NULL)
		tasksync_url_parameter(url, "&", "pageToken", step->page);
}

void
tasksync_google_build_read(const TasksyncCall *call, TasksyncHttpRequest *request)
{
	TasksyncGoogleStep step;
	StringInfoData url;

	tasksync_google_next_step(call, tasksync_google_cursor_read(call), &step);
	tasksync_url_start(&url, call->base_url, "");
	switch (step.ask)
	{
		case GOOGLE_ASK_DEFAULT:
			tasksync_google_list_path(&url, NULL);
			appendStringInfoString(&url, "/@default");
			tasksync_google_query(&url, "?", GOOGLE_LIST_FIELDS);
			break;
		case GOOGLE_ASK_LIST:
			tasksync_google_list_path(&url, step.container->remote_id);
			tasksync_google_query(&url, "?", GOOGLE_LIST_FIELDS);
			break;
		case GOOGLE_ASK_TASKS:
			append_tasks_url(&url, &step);
			break;
		case GOOGLE_ASK_LISTS:
		case GOOGLE_ASK_NOTHING:
			tasksync_google_lists_url(&url, step.page);
			break;
	}
	request->method = TASKSYNC_GET;
	request->url = url.data;
}

/* ---- answers ---- */

/* the service's own time: of the answer, else the latest one in it */
static TimestampTz
stamp_of(const TasksyncHttpResponse *response, const TasksyncAnswer *answer)
{
	TimestampTz stamp = 0;

	if (tasksync_parse_http_date(response->date, &stamp))
		return stamp;
	for (int i = 0; i < answer->nobservations; i++)
		stamp = Max(stamp, answer->observations[i].edited_at);
	return stamp;
}

/* an empty token is the last page, as a missing one is */
static const char *
next_page_of(const json_t *json)
{
	const char *token = tasksync_json_string(json, "nextPageToken");

	return token != NULL && *token != '\0' ? token : NULL;
}

/* false if the items are no list of objects with ids */
static bool
read_items(const json_t *json, const char *list_id, TasksyncAnswer *answer)
{
	const json_t *items = json_object_get(json, "items");
	size_t count = json_array_size(items);

	answer->observations = palloc(sizeof(TasksyncObservation) * Max(count, 1));
	if (items != NULL && !json_is_array(items))
		return false;
	for (size_t i = 0; i < count; i++)
	{
		TasksyncObservation *observation = &answer->observations[i];
		const json_t *item = json_array_get(items, i);

		if (!(list_id != NULL ? tasksync_google_read_task(item, list_id, observation)
			  : tasksync_google_read_list(item, observation)))
			return false;
		answer->nobservations++;
	}
	return true;
}

static void
bad_list(const TasksyncCall *call, TasksyncAnswer *answer)
{
	tasksync_google_bad_answer(call, answer, "wrong_shape",
							   "Google Tasks sent a list with something else than objects in it");
}

static void
endless(const TasksyncCall *call, TasksyncAnswer *answer)
{
	tasksync_google_bad_answer(call, answer, "endless_pages",
							   "the pages of a list at Google Tasks did not come to an end");
}

static void
set_trouble(TasksyncAnswer *answer, const char *list_id, const char *code, const char *message)
{
	answer->ntroubles = 1;
	answer->troubles = palloc0(sizeof(TasksyncContainerTrouble));
	answer->troubles[0].remote_id = list_id;
	answer->troubles[0].code = code;
	answer->troubles[0].message = message;
}

static void
read_lists(const TasksyncCall *call, const json_t *json, json_t *cursor, TasksyncAnswer *answer)
{
	if (!read_items(json, NULL, answer))
	{
		bad_list(call, answer);
		return;
	}
	for (int i = 0; i < answer->nobservations; i++)
	{
		TasksyncObservation *list = &answer->observations[i];

		list->is_inbox = tasksync_google_cursor_is_default(cursor, list->remote_id);
		tasksync_google_cursor_named(call, cursor, list->remote_id);
	}
	if (!tasksync_google_cursor_lists_page(call, cursor, next_page_of(json)))
		endless(call, answer);
}

static void
read_tasks(const TasksyncCall *call, const TasksyncGoogleStep *step, const json_t *json,
		   const TasksyncHttpResponse *response, json_t *cursor, TasksyncAnswer *answer)
{
	const char *list_id = step->container->remote_id;

	if (!read_items(json, list_id, answer))
	{
		bad_list(call, answer);
		return;
	}
	answer->is_whole = step->whole;
	switch (tasksync_google_cursor_tasks_page(call, cursor, step, next_page_of(json),
											  stamp_of(response, answer)))
	{
		case GOOGLE_PAGE_FOLLOWS:
			return;
		case GOOGLE_PAGES_ENDLESS:
			endless(call, answer);
			return;
		case GOOGLE_LIST_COMPLETE:
			answer->ncomplete = 1;
			answer->complete = palloc(sizeof(char *));
			answer->complete[0] = list_id;
			break;
		case GOOGLE_LIST_READ:
			break;
	}
	if (step->whole)
		set_trouble(answer, list_id, NULL, NULL);
}

/* ---- refusals that are answers ---- */

static bool
is_unknown(const TasksyncGoogleError *error)
{
	return error->meaning == GOOGLE_GONE || error->meaning == GOOGLE_UNKNOWN_ID;
}

static void
give_up(const TasksyncGoogleStep *step, json_t *cursor, const char *code, const char *message,
		TasksyncAnswer *answer)
{
	tasksync_google_cursor_trouble(cursor, step, code);
	set_trouble(answer, step->container->remote_id, code, message);
}

/*
 * A list that Google does not know any more is no reason to delete what is here:
 * whoever deleted it there may not have meant the other services as well.
 */
static bool
refused_list(const TasksyncGoogleStep *step, const TasksyncGoogleError *error, json_t *cursor,
			 TasksyncAnswer *answer)
{
	if (error->meaning == GOOGLE_FORBIDDEN)
		give_up(step, cursor, "list_forbidden",
				"Google Tasks does not let us read this list; look at its rights there, or unlink it with unlink_project()",
				answer);
	else if (step->ask == GOOGLE_ASK_LIST && is_unknown(error))
		give_up(step, cursor, "list_deleted",
				"the list was deleted at Google Tasks and nothing was deleted here; link the project to another list, or unlink it with unlink_project()",
				answer);
	else if (step->ask == GOOGLE_ASK_TASKS && is_unknown(error))
	{
		if (tasksync_google_cursor_doubt(cursor, step))
			give_up(step, cursor, "list_unreadable",
					"Google Tasks names this list but does not let us read it; it is tried again, or unlink it with unlink_project()",
					answer);
	}
	else
		return step->ask == GOOGLE_ASK_TASKS && error->meaning == GOOGLE_BAD_VALUE &&
			tasksync_google_cursor_retry(cursor, step);
	return true;
}

static void
refused(const TasksyncCall *call, const TasksyncGoogleStep *step,
		const TasksyncHttpResponse *response, json_t *cursor, TasksyncAnswer *answer)
{
	TasksyncGoogleError error;

	tasksync_google_read_error(response->status, response->body, response->body_length, &error);
	if (step->ask == GOOGLE_ASK_DEFAULT && is_unknown(&error))
		tasksync_google_cursor_default(cursor, NULL);
	else if (step->container == NULL || !refused_list(step, &error, cursor, answer))
		tasksync_google_refused(call, response, &error, answer);
}

static void
accepted(const TasksyncCall *call, const TasksyncGoogleStep *step,
		 const TasksyncHttpResponse *response, json_t *cursor, TasksyncAnswer *answer)
{
	static const char *const kinds[] = {
		[GOOGLE_ASK_NOTHING] = GOOGLE_KIND_LISTS, [GOOGLE_ASK_DEFAULT] = GOOGLE_KIND_LIST,
		[GOOGLE_ASK_LISTS] = GOOGLE_KIND_LISTS, [GOOGLE_ASK_LIST] = GOOGLE_KIND_LIST,
		[GOOGLE_ASK_TASKS] = GOOGLE_KIND_TASKS,
	};
	const json_t *json = tasksync_google_body(call, response, kinds[step->ask], answer);

	if (json == NULL)
		return;
	switch (step->ask)
	{
		case GOOGLE_ASK_DEFAULT:
			tasksync_google_cursor_default(cursor, tasksync_google_id(json, "id"));
			break;
		case GOOGLE_ASK_LIST:
			tasksync_google_cursor_named(call, cursor, step->container->remote_id);
			break;
		case GOOGLE_ASK_TASKS:
			read_tasks(call, step, json, response, cursor, answer);
			break;
		case GOOGLE_ASK_LISTS:
		case GOOGLE_ASK_NOTHING:
			read_lists(call, json, cursor, answer);
			break;
	}
}

void
tasksync_google_parse_read(const TasksyncCall *call, const TasksyncHttpResponse *response,
						   TasksyncAnswer *answer)
{
	json_t *cursor = tasksync_google_cursor_read(call);
	TasksyncGoogleStep step;

	tasksync_google_next_step(call, cursor, &step);
	answer->coverage = TASKSYNC_COVERS_DELTA;
	if (response->status >= 200 && response->status <= 299)
		accepted(call, &step, response, cursor, answer);
	else
		refused(call, &step, response, cursor, answer);
	if (answer->outcome == TASKSYNC_OK)
		tasksync_google_cursor_write(call, cursor, answer);
}
