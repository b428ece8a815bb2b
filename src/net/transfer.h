/*
 * transfer.h
 *	  One request and its answer, as libcurl sees them.
 *
 * Between http.c and transfer.c only.  Memory here is malloc'd: libcurl's
 * callbacks fill it and must not raise errors.
 */
#ifndef TASKSYNC_TRANSFER_H
#define TASKSYNC_TRANSFER_H

#include "postgres.h"

#include "lib/ilist.h"
#include "net/http.h"

struct curl_slist;

typedef enum TasksyncTransferState
{
	TASKSYNC_TRANSFER_IDLE,		/* in the pool */
	TASKSYNC_TRANSFER_UNDER_WAY,
	TASKSYNC_TRANSFER_FINISHED, /* response is valid until it is released */
} TasksyncTransferState;

struct TasksyncTransfer
{
	dlist_node	node;			/* in one of the lists of its TasksyncHttp */
	TasksyncHttp *http;
	TasksyncTransferState state;
	void	   *owner;
	void	   *easy;			/* CURL * */

	struct curl_slist *headers; /* holds the bearer: wiped before it is freed */
	char	   *out;			/* body of the request */
	size_t		out_size;

	char	   *in;				/* body of the answer */
	size_t		in_size;
	size_t		in_limit;
	int			sends;			/* how often the request started to leave */
	bool		may_resend;		/* harmless if it arrives twice */
	bool		too_large;
	bool		out_of_memory;
	bool		forbidden;		/* the address policy said no */
	bool		allow_private;	/* the policy of the moment it was started */
	char		problem[256];	/* libcurl's own words */

	TasksyncHttpResponse response;
};

/* NULL if memory is short */
extern TasksyncTransfer *tasksync_transfer_new(TasksyncHttp *http);
extern void tasksync_transfer_destroy(TasksyncTransfer *transfer);
/* forgets request and answer, keeps the handle and small buffers */
extern void tasksync_transfer_clear(TasksyncTransfer *transfer);
/* false: it cannot be sent, and the response says why */
extern bool tasksync_transfer_prepare(TasksyncTransfer *transfer,
									  const TasksyncHttpRequest *request);
/* fills the response from libcurl's result code */
extern void tasksync_transfer_conclude(TasksyncTransfer *transfer, int curl_code);
extern void tasksync_transfer_refuse(TasksyncTransfer *transfer, TasksyncHttpOutcome outcome,
									 const char *why);

#endif							/* TASKSYNC_TRANSFER_H */
