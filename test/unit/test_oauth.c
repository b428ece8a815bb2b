/*
 * test_oauth.c
 *	  The three providers' OAuth without a server: links, calls and answers.
 */
#include "postgres.h"

#include "base/guc.h"
#include "provider/google_oauth.h"
#include "provider/notion_oauth.h"
#include "provider/oauth_wire.h"
#include "provider/todoist_oauth.h"
#include "todoist_kit.h"
#include "unit.h"

/* the time of the test: 2026-11-28 12:00:00 UTC */
#define NOW_UNIX_S INT64CONST(1795867200)
#define NOW ((NOW_UNIX_S - INT64CONST(946684800)) * USECS_PER_SEC)

static const TasksyncConsent consent = {
	.client_id = "id&1",
	.redirect_uri = "https://hub.example/api/rpc/oauth_callback",
	.state = "st-_1",
	.code_challenge = "ch-_1",
};

static TasksyncTokenCall
token_call(const TasksyncOAuth *oauth)
{
	TasksyncTokenCall call = {0};

	call.url = oauth->token_url();
	call.client_id = "id&1";
	call.client_secret = "s=1";
	call.code = "4/c+1";
	call.code_verifier = "ver~1";
	call.redirect_uri = consent.redirect_uri;
	call.refresh_token = "r+1";
	call.access_token = "a\"1";
	call.now = NOW;
	return call;
}

/* ---- links ---- */

static void
links(void)
{
	unit_is(tasksync_todoist_oauth.authorize_url(&consent),
			"https://app.todoist.com/oauth/authorize?client_id=id%261&response_type=code"
			"&scope=data%3Aread_write%2Cdata%3Adelete%2Cproject%3Adelete"
			"&redirect_uri=https%3A%2F%2Fhub.example%2Fapi%2Frpc%2Foauth_callback&state=st-_1"
			"&code_challenge=ch-_1&code_challenge_method=S256",
			"Todoist: commas between scopes, PKCE");
	unit_is(tasksync_google_oauth.authorize_url(&consent),
			"https://accounts.google.com/o/oauth2/v2/auth?client_id=id%261&response_type=code"
			"&scope=https%3A%2F%2Fwww.googleapis.com%2Fauth%2Ftasks%20openid%20email"
			"&redirect_uri=https%3A%2F%2Fhub.example%2Fapi%2Frpc%2Foauth_callback&state=st-_1"
			"&code_challenge=ch-_1&code_challenge_method=S256&access_type=offline&prompt=consent",
			"Google: blanks between scopes, PKCE, a refresh token at every consent");
	unit_is(tasksync_notion_oauth.authorize_url(&consent),
			"https://api.notion.com/v1/oauth/authorize?client_id=id%261&response_type=code"
			"&owner=user&redirect_uri=https%3A%2F%2Fhub.example%2Fapi%2Frpc%2Foauth_callback"
			"&state=st-_1",
			"Notion: neither scopes nor PKCE");
	unit_ok(tasksync_oauth_find("google_tasks") == &tasksync_google_oauth &&
				tasksync_oauth_find("Notion") == NULL && tasksync_oauth_find(NULL) == NULL,
			"found by the exact name");
}

static void
issuers(void)
{
	static const struct
	{
		const TasksyncOAuth *oauth;
		const char *issuer;
		bool good;
	} cases[] = {
		{&tasksync_google_oauth, "https://accounts.google.com", true},
		{&tasksync_google_oauth, "accounts.google.com", true},
		{&tasksync_google_oauth, "https://accounts.google.com.evil.example", false},
		{&tasksync_google_oauth, "https://app.todoist.com", false},
		{&tasksync_google_oauth, "", false},
		{&tasksync_todoist_oauth, "https://todoist.com", true},
		{&tasksync_todoist_oauth, "https://app.todoist.com", true},
		{&tasksync_todoist_oauth, "https://accounts.google.com", false},
		{&tasksync_notion_oauth, "https://api.notion.com", true},
		{&tasksync_notion_oauth, "http://api.notion.com", false},
	};

	for (int i = 0; i < (int) lengthof(cases); i++)
		unit_ok(tasksync_oauth_is_issuer(cases[i].oauth, cases[i].issuer) == cases[i].good,
				"%s as the issuer at %s", cases[i].issuer, cases[i].oauth->provider);
}

/* ---- requests ---- */

