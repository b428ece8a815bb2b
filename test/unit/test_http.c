/*
 * test_http.c
 *	  The transport against a server that misbehaves, without PostgreSQL.
 */
#include "postgres.h"

#include <malloc.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/guc.h"
#include "misbehaving_server.h"
#include "net/http.h"
#include "storage/fd.h"
#include "unit.h"

/* ---- the settings and the parts of the server that the transport needs ---- */

char	   *tasksync_ca_file = "";
bool		tasksync_allow_private_hosts = true;
int			tasksync_max_response_kb = 1024;
int			tasksync_request_timeout_ms = 5000;
int			tasksync_max_concurrent_accounts = 32;

static int	granted = 0;
static int	grantable = 1000;

int64
tasksync_monotonic_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

bool
AcquireExternalFD(void)
{
	if (granted >= grantable)
		return false;
	granted++;
	return true;
}

void
ReserveExternalFD(void)
{
	granted++;
}

void
ReleaseExternalFD(void)
{
	granted--;
}

int
errcode_for_file_access(void)
{
	return 0;
}

/* ---- driving it ---- */

static TasksyncHttp *http;
static int	port;

static TasksyncTransfer *
start(TasksyncHttpRequest *request, const char *path, void *owner)
{
	char		url[256];

	snprintf(url, sizeof(url), "http://127.0.0.1:%d%s", port, path);
	request->url = url;
	return tasksync_http_start(http, request, owner);
}

/* as the worker does it: wait on the one descriptor, drive, take what is finished */
static TasksyncTransfer *
next_finished(void)
{
	int64		deadline = tasksync_monotonic_ms() + 10000;
	TasksyncTransfer *done;

	while ((done = tasksync_http_finished(http)) == NULL)
	{
		struct pollfd fd = {.fd = tasksync_http_fd(http), .events = POLLIN};
		long		timeout = tasksync_http_timeout_ms(http);

		if (tasksync_monotonic_ms() > deadline)
			return NULL;
		poll(&fd, 1, timeout < 0 || timeout > 1000 ? 1000 : (int) timeout);
		tasksync_http_drive(http);
	}
	return done;
}

/* one request by itself; the response is good until the next call */
static const TasksyncHttpResponse *
ask(TasksyncHttpRequest *request, const char *path)
{
	static TasksyncTransfer *last = NULL;
	static TasksyncHttpResponse none = {.outcome = -1, .body = "", .error = "nothing came"};

	if (last != NULL)
		tasksync_transfer_release(last);
	start(request, path, NULL);
	last = next_finished();
	return last != NULL ? tasksync_transfer_response(last) : &none;
}

static const TasksyncHttpResponse *
get(const char *path)
{
	TasksyncHttpRequest request = {.method = TASKSYNC_GET};

	return ask(&request, path);
}

static const TasksyncHttpResponse *
post(const char *path)
{
	TasksyncHttpRequest request = {.method = TASKSYNC_POST, .content_type = "application/json",
	.body = "{}", .body_length = 2};

	return ask(&request, path);
}

static void
outcome(const TasksyncHttpResponse *response, TasksyncHttpOutcome expected, const char *name)
{
	if (!unit_ok(response->outcome == expected, "%s", name))
		unit_note("outcome %d, status %d, %s", response->outcome, response->status,
				  response->error);
	if (expected != TASKSYNC_HTTP_ANSWERED)
		unit_ok(response->error[0] != '\0', "and says why: %s", response->error);
}

/* ---- requests ---- */

static void
methods(void)
{
	static const struct
	{
		TasksyncMethod method;
		const char *body;
		const char *answer;
	}			cases[] = {
		{TASKSYNC_GET, NULL, "GET|-|-|TaskSync/1.0 (gzip)|"},
		{TASKSYNC_POST, "{\"a\":1}", "POST|-|application/json|TaskSync/1.0 (gzip)|{\"a\":1}"},
		{TASKSYNC_PATCH, "{\"a\":2}", "PATCH|-|application/json|TaskSync/1.0 (gzip)|{\"a\":2}"},
		{TASKSYNC_PUT, "{}", "PUT|-|application/json|TaskSync/1.0 (gzip)|{}"},
		{TASKSYNC_DELETE, NULL, "DELETE|-|-|TaskSync/1.0 (gzip)|"},
	};

	for (int i = 0; i < (int) lengthof(cases); i++)
	{
		TasksyncHttpRequest request = {.method = cases[i].method, .body = cases[i].body};

		if (cases[i].body != NULL)
		{
			request.content_type = "application/json";
			request.body_length = strlen(cases[i].body);
		}
		unit_is(ask(&request, "/echo")->body, cases[i].answer, "request and body arrive");
	}
}

