/*
 * google_tasks_status.c
 *	  Google's refusals: of a whole request, and of a single write.
 *
 * Called by the parse functions.  Pure.
 *
 * A 403 alone means nothing: too fast, the day's quota, a missing permission,
 * an API that is switched off, an administrator's rule.  What counts is the
 * pair of status and reason; the message is for people and changes, with two
 * exceptions that only say that an id is unknown and are looked into before
 * anything follows from them.
 *
 * Codes and messages end up in tables, logs and error reports, so nothing of
 * Google's free text is passed on.
 */
#include "postgres.h"

#include "base/clock.h"
#include "base/json.h"
#include "net/retry_after.h"
#include "provider/google_tasks_status.h"

#define MAX_REASON 60
/* longer pauses than this are somebody's mistake, unless we work them out ourselves */
#define LONGEST_RETRY_AFTER_MS INT64CONST(3600000)
/* Google never documented a Retry-After, and bursts of writes were throttled for minutes */
#define RATE_PAUSE_MS 30000

/* ---- the error object ---- */

static const char *
checked_word(const char *text)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";

	if (text == NULL || *text == '\0' || strlen(text) > MAX_REASON ||
		strspn(text, allowed) != strlen(text))
		return NULL;
	return text;
}

/* errors[0].reason as always, details[].reason as newer parts of Google say it, else status */
static const char *
reason_of(const json_t *error)
{
	const json_t *details = json_object_get(error, "details");
	const char *reason =
		checked_word(tasksync_json_string(json_array_get(json_object_get(error, "errors"), 0),
										  "reason"));

	for (size_t i = 0; reason == NULL && i < json_array_size(details); i++)
		reason = checked_word(tasksync_json_string(json_array_get(details, i), "reason"));
	if (reason == NULL)
		reason = checked_word(tasksync_json_string(error, "status"));
	/* OAuth's own form, of the question who the account is: the object is a word */
	return reason != NULL ? reason : checked_word(json_string_value(error));
}

static TasksyncGoogleMeaning
meaning_of_403(const char *reason)
{
	static const struct
	{
		const char *reason;
		TasksyncGoogleMeaning meaning;
	} known[] = {
		{"rateLimitExceeded", GOOGLE_RATE},
		{"userRateLimitExceeded", GOOGLE_RATE},
		{"RATE_LIMIT_EXCEEDED", GOOGLE_RATE},
		{"RESOURCE_EXHAUSTED", GOOGLE_RATE},
		{"quotaExceeded", GOOGLE_QUOTA},
		{"dailyLimitExceeded", GOOGLE_QUOTA},
		{"variableTermLimitExceeded", GOOGLE_QUOTA},
		{"insufficientPermissions", GOOGLE_SCOPE},
		{"ACCESS_TOKEN_SCOPE_INSUFFICIENT", GOOGLE_SCOPE},
		{"insufficient_scope", GOOGLE_SCOPE},
		{"accessNotConfigured", GOOGLE_DISABLED},
		{"SERVICE_DISABLED", GOOGLE_DISABLED},
	};

	for (int i = 0; reason != NULL && i < (int) lengthof(known); i++)
	{
		if (strcmp(known[i].reason, reason) == 0)
			return known[i].meaning;
	}
	return GOOGLE_FORBIDDEN;
}

/* 429 is "too fast" unless its reason says that the day is over */
static TasksyncGoogleMeaning
meaning_of_429(const char *reason)
{
	return meaning_of_403(reason) == GOOGLE_QUOTA ? GOOGLE_QUOTA : GOOGLE_RATE;
}

static bool
names_unknown_id(const json_t *error, const char *reason)
{
	const char *message = tasksync_json_string(error, "message");

	return reason != NULL && strcmp(reason, "invalid") == 0 && message != NULL &&
		(strcmp(message, "Invalid task list ID") == 0 || strcmp(message, "Invalid task ID") == 0);
}

void
tasksync_google_read_error(int status, const char *body, size_t length, TasksyncGoogleError *error)
{
	const char *ignored;
	const json_t *json = tasksync_json_parse(body, length, &ignored);
	const json_t *object = json_object_get(json, "error");

	error->status = status;
	error->reason = reason_of(object);
	if (status >= 500 || status == 408)
		error->meaning = GOOGLE_TROUBLE;
	else if (status == 429)
		error->meaning = meaning_of_429(error->reason);
	else if (status == 401)
		error->meaning = GOOGLE_TOKEN;
	else if (object == NULL || status < 400)
		error->meaning = GOOGLE_FOREIGN;
	else if (status == 403)
		error->meaning = meaning_of_403(error->reason);
	else if (status == 404 || status == 410)
		error->meaning = GOOGLE_GONE;
	else if (status == 409 || status == 412)
		error->meaning = GOOGLE_CONFLICT;
	else
		error->meaning = names_unknown_id(object, error->reason) ? GOOGLE_UNKNOWN_ID
			: GOOGLE_BAD_VALUE;
}

