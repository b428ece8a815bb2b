/*
 * webhook.h
 *	  What a provider's webhook may tell: whom it concerns, and nothing else.
 *
 * Todoist and Notion call an address of ours when something changed there.  A
 * delivery is signed but late, doubled or out of order, so only these names are
 * taken from it: the accounts that they belong to are read.  Pure, and as
 * provider.h demands never an error for anything that foreign bytes hold.
 */
#ifndef TASKSYNC_WEBHOOK_H
#define TASKSYNC_WEBHOOK_H

#include "postgres.h"

/* accounts that one delivery may name */
#define TASKSYNC_WEBHOOK_ACCOUNTS 64

typedef struct TasksyncDelivery
{
	const char *id;				/* of the delivery, if the body has it; or NULL */
	int			naccounts;
	const char **accounts;		/* as accounts.external_id */
	const char *workspace_id;	/* as accounts.workspace_id; or NULL */
	const char *container_id;	/* as containers.remote_id; or NULL */
	const char *offered_secret; /* a handshake: what later deliveries are signed with; or NULL */
} TasksyncDelivery;

typedef struct TasksyncWebhook
{
	const char *provider;		/* name in the registry of providers */
	const char *signature_header;	/* in lower case */
	const char *delivery_header;	/* NULL: the id is in the body */
	bool		uses_client_secret; /* signed with the secret of the OAuth app */
	bool		has_handshake;	/* the provider tells the secret to the address first */

	/* false if the body is nothing that this provider sends */
	bool		(*read) (const char *body, size_t length, TasksyncDelivery *delivery);
} TasksyncWebhook;

/* NULL for a provider without webhooks */
extern const TasksyncWebhook *tasksync_webhook_find(const char *provider);

#endif							/* TASKSYNC_WEBHOOK_H */
