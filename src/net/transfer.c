/*
 * transfer.c
 *	  One request and its answer, as libcurl sees them.
 *
 * Called by http.c, in the sync worker.  Two worlds meet here: functions that
 * the worker calls, and callbacks that libcurl calls in the middle of its own
 * work.  The callbacks note what happened and return: no palloc, no ereport,
 * no CHECK_FOR_INTERRUPTS, because an error would jump out through libcurl's
 * frames and leave its state in pieces.
 */
#include "postgres.h"

#include <curl/curl.h>
#include <unistd.h>

#include "base/guc.h"
#include "net/egress.h"
#include "net/transfer.h"

/* Google compresses its answers only for agents that say so here as well */
#define USER_AGENT "TaskSync/1.0 (gzip)"
#define CONNECT_TIMEOUT_MS 10000L
#define LONGEST_HEADER 8192
#define KEEP_BUFFER 65536 /* a pooled transfer keeps a buffer up to this size */

/* ---- callbacks ---- */

/*
 * take_body - a piece of the answer, already decompressed.
 *
 * The cap counts what arrives here, so that a small compressed answer cannot
 * unfold into gigabytes.  A short count makes libcurl give up.
 */
static size_t
take_body(char *bytes, size_t one, size_t count, void *argument)
{
	TasksyncTransfer *transfer = argument;
	size_t used = transfer->response.body_length;

	Assert(one == 1);
	if (count > transfer->in_limit - used)
	{
		transfer->too_large = true;
		return 0;
	}
	if (used + count + 1 > transfer->in_size)
	{
		size_t size = Max(transfer->in_size * 2, 4096);
		char *grown;

		while (size < used + count + 1)
			size *= 2;
		grown = realloc(transfer->in, size);
		if (grown == NULL)
		{
			transfer->out_of_memory = true;
			return 0;
		}
		transfer->in = grown;
		transfer->in_size = size;
	}
	memcpy(transfer->in + used, bytes, count);
	transfer->in[used + count] = '\0';
	transfer->response.body_length = used + count;
	return count;
}

/*
 * keep_header - copies the value if the line is the header `name`.
 *
 * A value that does not fit is no value: half a date is worse than none.
 */
static bool
keep_header(const char *line, size_t length, const char *name, char *value, size_t size)
{
	size_t name_length = strlen(name);

	if (length <= name_length || line[name_length] != ':' ||
		pg_strncasecmp(line, name, name_length) != 0)
		return false;
	line += name_length + 1;
	length -= name_length + 1;
	while (length > 0 && (*line == ' ' || *line == '\t'))
		line++, length--;
	while (length > 0 && (unsigned char) line[length - 1] <= ' ')
		length--;
	value[0] = '\0';
	if (length < size)
	{
		memcpy(value, line, length);
		value[length] = '\0';
	}
	return true;
}

static size_t
take_header(char *line, size_t one, size_t count, void *argument)
{
	TasksyncTransfer *transfer = argument;
	TasksyncHttpResponse *response = &transfer->response;

	/* a new status line: what came before belonged to a "100 Continue" */
	if (count > 5 && memcmp(line, "HTTP/", 5) == 0)
	{
		response->content_type[0] = response->retry_after[0] = '\0';
		response->rate_reset[0] = response->date[0] = '\0';
		return count;
	}
	(void) (keep_header(line, count, "content-type", response->content_type,
						sizeof(response->content_type)) ||
			keep_header(line, count, "retry-after", response->retry_after,
						sizeof(response->retry_after)) ||
			keep_header(line, count, "x-ratelimit-reset", response->rate_reset,
						sizeof(response->rate_reset)) ||
			keep_header(line, count, "date", response->date, sizeof(response->date)));
	return count;
}

/*
 * open_socket - where the address policy is enforced for new connections.
 */
