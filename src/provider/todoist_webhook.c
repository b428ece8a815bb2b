/*
 * todoist_webhook.c
 *	  Todoist's webhooks: `user_id` is the user that the delivery is for.
 *
 * Called by api/webhook_api.c.  Pure.  `initiator` made the change and may be
 * somebody else; `event_data` may be older than what was read since.
 */
#include "postgres.h"

#include "base/json.h"
#include "provider/todoist_webhook.h"

#define MAX_USER_ID 64

static bool
read_body(const char *body, size_t length, TasksyncDelivery *delivery)
{
	const char *ignored;
	const char *user;
	json_t	   *json = tasksync_json_parse(body, length, &ignored);

	memset(delivery, 0, sizeof(*delivery));
	user = json_is_object(json) ? tasksync_json_id(json, "user_id") : NULL;
	if (user == NULL || *user == '\0' || strlen(user) > MAX_USER_ID ||
		tasksync_json_string(json, "event_name") == NULL)
		return false;
	delivery->naccounts = 1;
	delivery->accounts = palloc(sizeof(char *));
	delivery->accounts[0] = pstrdup(user);
	return true;
}

const TasksyncWebhook tasksync_todoist_webhook = {
	.provider = "todoist",
	.signature_header = "x-todoist-hmac-sha256",
	.delivery_header = "x-todoist-delivery-id",
	.uses_client_secret = true,
	.read = read_body,
};
