/*
 * notion_write.c
 *	  One intent as one request, and what its answer says.
 *
 * Called for every SYNC call with an intent.  Pure.
 *
 * There are no batches, no keys against repetition and no conditional writes.
 * The answer to a write is the whole page, which is the echo.  Where one
 * intent needs two requests (a body beside properties, a parent beside a move
 * to another data source), the first is made, shown and acknowledged with
 * "plan again": what is left then is an intent of its own.
 *
 * An intent that cannot be written becomes a read of its page, and is refused
 * with the reason.
 */
#include "postgres.h"

#include "provider/notion_echo.h"
#include "provider/notion_json.h"
#include "provider/notion_mapping.h"
#include "provider/notion_page.h"
#include "provider/notion_properties.h"
#include "provider/notion_request.h"
#include "provider/notion_status.h"
#include "provider/notion_text.h"
#include "provider/notion_write.h"

typedef enum WriteKind
{
	WRITE_CREATE,
	WRITE_PROPERTIES,
	WRITE_BODY,
	WRITE_MOVE,
	WRITE_TRASH,
	WRITE_NAME,    /* of a data source */
	WRITE_NOTHING, /* a look at the object; refused if there is a reason */
} WriteKind;

typedef struct Write
{
	WriteKind kind;
	json_t *properties;
	bool is_part;     /* more of the intent is left after this request */
	const char *code; /* refused without being sent */
	const char *refusal;
} Write;

/* ---- which request ---- */

static bool
changes_place(const TasksyncIntent *intent)
{
	const char *from = intent->container_id;
	const char *to = intent->patch->value[TASKSYNC_F_PROJECT];

	if (from == NULL && intent->before != NULL)
		from = intent->before->value[TASKSYNC_F_PROJECT];
	return to != NULL && tasksync_record_has(intent->patch, TASKSYNC_F_PROJECT) &&
		   (from == NULL ||
			strcmp(tasksync_notion_normal_id(from), tasksync_notion_normal_id(to)) != 0);
}

static void
refuse(Write *write, const char *code, const char *refusal)
{
	write->kind = WRITE_NOTHING;
	write->code = code;
	write->refusal = refusal;
}

/* the patch without what another op carries along */
static TasksyncIntent
narrowed(const TasksyncIntent *intent, uint32 mask)
{
	TasksyncIntent narrow = *intent;
	TasksyncRecord *patch = tasksync_record_new(intent->patch->kind);

	tasksync_record_take(patch, intent->patch, mask);
	narrow.patch = patch;
	return narrow;
}

static void
choose_update(const TasksyncCall *call, const TasksyncIntent *intent, Write *write)
{
	bool has_body = tasksync_record_has(intent->patch, TASKSYNC_F_DESCRIPTION) &&
					tasksync_notion_body_is_description(intent->config);

	write->kind = WRITE_PROPERTIES;
	write->properties = tasksync_notion_properties(call, intent, &write->code, &write->refusal);
	if (write->properties == NULL)
		write->kind = WRITE_NOTHING;
	else if (json_object_size(write->properties) > 0)
		write->is_part = has_body;
	else if (!has_body)
		write->kind = WRITE_NOTHING;
	else if (tasksync_json_bool(intent->raw, "body_cut", false) || intent->before == NULL ||
			 !tasksync_record_has(intent->before, TASKSYNC_F_DESCRIPTION))
		refuse(write, "body_not_shown_whole",
			   "the page holds more than Notion can show as text; change it in Notion");
	else
		write->kind = WRITE_BODY;
}

static void
choose_move(const TasksyncCall *call, const TasksyncIntent *intent, Write *write)
{
	TasksyncIntent narrow = narrowed(intent, TASKSYNC_FIELD_BIT(TASKSYNC_F_PARENT));

	if (changes_place(intent))
	{
		write->kind = WRITE_MOVE;
		write->is_part = intent->patch->value[TASKSYNC_F_PARENT] != NULL;
	}
	else
		choose_update(call, &narrow, write);
}

static void
choose_for_task(const TasksyncCall *call, const TasksyncIntent *intent, Write *write)
{
	TasksyncIntent narrow;

	switch (intent->op)
	{
		case TASKSYNC_OP_CREATE:
			write->kind = WRITE_CREATE;
			write->properties =
				tasksync_notion_properties(call, intent, &write->code, &write->refusal);
			if (write->properties == NULL)
				write->kind = WRITE_NOTHING;
			break;
		case TASKSYNC_OP_UPDATE:
			choose_update(call, intent, write);
			break;
		case TASKSYNC_OP_MOVE:
			choose_move(call, intent, write);
			break;
		case TASKSYNC_OP_CLOSE:
		case TASKSYNC_OP_REOPEN:
			narrow = narrowed(intent, TASKSYNC_FIELD_BIT(TASKSYNC_F_STATUS));
			choose_update(call, &narrow, write);
			break;
		case TASKSYNC_OP_DELETE:
			write->kind = WRITE_TRASH;
			break;
		case TASKSYNC_OP_ORDER:
			write->kind = WRITE_NOTHING;
			break;
	}
}