static curl_socket_t
open_socket(void *argument, curlsocktype purpose, struct curl_sockaddr *address)
{
	TasksyncTransfer *transfer = argument;

	if (!transfer->allow_private && !tasksync_egress_is_public(&address->addr))
	{
		transfer->forbidden = true;
		return CURL_SOCKET_BAD;
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/*
 * before_sending - the connection stands, the request leaves next.
 *
 * Three things are decided here and nowhere else.  A connection that was
 * opened under an older policy is checked again.  That this was never called
 * is the proof that nothing was sent.  And libcurl silently repeats a request
 * when a kept-alive connection dies under it; for a request that must not
 * arrive twice, the second pass is stopped.
 */
static int
before_sending(void *argument, char *remote_ip, char *local_ip, int remote_port, int local_port)
{
	TasksyncTransfer *transfer = argument;

	if (!transfer->allow_private && !tasksync_egress_text_is_public(remote_ip))
	{
		transfer->forbidden = true;
		return CURL_PREREQFUNC_ABORT;
	}
	if (transfer->sends > 0 && !transfer->may_resend)
		return CURL_PREREQFUNC_ABORT;
	transfer->sends++;
	return CURL_PREREQFUNC_OK;
}

/* ---- life of a transfer ---- */

/*
 * tasksync_transfer_new - a handle for the pool, or NULL.
 */
TasksyncTransfer *
tasksync_transfer_new(TasksyncHttp *http)
{
	TasksyncTransfer *transfer = calloc(1, sizeof(TasksyncTransfer));

	if (transfer == NULL)
		return NULL;
	transfer->http = http;
	transfer->easy = curl_easy_init();
	if (transfer->easy == NULL)
	{
		free(transfer);
		return NULL;
	}
	return transfer;
}

/*
 * wipe_headers - frees the list without leaving the bearer in the heap.
 */
static void
wipe_headers(TasksyncTransfer *transfer)
{
	for (struct curl_slist *cell = transfer->headers; cell != NULL; cell = cell->next)
		explicit_bzero(cell->data, strlen(cell->data));
	curl_slist_free_all(transfer->headers);
	transfer->headers = NULL;
}

/*
 * tasksync_transfer_clear - back to the state of a new one, except for small
 * buffers, which are worth keeping.
 */
void
tasksync_transfer_clear(TasksyncTransfer *transfer)
{
	curl_easy_reset(transfer->easy);
	wipe_headers(transfer);

	/* a refresh token travels in a body */
	if (transfer->out != NULL)
		explicit_bzero(transfer->out, transfer->out_size);
	if (transfer->in != NULL)
		explicit_bzero(transfer->in, Min(transfer->response.body_length, transfer->in_size));
	if (transfer->out_size > KEEP_BUFFER)
	{
		free(transfer->out);
		transfer->out = NULL;
		transfer->out_size = 0;
	}
	if (transfer->in_size > KEEP_BUFFER)
	{
		free(transfer->in);
		transfer->in = NULL;
		transfer->in_size = 0;
	}
	transfer->owner = NULL;
	transfer->sends = 0;
	transfer->may_resend = transfer->too_large = transfer->out_of_memory = false;
	transfer->forbidden = transfer->allow_private = false;
	transfer->problem[0] = '\0';
	memset(&transfer->response, 0, sizeof(transfer->response));
}

/*
 * tasksync_transfer_destroy - the handle must not be in the multi any more.
 */
void
tasksync_transfer_destroy(TasksyncTransfer *transfer)
{
	tasksync_transfer_clear(transfer);
	curl_easy_cleanup(transfer->easy);
	free(transfer->out);
	free(transfer->in);
	free(transfer);
}

/* ---- preparing a request ---- */

/*
 * base64 - of up to 3 * (size / 4) - 3 bytes; false if it does not fit.
 *
 * Our own, because the server's changes its signature between versions and
 * lies under no stable name in libpgcommon.
 */
static bool
base64(const char *from, size_t length, char *to, size_t size)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *bytes = (const unsigned char *) from;

	if ((length + 2) / 3 * 4 + 1 > size)
		return false;
	for (size_t i = 0; i < length; i += 3)
	{
		size_t left = length - i;
		uint32 three = (uint32) bytes[i] << 16;

		if (left > 1)
			three |= (uint32) bytes[i + 1] << 8;
		if (left > 2)
			three |= bytes[i + 2];
		*to++ = digits[three >> 18];
		*to++ = digits[(three >> 12) & 63];
		*to++ = left > 1 ? digits[(three >> 6) & 63] : '=';
		*to++ = left > 2 ? digits[three & 63] : '=';
	}
	*to = '\0';
	return true;
}

/*
 * add_header - appends one line; false if it is not one line, or memory is short.
 */
static bool
add_header(TasksyncTransfer *transfer, const char *line)
{
	struct curl_slist *list;

	for (const char *c = line; *c != '\0'; c++)
	{
		if (((unsigned char) *c < ' ' && *c != '\t') || *c == 0x7f)
			return false;
	}
	list = curl_slist_append(transfer->headers, line);
	if (list == NULL)
		return false;
	transfer->headers = list;
	return true;
}

/*
 * add_authorization - the bearer or the basic credentials; every copy on the
 * way is wiped, the caller's bearer included.
 */
static bool
add_authorization(TasksyncTransfer *transfer, const TasksyncHttpRequest *request)
{
	char line[LONGEST_HEADER];
	bool done = true;

	if (request->bearer != NULL)
	{
		done = snprintf(line, sizeof(line), "Authorization: Bearer %s", request->bearer) <
			   (int) sizeof(line);
		explicit_bzero((char *) request->bearer, strlen(request->bearer));
	}
	else if (request->basic_user != NULL)
	{
		char both[LONGEST_HEADER / 2];
		int length = snprintf(both, sizeof(both), "%s:%s", request->basic_user,
							  request->basic_password != NULL ? request->basic_password : "");
		size_t start = strlcpy(line, "Authorization: Basic ", sizeof(line));

		done =
			length < (int) sizeof(both) && base64(both, length, line + start, sizeof(line) - start);
		explicit_bzero(both, sizeof(both));
	}
	else
		return true;
	done = done && add_header(transfer, line);
	explicit_bzero(line, sizeof(line));
	return done;
}

static bool
add_headers(TasksyncTransfer *transfer, const TasksyncHttpRequest *request)
{
	char line[LONGEST_HEADER];

	if (!add_authorization(transfer, request))
		return false;
	if (request->content_type != NULL)
	{
		if (snprintf(line, sizeof(line), "Content-Type: %s", request->content_type) >=
			(int) sizeof(line))
			return false;
		if (!add_header(transfer, line))
			return false;
	}
	for (int i = 0; i < lengthof(request->headers) && request->headers[i] != NULL; i++)
	{
		if (!add_header(transfer, request->headers[i]))
			return false;
	}
	/* without it libcurl lets large bodies wait a second for "100 Continue" */
	return add_header(transfer, "Expect:");
}

static bool
copy_body(TasksyncTransfer *transfer, const TasksyncHttpRequest *request)
{
	if (request->body_length > transfer->out_size)
	{
		char *grown = malloc(request->body_length);

		if (grown == NULL)
			return false;
		if (transfer->out != NULL)
			explicit_bzero(transfer->out, transfer->out_size);
		free(transfer->out);
		transfer->out = grown;
		transfer->out_size = request->body_length;
	}
	if (request->body_length > 0)
		memcpy(transfer->out, request->body, request->body_length);
	return true;
}

/* evaluates to the option's name from the calling function if libcurl refuses it */
#define SET(option, value)                                     \
	do                                                         \
	{                                                          \
		if (curl_easy_setopt(easy, option, value) != CURLE_OK) \
			return #option;                                    \
	} while (0)

/*
 * set_policy - what holds for every request.  NULL, or the option that failed.
 */
static const char *
set_policy(CURL *easy, TasksyncTransfer *transfer, long timeout_ms)
{
	SET(CURLOPT_PRIVATE, transfer);
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_USERAGENT, USER_AGENT);
	SET(CURLOPT_ACCEPT_ENCODING, "gzip");
	SET(CURLOPT_ERRORBUFFER, transfer->problem);

	/* exactly the host that was named, over TLS, without detours */
#if LIBCURL_VERSION_NUM >= 0x075500
	SET(CURLOPT_PROTOCOLS_STR, transfer->allow_private ? "https,http" : "https");
#else
	SET(CURLOPT_PROTOCOLS,
		(long) (CURLPROTO_HTTPS | (transfer->allow_private ? CURLPROTO_HTTP : 0)));
#endif
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	SET(CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
	SET(CURLOPT_PROXY, ""); /* proxy variables of the server's environment do not count */
	SET(CURLOPT_NOPROXY, "*");
	SET(CURLOPT_NETRC, (long) CURL_NETRC_IGNORED);
	SET(CURLOPT_SSLVERSION, (long) CURL_SSLVERSION_TLSv1_2);
	SET(CURLOPT_SSL_VERIFYPEER, 1L);
	SET(CURLOPT_SSL_VERIFYHOST, 2L);
	if (tasksync_ca_file != NULL && tasksync_ca_file[0] != '\0')
		SET(CURLOPT_CAINFO, tasksync_ca_file);
	SET(CURLOPT_OPENSOCKETFUNCTION, open_socket);
	SET(CURLOPT_OPENSOCKETDATA, transfer);
	SET(CURLOPT_PREREQFUNCTION, before_sending);
	SET(CURLOPT_PREREQDATA, transfer);

	/* many streams on one connection where the provider speaks HTTP/2 */
	SET(CURLOPT_HTTP_VERSION, (long) CURL_HTTP_VERSION_2TLS);
	SET(CURLOPT_PIPEWAIT, 1L);
	SET(CURLOPT_TCP_KEEPALIVE, 1L);

	SET(CURLOPT_CONNECTTIMEOUT_MS, Min(CONNECT_TIMEOUT_MS, timeout_ms));
	SET(CURLOPT_TIMEOUT_MS, timeout_ms);
	SET(CURLOPT_LOW_SPEED_LIMIT, 16L);
	SET(CURLOPT_LOW_SPEED_TIME, Max(timeout_ms / 2000, 10L));
#if LIBCURL_VERSION_NUM >= 0x075700
	/* giving a request up must not wait for its name lookup */
	SET(CURLOPT_QUICK_EXIT, 1L);
#endif

	SET(CURLOPT_WRITEFUNCTION, take_body);
	SET(CURLOPT_WRITEDATA, transfer);
	SET(CURLOPT_HEADERFUNCTION, take_header);
	SET(CURLOPT_HEADERDATA, transfer);
	return NULL;
}

/*
 * set_request - what is particular to this one.  NULL, or the option that failed.
 */
static const char *
set_request(CURL *easy, TasksyncTransfer *transfer, const TasksyncHttpRequest *request)
{
	static const char *const names[] = {"GET", "POST", "PATCH", "PUT", "DELETE"};

	Assert(request->method >= TASKSYNC_GET && request->method <= TASKSYNC_DELETE);
	SET(CURLOPT_URL, request->url);
	SET(CURLOPT_HTTPHEADER, transfer->headers);
	if (request->method == TASKSYNC_GET)
		SET(CURLOPT_HTTPGET, 1L);
	else if (request->body != NULL || request->method == TASKSYNC_POST)
	{
		SET(CURLOPT_POST, 1L);
		SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t) request->body_length);
		SET(CURLOPT_POSTFIELDS, transfer->out != NULL ? transfer->out : "");
	}
	if (request->method > TASKSYNC_POST)
		SET(CURLOPT_CUSTOMREQUEST, names[request->method]);
	return NULL;
}