static void
credentials(void)
{
	char		bearer[] = "not-a-real-token";
	char		zeros[sizeof(bearer)] = {0};
	TasksyncHttpRequest request = {.method = TASKSYNC_GET, .bearer = bearer};

	unit_is(ask(&request, "/echo")->body, "GET|Bearer not-a-real-token|-|TaskSync/1.0 (gzip)|",
			"the bearer arrives");
	unit_ok(memcmp(bearer, zeros, sizeof(bearer)) == 0, "and is wiped at the caller");
	unit_is(get("/echo")->body, "GET|-|-|TaskSync/1.0 (gzip)|",
			"the next request does not have it");
	request.bearer = NULL;
	request.basic_user = "Aladdin";
	request.basic_password = "open sesame";
	unit_is(ask(&request, "/echo")->body,
			"GET|Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==|-|TaskSync/1.0 (gzip)|",
			"basic credentials as in RFC 7617");
}

static void
headers(void)
{
	const TasksyncHttpResponse *response = get("/headers");

	unit_ok(response->status == 429, "the status of the final answer");
	unit_is(response->content_type, "application/json", "names of headers in any case");
	unit_is(response->retry_after, "66", "blanks around a value do not count");
	unit_is(response->rate_reset, "", "headers of an interim answer do not count");
	unit_is(response->date, "Sun, 06 Nov 1994 08:49:37 GMT", "the date");
	unit_is(get("/long-header")->retry_after, "", "a value that does not fit is none");
	outcome(get("/redirect"), TASKSYNC_HTTP_ANSWERED, "a redirect is an answer");
	unit_ok(server_count("/target") == 0, "and is not followed");
}

/* ---- what may have happened at the other side ---- */

static void
lost_answers(void)
{
	int64		begun = tasksync_monotonic_ms();
	TasksyncHttpRequest request = {.method = TASKSYNC_POST, .timeout_ms = 300};

	outcome(post("/cut"), TASKSYNC_HTTP_UNKNOWN, "no answer at all");
	outcome(get("/partial"), TASKSYNC_HTTP_UNKNOWN, "half an answer");
	outcome(post("/garbage"), TASKSYNC_HTTP_UNKNOWN, "something that is no HTTP");
	outcome(ask(&request, "/hang"), TASKSYNC_HTTP_UNKNOWN, "no answer in time");
	unit_ok(tasksync_monotonic_ms() - begun < 5000, "soon after its time was over");
}

static void
dying_connections(void)
{
	int			before;

	/* each round: a first request makes the connection, the second kills it */
	outcome(get("/once"), TASKSYNC_HTTP_ANSWERED, "the first request on a connection");
	before = server_count("/once");
	outcome(post("/once"), TASKSYNC_HTTP_UNKNOWN, "a POST on a connection that dies under it");
	unit_ok(server_count("/once") == before + 1, "arrived exactly once");
	outcome(get("/once"), TASKSYNC_HTTP_ANSWERED, "a new connection");
	before = server_count("/once");
	outcome(get("/once"), TASKSYNC_HTTP_ANSWERED, "a GET on a connection that dies under it");
	unit_ok(server_count("/once") == before + 2, "is repeated on a new one");
}

static void
not_sent(void)
{
	TasksyncHttpRequest request = {.method = TASKSYNC_POST, .url = "http://127.0.0.1:1/"};
	TasksyncTransfer *done;

	tasksync_http_start(http, &request, NULL);
	done = next_finished();
	outcome(tasksync_transfer_response(done), TASKSYNC_HTTP_NOT_SENT, "nobody listens");
	tasksync_transfer_release(done);
	request.url = "http://no-such-host.invalid/";
	tasksync_http_start(http, &request, NULL);
	done = next_finished();
	outcome(tasksync_transfer_response(done), TASKSYNC_HTTP_NOT_SENT, "no such host");
	tasksync_transfer_release(done);
}

static void
refused_at_once(const char *url, const char *header, const char *name)
{
	TasksyncHttpRequest request = {.method = TASKSYNC_GET, .url = url, .headers = {header}};
	TasksyncTransfer *done;

	tasksync_http_start(http, &request, NULL);
	done = next_finished();
	outcome(tasksync_transfer_response(done), TASKSYNC_HTTP_REFUSED, name);
	tasksync_transfer_release(done);
}

