/*
 * google_tasks_write.c
 *	  Intents as requests, and what became of them.
 *
 * Called for every SYNC call with intents.  Pure.
 *
 * A change is a PATCH of the changed fields and never a PUT, which empties
 * what it does not name; null is what clears a field.  Place is not among the
 * fields: it is set by insert and by move, which takes the parent away when it
 * is not named.
 *
 * There is no idempotency key.  A PATCH, a move or a delete that is sent twice
 * does no harm; an insert of which nothing is known is looked for in the next
 * read before it is sent again.
 */
#include "postgres.h"

#include "base/json.h"
#include "provider/google_tasks_batch.h"
#include "provider/google_tasks_object.h"
#include "provider/google_tasks_read.h"
#include "provider/google_tasks_status.h"
#include "provider/google_tasks_write.h"
#include "provider/url.h"

/* from so many on one request for all of them is better than one for each */
#define BATCH_FROM 3
/* Google drops the time of day; whoever sends another one moves the day */
#define DUE_TIME "T00:00:00.000Z"

#define ASSIGNED_CODE "assigned_task"
#define ASSIGNED_MESSAGE \
	"an assigned task is not deleted at Google Tasks, because that would delete the original in Docs or Chat; remove the assignment there"

/* ---- bodies ---- */

static bool
has(const TasksyncIntent *intent, TasksyncField field)
{
	return tasksync_record_has(intent->patch, field);
}

static const char *
value_of(const TasksyncIntent *intent, TasksyncField field)
{
	return has(intent, field) ? intent->patch->value[field] : NULL;
}

static bool
is_done(const TasksyncIntent *intent)
{
	const char *status = value_of(intent, TASKSYNC_F_STATUS);

	return status != NULL && strcmp(status, "done") == 0;
}

/* null clears; a new task has nothing to clear */
static void
set(json_t *body, const TasksyncIntent *intent, const char *key, const char *value)
{
	if (value != NULL)
		json_object_set_new(body, key, json_string(value));
	else if (intent->op != TASKSYNC_OP_CREATE)
		json_object_set_new(body, key, json_null());
}

/* a title is one line; the lens has cut it to size */
static const char *
title_to_send(const char *title)
{
	char *line;

	if (title == NULL || strpbrk(title, "\r\n") == NULL)
		return title;
	line = pstrdup(title);
	for (char *p = line; *p != '\0'; p++)
	{
		if (*p == '\r' || *p == '\n')
			*p = ' ';
	}
	return line;
}

static const char *
notes_to_send(const char *notes)
{
	return notes != NULL && *notes != '\0' ? notes : NULL;
}

static const char *
due_to_send(const char *date)
{
	return date != NULL ? psprintf("%s" DUE_TIME, date) : NULL;
}

static const char *
body_of_task(const TasksyncIntent *intent)
{
	json_t *body = json_object();

	if (has(intent, TASKSYNC_F_TITLE))
		set(body, intent, "title", title_to_send(value_of(intent, TASKSYNC_F_TITLE)));
	if (has(intent, TASKSYNC_F_DESCRIPTION))
		set(body, intent, "notes", notes_to_send(value_of(intent, TASKSYNC_F_DESCRIPTION)));
	if (has(intent, TASKSYNC_F_DUE_DATE))
		set(body, intent, "due", due_to_send(value_of(intent, TASKSYNC_F_DUE_DATE)));
	if (is_done(intent))
		set(body, intent, "status", "completed");
	else if (has(intent, TASKSYNC_F_STATUS) && intent->op != TASKSYNC_OP_CREATE)
	{
		set(body, intent, "status", "needsAction");
		set(body, intent, "completed", NULL);
	}
	return tasksync_json_text(body);
}

static const char *
body_of_list(const TasksyncIntent *intent)
{
	json_t *body = json_object();

	set(body, intent, "title", title_to_send(value_of(intent, TASKSYNC_F_NAME)));
	return tasksync_json_text(body);
}

/* ---- requests ---- */

/* the list in which the task is, or goes if it is new */
static const char *
list_of(const TasksyncIntent *intent)
{
	const char *list = intent->container_id;

	if (list == NULL && intent->op == TASKSYNC_OP_CREATE)
		list = value_of(intent, TASKSYNC_F_PROJECT);
	if (list == NULL)
		elog(ERROR, "a task of google_tasks is in no list");
	return list;
}

