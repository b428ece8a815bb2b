/*
 * oauth_wire.c
 *	  What the providers' token calls have in common (RFC 6749, sections 4.1.3,
 *	  5 and 6; RFC 7009).
 *
 * Called by the providers' OAuth files.  Pure.
 *
 * The only strings that leave this file are the tokens themselves, the scope,
 * and words of our own: an error answer could quote what it was sent.
 */
#include "postgres.h"

#include "net/retry_after.h"
#include "provider/oauth_wire.h"
#include "provider/url.h"

/* apps of Todoist's old kind get a validity of ten years, which stands for "never" */
#define NEVER_S INT64CONST(315360000)

/* a token call is short, or something is wrong with whoever answers it */
#define TIMEOUT_MS 10000
#define MAX_ANSWER (1024 * 1024)

void
tasksync_oauth_body_start(StringInfo body)
{
	initStringInfo(body);
	enlargeStringInfo(body, TASKSYNC_MAX_TOKEN * 3 * 5);
}

void
tasksync_oauth_form(StringInfo body, const char *name, const char *value)
{
	if (value != NULL)
		tasksync_url_parameter(body, body->len > 0 ? "&" : "", name, value);
}

void
tasksync_oauth_member(StringInfo body, const char *before, const char *name, const char *value)
{
	appendStringInfo(body, "%s\"%s\":\"", before, name);
	for (const char *p = value; *p != '\0'; p++)
	{
		/* tokens, codes and URLs are visible ASCII; anything else would be another string */
		if (*p == '"' || *p == '\\')
			appendStringInfoChar(body, '\\');
		appendStringInfoChar(body, *p);
	}
	appendStringInfoChar(body, '"');
}

void
tasksync_oauth_post(const TasksyncTokenCall *call, const char *content_type,
					const StringInfoData *body, TasksyncHttpRequest *request)
{
	memset(request, 0, sizeof(*request));
	request->method = TASKSYNC_POST;
	request->url = call->url;
	request->content_type = content_type;
	request->body = body->data;
	request->body_length = body->len;
	request->timeout_ms = TIMEOUT_MS;
	request->max_response = MAX_ANSWER;
}

void
tasksync_oauth_build_exchange(const TasksyncTokenCall *call, TasksyncHttpRequest *request)
{
	StringInfoData form;

	tasksync_oauth_body_start(&form);
	tasksync_oauth_form(&form, "grant_type", "authorization_code");
	tasksync_oauth_form(&form, "client_id", call->client_id);
	tasksync_oauth_form(&form, "redirect_uri", call->redirect_uri);
	tasksync_oauth_form(&form, "code", call->code);
	tasksync_oauth_form(&form, "code_verifier", call->code_verifier);
	tasksync_oauth_form(&form, "client_secret", call->client_secret);
	tasksync_oauth_post(call, TASKSYNC_FORM_TYPE, &form, request);
}

