/*
 * oauth.c
 *	  The registry of the providers' OAuth, and whom their answers come from.
 *
 * Called by the engine in the worker, and by connect_account() and
 * complete_oauth() in backends.  Pure.
 */
#include "postgres.h"

#include "base/web_origin.h"
#include "provider/google_oauth.h"
#include "provider/notion_oauth.h"
#include "provider/oauth.h"
#include "provider/todoist_oauth.h"

static const TasksyncOAuth *const known[] = {
	&tasksync_todoist_oauth,
	&tasksync_google_oauth,
	&tasksync_notion_oauth,
};

const TasksyncOAuth *
tasksync_oauth_find(const char *provider)
{
	for (int i = 0; provider != NULL && i < (int) lengthof(known); i++)
	{
		if (strcmp(provider, known[i]->provider) == 0)
			return known[i];
	}
	return NULL;
}

bool
tasksync_oauth_is_issuer(const TasksyncOAuth *oauth, const char *issuer)
{
	/* a stand-in is its own issuer */
	if (tasksync_web_origin_listed(issuer, oauth->authorize_page()) ||
		tasksync_web_origin_listed(issuer, oauth->token_url()))
		return true;
	for (int i = 0; oauth->issuers != NULL && oauth->issuers[i] != NULL; i++)
	{
		if (strcmp(issuer, oauth->issuers[i]) == 0)
			return true;
	}
	return false;
}