static void
exchanges(void)
{
	TasksyncHttpRequest request;
	TasksyncTokenCall call = token_call(&tasksync_todoist_oauth);
	const char *form =
		"grant_type=authorization_code&client_id=id%261"
		"&redirect_uri=https%3A%2F%2Fhub.example%2Fapi%2Frpc%2Foauth_callback&code=4%2Fc%2B1"
		"&code_verifier=ver~1&client_secret=s%3D1";

	tasksync_todoist_oauth.build_exchange(&call, &request);
	unit_is(request.url, "https://api.todoist.com/oauth/access_token", "Todoist: where");
	unit_is(request.body, form, "Todoist: a form with the secret in it");
	unit_ok(request.method == TASKSYNC_POST && request.body_length == strlen(form) &&
				request.basic_user == NULL,
			"Todoist: a POST without Basic");
	call = token_call(&tasksync_google_oauth);
	tasksync_google_oauth.build_exchange(&call, &request);
	unit_is(request.url, "https://oauth2.googleapis.com/token", "Google: where");
	unit_is(request.body, form, "Google: the same form");
	call = token_call(&tasksync_notion_oauth);
	tasksync_notion_oauth.build_exchange(&call, &request);
	unit_is(request.url, "https://api.notion.com/v1/oauth/token", "Notion: where");
	unit_is(request.body,
			"{\"grant_type\":\"authorization_code\",\"code\":\"4/c+1\","
			"\"redirect_uri\":\"https://hub.example/api/rpc/oauth_callback\"}",
			"Notion: JSON without the secret");
	unit_is(request.basic_user, "id&1", "Notion: Basic");
	unit_is(request.basic_password, "s=1", "Notion: with the secret");
	unit_is(request.headers[0], "Notion-Version: 2026-03-11", "Notion: the version");
}

static void
refreshes(void)
{
	TasksyncHttpRequest request;
	TasksyncTokenCall call = token_call(&tasksync_todoist_oauth);

	tasksync_todoist_oauth.build_refresh(&call, &request);
	unit_is(request.body,
			"grant_type=refresh_token&client_id=id%261&refresh_token=r%2B1&client_secret=s%3D1",
			"Todoist: renewal");
	unit_is(request.content_type, "application/x-www-form-urlencoded", "its type");
	call.client_secret = NULL;
	tasksync_google_oauth.build_refresh(&call, &request);
	unit_is(request.body, "grant_type=refresh_token&client_id=id%261&refresh_token=r%2B1",
			"a public client has no secret");
	tasksync_notion_oauth.build_refresh(&call, &request);
	unit_is(request.body, "{\"grant_type\":\"refresh_token\",\"refresh_token\":\"r+1\"}",
			"Notion: renewal");
}

static void
revocations(void)
{
	TasksyncHttpRequest request;
	TasksyncTokenCall call = token_call(&tasksync_todoist_oauth);

	call.url = tasksync_todoist_oauth.revoke_url();
	tasksync_todoist_oauth.build_revoke(&call, &request);
	unit_is(request.url, "https://api.todoist.com/api/v1/revoke", "Todoist: at the API itself");
	unit_is(request.body, "token=a%221&token_type_hint=access_token", "Todoist: the access token");
	unit_is(request.basic_user, "id&1", "Todoist: Basic here");
	call.url = tasksync_google_oauth.revoke_url();
	tasksync_google_oauth.build_revoke(&call, &request);
	unit_is(request.url, "https://oauth2.googleapis.com/revoke", "Google: where");
	unit_is(request.body, "token=r%2B1", "Google: the refresh token if there is one");
	call.refresh_token = NULL;
	tasksync_google_oauth.build_revoke(&call, &request);
	unit_is(request.body, "token=a%221", "Google: else the access token");
	call.url = tasksync_notion_oauth.revoke_url();
	tasksync_notion_oauth.build_revoke(&call, &request);
	unit_is(request.url, "https://api.notion.com/v1/oauth/revoke", "Notion: where");
	unit_is(request.body, "{\"token\":\"a\\\"1\"}", "Notion: JSON, escaped");
}

/* ---- answers ---- */

static TasksyncTokenAnswer
exchanged(const TasksyncOAuth *oauth, int status, const char *body)
{
	TasksyncTokenCall call = token_call(oauth);
	TasksyncTokenAnswer answer;
	TasksyncHttpResponse response = kit_response(status, body);

	oauth->parse_exchange(&call, &response, &answer);
	return answer;
}

