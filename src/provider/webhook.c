/*
 * webhook.c
 *	  The registry of the providers' webhooks.  Pure.
 *
 * Google Tasks has none.
 */
#include "postgres.h"

#include "provider/notion_webhook.h"
#include "provider/todoist_webhook.h"
#include "provider/webhook.h"

static const TasksyncWebhook *const known[] = {
	&tasksync_todoist_webhook,
	&tasksync_notion_webhook,
};

const TasksyncWebhook *
tasksync_webhook_find(const char *provider)
{
	for (int i = 0; provider != NULL && i < (int) lengthof(known); i++)
	{
		if (strcmp(provider, known[i]->provider) == 0)
			return known[i];
	}
	return NULL;
}
