/*
 * google_oauth.c
 *	  Google's OAuth 2.0 for web servers, with OpenID Connect for the identity.
 *
 * Called by the engine and by connect_account().  Pure.
 *
 * A refresh token comes with the first consent only, unless prompt=consent
 * makes every consent the first.  It is not rotated: a renewal tells none, and
 * the stored one stays.
 */
#include "postgres.h"

#include "base/guc.h"
#include "net/retry_after.h"
#include "provider/google_oauth.h"
#include "provider/oauth_wire.h"
#include "provider/url.h"

#define SERVICE "Google"
#define TASKS_SCOPE "https://www.googleapis.com/auth/tasks"
#define SCOPES TASKS_SCOPE " openid email"

/* Google has the calls of the one setting on two hosts */
#define OAUTH_HOST "https://oauth2.googleapis.com"
#define USERINFO_URL "https://openidconnect.googleapis.com/v1/userinfo"

/* the official client's allowance between two clocks */
#define CLOCK_SKEW_S 300
#define MAX_SUBJECT 200

static const char *const issuers[] = {"https://accounts.google.com", "accounts.google.com", NULL};

static const char *
authorize_page(void)
{
	return tasksync_google_authorize_url;
}

static const char *
below_oauth(const char *path)
{
	StringInfoData url;

	tasksync_url_start(&url, tasksync_google_oauth_url, path);
	return url.data;
}

static const char *
token_url(void)
{
	return below_oauth("/token");
}

static const char *
revoke_url(void)
{
	return below_oauth("/revoke");
}

static char *
authorize_url(const TasksyncConsent *consent)
{
	StringInfoData url;

	tasksync_url_start(&url, tasksync_google_authorize_url, "");
	tasksync_url_parameter(&url, "?", "client_id", consent->client_id);
	tasksync_url_parameter(&url, "&", "response_type", "code");
	tasksync_url_parameter(&url, "&", "scope", SCOPES);
	tasksync_url_parameter(&url, "&", "redirect_uri", consent->redirect_uri);
	tasksync_url_parameter(&url, "&", "state", consent->state);
	tasksync_url_parameter(&url, "&", "code_challenge", consent->code_challenge);
	tasksync_url_parameter(&url, "&", "code_challenge_method", "S256");
	tasksync_url_parameter(&url, "&", "access_type", "offline");
	tasksync_url_parameter(&url, "&", "prompt", "consent");
	return url.data;
}

/* ---- the identity token ---- */

static int
sextet(char c)
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	const char *found = c != '\0' ? strchr(alphabet, c) : NULL;

	return found != NULL ? (int) (found - alphabet) : -1;
}

/* base64url without padding (RFC 7515, section 2); NULL if it is not */
static char *
decoded(const char *text, size_t length, size_t *bytes)
{
	char *result = palloc(length + 1);
	uint32 bits = 0;
	int held = 0;

	*bytes = 0;
	for (size_t i = 0; i < length; i++)
	{
		int value = sextet(text[i]);

		if (value < 0)
			return NULL;
		bits = (bits << 6) | (uint32) value;
		held += 6;
		if (held >= 8)
		{
			held -= 8;
			result[(*bytes)++] = (char) ((bits >> held) & 0xff);
		}
	}
	result[*bytes] = '\0';
	return length % 4 == 1 ? NULL : result;
}

static bool
is_google(const char *issuer)
{
	return issuer != NULL && tasksync_oauth_is_issuer(&tasksync_google_oauth, issuer);
}

/* `aud` is one client id or a list of them (RFC 7519, section 4.1.3) */
static bool
is_for(const json_t *claims, const char *client_id)
{
	const json_t *audience = json_object_get(claims, "aud");
	const json_t *one;
	size_t i;

	if (json_is_string(audience))
		return strcmp(json_string_value(audience), client_id) == 0;
	json_array_foreach(audience, i, one)
	{
		if (json_is_string(one) && strcmp(json_string_value(one), client_id) == 0)
			return true;
	}
	return false;
}

/*
 * The subject of the identity token, or NULL if there is none that is meant for
 * us.  Its signature is not looked at: it came from the token endpoint itself,
 * over TLS (OpenID Connect Core, 3.1.3.7, number 6).
 */