/*
 * tasksync_transfer_prepare - copies the request into the handle.
 */
bool
tasksync_transfer_prepare(TasksyncTransfer *transfer, const TasksyncHttpRequest *request)
{
	int wanted = request->timeout_ms > 0 ? request->timeout_ms : tasksync_request_timeout_ms;
	long timeout_ms = Min(wanted, tasksync_request_timeout_ms);
	size_t most = (size_t) tasksync_max_response_kb * 1024;
	const char *failed;

	transfer->allow_private = tasksync_allow_private_hosts;
	transfer->may_resend = request->method == TASKSYNC_GET;
	transfer->in_limit = request->max_response > 0 ? Min(request->max_response, most) : most;

	if (!add_headers(transfer, request))
	{
		tasksync_transfer_refuse(transfer, TASKSYNC_HTTP_REFUSED,
								 "a header of the request is malformed or too long");
		return false;
	}
	if (!copy_body(transfer, request))
	{
		tasksync_transfer_refuse(transfer, TASKSYNC_HTTP_NOT_SENT, "out of memory");
		return false;
	}
	failed = set_policy(transfer->easy, transfer, timeout_ms);
	if (failed == NULL)
		failed = set_request(transfer->easy, transfer, request);
	if (failed != NULL)
	{
		char why[128];

		snprintf(why, sizeof(why), "libcurl refuses the option %s", failed);
		tasksync_transfer_refuse(transfer, TASKSYNC_HTTP_REFUSED, why);
		return false;
	}
	return true;
}