static TasksyncTokenAnswer
renewed(const TasksyncOAuth *oauth, int status, const char *body)
{
	TasksyncTokenCall call = token_call(oauth);
	TasksyncTokenAnswer answer;
	TasksyncHttpResponse response = kit_response(status, body);

	oauth->parse_refresh(&call, &response, &answer);
	return answer;
}

static void
check_denied(const TasksyncOAuth *oauth, int status, const char *body, TasksyncOutcome expected,
			 const char *code, const char *name)
{
	TasksyncTokenAnswer answer = renewed(oauth, status, body);
	TasksyncTokenAnswer first = exchanged(oauth, status, body);

	unit_ok(answer.outcome == expected && answer.access_token == NULL &&
				answer.error_message != NULL && strstr(answer.error_message, "secret") == NULL,
			"%s: %s", oauth->provider, name);
	unit_is(answer.error_code, code, psprintf("%s: %s: the code", oauth->provider, name));
	unit_ok(first.outcome == expected && first.access_token == NULL &&
				first.error_message != NULL && strstr(first.error_message, "secret") == NULL &&
				strcmp(first.error_code, code) == 0,
			"%s: %s: the same at the exchange", oauth->provider, name);
}

static void
refusals(const TasksyncOAuth *oauth)
{
	check_denied(oauth, 400, "{'error':'invalid_grant'}", TASKSYNC_FORBIDDEN, "invalid_grant",
				 "the grant is gone: connect again");
	check_denied(oauth, 400, "{'error':'invalid_client'}", TASKSYNC_BAD_REQUEST, "invalid_client",
				 "the app's fault, not the person's");
	check_denied(oauth, 401, "{'error':'incorrect_application_credentials'}", TASKSYNC_BAD_REQUEST,
				 "incorrect_application_credentials", "the same with another status");
	check_denied(oauth, 400, "{'error':'secret thing'}", TASKSYNC_BAD_REQUEST, "HTTP_400",
				 "an error nobody knows");
	check_denied(oauth, 400, "{'error':17}", TASKSYNC_BAD_REQUEST, "HTTP_400",
				 "an error that is no text");
	check_denied(oauth, 400, "{'code':'validation_error','message':'secret'}",
				 TASKSYNC_BAD_REQUEST, "validation_error", "an error under another name");
	check_denied(oauth, 200, "{'token_type':'Bearer'}", TASKSYNC_BAD_ANSWER, "no_access_token",
				 "success without a token");
	check_denied(oauth, 200, "{'access_token':'a\\r\\nX-Evil: 1'}", TASKSYNC_BAD_ANSWER,
				 "no_access_token", "a token that would break out of its header");
	check_denied(oauth, 200, "<html>", TASKSYNC_BAD_ANSWER, "not_json", "a page for an answer");
	check_denied(oauth, 200, "[]", TASKSYNC_BAD_ANSWER, "not_json", "a list for an answer");
	check_denied(oauth, 400, "<html>", TASKSYNC_BAD_ANSWER, "not_json", "a refusal by another");
	check_denied(oauth, 302, "<html>", TASKSYNC_BAD_ANSWER, "not_json", "a redirect");
	check_denied(oauth, 429, "", TASKSYNC_TRY_LATER, "HTTP_429", "too many");
	check_denied(oauth, 503, "<html>", TASKSYNC_TRY_LATER, "HTTP_503", "a service in trouble");
}