/* of a data source only the title is ever written: a schema belongs to its people */
static void
choose_for_container(const TasksyncIntent *intent, Write *write)
{
	write->kind = WRITE_NOTHING;
	if (intent->op == TASKSYNC_OP_CREATE)
		refuse(write, "container_not_created",
			   "databases are not made from here; make one in Notion, share it with the connection,"
			   " and link the project to it with tasksync.link_project()");
	else if (intent->op == TASKSYNC_OP_DELETE)
		refuse(write, "container_not_deleted",
			   "databases are not deleted from here, as they may hold more than tasks; delete it in"
			   " Notion");
	else if (intent->op == TASKSYNC_OP_UPDATE &&
			 tasksync_record_has(intent->patch, TASKSYNC_F_NAME))
		write->kind = WRITE_NAME;
}

static Write
choose(const TasksyncCall *call)
{
	const TasksyncIntent *intent = &call->intents[0];
	Write write = {0};

	if (intent->kind == TASKSYNC_TASK)
		choose_for_task(call, intent, &write);
	else
		choose_for_container(intent, &write);
	return write;
}

/* ---- requests ---- */

static json_t *
parent_json(const char *data_source)
{
	return json_pack("{s:s, s:s}", "type", "data_source_id", "data_source_id", data_source);
}

static json_t *
create_json(const TasksyncIntent *intent, const Write *write)
{
	const char *place = intent->patch->value[TASKSYNC_F_PROJECT];
	const char *text = intent->patch->value[TASKSYNC_F_DESCRIPTION];
	json_t *json;

	if (place == NULL)
		place = intent->container_id != NULL ? intent->container_id : "";
	json = json_pack("{s:o, s:O}", "parent", parent_json(place), "properties", write->properties);
	if (tasksync_notion_body_is_description(intent->config) && text != NULL && *text != '\0')
		json_object_set_new(json, "markdown", json_string(text));
	return json;
}

static json_t *
body_json(const TasksyncIntent *intent)
{
	const char *text = intent->patch->value[TASKSYNC_F_DESCRIPTION];

	/* pages and databases inside of it are never deleted by a text */
	return json_pack("{s:s, s:{s:s, s:b}}", "type", "replace_content", "replace_content", "new_str",
					 text != NULL ? text : "", "allow_deleting_content", 0);
}

static void
build_look(const TasksyncCall *call, const TasksyncIntent *intent, TasksyncHttpRequest *request)
{
	StringInfoData url;
	const char *path = intent->kind == TASKSYNC_TASK ? "/v1/pages/%s" : "/v1/data_sources/%s";

	tasksync_notion_address(&url, call, intent->remote_id != NULL ? path : "/v1/users/me",
							intent->remote_id);
	tasksync_notion_request(request, TASKSYNC_GET, &url, NULL);
}

void
tasksync_notion_build_write(const TasksyncCall *call, TasksyncHttpRequest *request)
{
	const TasksyncIntent *intent = &call->intents[0];
	const char *id = intent->remote_id;
	Write write = choose(call);
	StringInfoData url;
	TasksyncMethod method = TASKSYNC_PATCH;
	json_t *body = NULL;

	switch (write.kind)
	{
		case WRITE_CREATE:
			method = TASKSYNC_POST;
			tasksync_notion_address(&url, call, "/v1/pages", NULL);
			body = create_json(intent, &write);
			break;
		case WRITE_PROPERTIES:
			tasksync_notion_address(&url, call, "/v1/pages/%s", id);
			body = json_pack("{s:O}", "properties", write.properties);
			break;
		case WRITE_BODY:
			tasksync_notion_address(&url, call, "/v1/pages/%s/markdown", id);
			body = body_json(intent);
			break;
		case WRITE_MOVE:
			method = TASKSYNC_POST;
			tasksync_notion_address(&url, call, "/v1/pages/%s/move", id);
			body =
				json_pack("{s:o}", "parent", parent_json(intent->patch->value[TASKSYNC_F_PROJECT]));
			break;
		case WRITE_TRASH:
			tasksync_notion_address(&url, call, "/v1/pages/%s", id);
			body = json_pack("{s:b}", "in_trash", 1);
			break;
		case WRITE_NAME:
			tasksync_notion_address(&url, call, "/v1/data_sources/%s", id);
			body =
				json_pack("{s:o}", "title",
						  tasksync_notion_write_text(intent->patch->value[TASKSYNC_F_NAME], NULL));
			break;
		case WRITE_NOTHING:
			build_look(call, intent, request);
			return;
	}
	tasksync_notion_request(request, method, &url, body);
}

