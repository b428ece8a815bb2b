/*
 * todoist_status.c
 *	  Todoist's refusals: of a whole request, and of a single command.
 *
 * Called by the parse functions.  Pure.
 *
 * Codes and messages end up in tables, logs and error reports, so nothing of
 * the service's free text is passed on: an "explanation" may quote the title
 * it refuses.  Only tags and argument names get through, and only if they look
 * like some.
 */
#include "postgres.h"

#include "base/json.h"
#include "net/retry_after.h"
#include "provider/todoist_status.h"

#define MAX_TAG 60
#define MAX_ARGUMENT 40
#define DEFAULT_PAUSE_MS 30000
/* longer pauses are somebody's mistake; also keeps the arithmetic safe */
#define MAX_PAUSE_S (24 * 3600)

/* numbers differ between the sources; the text is the same in all of them */
#define INVALID_TEMP_ID_TEXT "Invalid temporary id"

/* ---- the error object ---- */

static const char *
checked_word(const char *text, const char *allowed, size_t longest)
{
	if (text == NULL || *text == '\0' || strlen(text) > longest ||
		strspn(text, allowed) != strlen(text))
		return NULL;
	return text;
}

static bool
contains(const char *text, const char *part)
{
	return text != NULL && strstr(text, part) != NULL;
}

static bool
names_cursor(const char *text)
{
	return contains(text, "sync_token") || contains(text, "sync token") ||
		contains(text, "Sync token") || contains(text, "Sync Token");
}

static const char *
first_noun(const char *text)
{
	static const char *const nouns[] = {"Project", "Section", "Task", "Item", "Label"};

	for (int i = 0; text != NULL && i < (int) lengthof(nouns); i++)
	{
		if (strncmp(text, nouns[i], strlen(nouns[i])) == 0)
			return nouns[i];
	}
	return NULL;
}