/* the list in which it is afterwards */
static const char *
target_list(const TasksyncIntent *intent)
{
	const char *target = value_of(intent, TASKSYNC_F_PROJECT);

	return intent->op == TASKSYNC_OP_MOVE && target != NULL ? target : list_of(intent);
}

static bool
keeps_assigned(const TasksyncIntent *intent)
{
	return intent->op == TASKSYNC_OP_DELETE && intent->kind == TASKSYNC_TASK &&
		tasksync_google_is_assigned(intent->raw);
}

static void
move_request(const TasksyncIntent *intent, StringInfo path, TasksyncGooglePart *part)
{
	const char *parent = value_of(intent, TASKSYNC_F_PARENT);

	part->method = TASKSYNC_POST;
	tasksync_google_task_path(path, list_of(intent), intent->remote_id);
	appendStringInfoString(path, "/move");
	tasksync_google_query(path, "?", GOOGLE_TASK_FIELDS);
	if (parent != NULL)
		tasksync_url_parameter(path, "&", "parent", parent);
	if (strcmp(target_list(intent), list_of(intent)) != 0)
		tasksync_url_parameter(path, "&", "destinationTasklist", target_list(intent));
}

static void
task_request(const TasksyncIntent *intent, StringInfo path, TasksyncGooglePart *part)
{
	const char *parent = value_of(intent, TASKSYNC_F_PARENT);

	switch (intent->op)
	{
		case TASKSYNC_OP_CREATE:
			part->method = TASKSYNC_POST;
			part->body = body_of_task(intent);
			tasksync_google_task_path(path, list_of(intent), NULL);
			tasksync_google_query(path, "?", GOOGLE_TASK_FIELDS);
			if (parent != NULL)
				tasksync_url_parameter(path, "&", "parent", parent);
			return;
		case TASKSYNC_OP_UPDATE:
		case TASKSYNC_OP_CLOSE:
		case TASKSYNC_OP_REOPEN:
			part->method = TASKSYNC_PATCH;
			part->body = body_of_task(intent);
			tasksync_google_task_path(path, list_of(intent), intent->remote_id);
			tasksync_google_query(path, "?", GOOGLE_TASK_FIELDS);
			return;
		case TASKSYNC_OP_MOVE:
			move_request(intent, path, part);
			return;
		case TASKSYNC_OP_DELETE:
			part->method = keeps_assigned(intent) ? TASKSYNC_GET : TASKSYNC_DELETE;
			tasksync_google_task_path(path, list_of(intent), intent->remote_id);
			tasksync_google_query(path, "?", keeps_assigned(intent) ? GOOGLE_TASK_FIELDS : NULL);
			return;
		case TASKSYNC_OP_ORDER:
			break;
	}
	elog(ERROR, "google_tasks has no operation \"%s\" for tasks", tasksync_op_name(intent->op));
}

static void
list_request(const TasksyncIntent *intent, StringInfo path, TasksyncGooglePart *part)
{
	switch (intent->op)
	{
		case TASKSYNC_OP_CREATE:
			part->method = TASKSYNC_POST;
			part->body = body_of_list(intent);
			break;
		case TASKSYNC_OP_UPDATE:
			part->method = TASKSYNC_PATCH;
			part->body = body_of_list(intent);
			break;
		case TASKSYNC_OP_DELETE:
			part->method = TASKSYNC_DELETE;
			break;
		default:
			elog(ERROR, "google_tasks has no operation \"%s\" for lists",
				 tasksync_op_name(intent->op));
	}
	tasksync_google_list_path(path, intent->op == TASKSYNC_OP_CREATE ? NULL : intent->remote_id);
	tasksync_google_query(path, "?",
						  intent->op == TASKSYNC_OP_DELETE ? NULL : GOOGLE_LIST_FIELDS);
}