static void
tokens(void)
{
	const TasksyncOAuth *todoist = &tasksync_todoist_oauth;
	TasksyncTokenAnswer answer =
		renewed(todoist, 200,
				"{'access_token':'aaaa','token_type':'Bearer','expires_in':3600,"
				"'refresh_token':'bbbb','scope':'data:read_write data:delete'}");

	unit_ok(answer.outcome == TASKSYNC_OK && answer.expires_in == 3600, "a new pair");
	unit_is(answer.access_token, "aaaa", "the access token");
	unit_is(answer.refresh_token, "bbbb", "trap 23: the refresh token that replaces the old one");
	unit_is(answer.scope, "data:read_write data:delete", "the scope");
	answer = renewed(todoist, 200, "{'access_token':'aaaa','expires_in':3600}");
	unit_ok(answer.outcome == TASKSYNC_OK && answer.refresh_token == NULL,
			"trap 23: within the grace period the old one is kept");
	unit_ok(renewed(todoist, 200, "{'access_token':'aaaa','expires_in':315360000}").expires_in == 0,
			"ten years mean never");
	unit_ok(renewed(todoist, 200, "{'access_token':'aaaa'}").expires_in == 0, "so does none");
	unit_ok(renewed(todoist, 200, "{'access_token':'aaaa','expires_in':-5}").expires_in == 0,
			"a negative time is none");
	unit_ok(exchanged(todoist, 400, "{'error':'bad_authorization_code'}").outcome ==
				TASKSYNC_FORBIDDEN,
			"a code that was used or made up");
	answer = exchanged(&tasksync_notion_oauth, 200,
					   "{'access_token':'ntn_x','token_type':'bearer','refresh_token':null,"
					   "'bot_id':'6F0C','workspace_id':'B1D2A7E0C3F44C0D9A55B2C1D0E9F801'}");
	unit_ok(answer.outcome == TASKSYNC_OK && answer.refresh_token == NULL && answer.expires_in == 0,
			"Notion: no refresh token, no lifetime");
	unit_is(answer.workspace_id, "b1d2a7e0-c3f4-4c0d-9a55-b2c1d0e9f801",
			"Notion: the workspace in one spelling");
	unit_ok(answer.person_id == NULL, "Notion: nobody in particular agreed");
	answer = exchanged(&tasksync_notion_oauth, 200,
					   "{'access_token':'x','workspace_id':'b1d2a7e0c3f44c0d9a55b2c1d0e9f801',"
					   "'owner':{'type':'user','user':{'object':'user',"
					   "'id':'C2F2A7E0-c3f4-4c0d-9a55-b2c1d0e9f802'}}}");
	unit_is(answer.person_id,
			"b1d2a7e0-c3f4-4c0d-9a55-b2c1d0e9f801/c2f2a7e0-c3f4-4c0d-9a55-b2c1d0e9f802",
			"Notion: who agreed, and where");
}

static void
revoked(void)
{
	static const struct
	{
		int status;
		const char *body;
		TasksyncOutcome outcome;
	} cases[] = {
		{200, "null", TASKSYNC_OK},
		{200, "", TASKSYNC_OK},
		{400, "{'error':'invalid_token'}", TASKSYNC_OK},
		{400, "{'error':'invalid_request'}", TASKSYNC_BAD_REQUEST},
		{401, "{'error':'invalid_client'}", TASKSYNC_BAD_REQUEST},
		{404, "<html>", TASKSYNC_BAD_REQUEST},
		{429, "", TASKSYNC_TRY_LATER},
		{500, "", TASKSYNC_TRY_LATER},
	};

	for (int i = 0; i < (int) lengthof(cases); i++)
	{
		TasksyncHttpResponse response = kit_response(cases[i].status, cases[i].body);
		TasksyncTokenAnswer answer;

		tasksync_google_oauth.parse_revoke(&response, &answer);
		unit_ok(answer.outcome == cases[i].outcome, "revocation: %d %s", cases[i].status,
				cases[i].body);
	}
}

static void
scopes(void)
{
	unit_ok(tasksync_google_oauth.missing_scope(NULL) == NULL, "as asked for");
	unit_ok(tasksync_google_oauth.missing_scope("openid https://www.googleapis.com/auth/tasks") ==
				NULL,
			"Google: granted, spelt differently");
	unit_ok(tasksync_google_oauth.missing_scope(
				"openid https://www.googleapis.com/auth/userinfo.email") != NULL,
			"Google: the box was not ticked");
	unit_ok(tasksync_google_oauth.missing_scope("https://www.googleapis.com/auth/tasks.readonly") !=
				NULL,
			"Google: reading alone is not enough");
	unit_ok(tasksync_todoist_oauth.missing_scope("data:read_write data:delete") == NULL &&
				tasksync_todoist_oauth.missing_scope("data:read_write,data:delete") == NULL &&
				tasksync_todoist_oauth.missing_scope("data:read,data:delete") != NULL &&
				tasksync_todoist_oauth.missing_scope("") != NULL,
			"Todoist: blanks or commas");
}

/* ---- Google's identity token ---- */

static char *
base64url(const char *text)
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	size_t length = strlen(text);
	char *result = palloc0(length * 2 + 4);
	size_t n = 0;
	uint32 bits = 0;
	int held = 0;

	for (size_t i = 0; i < length; i++)
	{
		bits = (bits << 8) | (unsigned char) text[i];
		held += 8;
		for (; held >= 6; held -= 6)
			result[n++] = alphabet[(bits >> (held - 6)) & 63];
	}
	if (held > 0)
		result[n++] = alphabet[(bits << (6 - held)) & 63];
	return result;
}