/* ---- results ---- */

/*
 * tasksync_transfer_refuse - a result without a request.
 */
void
tasksync_transfer_refuse(TasksyncTransfer *transfer, TasksyncHttpOutcome outcome, const char *why)
{
	transfer->response.outcome = outcome;
	transfer->response.body = "";
	strlcpy(transfer->response.error, why, sizeof(transfer->response.error));
}

/*
 * outcome_of - what a result code means for somebody who must not do it twice.
 */
static TasksyncHttpOutcome
outcome_of(const TasksyncTransfer *transfer, CURLcode code)
{
	if (code == CURLE_OK)
		return TASKSYNC_HTTP_ANSWERED;
	if (transfer->too_large)
		return TASKSYNC_HTTP_TOO_LARGE;
	if (transfer->sends > 0)
		return TASKSYNC_HTTP_UNKNOWN;
	if (transfer->forbidden || code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL ||
		code == CURLE_LOGIN_DENIED)
		return TASKSYNC_HTTP_REFUSED;
	return TASKSYNC_HTTP_NOT_SENT;
}

/*
 * describe - a sentence for people in response->error.
 *
 * libcurl's own text names host and port, never path, query or headers; control
 * characters can only come from the other side and are replaced.
 */
static void
describe(TasksyncTransfer *transfer, CURLcode code)
{
	const char *text = transfer->problem[0] != '\0' ? transfer->problem : curl_easy_strerror(code);
	char *error = transfer->response.error;
	size_t size = sizeof(transfer->response.error);

	if (transfer->too_large)
		snprintf(error, size, "the answer is larger than may be read of it (%zu kB)",
				 transfer->in_limit / 1024);
	else if (transfer->out_of_memory)
		strlcpy(error, "out of memory while reading the answer", size);
	else if (transfer->forbidden)
		strlcpy(error,
				"the host's address is not a public one; tasksync.allow_private_hosts is off",
				size);
	else if (code == CURLE_ABORTED_BY_CALLBACK)
		strlcpy(error, "the connection was lost before an answer came", size);
	else
		strlcpy(error, text, size);
	for (char *c = error; *c != '\0'; c++)
	{
		if ((unsigned char) *c < ' ' || (unsigned char) *c >= 0x7f)
			*c = '?';
	}
}

