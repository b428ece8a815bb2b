/*
 * http.c
 *	  Many HTTP requests at a time, driven from an event loop.
 *
 * Runs in the sync worker only.  libcurl tells us by callback which sockets it
 * wants watched and when it wants to be called again; the sockets go into an
 * epoll descriptor of our own, and the worker waits on that one descriptor
 * beside its latch.  A WaitEventSet cannot forget a socket, so the alternative
 * was to build one per round, at a price that grows with the number of open
 * connections.
 *
 * The callbacks must not palloc or ereport.  Signals are blocked while libcurl
 * runs: it may start a thread for a name lookup, which inherits the mask, and
 * a PostgreSQL signal handler must never run in that thread.
 */
#include "postgres.h"

#include <curl/curl.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <unistd.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "base/clock.h"
#include "base/guc.h"
#include "lib/ilist.h"
#include "miscadmin.h"
#include "net/http.h"
#include "net/transfer.h"
#include "storage/fd.h"
#include "utils/memutils.h"

#define EVENTS_PER_CALL 128
#define LARGEST_POOL 128
#define SPARE_DESCRIPTORS 16
#define TRIM_AFTER_BYTES INT64CONST(8388608)

struct TasksyncHttp
{
	CURLM *multi;
	int epoll_fd;
	int64 call_at;   /* monotonic ms when libcurl wants to be called; -1 = not */
	int epoll_error; /* errno of a failed epoll_ctl, raised after libcurl returned */
	int under_way;
	int capacity;       /* connections, all accounted for with AcquireExternalFD() */
	int asked_capacity; /* setting that capacity was made for */
	int64 bytes_since_trim;
	dlist_head running; /* under way, or finished and in their owner's hands */
	dlist_head finished;
	dlist_head pool;
	int pooled;
};

static bool curl_is_initialized = false;

/* ---- callbacks of the multi handle ---- */

/*
 * watch_socket - keeps the epoll set equal to what libcurl wants.
 */
static int
watch_socket(CURL *easy, curl_socket_t fd, int what, void *argument, void *known)
{
	TasksyncHttp *http = argument;
	struct epoll_event event = {0};
	int operation;

	if (what == CURL_POLL_REMOVE)
	{
		/* fails if the descriptor is closed already: then it is out of the set anyway */
		(void) epoll_ctl(http->epoll_fd, EPOLL_CTL_DEL, fd, &event);
		curl_multi_assign(http->multi, fd, NULL);
		return 0;
	}
	event.data.fd = fd;
	if (what == CURL_POLL_IN || what == CURL_POLL_INOUT)
		event.events |= EPOLLIN;
	if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT)
		event.events |= EPOLLOUT;
	operation = known != NULL ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
	if (epoll_ctl(http->epoll_fd, operation, fd, &event) != 0)
	{
		/* the number was closed and given out again without our hearing of it */
		if (errno == ENOENT)
			operation = EPOLL_CTL_ADD;
		else if (errno == EEXIST)
			operation = EPOLL_CTL_MOD;
		else
		{
			http->epoll_error = errno;
			return 0;
		}
		if (epoll_ctl(http->epoll_fd, operation, fd, &event) != 0)
			http->epoll_error = errno;
	}
	curl_multi_assign(http->multi, fd, http);
	return 0;
}

static int
set_timer(CURLM *multi, long timeout_ms, void *argument)
{
	TasksyncHttp *http = argument;

	http->call_at = timeout_ms < 0 ? -1 : tasksync_monotonic_ms() + timeout_ms;
	return 0;
}

/* ---- signals ---- */

/*
 * block_signals - all but those that tell of a fault in this very thread.
 */
static void
block_signals(sigset_t *before)
{
	sigset_t all;

	sigfillset(&all);
	sigdelset(&all, SIGSEGV);
	sigdelset(&all, SIGBUS);
	sigdelset(&all, SIGFPE);
	sigdelset(&all, SIGILL);
	sigdelset(&all, SIGABRT);
	sigdelset(&all, SIGTRAP);
	pthread_sigmask(SIG_BLOCK, &all, before);
}

static void
unblock_signals(const sigset_t *before)
{
	pthread_sigmask(SIG_SETMASK, before, NULL);
}