static const char *
subject_from(const char *claims)
{
	char *body = psprintf("{'access_token':'ya29.x','expires_in':3599,'id_token':'%s.%s.%s'}",
						  base64url("{\"alg\":\"RS256\"}"), base64url(claims), "c2ln");

	return exchanged(&tasksync_google_oauth, 200, body).subject;
}

static void
identity_tokens(void)
{
	static const char good[] = "{\"iss\":\"https://accounts.google.com\",\"aud\":\"id&1\","
		"\"sub\":\"10769150350006150715113082367\",\"exp\":1795870800,\"email\":\"a@example.com\"}";

	unit_is(subject_from(good), "10769150350006150715113082367", "the subject");
	unit_is(subject_from("{\"iss\":\"accounts.google.com\",\"aud\":[\"x\",\"id&1\"],\"sub\":\"7\","
						 "\"exp\":1795867000}"),
			"7", "both spellings of the issuer, a list of audiences, clocks that differ");
	unit_ok(subject_from("{\"iss\":\"https://evil.example\",\"aud\":\"id&1\",\"sub\":\"7\","
						 "\"exp\":1795870800}") == NULL,
			"another issuer");
	unit_ok(subject_from("{\"iss\":\"accounts.google.com\",\"aud\":\"other\",\"sub\":\"7\","
						 "\"exp\":1795870800}") == NULL,
			"meant for another app");
	unit_ok(subject_from("{\"iss\":\"accounts.google.com\",\"aud\":\"id&1\",\"sub\":\"7\","
						 "\"exp\":1795866000}") == NULL,
			"out of date");
	unit_ok(subject_from("{\"iss\":\"accounts.google.com\",\"aud\":\"id&1\",\"exp\":1795870800}") ==
				NULL,
			"without a subject");
	unit_ok(subject_from("not json") == NULL, "no JSON");
	unit_ok(exchanged(&tasksync_google_oauth, 200, "{'access_token':'x','id_token':'a.*.c'}")
					.subject == NULL,
			"no base64url");
	unit_ok(exchanged(&tasksync_google_oauth, 200, "{'access_token':'x','id_token':'abc'}")
					.subject == NULL,
			"no token of three parts");
	unit_ok(exchanged(&tasksync_google_oauth, 200, "{'access_token':'x'}").outcome == TASKSYNC_OK,
			"none at all");
}

static void
userinfo(void)
{
	TasksyncHttpRequest request;
	TasksyncHttpResponse response = kit_response(200, "{'sub':'77','email':'a@example.com'}");
	TasksyncAnswer answer = {0};

	tasksync_google_build_userinfo(&request);
	unit_is(request.url, "https://openidconnect.googleapis.com/v1/userinfo", "on another host");
	tasksync_google_oauth_url = "http://127.0.0.1:8080/oauth";
	tasksync_google_build_userinfo(&request);
	unit_is(request.url, "http://127.0.0.1:8080/oauth/userinfo", "of a stand-in");
	tasksync_google_oauth_url = "https://oauth2.googleapis.com";
	tasksync_google_parse_userinfo(&response, &answer);
	unit_is(answer.external_id, "77", "the subject, and not the address, is the identity");
	unit_is(answer.display_name, "a@example.com", "the address is for people");
	memset(&answer, 0, sizeof(answer));
	response = kit_response(401, "{'error':'invalid_token'}");
	tasksync_google_parse_userinfo(&response, &answer);
	unit_ok(answer.outcome == TASKSYNC_TOKEN_EXPIRED, "a token that is not accepted");
	memset(&answer, 0, sizeof(answer));
	response = kit_response(200, "{'email':'a@example.com'}");
	tasksync_google_parse_userinfo(&response, &answer);
	unit_ok(answer.outcome == TASKSYNC_BAD_ANSWER && answer.external_id == NULL, "no subject");
}

int
main(void)
{
	unit_start();
	links();
	issuers();
	exchanges();
	refreshes();
	revocations();
	tokens();
	refusals(&tasksync_todoist_oauth);
	refusals(&tasksync_google_oauth);
	refusals(&tasksync_notion_oauth);
	revoked();
	scopes();
	identity_tokens();
	userinfo();
	return unit_done();
}