static void
request_of(const TasksyncIntent *intent, TasksyncGooglePart *part)
{
	StringInfoData path;

	memset(part, 0, sizeof(*part));
	part->id = intent->id;
	initStringInfo(&path);
	if (intent->kind == TASKSYNC_TASK)
		task_request(intent, &path, part);
	else if (intent->kind == TASKSYNC_PROJECT)
		list_request(intent, &path, part);
	else
		elog(ERROR, "google_tasks has no objects of kind \"%s\"",
			 tasksync_kind_name(intent->kind));
	part->path = path.data;
}

/* ---- what goes into one request ---- */

static bool
same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* a new place among siblings, whose numbers the service then changes */
static bool
takes_place(const TasksyncIntent *intent)
{
	return intent->op == TASKSYNC_OP_CREATE || intent->op == TASKSYNC_OP_MOVE;
}

/*
 * Parts run in any order and side by side.  So one task is in a batch once, and
 * of siblings one at most takes a new place: two that name the same neighbour
 * would get in each other's way.
 */
static bool
are_independent(const TasksyncIntent *a, const TasksyncIntent *b)
{
	if (a->remote_id != NULL && same_text(a->remote_id, b->remote_id))
		return false;
	/* a parent that is about to move or to go, and its child */
	if (same_text(value_of(a, TASKSYNC_F_PARENT), b->remote_id) && b->remote_id != NULL)
		return false;
	if (same_text(value_of(b, TASKSYNC_F_PARENT), a->remote_id) && a->remote_id != NULL)
		return false;
	return !(takes_place(a) && takes_place(b) && same_text(target_list(a), target_list(b)) &&
			 same_text(value_of(a, TASKSYNC_F_PARENT), value_of(b, TASKSYNC_F_PARENT)));
}

static bool
fits(const TasksyncCall *call, int n)
{
	const TasksyncIntent *intent = &call->intents[n];

	if (intent->kind != TASKSYNC_TASK || n >= GOOGLE_MAX_PARTS)
		return false;
	for (int i = 0; i < n; i++)
	{
		if (call->intents[i].kind != TASKSYNC_TASK ||
			!are_independent(&call->intents[i], intent))
			return false;
	}
	return true;
}

void
tasksync_google_build_write(TasksyncCall *call, TasksyncHttpRequest *request)
{
	TasksyncGooglePart *parts = palloc(sizeof(TasksyncGooglePart) * GOOGLE_MAX_PARTS);
	size_t size;
	int taken = 1;

	request_of(&call->intents[0], &parts[0]);
	size = tasksync_google_part_size(&parts[0]);
	while (taken < call->nintents && fits(call, taken))
	{
		request_of(&call->intents[taken], &parts[taken]);
		size += tasksync_google_part_size(&parts[taken]);
		if (size > GOOGLE_MAX_BODY)
			break;
		taken++;
	}
	if (taken < BATCH_FROM)
		taken = 1;
	call->nintents = taken;
	call->queries = taken;
	if (taken == 1)
		tasksync_google_build_one(call->base_url, &parts[0], request);
	else
		tasksync_google_build_batch(call->base_url, taken, parts, request);
}

/* ---- what became of them ---- */

/* the object as the service has it now; false if the answer does not show one */
static bool
read_echo(const TasksyncIntent *intent, const TasksyncGooglePartAnswer *part,
		  TasksyncObservation *echo)
{
	const char *ignored;
	const json_t *json = tasksync_json_parse(part->body, part->length, &ignored);

	if (intent->kind == TASKSYNC_PROJECT)
		return tasksync_google_read_list(json, echo);
	return tasksync_google_read_task(json, target_list(intent), echo);
}

static void
accepted(const TasksyncIntent *intent, const TasksyncGooglePartAnswer *part, TasksyncAck *ack,
		 TasksyncAnswer *answer)
{
	TasksyncObservation *echo = &answer->observations[answer->nobservations];

	ack->outcome = TASKSYNC_ACK_OK;
	if (intent->op == TASKSYNC_OP_DELETE && !keeps_assigned(intent))
		return;
	if (!read_echo(intent, part, echo))
	{
		/* done, but what came back is broken: only a read can tell */
		ack->outcome = TASKSYNC_ACK_UNKNOWN;
		return;
	}
	if (intent->op == TASKSYNC_OP_CREATE)
		ack->remote_id = echo->remote_id;
	if (intent->op == TASKSYNC_OP_MOVE && strcmp(echo->remote_id, intent->remote_id) != 0)
		ack->remote_id = echo->remote_id;
	if (keeps_assigned(intent))
	{
		if (echo->state == TASKSYNC_REMOTE_DELETED)
			return;
		ack->outcome = TASKSYNC_ACK_REFUSED;
		ack->code = ASSIGNED_CODE;
		ack->message = ASSIGNED_MESSAGE;
		return;
	}
	/* a task that was deleted meanwhile takes changes on some days: the read tells of it */
	if (echo->state == TASKSYNC_REMOTE_LIVE)
		answer->nobservations++;
}