/* ---- answers ---- */

static void
settle(TasksyncAnswer *answer, TasksyncAckOutcome outcome, const char *code, const char *message)
{
	answer->acks[0].outcome = outcome;
	answer->acks[0].code = code;
	answer->acks[0].message = message;
}

static void
show(TasksyncAnswer *answer, const TasksyncObservation *observation)
{
	answer->coverage = TASKSYNC_COVERS_POINT;
	answer->observations = palloc(sizeof(TasksyncObservation));
	answer->observations[0] = *observation;
	answer->nobservations = 1;
}

/* not carried out; whether an earlier sending was, is another question */
static void
not_applied(const TasksyncCall *call, TasksyncAnswer *answer, const char *code)
{
	settle(answer, call->intents[0].is_resend ? TASKSYNC_ACK_UNKNOWN : TASKSYNC_ACK_REPLAN, code,
		   NULL);
}

static void
trouble(TasksyncAnswer *answer, const char *container, const char *code, const char *message)
{
	answer->troubles = palloc0(sizeof(TasksyncContainerTrouble));
	answer->troubles[0].remote_id = container;
	answer->troubles[0].code = code;
	answer->troubles[0].message = message;
	answer->ntroubles = 1;
}

/* the object is not there, or not for us, or in the trash */
static void
target_missing(const TasksyncCall *call, const TasksyncNotionError *error, TasksyncAnswer *answer)
{
	const TasksyncIntent *intent = &call->intents[0];
	const char *place = intent->patch->value[TASKSYNC_F_PROJECT];

	if (intent->op == TASKSYNC_OP_DELETE)
	{
		settle(answer, TASKSYNC_ACK_OK, NULL, NULL);
		return;
	}
	if (intent->op != TASKSYNC_OP_CREATE)
	{
		settle(answer, TASKSYNC_ACK_GONE, error->code, "the page is not there any more");
		return;
	}
	if (place == NULL)
		place = intent->container_id;
	not_applied(call, answer, error->code);
	if (place != NULL && error->mentions_archive)
		trouble(answer, place, "trashed",
				"the database is in Notion's trash; restore it there, or unlink the project");
	else if (place != NULL)
		trouble(answer, place, "unshared",
				"the connection cannot see the database; share it with the connection in Notion"
				" again, or unlink the project");
}

/*
 * Perhaps the properties were named in a form that the service does not take:
 * true if there is another one to try, of which the container then knows.
 */
static bool
tries_other_form(const TasksyncCall *call, const Write *write, TasksyncAnswer *answer)
{
	TasksyncObservation container;
	bool is_last =
		tasksync_notion_says(json_object_get(call->intents[0].config, "known"), "ids", "decoded");

	if (json_object_size(write->properties) == 0 ||
		!tasksync_notion_other_form(&call->intents[0], &container))
		return false;
	show(answer, &container);
	if (!is_last)
		not_applied(call, answer, NULL);
	return !is_last;
}

static void
refuse_write(TasksyncAnswer *answer, const char *code, const char *message)
{
	settle(answer, TASKSYNC_ACK_REFUSED, code, message);
	if (answer->coverage == TASKSYNC_COVERS_NOTHING)
		answer->coverage = TASKSYNC_COVERS_POINT;
}

/* a refusal that concerns this one intent: true if it is one */
static bool
refused_intent(const TasksyncCall *call, const Write *write, const TasksyncHttpResponse *response,
			   const TasksyncNotionError *error, TasksyncAnswer *answer)
{
	const TasksyncIntent *intent = &call->intents[0];
	const char *code = tasksync_notion_error_code(response, error);

	if (response->outcome != TASKSYNC_HTTP_ANSWERED || !error->is_notion)
		return false;
	/* nothing was written, so there is nothing to see */
	answer->coverage = TASKSYNC_COVERS_POINT;
	if (response->status == 404 || (response->status == 400 && error->mentions_archive))
		target_missing(call, error, answer);
	else if (response->status == 403 && error->is_block_limit)
		refuse_write(
			answer, "block_limit",
			"the workspace's free plan takes no more pages; delete some there or change the"
			" plan, then retry the task");
	else if (response->status == 403)
		refuse_write(answer, code,
					 intent->op == TASKSYNC_OP_CREATE
						 ? "the connection may not insert content in Notion; allow it in the"
						   " connection's settings there, then retry the task"
						 : "the connection may not update content in Notion; allow it in the"
						   " connection's settings there, then retry the task");
	else if (tasksync_notion_is_error(error, "row_limit_exceeded"))
		refuse_write(answer, code, "the database in Notion is full; delete pages there");
	else if (response->status == 409)
		not_applied(call, answer, code);
	else if (response->status == 400 || response->status == 413)
	{
		if (!tasksync_notion_is_error(error, "validation_error") ||
			!tries_other_form(call, write, answer))
			refuse_write(answer, code, "Notion refuses the values of this task");
	}
	else if (response->status == 503 && error->committed_id != NULL &&
			 intent->op == TASKSYNC_OP_CREATE)
	{
		/* saved all the same: doing it again would make a second one */
		settle(answer, TASKSYNC_ACK_OK, NULL, NULL);
		answer->acks[0].remote_id = error->committed_id;
		answer->coverage = TASKSYNC_COVERS_NOTHING;
	}
	else
		return false;
	return true;
}