const char *
tasksync_google_error_code(const TasksyncGoogleError *error)
{
	return error->reason != NULL ? pstrdup(error->reason) : psprintf("HTTP_%d", error->status);
}

const char *
tasksync_google_error_message(const TasksyncGoogleError *error)
{
	switch (error->meaning)
	{
		case GOOGLE_TOKEN:
			return "Google does not accept the token";
		case GOOGLE_RATE:
			return "Google Tasks asks to wait: too many requests";
		case GOOGLE_QUOTA:
			return
				"the quota at Google Tasks is used up; it is tried again after midnight in California";
		case GOOGLE_SCOPE:
			return
				"the permission for Google Tasks was not given; connect the account again and tick the box for tasks";
		case GOOGLE_DISABLED:
			return
				"the Google Tasks API is not enabled in the Google Cloud project of the app; enable it there, then resume the account";
		case GOOGLE_FORBIDDEN:
			return
				"Google Tasks does not allow this; an administrator of its Workspace may have turned it off";
		case GOOGLE_GONE:
		case GOOGLE_UNKNOWN_ID:
			return "Google Tasks does not know the object";
		case GOOGLE_CONFLICT:
			return "it was changed at Google Tasks at the same time; it is read again";
		case GOOGLE_TROUBLE:
			return psprintf("Google Tasks is in trouble (HTTP %d)", error->status);
		case GOOGLE_FOREIGN:
			return psprintf("something in front of Google Tasks answered (HTTP %d)", error->status);
		case GOOGLE_BAD_VALUE:
			break;
	}
	return psprintf("Google Tasks refuses the request (%s)", tasksync_google_error_code(error));
}

/* ---- how long to wait ---- */

/*
 * Until the next midnight where Google counts its days, by Google's clock.  36
 * hours after a midnight it is always the next day there, also when the clocks
 * change.
 */
static int64
until_quota_day(TimestampTz now)
{
	TimestampTz today;
	TimestampTz tomorrow;
	char date[11];
	char time[9];

	if (!tasksync_instant_to_local(now, GOOGLE_QUOTA_ZONE, date, time) ||
		!tasksync_local_to_instant(date, "00:00:00", GOOGLE_QUOTA_ZONE, &today) ||
		!tasksync_instant_to_local(today + 36 * USECS_PER_HOUR, GOOGLE_QUOTA_ZONE, date,
								   time) ||
		!tasksync_local_to_instant(date, "00:00:00", GOOGLE_QUOTA_ZONE, &tomorrow) ||
		tomorrow <= now)
		return LONGEST_RETRY_AFTER_MS;
	return (tomorrow - now) / 1000;
}

int64
tasksync_google_pause_ms(const TasksyncCall *call, const TasksyncHttpResponse *response,
						 const TasksyncGoogleError *error)
{
	int64 asked = Min(tasksync_retry_after_ms(response), LONGEST_RETRY_AFTER_MS);
	TimestampTz now = call->now;

	if (error->meaning == GOOGLE_QUOTA)
	{
		(void) tasksync_parse_http_date(response->date, &now);
		return until_quota_day(now);
	}
	if (error->meaning == GOOGLE_RATE)
		return asked > 0 ? asked : RATE_PAUSE_MS;
	return error->meaning == GOOGLE_TROUBLE ? asked : 0;
}

/* ---- single writes ---- */

TasksyncAckOutcome
tasksync_google_judge(const TasksyncIntent *intent, const TasksyncGoogleError *error)
{
	switch (error->meaning)
	{
		case GOOGLE_GONE:
		case GOOGLE_UNKNOWN_ID:
			if (intent->op == TASKSYNC_OP_DELETE)
				return TASKSYNC_ACK_OK;
			/* of something new it is the list or the parent that does not exist */
			return intent->op == TASKSYNC_OP_CREATE ? TASKSYNC_ACK_BLOCKED : TASKSYNC_ACK_GONE;
		case GOOGLE_RATE:
		case GOOGLE_QUOTA:
		case GOOGLE_CONFLICT:
		/* not this write's fault: the next request meets it and the account says so */
		case GOOGLE_TOKEN:
		case GOOGLE_SCOPE:
		case GOOGLE_DISABLED:
			return TASKSYNC_ACK_LATER;
		case GOOGLE_TROUBLE:
		case GOOGLE_FOREIGN:
			return TASKSYNC_ACK_UNKNOWN;
		case GOOGLE_BAD_VALUE:
		case GOOGLE_FORBIDDEN:
			break;
	}
	return TASKSYNC_ACK_REFUSED;
}

