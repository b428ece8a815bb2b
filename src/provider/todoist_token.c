/*
 * todoist_token.c
 *	  Renewing an access token at Todoist's OAuth endpoint.
 *
 * Called by the engine while it holds the account's lease: each success
 * replaces the refresh token, and a used one that is presented again after a
 * minute makes the service revoke everything.  Pure.
 *
 * The only strings that leave this file are the tokens themselves, the scope,
 * and words of our own: an error answer could quote what it was sent.
 */
#include "postgres.h"

#include "base/json.h"
#include "net/retry_after.h"
#include "provider/todoist_token.h"
#include "provider/url.h"

#define MAX_TOKEN 4096
/* apps of the old kind get a validity of ten years, which stands for "never" */
#define NEVER_S INT64CONST(315360000)

void
tasksync_todoist_build_refresh(const TasksyncTokenCall *call, TasksyncHttpRequest *request)
{
	StringInfoData url;
	StringInfoData form;

	memset(request, 0, sizeof(*request));
	tasksync_url_start(&url, call->oauth_url, "/access_token");
	initStringInfo(&form);
	/* no growing while secrets are in it: that would leave copies behind */
	enlargeStringInfo(&form, MAX_TOKEN * 8);
	tasksync_url_parameter(&form, "", "grant_type", "refresh_token");
	tasksync_url_parameter(&form, "&", "client_id", call->client_id);
	tasksync_url_parameter(&form, "&", "refresh_token", call->refresh_token);
	if (call->client_secret != NULL)
		tasksync_url_parameter(&form, "&", "client_secret", call->client_secret);
	request->method = TASKSYNC_POST;
	request->url = url.data;
	request->content_type = "application/x-www-form-urlencoded";
	request->body = form.data;
	request->body_length = form.len;
}

static void
fail(TasksyncTokenAnswer *answer, TasksyncOutcome outcome, const char *code, const char *message)
{
	answer->outcome = outcome;
	answer->error_code = code;
	answer->error_message = message;
}

/* a token goes into a header: printable ASCII without blanks */
static char *
token_of(const json_t *json, const char *key)
{
	const char *token = tasksync_json_string(json, key);
	size_t length = token != NULL ? strlen(token) : 0;

	if (length == 0 || length > MAX_TOKEN)
		return NULL;
	for (const char *p = token; *p != '\0'; p++)
	{
		if (*p <= ' ' || *p > '~')
			return NULL;
	}
	return pstrdup(token);
}

static void
wipe_tokens(json_t *json)
{
	static const char *const names[] = {"access_token", "refresh_token"};

	for (int i = 0; i < (int) lengthof(names); i++)
	{
		json_t *secret = json_object_get(json, names[i]);

		if (json_is_string(secret))
			explicit_bzero((char *) json_string_value(secret), json_string_length(secret));
	}
}

static void
granted(json_t *json, TasksyncTokenAnswer *answer)
{
	const char *scope = tasksync_json_string(json, "scope");
	int64 expires_in = tasksync_json_int(json, "expires_in", 0);

	answer->access_token = token_of(json, "access_token");
	/* within the minute of grace the service sends none: the one we have stays */
	answer->refresh_token = token_of(json, "refresh_token");
	answer->expires_in = expires_in > 0 && expires_in < NEVER_S ? expires_in : 0;
	answer->scope = scope != NULL ? pstrdup(scope) : NULL;
	wipe_tokens(json);
	if (answer->access_token == NULL)
		fail(answer, TASKSYNC_BAD_ANSWER, "no_access_token",
			 "Todoist answered the renewal of the token without a token");
}

/*
 * invalid_grant is about the person's permission, and only the person can
 * renew it.  All other refusals are about the app: asking people to connect
 * again would not help, so the account waits until an operator corrects it.
 */
static void
denied(const char *error, int status, TasksyncTokenAnswer *answer)
{
	static const char *const of_the_app[] = {
		"invalid_client", "incorrect_application_credentials", "unauthorized_client",
		"unsupported_grant_type", "invalid_scope", "invalid_request",
	};

	if (error != NULL && strcmp(error, "invalid_grant") == 0)
	{
		fail(answer, TASKSYNC_FORBIDDEN, "invalid_grant",
			 "Todoist does not accept the refresh token any more; connect the account again");
		return;
	}
	for (int i = 0; error != NULL && i < (int) lengthof(of_the_app); i++)
	{
		if (strcmp(error, of_the_app[i]) == 0)
		{
			fail(answer, TASKSYNC_BAD_REQUEST, of_the_app[i],
				 "Todoist does not accept the app's credentials; see set_provider_credentials()");
			return;
		}
	}
	fail(answer, TASKSYNC_BAD_REQUEST, psprintf("HTTP_%d", status),
		 "Todoist refused to renew the token");
}

void
tasksync_todoist_parse_refresh(const TasksyncTokenCall *call, const TasksyncHttpResponse *response,
							   TasksyncTokenAnswer *answer)
{
	const char *ignored;
	json_t *json;

	memset(answer, 0, sizeof(*answer));
	if (response->outcome != TASKSYNC_HTTP_ANSWERED)
	{
		fail(answer, TASKSYNC_TRY_LATER, "no_answer", pstrdup(response->error));
		return;
	}
	if (response->status == 429 || response->status >= 500)
	{
		fail(answer, TASKSYNC_TRY_LATER, psprintf("HTTP_%d", response->status),
			 "Todoist cannot renew the token at the moment");
		answer->retry_after_ms = tasksync_retry_after_ms(response);
		return;
	}
	json = tasksync_json_parse(response->body, response->body_length, &ignored);
	if (!json_is_object(json))
		fail(answer, TASKSYNC_BAD_ANSWER, "not_json",
			 "the answer to the renewal of the token is not one of Todoist's");
	else if (response->status >= 200 && response->status <= 299)
		granted(json, answer);
	else
		denied(tasksync_json_string(json, "error"), response->status, answer);
}
