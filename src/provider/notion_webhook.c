/*
 * notion_webhook.c
 *	  Notion's webhooks: a handshake with a token, then events that carry ids.
 *
 * Called by api/webhook_api.c.  Pure.
 *
 * Public connections name the bots that may see the object; internal ones name
 * the workspace and, for most events, the data source.  Whoever asks takes the
 * narrowest of the three that fits an account.
 */
#include "postgres.h"

#include "base/json.h"
#include "provider/notion_webhook.h"
#include "provider/url.h"

#define MAX_EVENT_ID 128
#define MAX_SECRET 512

/* a text of visible ASCII up to a length, in a copy; NULL otherwise */
static const char *
plain(const json_t *object, const char *key, size_t limit)
{
	const char *text = tasksync_json_string(object, key);

	if (text == NULL || *text == '\0' || strlen(text) > limit)
		return NULL;
	for (const char *p = text; *p != '\0'; p++)
	{
		if (*p <= ' ' || *p > '~')
			return NULL;
	}
	return pstrdup(text);
}

static void
read_bots(const json_t *list, TasksyncDelivery *delivery)
{
	const json_t *one;
	size_t		i;

	delivery->accounts = palloc(sizeof(char *) * TASKSYNC_WEBHOOK_ACCOUNTS);
	json_array_foreach(list, i, one)
	{
		const char *id = json_is_object(one)
			? tasksync_uuid_spelling(tasksync_json_string(one, "id")) : NULL;

		if (id != NULL && delivery->naccounts < TASKSYNC_WEBHOOK_ACCOUNTS)
			delivery->accounts[delivery->naccounts++] = id;
	}
}

static bool
read_body(const char *body, size_t length, TasksyncDelivery *delivery)
{
	const char *ignored;
	json_t	   *json = tasksync_json_parse(body, length, &ignored);
	json_t	   *parent;

	memset(delivery, 0, sizeof(*delivery));
	if (!json_is_object(json))
		return false;
	delivery->offered_secret = plain(json, "verification_token", MAX_SECRET);
	if (delivery->offered_secret != NULL)
		return true;
	delivery->id = plain(json, "id", MAX_EVENT_ID);
	if (delivery->id == NULL || tasksync_json_string(json, "type") == NULL)
		return false;
	delivery->workspace_id = tasksync_uuid_spelling(tasksync_json_string(json, "workspace_id"));
	parent = json_object_get(json_object_get(json, "data"), "parent");
	if (json_is_object(parent))
		delivery->container_id =
			tasksync_uuid_spelling(tasksync_json_string(parent, "data_source_id"));
	read_bots(json_object_get(json, "accessible_by"), delivery);
	return true;
}

const TasksyncWebhook tasksync_notion_webhook = {
	.provider = "notion",
	.signature_header = "x-notion-signature",
	.has_handshake = true,
	.read = read_body,
};