static const char *
subject_of(const char *id_token, const TasksyncTokenCall *call)
{
	const char *first = id_token != NULL ? strchr(id_token, '.') : NULL;
	const char *second = first != NULL ? strchr(first + 1, '.') : NULL;
	const char *ignored;
	const char *subject;
	char *text;
	size_t length;
	json_t *claims;
	int64 now_s = call->now / USECS_PER_SEC +
		(POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * (int64) SECS_PER_DAY;

	if (second == NULL)
		return NULL;
	text = decoded(first + 1, second - first - 1, &length);
	claims = text != NULL ? tasksync_json_parse(text, length, &ignored) : NULL;
	if (!json_is_object(claims) || !is_google(tasksync_json_string(claims, "iss")) ||
		!is_for(claims, call->client_id) ||
		tasksync_json_int(claims, "exp", 0) + CLOCK_SKEW_S < now_s)
		return NULL;
	subject = tasksync_json_id(claims, "sub");
	return subject != NULL && *subject != '\0' && strlen(subject) <= MAX_SUBJECT
		? pstrdup(subject) : NULL;
}

static void
parse_exchange(const TasksyncTokenCall *call, const TasksyncHttpResponse *response,
			   TasksyncTokenAnswer *answer)
{
	json_t *json = tasksync_oauth_token_answer(response, TASKSYNC_EXCHANGE, SERVICE, answer);

	/* without one the engine asks whose the token is */
	if (json != NULL)
		answer->subject = subject_of(tasksync_json_string(json, "id_token"), call);
}

static void
parse_refresh(const TasksyncTokenCall *call, const TasksyncHttpResponse *response,
			  TasksyncTokenAnswer *answer)
{
	(void) tasksync_oauth_token_answer(response, TASKSYNC_REFRESH, SERVICE, answer);
}

/* either token takes the whole consent back, for all apps of the project */
static void
build_revoke(const TasksyncTokenCall *call, TasksyncHttpRequest *request)
{
	StringInfoData form;

	tasksync_oauth_body_start(&form);
	tasksync_oauth_form(&form, "token",
						call->refresh_token != NULL ? call->refresh_token : call->access_token);
	tasksync_oauth_post(call, TASKSYNC_FORM_TYPE, &form, request);
}

static void
parse_revoke(const TasksyncHttpResponse *response, TasksyncTokenAnswer *answer)
{
	tasksync_oauth_revoked(response, SERVICE, answer);
}

static const char *
missing_scope(const char *scope)
{
	if (scope == NULL || tasksync_oauth_has_scope(scope, TASKS_SCOPE))
		return NULL;
	return "Google did not grant access to Google Tasks; connect the account again and leave the "
		"box for tasks ticked";
}

const TasksyncOAuth tasksync_google_oauth = {
	.provider = "google_tasks",
	.has_pkce = true,
	.consent_only = true,
	.scopes = SCOPES,
	.issuers = issuers,
	.authorize_page = authorize_page,
	.token_url = token_url,
	.revoke_url = revoke_url,
	.authorize_url = authorize_url,
	.build_exchange = tasksync_oauth_build_exchange,
	.parse_exchange = parse_exchange,
	.build_refresh = tasksync_oauth_build_refresh,
	.parse_refresh = parse_refresh,
	.build_revoke = build_revoke,
	.parse_revoke = parse_revoke,
	.missing_scope = missing_scope,
};

/* ---- who is it? ---- */

void
tasksync_google_build_userinfo(TasksyncHttpRequest *request)
{
	memset(request, 0, sizeof(*request));
	request->method = TASKSYNC_GET;
	request->url = strcmp(tasksync_google_oauth_url, OAUTH_HOST) == 0 ? USERINFO_URL
																	   : below_oauth("/userinfo");
}

static void
unidentified(TasksyncAnswer *answer, TasksyncOutcome outcome, const char *code,
			 const char *message)
{
	answer->outcome = outcome;
	answer->error_code = code;
	answer->error_message = message;
}

void
tasksync_google_parse_userinfo(const TasksyncHttpResponse *response, TasksyncAnswer *answer)
{
	const char *ignored;
	const char *subject;
	const char *email;
	json_t *json;

	if (response->outcome != TASKSYNC_HTTP_ANSWERED)
		unidentified(answer, TASKSYNC_TRY_LATER, "no_answer", pstrdup(response->error));
	else if (response->status == 401)
		unidentified(answer, TASKSYNC_TOKEN_EXPIRED, "HTTP_401",
					 "Google does not accept the token; connect the account again");
	else if (response->status == 403)
		unidentified(answer, TASKSYNC_FORBIDDEN, "HTTP_403",
					 "Google does not say whose the token is; connect the account again");
	else if (response->status == 429 || response->status >= 500)
	{
		unidentified(answer, TASKSYNC_TRY_LATER, psprintf("HTTP_%d", response->status),
					 "Google cannot say whose the token is at the moment");
		answer->retry_after_ms = tasksync_retry_after_ms(response);
	}
	else
	{
		json = response->status == 200
			? tasksync_json_parse(response->body, response->body_length, &ignored) : NULL;
		subject = json_is_object(json) ? tasksync_json_string(json, "sub") : NULL;
		if (subject == NULL || *subject == '\0' || strlen(subject) > MAX_SUBJECT)
		{
			unidentified(answer, TASKSYNC_BAD_ANSWER, "no_subject",
						 "Google did not say whose the token is");
			return;
		}
		email = tasksync_json_string(json, "email");
		answer->external_id = pstrdup(subject);
		answer->display_name = email != NULL ? pstrdup(email) : NULL;
	}
}
