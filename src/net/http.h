/*
 * http.h
 *	  Many HTTP requests at a time, driven from an event loop.
 *
 * Runs in the sync worker only.  One TasksyncHttp per process for its whole
 * life: connections and HTTP/2 streams are shared between all accounts of one
 * provider.  No call here waits; the caller waits on tasksync_http_fd()
 * together with its latch.
 */
#ifndef TASKSYNC_HTTP_H
#define TASKSYNC_HTTP_H

#include "postgres.h"

typedef struct TasksyncHttp TasksyncHttp;
typedef struct TasksyncTransfer TasksyncTransfer;

typedef enum TasksyncMethod
{
	TASKSYNC_GET,
	TASKSYNC_POST,
	TASKSYNC_PATCH,
	TASKSYNC_PUT,
	TASKSYNC_DELETE,
} TasksyncMethod;

typedef struct TasksyncHttpRequest
{
	TasksyncMethod method;
	const char *url;			/* whole, without secrets in the query */
	const char *content_type;	/* NULL without a body */
	const char *body;
	size_t		body_length;
	const char *bearer;			/* goes into Authorization; wiped by start() after copying */
	const char *basic_user;		/* or HTTP Basic */
	const char *basic_password;
	const char *headers[8];		/* further "Name: value", NULL-terminated */
	int			timeout_ms;		/* at most; 0 = tasksync.request_timeout */
	size_t		max_response;	/* at most; 0 = tasksync.max_response_size */
} TasksyncHttpRequest;

typedef enum TasksyncHttpOutcome
{
	TASKSYNC_HTTP_ANSWERED,		/* a complete answer, whatever its status */
	TASKSYNC_HTTP_NOT_SENT,		/* surely nothing of it was processed: no connection */
	TASKSYNC_HTTP_UNKNOWN,		/* sent, but no complete answer */
	TASKSYNC_HTTP_TOO_LARGE,	/* longer than tasksync.max_response_size; unknown for writes */
	TASKSYNC_HTTP_REFUSED,		/* not even tried: forbidden address or malformed URL */
} TasksyncHttpOutcome;

typedef struct TasksyncHttpResponse
{
	TasksyncHttpOutcome outcome;
	int			status;
	const char *body;			/* NUL-terminated, owned by the transfer */
	size_t		body_length;
	char		content_type[128];
	char		retry_after[64];	/* raw header, "" if absent */
	char		rate_reset[32];	/* x-ratelimit-reset */
	char		date[64];
	char		error[256];		/* for people, if not ANSWERED; no URL query, no header */
	int64		sent_bytes;
	int64		received_bytes;
	int64		elapsed_ms;
} TasksyncHttpResponse;

extern TasksyncHttp *tasksync_http_create(void);
extern void tasksync_http_destroy(TasksyncHttp *http);

/* readable when tasksync_http_drive() has something to do */
extern int	tasksync_http_fd(TasksyncHttp *http);
/* at most how long to wait before drive(); -1 = as long as you like */
extern long tasksync_http_timeout_ms(TasksyncHttp *http);

/* copies everything it needs; `owner` comes back with the finished transfer */
extern TasksyncTransfer *tasksync_http_start(TasksyncHttp *http, const TasksyncHttpRequest *request,
											 void *owner);
extern void tasksync_http_drive(TasksyncHttp *http);
/* next finished transfer or NULL */
extern TasksyncTransfer *tasksync_http_finished(TasksyncHttp *http);
extern void *tasksync_transfer_owner(TasksyncTransfer *transfer);
extern const TasksyncHttpResponse *tasksync_transfer_response(TasksyncTransfer *transfer);
/* frees it; one that is still under way is cancelled */
extern void tasksync_transfer_release(TasksyncTransfer *transfer);
extern int	tasksync_http_under_way(TasksyncHttp *http);
/* how many requests may be under way: max_concurrent_accounts, less if descriptors are short */
extern int	tasksync_http_capacity(TasksyncHttp *http);
/* for an idle moment: returns memory to the system after large answers */
extern void tasksync_http_trim(TasksyncHttp *http);

#endif							/* TASKSYNC_HTTP_H */
