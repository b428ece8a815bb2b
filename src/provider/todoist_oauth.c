/*
 * todoist_oauth.c
 *	  Todoist's OAuth: the consent, and forms with the secret in the body.
 *
 * Called by the engine while it holds the account's lease: each renewal
 * replaces the refresh token, and a used one that is presented again after a
 * minute makes the service revoke everything.  Pure.
 *
 * PKCE together with a secret is documented for public clients only; it is sent
 * in any case, because a server that does not know it ignores it.
 */
#include "postgres.h"

#include "base/guc.h"
#include "provider/oauth_wire.h"
#include "provider/todoist_oauth.h"
#include "provider/url.h"

#define SERVICE "Todoist"
/* the last one only for deleting whole projects */
#define SCOPES "data:read_write,data:delete,project:delete"

static const char *const issuers[] = {"https://todoist.com", "https://www.todoist.com",
									  "https://api.todoist.com", "https://app.todoist.com", NULL};

static const char *
authorize_page(void)
{
	return tasksync_todoist_authorize_url;
}

static const char *
token_url(void)
{
	StringInfoData url;

	tasksync_url_start(&url, tasksync_todoist_oauth_url, "/access_token");
	return url.data;
}

/* not below the address of the other token calls */
static const char *
revoke_url(void)
{
	StringInfoData url;

	tasksync_url_start(&url, tasksync_todoist_url, "/api/v1/revoke");
	return url.data;
}

static char *
authorize_url(const TasksyncConsent *consent)
{
	StringInfoData url;

	tasksync_url_start(&url, tasksync_todoist_authorize_url, "");
	tasksync_url_parameter(&url, "?", "client_id", consent->client_id);
	tasksync_url_parameter(&url, "&", "response_type", "code");
	tasksync_url_parameter(&url, "&", "scope", SCOPES);
	tasksync_url_parameter(&url, "&", "redirect_uri", consent->redirect_uri);
	tasksync_url_parameter(&url, "&", "state", consent->state);
	tasksync_url_parameter(&url, "&", "code_challenge", consent->code_challenge);
	tasksync_url_parameter(&url, "&", "code_challenge_method", "S256");
	return url.data;
}

static void
parse_exchange(const TasksyncTokenCall *call, const TasksyncHttpResponse *response,
			   TasksyncTokenAnswer *answer)
{
	(void) tasksync_oauth_token_answer(response, TASKSYNC_EXCHANGE, SERVICE, answer);
}

/*
 * Each renewal brings a new refresh token, and the old one opens nothing more:
 * repeated within a minute it gets the same access token once more and no
 * refresh token, later it ends the whole grant.  So an answer without one says
 * that the first answer was lost, and that there is nothing left to renew with.
 */
static void
parse_refresh(const TasksyncTokenCall *call, const TasksyncHttpResponse *response,
			  TasksyncTokenAnswer *answer)
{
	if (tasksync_oauth_token_answer(response, TASKSYNC_REFRESH, SERVICE, answer) != NULL)
		answer->refresh_spent = answer->refresh_token == NULL;
}

static void
build_revoke(const TasksyncTokenCall *call, TasksyncHttpRequest *request)
{
	StringInfoData form;

	tasksync_oauth_body_start(&form);
	tasksync_oauth_form(&form, "token", call->access_token);
	tasksync_oauth_form(&form, "token_type_hint", "access_token");
	tasksync_oauth_post(call, TASKSYNC_FORM_TYPE, &form, request);
	request->basic_user = call->client_id;
	request->basic_password = call->client_secret;
}

static void
parse_revoke(const TasksyncHttpResponse *response, TasksyncTokenAnswer *answer)
{
	tasksync_oauth_revoked(response, SERVICE, answer);
}

static const char *
missing_scope(const char *scope)
{
	if (scope == NULL || (tasksync_oauth_has_scope(scope, "data:read_write") &&
						  tasksync_oauth_has_scope(scope, "data:delete")))
		return NULL;
	return "Todoist did not grant the permission to read, write and delete tasks; "
		"connect the account again";
}

const TasksyncOAuth tasksync_todoist_oauth = {
	.provider = "todoist",
	.has_pkce = true,
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