/* ---- life ---- */

#define SET(option, value)                                                       \
	do                                                                           \
	{                                                                            \
		CURLMcode set_code_ = curl_multi_setopt(http->multi, option, value);     \
		if (set_code_ != CURLM_OK)                                               \
			ereport(ERROR, (errcode(ERRCODE_EXTERNAL_ROUTINE_EXCEPTION),         \
							errmsg("libcurl refuses the option %s: %s", #option, \
								   curl_multi_strerror(set_code_))));            \
	} while (0)

/*
 * reserve_descriptors - as many connections as there may be accounts under way.
 *
 * Accounted for in one go instead of per socket: sockets are opened inside
 * libcurl, where AcquireExternalFD(), which may close files and log, must not
 * be called.  What is not granted is not opened: the rest queues in libcurl.
 */
static void
reserve_descriptors(TasksyncHttp *http)
{
	int wanted = tasksync_max_concurrent_accounts;

	if (wanted == http->asked_capacity)
		return;
	while (http->capacity > wanted)
	{
		ReleaseExternalFD();
		http->capacity--;
	}
	while (http->capacity < wanted && AcquireExternalFD())
		http->capacity++;
	if (http->capacity < wanted)
	{
		/* the rest of the server code in this process needs some as well */
		for (int i = 0; i < SPARE_DESCRIPTORS && http->capacity > 1; i++)
		{
			ReleaseExternalFD();
			http->capacity--;
		}
		ereport(WARNING,
				(errcode(ERRCODE_INSUFFICIENT_RESOURCES),
				 errmsg("only %d accounts can be synchronized at a time, not the %d of "
						"tasksync.max_concurrent_accounts",
						http->capacity, wanted),
				 errdetail("A third of max_files_per_process may be connections."),
				 errhint("ALTER SYSTEM SET max_files_per_process = %d; then restart the server.",
						 wanted * 3 + 200)));
	}
	http->asked_capacity = wanted;
	SET(CURLMOPT_MAX_TOTAL_CONNECTIONS, (long) Max(http->capacity, 1));
	SET(CURLMOPT_MAXCONNECTS, (long) Max(http->capacity, 1));
}

/*
 * tasksync_http_create - the transport; libcurl is set up with the first one.
 */
TasksyncHttp *
tasksync_http_create(void)
{
	TasksyncHttp *http;

	if (!curl_is_initialized)
	{
		sigset_t before;
		CURLcode code;

		block_signals(&before);
		code = curl_global_init(CURL_GLOBAL_DEFAULT);
		unblock_signals(&before);
		if (code != CURLE_OK)
			ereport(ERROR, (errcode(ERRCODE_EXTERNAL_ROUTINE_EXCEPTION),
							errmsg("could not set up libcurl: %s", curl_easy_strerror(code))));
		curl_is_initialized = true;
	}

	http = MemoryContextAllocZero(TopMemoryContext, sizeof(TasksyncHttp));
	http->call_at = -1;
	dlist_init(&http->running);
	dlist_init(&http->finished);
	dlist_init(&http->pool);
	/* of the kinds of descriptors the server keeps open for ever: accounted like those */
	ReserveExternalFD();
	http->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (http->epoll_fd < 0)
	{
		ReleaseExternalFD();
		ereport(ERROR,
				(errcode_for_file_access(), errmsg("could not create an epoll descriptor: %m")));
	}
	http->multi = curl_multi_init();
	if (http->multi == NULL)
	{
		close(http->epoll_fd);
		ReleaseExternalFD();
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	}
	SET(CURLMOPT_SOCKETFUNCTION, watch_socket);
	SET(CURLMOPT_SOCKETDATA, http);
	SET(CURLMOPT_TIMERFUNCTION, set_timer);
	SET(CURLMOPT_TIMERDATA, http);
	SET(CURLMOPT_PIPELINING, (long) CURLPIPE_MULTIPLEX);
	return http;
}

/*
 * tasksync_http_destroy - gives everything back; requests under way are lost.
 */