bool
tasksync_todoist_read_error(const json_t *json, TasksyncTodoistError *error)
{
	const json_t *extra = json_object_get(json, "error_extra");
	const char *text = tasksync_json_string(json, "error");
	int64 seconds = tasksync_json_int(extra, "retry_after", 0);

	memset(error, 0, sizeof(*error));
	if (!json_is_object(json))
		return false;
	error->tag = checked_word(tasksync_json_string(json, "error_tag"),
							  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_", MAX_TAG);
	error->code = (int) tasksync_json_int(json, "error_code", 0);
	error->http = (int) tasksync_json_int(json, "http_code", 0);
	error->argument = checked_word(tasksync_json_string(extra, "argument"),
								   "abcdefghijklmnopqrstuvwxyz_.0123456789", MAX_ARGUMENT);
	error->noun = first_noun(text);
	if (seconds > 0)
		error->retry_after_ms = Min(seconds, MAX_PAUSE_S) * 1000;
	error->mentions_cursor = names_cursor(text) || names_cursor(error->argument) ||
		names_cursor(tasksync_json_string(extra, "explanation"));
	error->is_temp_id = (error->tag != NULL && strcmp(error->tag, "INVALID_TEMP_ID") == 0) ||
		(text != NULL && strcmp(text, INVALID_TEMP_ID_TEXT) == 0);
	return error->tag != NULL || error->code != 0 || error->http != 0 || text != NULL;
}

bool
tasksync_todoist_body_error(const TasksyncHttpResponse *response, TasksyncTodoistError *error)
{
	const char *ignored;

	memset(error, 0, sizeof(*error));
	return tasksync_todoist_read_error(tasksync_json_parse(response->body, response->body_length,
														   &ignored),
									   error);
}

static bool
is_tag(const TasksyncTodoistError *error, const char *tag)
{
	return error->tag != NULL && strcmp(error->tag, tag) == 0;
}

/* a refusal of the token itself, not of one object */
static bool
is_about_token(const TasksyncTodoistError *error)
{
	return is_tag(error, "UNAUTHORIZED") ||
		(error->tag != NULL && strncmp(error->tag, "AUTH_", 5) == 0);
}

static bool
is_limit(const TasksyncTodoistError *error)
{
	return is_tag(error, "LIMITS_REACHED") || error->http == 429;
}

static bool
is_not_found(const TasksyncTodoistError *error)
{
	return is_tag(error, "NOT_FOUND") || (error->tag == NULL && error->http == 404);
}

const char *
tasksync_todoist_error_code(const TasksyncTodoistError *error)
{
	if (error->tag != NULL)
		return error->tag;
	if (error->is_temp_id)
		return "INVALID_TEMP_ID";
	return error->http != 0 ? psprintf("HTTP_%d", error->http) : "UNKNOWN_ERROR";
}

const char *
tasksync_todoist_error_message(const TasksyncTodoistError *error)
{
	static const char *const messages[][2] = {
		{"NOT_FOUND", "Todoist does not know the object"},
		{"MAX_ITEMS_LIMIT_REACHED", "the project at Todoist holds as many tasks as it can"},
		{"LIMITS_REACHED", "Todoist asks to wait: too many requests"},
		{"AUTH_INSUFFICIENT_TOKEN_SCOPE", "the token does not have the permission for this"},
		{"UNAUTHORIZED", "Todoist does not accept the token"},
		{"FORBIDDEN", "Todoist does not allow this change"},
		{"INVALID_TEMP_ID", "it refers to something that could not be created"},
	};
	const char *code = tasksync_todoist_error_code(error);

	for (int i = 0; i < (int) lengthof(messages); i++)
	{
		if (strcmp(messages[i][0], code) == 0)
			return messages[i][1];
	}
	if (error->argument != NULL)
		return psprintf("Todoist refuses the value of \"%s\" (%s)", error->argument, code);
	return psprintf("Todoist refused with %s", code);
}

/*
 * Todoist puts retry_after also into errors that waiting cannot cure, so only
 * callers that know of a limit ask here.
 */
int64
tasksync_todoist_pause_ms(const TasksyncHttpResponse *response, const TasksyncTodoistError *error)
{
	int64 pause = tasksync_retry_after_ms(response);

	if (pause <= 0)
		pause = error->retry_after_ms;
	return pause > 0 ? pause : DEFAULT_PAUSE_MS;
}

/* ---- single commands ---- */

TasksyncAckOutcome
tasksync_todoist_judge(const TasksyncIntent *intent, const TasksyncTodoistError *error)
{
	if (error->is_temp_id)
		return TASKSYNC_ACK_REPLAN;
	if (is_limit(error) || is_tag(error, "UNAUTHORIZED"))
		return TASKSYNC_ACK_LATER;
	/* it may have done part of it before it broke: only a resend with the same uuid is safe */
	if (error->http >= 500)
		return TASKSYNC_ACK_UNKNOWN;
	if (!is_not_found(error))
		return TASKSYNC_ACK_REFUSED;
	if (intent->op == TASKSYNC_OP_DELETE)
		return TASKSYNC_ACK_OK;
	/* for something new, it is the place that does not exist */
	if (intent->op == TASKSYNC_OP_CREATE)
		return TASKSYNC_ACK_BLOCKED;
	/* a move fails for want of its target as well; the first word tells which */
	if (intent->op == TASKSYNC_OP_MOVE && error->noun != NULL &&
		(strcmp(error->noun, "Section") == 0 || strcmp(error->noun, "Project") == 0) &&
		strcasecmp(error->noun, tasksync_kind_name(intent->kind)) != 0)
		return TASKSYNC_ACK_BLOCKED;
	return TASKSYNC_ACK_GONE;
}

/* ---- whole requests ---- */

static void
fail(const TasksyncCall *call, TasksyncAnswer *answer, TasksyncOutcome outcome,
	 TasksyncAckOutcome acks, const char *code, const char *message)
{
	answer->outcome = outcome;
	answer->coverage = TASKSYNC_COVERS_NOTHING;
	answer->error_code = code;
	answer->error_message = message;
	answer->nobservations = 0;
	answer->cursor = NULL;
	answer->has_more = false;
	for (int i = 0; i < call->nintents; i++)
	{
		/* this attempt did nothing, but an earlier one may have */
		bool is_open = acks == TASKSYNC_ACK_UNKNOWN || call->intents[i].is_resend;

		memset(&answer->acks[i], 0, sizeof(TasksyncAck));
		answer->acks[i].outcome = is_open ? TASKSYNC_ACK_UNKNOWN : acks;
	}
}

void
tasksync_todoist_bad_answer(const TasksyncCall *call, TasksyncAnswer *answer, const char *code,
							const char *message)
{
	fail(call, answer, TASKSYNC_BAD_ANSWER, TASKSYNC_ACK_UNKNOWN, code, message);
}

static void
no_answer(const TasksyncCall *call, const TasksyncHttpResponse *response, TasksyncAnswer *answer)
{
	const char *message = pstrdup(response->error);

	switch (response->outcome)
	{
		case TASKSYNC_HTTP_NOT_SENT:
			fail(call, answer, TASKSYNC_TRY_LATER, TASKSYNC_ACK_REPLAN, "no_connection", message);
			return;
		case TASKSYNC_HTTP_REFUSED:
			fail(call, answer, TASKSYNC_TRY_LATER, TASKSYNC_ACK_REPLAN, "address_refused", message);
			return;
		case TASKSYNC_HTTP_TOO_LARGE:
			fail(call, answer, TASKSYNC_TRY_LATER, TASKSYNC_ACK_UNKNOWN, "answer_too_large",
				 message);
			return;
		case TASKSYNC_HTTP_UNKNOWN:
		case TASKSYNC_HTTP_ANSWERED:
			break;
	}
	fail(call, answer, TASKSYNC_TRY_LATER, TASKSYNC_ACK_UNKNOWN, "no_answer", message);
}

/*
 * A 400 can mean the cursor, which then can only be thrown away.  What the
 * service says about a cursor it does not like is not documented, so a request
 * that held nothing else to refuse counts as well.
 */
static void
refused_request(const TasksyncCall *call, const TasksyncTodoistError *error, const char *code,
				TasksyncAnswer *answer)
{
	bool is_sync = call->type == TASKSYNC_CALL_SYNC;
	const char *message = tasksync_todoist_error_message(error);

	if (is_sync && call->cursor != NULL && error->http == 400 &&
		(error->mentions_cursor || call->nintents == 0))
		fail(call, answer, TASKSYNC_CURSOR_REJECTED, TASKSYNC_ACK_REPLAN, code,
			 "Todoist does not accept the sync token any more");
	else
		fail(call, answer, TASKSYNC_BAD_REQUEST, TASKSYNC_ACK_REPLAN, code, message);
}

/*
 * Whether a 403 speaks of the account or of what was asked is in its tag.  A
 * 403 without Todoist's error object comes from a guard in front of it and
 * passes by itself; asking people to connect again would not help.
 */
static void
forbidden(const TasksyncCall *call, const TasksyncTodoistError *error, bool is_todoist,
		  const char *code, TasksyncAnswer *answer)
{
	const char *message = tasksync_todoist_error_message(error);

	if (!is_todoist)
		fail(call, answer, TASKSYNC_TRY_LATER, TASKSYNC_ACK_REPLAN, code,
			 "something in front of Todoist refused the request (HTTP 403)");
	else if (call->nintents > 0 && !is_about_token(error))
		fail(call, answer, TASKSYNC_BAD_REQUEST, TASKSYNC_ACK_REPLAN, code, message);
	else
		fail(call, answer, TASKSYNC_FORBIDDEN, TASKSYNC_ACK_REPLAN, code, message);
}

static void
refused(const TasksyncCall *call, const TasksyncHttpResponse *response, TasksyncAnswer *answer)
{
	TasksyncTodoistError error;
	bool is_todoist = tasksync_todoist_body_error(response, &error);
	const char *code;
	int status = response->status;

	/* the status line is what counts; the body may repeat another service's */
	error.http = status;
	code = tasksync_todoist_error_code(&error);
	if (status == 429 || is_tag(&error, "LIMITS_REACHED"))
	{
		fail(call, answer, TASKSYNC_TRY_LATER, TASKSYNC_ACK_REPLAN, code,
			 "Todoist asks to wait: too many requests");
		answer->retry_after_ms = tasksync_todoist_pause_ms(response, &error);
	}
	else if (status == 401)
		fail(call, answer, TASKSYNC_TOKEN_EXPIRED, TASKSYNC_ACK_REPLAN, code,
			 "Todoist does not accept the token");
	else if (status == 403)
		forbidden(call, &error, is_todoist, code, answer);
	else if (status >= 500 || status == 408 || status == 425)
	{
		fail(call, answer, TASKSYNC_TRY_LATER, TASKSYNC_ACK_UNKNOWN, code,
			 psprintf("Todoist is in trouble (HTTP %d)", status));
		answer->retry_after_ms = tasksync_retry_after_ms(response);
	}
	else if (status >= 400 && status != 404 && status != 410)
		refused_request(call, &error, code, answer);
	else
		tasksync_todoist_bad_answer(call, answer, code,
									psprintf("HTTP %d is not an answer of Todoist", status));
}

bool
tasksync_todoist_check_status(const TasksyncCall *call, const TasksyncHttpResponse *response,
							  TasksyncAnswer *answer)
{
	if (response->outcome != TASKSYNC_HTTP_ANSWERED)
		no_answer(call, response, answer);
	else if (response->status < 200 || response->status > 299)
		refused(call, response, answer);
	else
		return true;
	return false;
}