static void
read_ack(const TasksyncCall *call, int n, const TasksyncGooglePartAnswer *part,
		 const TasksyncHttpResponse *response, TasksyncAnswer *answer)
{
	const TasksyncIntent *intent = &call->intents[n];
	TasksyncAck *ack = &answer->acks[n];
	TasksyncGoogleError error;

	memset(ack, 0, sizeof(*ack));
	ack->outcome = TASKSYNC_ACK_UNKNOWN;
	if (part->status >= 200 && part->status <= 299)
		accepted(intent, part, ack, answer);
	else if (part->status != 0)
	{
		tasksync_google_read_error(part->status, part->body, part->length, &error);
		ack->outcome = tasksync_google_judge(intent, &error);
		ack->code = tasksync_google_error_code(&error);
		ack->message = tasksync_google_error_message(&error);
		if (ack->outcome == TASKSYNC_ACK_LATER)
			answer->retry_after_ms = Max(answer->retry_after_ms,
										 tasksync_google_pause_ms(call, response, &error));
	}
}

/* of a request alone: is the refusal about the write, or about the account? */
static bool
is_about_write(const TasksyncGoogleError *error)
{
	switch (error->meaning)
	{
		case GOOGLE_BAD_VALUE:
		case GOOGLE_UNKNOWN_ID:
		case GOOGLE_FORBIDDEN:
		case GOOGLE_GONE:
			return true;
		default:
			return false;
	}
}

static void
parse_one(const TasksyncCall *call, const TasksyncHttpResponse *response, TasksyncAnswer *answer)
{
	TasksyncGooglePartAnswer part = {response->status, response->body, response->body_length};
	TasksyncGoogleError error;

	if (response->status < 200 || response->status > 299)
	{
		tasksync_google_read_error(response->status, response->body, response->body_length,
								   &error);
		if (!is_about_write(&error))
		{
			tasksync_google_refused(call, response, &error, answer);
			return;
		}
	}
	read_ack(call, 0, &part, response, answer);
	if (answer->acks[0].outcome == TASKSYNC_ACK_UNKNOWN)
		tasksync_google_bad_answer(call, answer, "wrong_shape",
								   "Google Tasks answered a change with something else");
}

static void
parse_parts(const TasksyncCall *call, const TasksyncHttpResponse *response, TasksyncAnswer *answer)
{
	TasksyncGooglePart *parts = palloc0(sizeof(TasksyncGooglePart) * call->nintents);
	TasksyncGooglePartAnswer *answers =
		palloc(sizeof(TasksyncGooglePartAnswer) * call->nintents);
	TasksyncGoogleError error;

	if (response->status < 200 || response->status > 299)
	{
		tasksync_google_read_error(response->status, response->body, response->body_length,
								   &error);
		tasksync_google_refused(call, response, &error, answer);
		return;
	}
	for (int i = 0; i < call->nintents; i++)
		parts[i].id = call->intents[i].id;
	if (!tasksync_google_parse_batch(response, call->nintents, parts, answers))
	{
		tasksync_google_bad_answer(call, answer, "wrong_shape",
								   "Google Tasks answered a batch with something else");
		return;
	}
	for (int i = 0; i < call->nintents; i++)
		read_ack(call, i, &answers[i], response, answer);
}

void
tasksync_google_parse_write(const TasksyncCall *call, const TasksyncHttpResponse *response,
							TasksyncAnswer *answer)
{
	answer->coverage = TASKSYNC_COVERS_POINT;
	answer->observations = palloc(sizeof(TasksyncObservation) * call->nintents);
	if (call->nintents == 1)
		parse_one(call, response, answer);
	else
		parse_parts(call, response, answer);
}
