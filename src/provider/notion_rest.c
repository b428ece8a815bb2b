/*
 * notion_rest.c
 *	  Questions for one thing: who is this, does this page live?
 *
 * Called for IDENTIFY and POINT_READ.  Pure.
 *
 * A page that is not found may be deleted for good, or only not shared any
 * more: Notion does not say which, so it counts as hidden.  Deleted is only
 * what says of itself that it is in the trash.
 */
#include "postgres.h"

#include "provider/notion_json.h"
#include "provider/notion_page.h"
#include "provider/notion_request.h"
#include "provider/notion_rest.h"
#include "provider/notion_status.h"

void
tasksync_notion_build_rest(const TasksyncCall *call, TasksyncHttpRequest *request)
{
	StringInfoData url;

	if (call->type == TASKSYNC_CALL_IDENTIFY)
		tasksync_notion_address(&url, call, "/v1/users/me", NULL);
	else if (call->type != TASKSYNC_CALL_POINT_READ)
		elog(ERROR, "notion has no call of type %d", (int) call->type);
	else
		tasksync_notion_address(&url, call,
								call->kind == TASKSYNC_TASK ? "/v1/pages/%s"
															: "/v1/data_sources/%s",
								call->remote_ids[0]);
	tasksync_notion_request(request, TASKSYNC_GET, &url, NULL);
}

/*
 * The bot is one installation of one connection in one workspace, so its id
 * alone tells accounts apart; the workspace's id is missing from some answers
 * and would make one account look like two.
 */
static void
parse_identity(const TasksyncCall *call, const json_t *json, TasksyncAnswer *answer)
{
	const json_t *bot = json_object_get(json, "bot");
	const char *id = tasksync_notion_id(json, "id");
	const char *name = tasksync_json_string(bot, "workspace_name");

	if (id == NULL || !tasksync_notion_says(json, "object", "user"))
	{
		tasksync_notion_bad_answer(call, answer, "wrong_shape",
								   "Notion answered the question for the user without an id");
		return;
	}
	if (name == NULL || *name == '\0')
		name = tasksync_json_string(json, "name");
	answer->external_id = pstrdup(id);
	answer->display_name = name != NULL && *name != '\0' ? pstrdup(name) : NULL;
}

static void
answer_hidden(const TasksyncCall *call, TasksyncAnswer *answer)
{
	answer->coverage = TASKSYNC_COVERS_POINT;
	answer->nobservations = 1;
	answer->observations = palloc0(sizeof(TasksyncObservation));
	answer->observations[0].kind = call->kind;
	answer->observations[0].remote_id = call->remote_ids[0];
	answer->observations[0].state = TASKSYNC_REMOTE_HIDDEN;
}

static void
parse_point(const TasksyncCall *call, const json_t *json, TasksyncAnswer *answer)
{
	const TasksyncContainer *container =
		tasksync_notion_container(call, tasksync_notion_id(json, "id"));
	TasksyncObservation *one = palloc0(sizeof(TasksyncObservation));
	bool is_whole;

	if (call->kind == TASKSYNC_TASK)
		is_whole = tasksync_notion_read_page(call, json, one);
	else
		is_whole =
			tasksync_notion_read_data_source(json, container != NULL ? container->config : NULL,
											 one);
	if (tasksync_notion_id(json, "id") == NULL)
		tasksync_notion_bad_answer(call, answer, "wrong_shape",
								   "Notion answered a single read with something else");
	/* it exists, but there is nothing to see of it */
	else if (!is_whole)
		answer_hidden(call, answer);
	else
	{
		one->remote_id = call->remote_ids[0];
		answer->coverage = TASKSYNC_COVERS_POINT;
		answer->nobservations = 1;
		answer->observations = one;
	}
}

void
tasksync_notion_parse_rest(const TasksyncCall *call, const TasksyncHttpResponse *response,
						   TasksyncAnswer *answer)
{
	TasksyncNotionError error;
	const char *message;
	json_t *json;

	if (!tasksync_notion_succeeded(response))
	{
		tasksync_notion_read_error(response, &error);
		if (call->type == TASKSYNC_CALL_POINT_READ &&
			((response->status == 404 && tasksync_notion_is_error(&error, "object_not_found")) ||
			 (response->status == 403 && tasksync_notion_is_error(&error, "restricted_resource"))))
			answer_hidden(call, answer);
		else
			tasksync_notion_refused(call, response, &error, answer);
		return;
	}
	json = tasksync_notion_body(response, &message);
	if (json == NULL)
		tasksync_notion_bad_answer(call, answer, "not_json", message);
	else if (call->type == TASKSYNC_CALL_IDENTIFY)
		parse_identity(call, json, answer);
	else
		parse_point(call, json, answer);
}
