/*
 * notion_webhook.h
 *	  Notion's webhooks.  Pure.
 */
#ifndef TASKSYNC_NOTION_WEBHOOK_H
#define TASKSYNC_NOTION_WEBHOOK_H

#include "provider/webhook.h"

extern const TasksyncWebhook tasksync_notion_webhook;

#endif							/* TASKSYNC_NOTION_WEBHOOK_H */
