/*
 * oauth_wire.h
 *	  What the providers' token calls have in common: forms, answers, refusals.
 *	  Pure.
 */
#ifndef TASKSYNC_OAUTH_WIRE_H
#define TASKSYNC_OAUTH_WIRE_H

#include "postgres.h"

#include "lib/stringinfo.h"

#include "base/json.h"
#include "provider/oauth.h"

/* starts a body that will hold secrets: it never grows, which would leave copies behind */
extern void tasksync_oauth_body_start(StringInfo body);
/* a member of a form; nothing for NULL */
extern void tasksync_oauth_form(StringInfo body, const char *name, const char *value);
/* a member of a JSON object, its braces included: "{" before the first, "," before others */
extern void tasksync_oauth_member(StringInfo body, const char *before, const char *name,
								  const char *value);
#define TASKSYNC_FORM_TYPE "application/x-www-form-urlencoded"

/* a POST of the body to call->url */
extern void tasksync_oauth_post(const TasksyncTokenCall *call, const char *content_type,
								const StringInfoData *body, TasksyncHttpRequest *request);

/*
 * Exchange and refresh as RFC 6749 (4.1.3 and 6) has them, with the client's
 * secret in the form: what most services take.
 */
extern void tasksync_oauth_build_exchange(const TasksyncTokenCall *call,
										  TasksyncHttpRequest *request);
extern void tasksync_oauth_build_refresh(const TasksyncTokenCall *call,
										 TasksyncHttpRequest *request);

typedef enum TasksyncTokenCallKind
{
	TASKSYNC_EXCHANGE,
	TASKSYNC_REFRESH,
} TasksyncTokenCallKind;

/*
 * Reads the tokens, the scope and the lifetime, or what was refused and by whom
 * it can be mended.  Result: the answer's JSON for what else it holds, with the
 * tokens in it wiped; NULL unless the outcome is OK.  `service` is the
 * provider's name for people.
 */
extern json_t *tasksync_oauth_token_answer(const TasksyncHttpResponse *response,
										   TasksyncTokenCallKind kind, const char *service,
										   TasksyncTokenAnswer *answer);
/* the same for a revocation, which tells nothing but whether it worked */
extern void tasksync_oauth_revoked(const TasksyncHttpResponse *response, const char *service,
								   TasksyncTokenAnswer *answer);

/* is `wanted` among the scopes, which blanks or commas separate? */
extern bool tasksync_oauth_has_scope(const char *scopes, const char *wanted);

#endif							/* TASKSYNC_OAUTH_WIRE_H */