void
tasksync_oauth_build_refresh(const TasksyncTokenCall *call, TasksyncHttpRequest *request)
{
	StringInfoData form;

	tasksync_oauth_body_start(&form);
	tasksync_oauth_form(&form, "grant_type", "refresh_token");
	tasksync_oauth_form(&form, "client_id", call->client_id);
	tasksync_oauth_form(&form, "refresh_token", call->refresh_token);
	tasksync_oauth_form(&form, "client_secret", call->client_secret);
	tasksync_oauth_post(call, TASKSYNC_FORM_TYPE, &form, request);
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

	if (length == 0 || length > TASKSYNC_MAX_TOKEN)
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
granted(json_t *json, TasksyncTokenCallKind kind, const char *service, TasksyncTokenAnswer *answer)
{
	const char *scope = tasksync_json_string(json, "scope");
	int64 expires_in = tasksync_json_int(json, "expires_in", 0);

	answer->access_token = token_of(json, "access_token");
	/* without one, the one that is there stays */
	answer->refresh_token = token_of(json, "refresh_token");
	answer->expires_in = expires_in > 0 && expires_in < NEVER_S ? expires_in : 0;
	answer->scope = scope != NULL ? pstrdup(scope) : NULL;
	wipe_tokens(json);
	if (answer->access_token == NULL)
		fail(answer, TASKSYNC_BAD_ANSWER, "no_access_token",
			 psprintf("%s answered the %s without a token", service,
					  kind == TASKSYNC_EXCHANGE ? "exchange of the code"
												: "renewal of the token"));
}

/*
 * invalid_grant is about the person's permission, and only the person can
 * renew it.  All other refusals are about the app: asking people to connect
 * again would not help, so the account waits until an operator corrects it.
 */
static void
denied(const char *error, int status, TasksyncTokenCallKind kind, const char *service,
	   TasksyncTokenAnswer *answer)
{
	static const char *const of_the_person[] = {"invalid_grant", "bad_authorization_code"};
	static const char *const of_the_app[] = {
		"invalid_client", "incorrect_application_credentials", "unauthorized_client",
		"unsupported_grant_type", "invalid_scope", "invalid_request", "deleted_client",
		"redirect_uri_mismatch", "validation_error", "unauthorized",
	};

	for (int i = 0; error != NULL && i < (int) lengthof(of_the_person); i++)
	{
		if (strcmp(error, of_the_person[i]) != 0)
			continue;
		fail(answer, TASKSYNC_FORBIDDEN, of_the_person[i],
			 kind == TASKSYNC_EXCHANGE
				 ? psprintf("%s does not accept the consent: it was used already or is too old; "
							"connect the account again",
							service)
				 : psprintf("%s does not accept the refresh token any more; connect the account "
							"again",
							service));
		return;
	}
	for (int i = 0; error != NULL && i < (int) lengthof(of_the_app); i++)
	{
		if (strcmp(error, of_the_app[i]) == 0)
		{
			fail(answer, TASKSYNC_BAD_REQUEST, of_the_app[i],
				 psprintf("%s does not accept the app's credentials; see "
						  "set_provider_credentials()",
						  service));
			return;
		}
	}
	fail(answer, TASKSYNC_BAD_REQUEST, psprintf("HTTP_%d", status),
		 psprintf("%s refused %s", service,
				  kind == TASKSYNC_EXCHANGE ? "to exchange the code for a token"
											: "to renew the token"));
}

/* true if there is an answer to look into */
static bool
answered(const TasksyncHttpResponse *response, const char *service, TasksyncTokenAnswer *answer)
{
	memset(answer, 0, sizeof(*answer));
	if (response->outcome != TASKSYNC_HTTP_ANSWERED)
	{
		fail(answer, TASKSYNC_TRY_LATER, "no_answer", pstrdup(response->error));
		return false;
	}
	if (response->status == 429 || response->status == 408 || response->status >= 500)
	{
		fail(answer, TASKSYNC_TRY_LATER, psprintf("HTTP_%d", response->status),
			 psprintf("%s cannot give out tokens at the moment", service));
		answer->retry_after_ms = tasksync_retry_after_ms(response);
		return false;
	}
	return true;
}

json_t *
tasksync_oauth_token_answer(const TasksyncHttpResponse *response, TasksyncTokenCallKind kind,
							const char *service, TasksyncTokenAnswer *answer)
{
	const char *ignored;
	const char *error;
	json_t *json;

	if (!answered(response, service, answer))
		return NULL;
	json = tasksync_json_parse(response->body, response->body_length, &ignored);
	if (!json_is_object(json))
		fail(answer, TASKSYNC_BAD_ANSWER, "not_json",
			 psprintf("the answer to a token call is not one of %s's", service));
	else if (response->status >= 200 && response->status <= 299)
		granted(json, kind, service, answer);
	else
	{
		/* Notion's other calls name it `code`, and so might this one */
		error = tasksync_json_string(json, "error");
		if (error == NULL)
			error = tasksync_json_string(json, "code");
		denied(error, response->status, kind, service, answer);
	}
	return answer->outcome == TASKSYNC_OK ? json : NULL;
}

/*
 * RFC 7009: an unknown token is as good as a revoked one and answered with 200;
 * Google says 400 invalid_token instead.  Whatever else is refused with a 4xx
 * is refused again next time.
 */
void
tasksync_oauth_revoked(const TasksyncHttpResponse *response, const char *service,
					   TasksyncTokenAnswer *answer)
{
	const char *ignored;
	const char *error = NULL;
	json_t *json;

	if (!answered(response, service, answer))
		return;
	if (response->status >= 200 && response->status <= 299)
		return;
	json = tasksync_json_parse(response->body, response->body_length, &ignored);
	if (json_is_object(json))
		error = tasksync_json_string(json, "error");
	if (error != NULL && strcmp(error, "invalid_token") == 0)
		return;
	fail(answer, TASKSYNC_BAD_REQUEST, psprintf("HTTP_%d", response->status),
		 psprintf("%s refused to take the token back", service));
}

bool
tasksync_oauth_has_scope(const char *scopes, const char *wanted)
{
	size_t length = strlen(wanted);

	for (const char *p = scopes; *p != '\0';)
	{
		size_t one = strcspn(p, " ,");

		if (one == length && strncmp(p, wanted, one) == 0)
			return true;
		p += one;
		p += strspn(p, " ,");
	}
	return false;
}