/* ---- whole requests ---- */

void
tasksync_google_fail(const TasksyncCall *call, TasksyncAnswer *answer, TasksyncOutcome outcome,
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
tasksync_google_bad_answer(const TasksyncCall *call, TasksyncAnswer *answer, const char *code,
						   const char *message)
{
	tasksync_google_fail(call, answer, TASKSYNC_BAD_ANSWER, TASKSYNC_ACK_UNKNOWN, code, message);
}

bool
tasksync_google_was_answered(const TasksyncCall *call, const TasksyncHttpResponse *response,
							 TasksyncAnswer *answer)
{
	const char *message = pstrdup(response->error);

	switch (response->outcome)
	{
		case TASKSYNC_HTTP_ANSWERED:
			return true;
		case TASKSYNC_HTTP_NOT_SENT:
			tasksync_google_fail(call, answer, TASKSYNC_TRY_LATER, TASKSYNC_ACK_REPLAN,
								 "no_connection", message);
			return false;
		case TASKSYNC_HTTP_REFUSED:
			tasksync_google_fail(call, answer, TASKSYNC_TRY_LATER, TASKSYNC_ACK_REPLAN,
								 "address_refused", message);
			return false;
		case TASKSYNC_HTTP_TOO_LARGE:
			tasksync_google_fail(call, answer, TASKSYNC_TRY_LATER, TASKSYNC_ACK_UNKNOWN,
								 "answer_too_large", message);
			return false;
		case TASKSYNC_HTTP_UNKNOWN:
			break;
	}
	tasksync_google_fail(call, answer, TASKSYNC_TRY_LATER, TASKSYNC_ACK_UNKNOWN, "no_answer",
						 message);
	return false;
}

void
tasksync_google_refused(const TasksyncCall *call, const TasksyncHttpResponse *response,
						const TasksyncGoogleError *error, TasksyncAnswer *answer)
{
	TasksyncOutcome outcome = TASKSYNC_BAD_REQUEST;
	TasksyncAckOutcome acks = TASKSYNC_ACK_REPLAN;

	switch (error->meaning)
	{
		case GOOGLE_TOKEN:
			outcome = TASKSYNC_TOKEN_EXPIRED;
			break;
		case GOOGLE_SCOPE:
			outcome = TASKSYNC_FORBIDDEN;
			break;
		case GOOGLE_DISABLED:
		case GOOGLE_FORBIDDEN:
			outcome = TASKSYNC_MISCONFIGURED;
			break;
		case GOOGLE_RATE:
		case GOOGLE_QUOTA:
		case GOOGLE_CONFLICT:
			outcome = TASKSYNC_TRY_LATER;
			break;
		case GOOGLE_TROUBLE:
			outcome = TASKSYNC_TRY_LATER;
			acks = TASKSYNC_ACK_UNKNOWN;
			break;
		case GOOGLE_FOREIGN:
			/* a guard in front of Google passes by itself; all else is no answer of Google's */
			outcome = error->status == 403 ? TASKSYNC_TRY_LATER : TASKSYNC_BAD_ANSWER;
			acks = TASKSYNC_ACK_UNKNOWN;
			break;
		case GOOGLE_GONE:
		case GOOGLE_UNKNOWN_ID:
		case GOOGLE_BAD_VALUE:
			break;
	}
	tasksync_google_fail(call, answer, outcome, acks, tasksync_google_error_code(error),
						 tasksync_google_error_message(error));
	answer->retry_after_ms = tasksync_google_pause_ms(call, response, error);
}

json_t *
tasksync_google_body(const TasksyncCall *call, const TasksyncHttpResponse *response,
					 const char *kind, TasksyncAnswer *answer)
{
	const char *error;
	json_t *json = tasksync_json_parse(response->body, response->body_length, &error);
	const char *told = tasksync_json_string(json, "kind");

	if (json == NULL)
		tasksync_google_bad_answer(call, answer, "not_json", error);
	else if (kind != NULL && (told == NULL || strcmp(told, kind) != 0))
	{
		tasksync_google_bad_answer(call, answer, "wrong_shape",
								   "the answer is not the one that Google Tasks promises");
		json = NULL;
	}
	return json;
}