/*
 * tasksync_transfer_conclude - turns what libcurl knows into a response.
 */
void
tasksync_transfer_conclude(TasksyncTransfer *transfer, int curl_code)
{
	TasksyncHttpResponse *response = &transfer->response;
	CURL *easy = transfer->easy;
	CURLcode code = (CURLcode) curl_code;
	long number = 0;
	curl_off_t amount = 0;

	response->outcome = outcome_of(transfer, code);
	if (response->outcome != TASKSYNC_HTTP_ANSWERED)
		describe(transfer, code);

	/* a figure that libcurl does not know stays 0 */
	if (curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &number) == CURLE_OK)
		response->status = (int) number;
	if (curl_easy_getinfo(easy, CURLINFO_REQUEST_SIZE, &number) == CURLE_OK)
		response->sent_bytes = number;
	if (curl_easy_getinfo(easy, CURLINFO_SIZE_UPLOAD_T, &amount) == CURLE_OK)
		response->sent_bytes += amount;
	if (curl_easy_getinfo(easy, CURLINFO_HEADER_SIZE, &number) == CURLE_OK)
		response->received_bytes = number;
	if (curl_easy_getinfo(easy, CURLINFO_SIZE_DOWNLOAD_T, &amount) == CURLE_OK)
		response->received_bytes += amount;
	if (curl_easy_getinfo(easy, CURLINFO_TOTAL_TIME_T, &amount) == CURLE_OK)
		response->elapsed_ms = amount / 1000;
	if (response->body_length == 0)
		response->body = "";
	else
		response->body = transfer->in;
	wipe_headers(transfer);
}
