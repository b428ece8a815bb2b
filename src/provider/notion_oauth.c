/*
 * notion_oauth.c
 *	  Notion's OAuth: no PKCE, no scopes, HTTP Basic and JSON.
 *
 * Called by the engine and by connect_account().  Pure.
 *
 * What an app may do is set at Notion, and what it sees the person chooses on
 * the page of consent.  No answer tells how long a token lives: a refused one
 * is renewed once if there is a refresh token, which is taken as rotating.
 */
#include "postgres.h"

#include "base/guc.h"
#include "provider/notion_oauth.h"
#include "provider/oauth_wire.h"
#include "provider/url.h"

#define SERVICE "Notion"
#define JSON_TYPE "application/json"
/* its client library sends the version with these calls, too */
#define VERSION_HEADER "Notion-Version: 2026-03-11"

static const char *const issuers[] = {"https://www.notion.so", "https://www.notion.com", NULL};

static const char *
below_oauth(const char *path)
{
	StringInfoData url;

	tasksync_url_start(&url, tasksync_notion_url, "/v1/oauth");
	appendStringInfoString(&url, path);
	return url.data;
}

static const char *
authorize_page(void)
{
	return below_oauth("/authorize");
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

	initStringInfo(&url);
	appendStringInfoString(&url, authorize_page());
	tasksync_url_parameter(&url, "?", "client_id", consent->client_id);
	tasksync_url_parameter(&url, "&", "response_type", "code");
	tasksync_url_parameter(&url, "&", "owner", "user");
	tasksync_url_parameter(&url, "&", "redirect_uri", consent->redirect_uri);
	tasksync_url_parameter(&url, "&", "state", consent->state);
	return url.data;
}

static void
post(const TasksyncTokenCall *call, StringInfo body, TasksyncHttpRequest *request)
{
	appendStringInfoChar(body, '}');
	tasksync_oauth_post(call, JSON_TYPE, body, request);
	request->headers[0] = VERSION_HEADER;
	request->basic_user = call->client_id;
	request->basic_password = call->client_secret;
}

/* the redirect URI is demanded because the link had one */
static void
build_exchange(const TasksyncTokenCall *call, TasksyncHttpRequest *request)
{
	StringInfoData body;

	tasksync_oauth_body_start(&body);
	tasksync_oauth_member(&body, "{", "grant_type", "authorization_code");
	tasksync_oauth_member(&body, ",", "code", call->code);
	tasksync_oauth_member(&body, ",", "redirect_uri", call->redirect_uri);
	post(call, &body, request);
}

/*
 * A bot stands for the consent, and whether a second consent finds the first
 * one's bot is not documented.  The person who agreed, in that workspace, is the
 * same in either case.
 */
static void
parse_exchange(const TasksyncTokenCall *call, const TasksyncHttpResponse *response,
			   TasksyncTokenAnswer *answer)
{
	json_t *json = tasksync_oauth_token_answer(response, TASKSYNC_EXCHANGE, SERVICE, answer);
	json_t *user = json_object_get(json_object_get(json, "owner"), "user");
	const char *person;

	if (json == NULL)
		return;
	answer->workspace_id = tasksync_uuid_spelling(tasksync_json_string(json, "workspace_id"));
	person = json_is_object(user) ? tasksync_uuid_spelling(tasksync_json_string(user, "id")) : NULL;
	if (answer->workspace_id != NULL && person != NULL)
		answer->person_id = psprintf("%s/%s", answer->workspace_id, person);
}

static void
build_refresh(const TasksyncTokenCall *call, TasksyncHttpRequest *request)
{
	StringInfoData body;

	tasksync_oauth_body_start(&body);
	tasksync_oauth_member(&body, "{", "grant_type", "refresh_token");
	tasksync_oauth_member(&body, ",", "refresh_token", call->refresh_token);
	post(call, &body, request);
}

static void
parse_refresh(const TasksyncTokenCall *call, const TasksyncHttpResponse *response,
			  TasksyncTokenAnswer *answer)
{
	(void) tasksync_oauth_token_answer(response, TASKSYNC_REFRESH, SERVICE, answer);
}

static void
build_revoke(const TasksyncTokenCall *call, TasksyncHttpRequest *request)
{
	StringInfoData body;

	tasksync_oauth_body_start(&body);
	tasksync_oauth_member(&body, "{", "token", call->access_token);
	post(call, &body, request);
}

static void
parse_revoke(const TasksyncHttpResponse *response, TasksyncTokenAnswer *answer)
{
	tasksync_oauth_revoked(response, SERVICE, answer);
}

static const char *
missing_scope(const char *scope)
{
	return NULL;
}

const TasksyncOAuth tasksync_notion_oauth = {
	.provider = "notion",
	.needs_secret = true,
	.issuers = issuers,
	.authorize_page = authorize_page,
	.token_url = token_url,
	.revoke_url = revoke_url,
	.authorize_url = authorize_url,
	.build_exchange = build_exchange,
	.parse_exchange = parse_exchange,
	.build_refresh = build_refresh,
	.parse_refresh = parse_refresh,
	.build_revoke = build_revoke,
	.parse_revoke = parse_revoke,
	.missing_scope = missing_scope,
};