static void
refused(void)
{
	refused_at_once("ftp://127.0.0.1/", NULL, "another scheme");
	refused_at_once("file:///etc/hostname", NULL, "a file");
	refused_at_once("http://user:secret@127.0.0.1/", NULL, "credentials in the URL");
	refused_at_once("no url", NULL, "no URL");
	refused_at_once("http://127.0.0.1/", "X: a\r\nY: b", "a header that is two");
	tasksync_allow_private_hosts = false;
	refused_at_once("http://127.0.0.1/", NULL, "plain http when it is not allowed");
	refused_at_once("https://127.0.0.1/", NULL, "this machine when it is not allowed");
	refused_at_once("https://localhost/", NULL, "by its name too");
	refused_at_once("https://[::1]/", NULL, "and by its other address");
	refused_at_once("https://0x7f000001/", NULL, "however it is written");
	tasksync_allow_private_hosts = true;
}

static void
too_large(void)
{
	outcome(get("/large"), TASKSYNC_HTTP_TOO_LARGE, "an answer beyond the cap");
	outcome(get("/bomb"), TASKSYNC_HTTP_TOO_LARGE, "a small answer that unfolds beyond it");
	tasksync_max_response_kb = 4096;
	unit_ok(get("/large")->body_length == 2 * 1024 * 1024, "the cap is a setting");
	tasksync_max_response_kb = 1024;
}

/* ---- many ---- */

static void
many(void)
{
	TasksyncHttpRequest request = {.method = TASKSYNC_GET};
	static int	owners[300];
	int			answered = 0;

	for (int i = 0; i < (int) lengthof(owners); i++)
		start(&request, "/echo", &owners[i]);
	unit_ok(tasksync_http_under_way(http) == (int) lengthof(owners), "300 requests at a time");
	for (int i = 0; i < (int) lengthof(owners); i++)
	{
		TasksyncTransfer *done = next_finished();

		if (done == NULL)
			break;
		if (tasksync_transfer_response(done)->outcome == TASKSYNC_HTTP_ANSWERED)
			answered++;
		(*(int *) tasksync_transfer_owner(done))++;
		tasksync_transfer_release(done);
	}
	unit_ok(answered == (int) lengthof(owners), "all of them are answered");
	for (int i = 0; i < (int) lengthof(owners); i++)
		answered -= owners[i] == 1;
	unit_ok(answered == 0, "each to its owner, once");
	unit_ok(tasksync_http_under_way(http) == 0, "and none is left");
}

static void
cancelled(void)
{
	TasksyncHttpRequest request = {.method = TASKSYNC_GET};
	TasksyncTransfer *transfer = start(&request, "/hang", NULL);

	tasksync_http_drive(http);
	tasksync_transfer_release(transfer);
	unit_ok(tasksync_http_under_way(http) == 0, "a request under way can be let go");
	outcome(get("/echo"), TASKSYNC_HTTP_ANSWERED, "and the next one works");
}

static void
flat_memory(void)
{
	size_t		before = 0;

	for (int i = 0; i < 3000; i++)
	{
		if (i == 500)
			before = mallinfo2().uordblks;
		post("/echo");
	}
	unit_ok(mallinfo2().uordblks < before + 65536, "memory is flat over 2,500 requests");
	unit_note("%zd bytes", (ssize_t) (mallinfo2().uordblks - before));
}

static void
descriptors(void)
{
	unit_ok(tasksync_http_capacity(http) == 32 && granted == 33, "a descriptor per connection");
	tasksync_max_concurrent_accounts = 8;
	unit_ok(tasksync_http_capacity(http) == 8 && granted == 9, "fewer after a reload");
	grantable = 40;
	tasksync_max_concurrent_accounts = 1000;
	unit_ok(tasksync_http_capacity(http) == 23, "no more than there are, and some are left over");
	grantable = 1000;
	tasksync_http_destroy(http);
	unit_ok(granted == 0, "all are given back");
}

int
main(void)
{
	unit_start();
	port = server_start();
	http = tasksync_http_create();
	(void) tasksync_http_capacity(http);
	methods();
	credentials();
	headers();
	lost_answers();
	dying_connections();
	not_sent();
	refused();
	too_large();
	many();
	cancelled();
	flat_memory();
	descriptors();
	server_stop();
	return unit_done();
}
