/*
 * notion_status.c
 *	  Notion's refusals, as far as they concern the whole account.
 *
 * Called by the parse functions.  Pure.
 *
 * Status and code decide.  Messages of the service are never passed on: they
 * quote property names, values and ids.  Something in front of Notion answers
 * in HTML, with the same status numbers and other meanings.
 */
#include "postgres.h"

#include "base/json.h"
#include "net/retry_after.h"
#include "provider/notion_json.h"
#include "provider/notion_status.h"

#define MAX_CODE 50
#define DEFAULT_PAUSE_MS 30000
/* longer pauses are somebody's mistake */
#define MAX_PAUSE_MS (INT64CONST(24) * 3600 * 1000)

/* ---- the error object ---- */

static const char *
checked_word(const char *text)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789_";

	if (text == NULL || *text == '\0' || strlen(text) > MAX_CODE ||
		strspn(text, allowed) != strlen(text))
		return NULL;
	return text;
}

static int64
seconds_in(const json_t *object, const char *key)
{
	const char *text = tasksync_json_string(object, key);
	int64 seconds = tasksync_json_int(object, key, 0);

	if (text != NULL && strlen(text) < 10 && strspn(text, "0123456789") == strlen(text))
		seconds = strtol(text, NULL, 10);
	return Max(seconds, 0);
}

void
tasksync_notion_read_error(const TasksyncHttpResponse *response, TasksyncNotionError *error)
{
	const char *ignored;
	const json_t *json = NULL;
	const json_t *details;
	const char *message;

	memset(error, 0, sizeof(*error));
	if (response->outcome == TASKSYNC_HTTP_ANSWERED && response->body_length > 0)
		json = tasksync_notion_body(response, &ignored);
	if (!json_is_object(json))
		return;
	details = json_object_get(json, "additional_data");
	message = tasksync_json_string(json, "message");
	error->code = checked_word(tasksync_json_string(json, "code"));
	error->is_notion = error->code != NULL;
	error->reason = checked_word(tasksync_json_string(details, "rate_limit_reason"));
	error->committed_id = tasksync_notion_id(details, "committed_resource_id");
	error->retry_after_ms = Min(seconds_in(details, "retry_after"), MAX_PAUSE_MS / 1000) * 1000;
	error->is_block_limit = json_object_get(details, "block_limit") != NULL;
	/* only a reason to look at the page itself, so a changed wording does no harm */
	error->mentions_archive = message != NULL && strstr(message, "archived") != NULL;
}

bool
tasksync_notion_is_error(const TasksyncNotionError *error, const char *code)
{
	return error->code != NULL && strcmp(error->code, code) == 0;
}

bool
tasksync_notion_succeeded(const TasksyncHttpResponse *response)
{
	return response->outcome == TASKSYNC_HTTP_ANSWERED && response->status >= 200 &&
		   response->status <= 299;
}

const char *
tasksync_notion_error_code(const TasksyncHttpResponse *response, const TasksyncNotionError *error)
{
	if (error->code != NULL)
		return pstrdup(error->code);
	return psprintf("HTTP_%d", response->status);
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
	answer->ncomplete = 0;
	answer->ntroubles = 0;
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
tasksync_notion_bad_answer(const TasksyncCall *call, TasksyncAnswer *answer, const char *code,
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
 * How long is said in a header, or in the body.  A limit of the workspace is
 * one that others used up, and may ask for more than a minute; it is not cut.
 */
static void
limited(const TasksyncCall *call, const TasksyncHttpResponse *response,
		const TasksyncNotionError *error, TasksyncAnswer *answer)
{
	int64 pause = tasksync_retry_after_ms(response);

	if (error->reason != NULL && strcmp(error->reason, "public_api_request_blocked") == 0)
	{
		fail(call, answer, TASKSYNC_MISCONFIGURED, TASKSYNC_ACK_REPLAN, error->reason,
			 "Notion blocks the requests of this connection; ask Notion's support why, or connect"
			 " the account through another connection, then resume it");
		return;
	}
	if (pause <= 0)
		pause = error->retry_after_ms;
	fail(
		call, answer, TASKSYNC_TRY_LATER, TASKSYNC_ACK_REPLAN,
		tasksync_notion_error_code(response, error),
		error->reason != NULL && strcmp(error->reason, "public_api_space_request_rate_limit") == 0
			? "Notion asks to wait: all connections of the workspace made too many requests"
			: "Notion asks to wait: too many requests");
	answer->retry_after_ms = pause > 0 ? Min(pause, MAX_PAUSE_MS) : DEFAULT_PAUSE_MS;
}

static void
forbidden(const TasksyncCall *call, const TasksyncNotionError *error, const char *code,
		  TasksyncAnswer *answer)
{
	/* asking people to connect again would not help against a guard in front of the service */
	if (!error->is_notion)
		fail(call, answer, TASKSYNC_TRY_LATER, TASKSYNC_ACK_REPLAN, code,
			 "something in front of Notion refused the request (HTTP 403)");
	else
		fail(call, answer, TASKSYNC_MISCONFIGURED, TASKSYNC_ACK_REPLAN, code,
			 "the connection lacks a capability in Notion; allow it to read, update and insert"
			 " content in its settings there, then resume the account");
}

void
tasksync_notion_refused(const TasksyncCall *call, const TasksyncHttpResponse *response,
						const TasksyncNotionError *error, TasksyncAnswer *answer)
{
	const char *code = tasksync_notion_error_code(response, error);
	int status = response->status;

	if (response->outcome != TASKSYNC_HTTP_ANSWERED)
		no_answer(call, response, answer);
	else if (status == 429 || status == 529)
		limited(call, response, error, answer);
	else if (status == 401)
		fail(call, answer, TASKSYNC_TOKEN_EXPIRED, TASKSYNC_ACK_REPLAN, code,
			 "Notion does not accept the token");
	else if (status == 403)
		forbidden(call, error, code, answer);
	else if (status >= 500 || status == 408 || status == 425)
	{
		fail(call, answer, TASKSYNC_TRY_LATER, TASKSYNC_ACK_UNKNOWN, code,
			 psprintf("Notion is in trouble (HTTP %d)", status));
		answer->retry_after_ms = Min(tasksync_retry_after_ms(response), MAX_PAUSE_MS);
	}
	else if (status >= 400 && error->is_notion)
		fail(call, answer, TASKSYNC_BAD_REQUEST, TASKSYNC_ACK_REPLAN, code,
			 psprintf("Notion refuses the request (HTTP %d)", status));
	else
		tasksync_notion_bad_answer(call, answer, code,
								   psprintf("HTTP %d is not an answer of Notion", status));
}
