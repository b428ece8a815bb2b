/*
 * oauth.h
 *	  How a person lets TaskSync into an account: the page to agree on, and the
 *	  calls that turn a code into tokens, renew them and give them back.
 *
 * RFC 6749 with PKCE (RFC 7636) where the provider takes it.  A provider's part
 * is one file with one TasksyncOAuth and a line in the registry.  All of it is
 * pure, as provider.h demands; the sync worker carries the requests out.
 */
#ifndef TASKSYNC_OAUTH_H
#define TASKSYNC_OAUTH_H

#include "postgres.h"

#include "datatype/timestamp.h"

#include "net/http.h"
#include "provider/provider.h"

/* longest code, token or verifier that is taken or sent, in bytes */
#define TASKSYNC_MAX_TOKEN 4096

/* what the link to the page of consent is made of */
typedef struct TasksyncConsent
{
	const char *client_id;
	const char *redirect_uri;
	const char *state;
	const char *code_challenge; /* S256; left out where the provider has no PKCE */
} TasksyncConsent;

/* one call of a token endpoint; what it does not need is NULL */
typedef struct TasksyncTokenCall
{
	const char *url;			/* from token_url() or revoke_url() */
	const char *client_id;
	const char *client_secret;	/* NULL for a public client */
	const char *code;			/* exchange */
	const char *code_verifier;
	const char *redirect_uri;	/* the same bytes as in the link */
	const char *refresh_token;	/* refresh; revoke: if there is one */
	const char *access_token;	/* revoke */
	TimestampTz now;			/* when the call is made */
} TasksyncTokenCall;

typedef struct TasksyncTokenAnswer
{
	/*
	 * FORBIDDEN = the code or the refresh token is not accepted (any more): only
	 * the person can help.  BAD_REQUEST = the app is not: only the operator can.
	 */
	TasksyncOutcome outcome;
	int64		retry_after_ms;
	const char *error_code;
	const char *error_message;	/* for people; never quotes what the provider said */
	const char *access_token;
	const char *refresh_token;	/* NULL = keep the one we have */
	bool		refresh_spent;	/* no, it is used up, and its successor went with a lost answer */
	int64		expires_in;		/* seconds, 0 = never, or not told */
	const char *scope;			/* as told, NULL = what was asked for */
	/* exchange: who agreed, if the answer says so */
	const char *subject;		/* comparable with an account's external_id; or NULL */
	const char *workspace_id;	/* what the account is part of there; or NULL */
	/*
	 * Where each consent may make another external_id: who agreed, and so whose
	 * account it is all the same.  Comparable with person_id; or NULL.
	 */
	const char *person_id;
} TasksyncTokenAnswer;

typedef struct TasksyncOAuth
{
	const char *provider;		/* name in the registry of providers */
	bool		has_pkce;
	bool		needs_secret;	/* there are no public clients */
	bool		consent_only;	/* a person cannot get a token there by hand */
	const char *scopes;			/* that are asked for, in the provider's notation; or NULL */
	const char *const *issuers; /* what `iss` may say besides the page's origin; NULL-terminated */

	/* from the settings; palloc'd or constant */
	const char *(*authorize_page) (void);
	const char *(*token_url) (void);
	const char *(*revoke_url) (void);

	/* the link, palloc'd */
	char	   *(*authorize_url) (const TasksyncConsent *consent);

	void		(*build_exchange) (const TasksyncTokenCall *call, TasksyncHttpRequest *request);
	void		(*parse_exchange) (const TasksyncTokenCall *call,
								   const TasksyncHttpResponse *response,
								   TasksyncTokenAnswer *answer);
	void		(*build_refresh) (const TasksyncTokenCall *call, TasksyncHttpRequest *request);
	void		(*parse_refresh) (const TasksyncTokenCall *call,
								  const TasksyncHttpResponse *response,
								  TasksyncTokenAnswer *answer);
	void		(*build_revoke) (const TasksyncTokenCall *call, TasksyncHttpRequest *request);
	/* OK also if there was nothing left to give back */
	void		(*parse_revoke) (const TasksyncHttpResponse *response, TasksyncTokenAnswer *answer);

	/*
	 * NULL if what was granted suffices, else a sentence for people: Google lets
	 * them untick single permissions.  `scope` NULL = all that was asked for.
	 */
	const char *(*missing_scope) (const char *scope);
} TasksyncOAuth;

/* NULL for a provider without a page of consent */
extern const TasksyncOAuth *tasksync_oauth_find(const char *provider);

/*
 * RFC 9207: may an answer to the redirect name this issuer?  One that is not
 * the provider that was asked means that the answers of two were mixed up.
 */
extern bool tasksync_oauth_is_issuer(const TasksyncOAuth *oauth, const char *issuer);

#endif							/* TASKSYNC_OAUTH_H */