void
tasksync_http_destroy(TasksyncHttp *http)
{
	dlist_head *lists[] = {&http->running, &http->finished, &http->pool};
	sigset_t before;

	block_signals(&before);
	for (int i = 0; i < lengthof(lists); i++)
	{
		while (!dlist_is_empty(lists[i]))
		{
			TasksyncTransfer *transfer =
				dlist_container(TasksyncTransfer, node, dlist_pop_head_node(lists[i]));

			curl_multi_remove_handle(http->multi, transfer->easy);
			tasksync_transfer_destroy(transfer);
		}
	}
	curl_multi_cleanup(http->multi);
	unblock_signals(&before);
	close(http->epoll_fd);
	ReleaseExternalFD();
	for (; http->capacity > 0; http->capacity--)
		ReleaseExternalFD();
	pfree(http);
}

/* ---- waiting ---- */

/*
 * tasksync_http_fd - readable when tasksync_http_drive() has something to do.
 */
int
tasksync_http_fd(TasksyncHttp *http)
{
	return http->epoll_fd;
}

/*
 * tasksync_http_timeout_ms - at most how long to wait before the next drive().
 */
long
tasksync_http_timeout_ms(TasksyncHttp *http)
{
	if (!dlist_is_empty(&http->finished))
		return 0;
	if (http->call_at < 0)
		return -1;
	return (long) Max(http->call_at - tasksync_monotonic_ms(), 0);
}

int
tasksync_http_under_way(TasksyncHttp *http)
{
	return http->under_way;
}

/*
 * tasksync_http_capacity - how many requests may sensibly be under way.
 */
int
tasksync_http_capacity(TasksyncHttp *http)
{
	reserve_descriptors(http);
	return Max(http->capacity, 1);
}

/* ---- requests ---- */

static TasksyncTransfer *
take_from_pool(TasksyncHttp *http)
{
	TasksyncTransfer *transfer;

	if (!dlist_is_empty(&http->pool))
	{
		http->pooled--;
		return dlist_container(TasksyncTransfer, node, dlist_pop_head_node(&http->pool));
	}
	transfer = tasksync_transfer_new(http);
	if (transfer == NULL)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	return transfer;
}

/*
 * tasksync_http_start - sends a request, or finishes it at once if it cannot be sent.
 */
TasksyncTransfer *
tasksync_http_start(TasksyncHttp *http, const TasksyncHttpRequest *request, void *owner)
{
	TasksyncTransfer *transfer = take_from_pool(http);
	bool started = false;

	transfer->owner = owner;
	if (tasksync_transfer_prepare(transfer, request))
	{
		sigset_t before;
		CURLMcode code;

		block_signals(&before);
		code = curl_multi_add_handle(http->multi, transfer->easy);
		unblock_signals(&before);
		started = code == CURLM_OK;
		if (!started)
			tasksync_transfer_refuse(transfer, TASKSYNC_HTTP_NOT_SENT, curl_multi_strerror(code));
	}
	if (started)
	{
		transfer->state = TASKSYNC_TRANSFER_UNDER_WAY;
		dlist_push_tail(&http->running, &transfer->node);
		http->under_way++;
	}
	else
	{
		transfer->state = TASKSYNC_TRANSFER_FINISHED;
		dlist_push_tail(&http->finished, &transfer->node);
	}
	return transfer;
}

/*
 * collect - moves what libcurl has finished to the list of finished transfers.
 */
static void
collect(TasksyncHttp *http)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(http->multi, &left)) != NULL)
	{
		TasksyncTransfer *transfer = NULL;
		CURLcode code;

		if (message->msg != CURLMSG_DONE)
			continue;
		code = message->data.result; /* the message dies with the removal */
		if (curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **) &transfer) !=
				CURLE_OK ||
			transfer == NULL)
			continue;
		tasksync_transfer_conclude(transfer, code);
		curl_multi_remove_handle(http->multi, transfer->easy);
		http->bytes_since_trim += transfer->response.received_bytes;
		http->under_way--;
		transfer->state = TASKSYNC_TRANSFER_FINISHED;
		dlist_delete(&transfer->node);
		dlist_push_tail(&http->finished, &transfer->node);
	}
}

static CURLMcode
act(TasksyncHttp *http, curl_socket_t fd, int events)
{
	int running;

	return curl_multi_socket_action(http->multi, fd, events, &running);
}

