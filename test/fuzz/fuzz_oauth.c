/*
 * fuzz_oauth.c
 *	  Arbitrary bytes as the answer to a token call, and as a webhook: whatever
 *	  comes, the outcome is one of those promised, what is believed is well
 *	  formed, and no text of the input gets into a message.
 *
 * The first byte of an input chooses the provider and the question, the second
 * the HTTP status; the rest is the body.
 */
#include "postgres.h"

#include "base/json.h"
#include "fuzz.h"
#include "provider/google_oauth.h"
#include "provider/notion_oauth.h"
#include "provider/notion_webhook.h"
#include "provider/todoist_oauth.h"
#include "provider/todoist_webhook.h"

/* no message of ours holds this */
#define MARK "Secret Text"

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	stubs_init();
	return 0;
}

static void
check_visible(const char *text, size_t most)
{
	if (text == NULL)
		return;
	FUZZ_CHECK(*text != '\0' && strlen(text) <= most);
	for (const char *p = text; *p != '\0'; p++)
		FUZZ_CHECK(*p > ' ' && *p <= '~');
}

static void
check_tokens(const TasksyncTokenAnswer *answer, bool brings_tokens)
{
	FUZZ_CHECK((answer->outcome == TASKSYNC_OK) == (answer->error_code == NULL));
	FUZZ_CHECK((answer->error_code == NULL) == (answer->error_message == NULL));
	FUZZ_CHECK(answer->error_message == NULL || strstr(answer->error_message, MARK) == NULL);
	FUZZ_CHECK(answer->error_code == NULL || strlen(answer->error_code) < 64);
	FUZZ_CHECK(answer->expires_in >= 0 && answer->retry_after_ms >= 0);
	FUZZ_CHECK(!brings_tokens ||
			   (answer->outcome == TASKSYNC_OK) == (answer->access_token != NULL));
	check_visible(answer->access_token, TASKSYNC_MAX_TOKEN);
	check_visible(answer->refresh_token, TASKSYNC_MAX_TOKEN);
	FUZZ_CHECK(answer->workspace_id == NULL || strlen(answer->workspace_id) == 36);
	FUZZ_CHECK(answer->subject == NULL || strlen(answer->subject) <= 200);
}

static void
token_answer(uint8_t letter, const TasksyncHttpResponse *response)
{
	static const TasksyncOAuth *const all[] = {
		&tasksync_todoist_oauth, &tasksync_google_oauth, &tasksync_notion_oauth,
	};
	const TasksyncOAuth *oauth = all[letter % lengthof(all)];
	TasksyncTokenCall call = {.url = "x", .client_id = "client", .now = USECS_PER_DAY};
	TasksyncTokenAnswer answer;

	switch (letter / lengthof(all) % 3)
	{
		case 0:
			oauth->parse_exchange(&call, response, &answer);
			check_tokens(&answer, true);
			if (answer.outcome == TASKSYNC_OK)
				(void) oauth->missing_scope(answer.scope);
			break;
		case 1:
			oauth->parse_refresh(&call, response, &answer);
			check_tokens(&answer, true);
			break;
		default:
			oauth->parse_revoke(response, &answer);
			check_tokens(&answer, false);
			break;
	}
}

static void
userinfo(const TasksyncHttpResponse *response)
{
	TasksyncAnswer answer = {0};

	tasksync_google_parse_userinfo(response, &answer);
	FUZZ_CHECK((answer.outcome == TASKSYNC_OK) == (answer.external_id != NULL));
	FUZZ_CHECK(answer.error_message == NULL || strstr(answer.error_message, MARK) == NULL);
}

static void
webhook(const TasksyncWebhook *scheme, const TasksyncHttpResponse *response)
{
	TasksyncDelivery delivery;

	if (!scheme->read(response->body, response->body_length, &delivery))
		return;
	FUZZ_CHECK(delivery.naccounts >= 0 && delivery.naccounts <= TASKSYNC_WEBHOOK_ACCOUNTS);
	for (int i = 0; i < delivery.naccounts; i++)
		FUZZ_CHECK(delivery.accounts[i] != NULL && *delivery.accounts[i] != '\0');
	FUZZ_CHECK(delivery.offered_secret == NULL || scheme->has_handshake);
	check_visible(delivery.offered_secret, 512);
	check_visible(delivery.id, 200);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int statuses[] = {200, 400, 401, 403, 404, 429, 500, 302, 204};
	TasksyncHttpResponse response = {0};
	char *body;

	if (size < 2)
		return 0;
	body = palloc(size - 1);
	memcpy(body, data + 2, size - 2);
	body[size - 2] = '\0';
	response.status = statuses[data[1] % lengthof(statuses)];
	response.body = body;
	response.body_length = size - 2;
	strlcpy(response.date, "Sun, 22 Nov 2026 10:00:00 GMT", sizeof(response.date));
	switch (data[0])
	{
		case 't':
			webhook(&tasksync_todoist_webhook, &response);
			break;
		case 'n':
			webhook(&tasksync_notion_webhook, &response);
			break;
		case 'u':
			userinfo(&response);
			break;
		default:
			token_answer(data[0], &response);
			break;
	}
	stubs_reset();
	return 0;
}
