/*
 * todoist_webhook.h
 *	  Todoist's webhooks.  Pure.
 */
#ifndef TASKSYNC_TODOIST_WEBHOOK_H
#define TASKSYNC_TODOIST_WEBHOOK_H

#include "provider/webhook.h"

extern const TasksyncWebhook tasksync_todoist_webhook;

#endif							/* TASKSYNC_TODOIST_WEBHOOK_H */