/*
 * act_on_sockets - hands libcurl the sockets that are ready, until there are none.
 */
static CURLMcode
act_on_sockets(TasksyncHttp *http)
{
	struct epoll_event events[EVENTS_PER_CALL];
	CURLMcode code = CURLM_OK;
	int count;

	/* a second round only if the first was full: later events wake us again */
	do
	{
		count = epoll_wait(http->epoll_fd, events, EVENTS_PER_CALL, 0);
		for (int i = 0; i < count && code == CURLM_OK; i++)
		{
			int mask = 0;

			if (events[i].events & EPOLLIN)
				mask |= CURL_CSELECT_IN;
			if (events[i].events & EPOLLOUT)
				mask |= CURL_CSELECT_OUT;
			if (events[i].events & (EPOLLERR | EPOLLHUP))
				mask |= CURL_CSELECT_ERR;
			code = act(http, events[i].data.fd, mask);
		}
	} while (count == EVENTS_PER_CALL && code == CURLM_OK);
	return code;
}

/*
 * tasksync_http_drive - lets libcurl do what it can without waiting.
 */
void
tasksync_http_drive(TasksyncHttp *http)
{
	CURLMcode code;
	sigset_t before;

	block_signals(&before);
	code = act_on_sockets(http);
	if (code == CURLM_OK && http->call_at >= 0 && http->call_at <= tasksync_monotonic_ms())
	{
		http->call_at = -1; /* libcurl sets it anew if it wants to */
		code = act(http, CURL_SOCKET_TIMEOUT, 0);
	}
	collect(http);
	unblock_signals(&before);

	if (code != CURLM_OK)
		ereport(ERROR, (errcode(ERRCODE_EXTERNAL_ROUTINE_EXCEPTION),
						errmsg("libcurl gave up: %s", curl_multi_strerror(code))));
	if (http->epoll_error != 0)
	{
		errno = http->epoll_error;
		http->epoll_error = 0;
		ereport(ERROR, (errcode_for_file_access(), errmsg("could not watch a socket: %m")));
	}
}

/*
 * tasksync_http_finished - the next finished transfer; its order is theirs.
 */
TasksyncTransfer *
tasksync_http_finished(TasksyncHttp *http)
{
	TasksyncTransfer *transfer;

	if (dlist_is_empty(&http->finished))
		return NULL;
	transfer = dlist_container(TasksyncTransfer, node, dlist_pop_head_node(&http->finished));
	dlist_push_tail(&http->running, &transfer->node); /* belongs to its owner until released */
	return transfer;
}

void *
tasksync_transfer_owner(TasksyncTransfer *transfer)
{
	return transfer->owner;
}

const TasksyncHttpResponse *
tasksync_transfer_response(TasksyncTransfer *transfer)
{
	Assert(transfer->state == TASKSYNC_TRANSFER_FINISHED);
	return &transfer->response;
}

/*
 * tasksync_transfer_release - back into the pool; cancelled if still under way.
 */
void
tasksync_transfer_release(TasksyncTransfer *transfer)
{
	TasksyncHttp *http = transfer->http;

	if (transfer->state == TASKSYNC_TRANSFER_UNDER_WAY)
	{
		sigset_t before;

		block_signals(&before);
		curl_multi_remove_handle(http->multi, transfer->easy);
		unblock_signals(&before);
		http->under_way--;
	}
	dlist_delete(&transfer->node);
	transfer->state = TASKSYNC_TRANSFER_IDLE;
	if (http->pooled >= LARGEST_POOL)
	{
		tasksync_transfer_destroy(transfer);
		return;
	}
	tasksync_transfer_clear(transfer);
	dlist_push_head(&http->pool, &transfer->node);
	http->pooled++;
}

/*
 * tasksync_http_trim - gives memory back to the system after large answers.
 *
 * glibc keeps freed memory below its threshold in the process; a first sync of
 * many thousand tasks would leave the worker large for days.
 */
void
tasksync_http_trim(TasksyncHttp *http)
{
	if (http->bytes_since_trim < TRIM_AFTER_BYTES)
		return;
	http->bytes_since_trim = 0;
#ifdef __GLIBC__
	malloc_trim(0);
#endif
}