/* of a move only the new place: what the columns there make of the values a read will tell */
static void
keep_place_only(TasksyncObservation *observation)
{
	if (observation->record != NULL)
		tasksync_record_drop(observation->record, ~TASKSYNC_FIELD_BIT(TASKSYNC_F_PROJECT));
	observation->raw = NULL;
	observation->is_part = true;
}

static void
wrote_page(const TasksyncCall *call, const json_t *page, const Write *write, TasksyncAnswer *answer)
{
	const TasksyncIntent *intent = &call->intents[0];
	const char *id = tasksync_notion_id(page, "id");
	TasksyncObservation echo;
	bool is_whole = tasksync_notion_read_page(call, page, &echo);

	if (id == NULL)
	{
		tasksync_notion_bad_answer(call, answer, "wrong_shape",
								   "Notion answered a write with something else than a page");
		return;
	}
	if (intent->op == TASKSYNC_OP_CREATE)
		answer->acks[0].remote_id = id;
	if (write->kind == WRITE_TRASH)
	{
		answer->coverage = TASKSYNC_COVERS_POINT;
		return;
	}
	if (is_whole && write->kind == WRITE_MOVE)
		keep_place_only(&echo);
	if (is_whole)
		show(answer, &echo);
	if (write->is_part)
		settle(answer, TASKSYNC_ACK_REPLAN, NULL, NULL);
	else if (is_whole && echo.record != NULL && write->kind == WRITE_PROPERTIES &&
			 !tasksync_notion_took(intent, write->properties, &echo) &&
			 !tries_other_form(call, write, answer))
		refuse_write(answer, "not_taken",
					 "Notion answered the change without making it; look at the page there");
}

static void
wrote_body(const TasksyncCall *call, const json_t *json, TasksyncAnswer *answer)
{
	TasksyncObservation echo;

	if (!tasksync_notion_read_body(json, &echo))
		tasksync_notion_bad_answer(call, answer, "wrong_shape",
								   "Notion answered a change of a body with something else");
	else
		show(answer, &echo);
}

static void
wrote_name(const TasksyncCall *call, const json_t *json, TasksyncAnswer *answer)
{
	const TasksyncContainer *container =
		tasksync_notion_container(call, tasksync_notion_id(json, "id"));
	TasksyncObservation echo;

	if (tasksync_notion_read_data_source(json, container != NULL ? container->config : NULL, &echo))
		show(answer, &echo);
}

static void
accept(const TasksyncCall *call, const json_t *json, const Write *write, TasksyncAnswer *answer)
{
	settle(answer, TASKSYNC_ACK_OK, NULL, NULL);
	switch (write->kind)
	{
		case WRITE_CREATE:
		case WRITE_PROPERTIES:
		case WRITE_MOVE:
		case WRITE_TRASH:
			wrote_page(call, json, write, answer);
			break;
		case WRITE_BODY:
			wrote_body(call, json, answer);
			break;
		case WRITE_NAME:
			wrote_name(call, json, answer);
			break;
		case WRITE_NOTHING:
			if (write->code != NULL)
				refuse_write(answer, write->code, write->refusal);
			else if (call->intents[0].kind == TASKSYNC_TASK)
				wrote_page(call, json, write, answer);
			break;
	}
}

void
tasksync_notion_parse_write(const TasksyncCall *call, const TasksyncHttpResponse *response,
							TasksyncAnswer *answer)
{
	Write write = choose(call);
	TasksyncNotionError error;
	const char *message;
	json_t *json;

	if (!tasksync_notion_succeeded(response))
	{
		tasksync_notion_read_error(response, &error);
		if (!refused_intent(call, &write, response, &error, answer))
			tasksync_notion_refused(call, response, &error, answer);
		return;
	}
	json = tasksync_notion_body(response, &message);
	if (json == NULL)
		tasksync_notion_bad_answer(call, answer, "not_json", message);
	else
		accept(call, json, &write, answer);
}
