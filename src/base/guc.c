/*
 * guc.c
 *	  The settings tasksync.*, all of them, with their ranges and checks.
 *
 * Called once per process from _PG_init.  What touches files, hosts or keys
 * can be set by superusers only and is shown to nobody else; no setting ever
 * holds a secret itself.
 */
#include "postgres.h"

#include <limits.h>

#include "access/xact.h"
#include "utils/guc.h"

#include "base/guc.h"
#include "base/testpoint.h"
#include "base/web_origin.h"

bool		tasksync_enabled = true;
bool		tasksync_restoring = false;
char	   *tasksync_key_file = NULL;
char	   *tasksync_public_url = NULL;
char	   *tasksync_ca_file = NULL;
bool		tasksync_allow_private_hosts = false;
char	   *tasksync_todoist_url = NULL;
char	   *tasksync_todoist_oauth_url = NULL;
char	   *tasksync_todoist_authorize_url = NULL;
char	   *tasksync_google_tasks_url = NULL;
char	   *tasksync_google_oauth_url = NULL;
char	   *tasksync_google_authorize_url = NULL;
char	   *tasksync_notion_url = NULL;
char	   *tasksync_redirect_origins = NULL;
int			tasksync_google_daily_queries = 50000;
int			tasksync_max_concurrent_accounts = 64;
int			tasksync_max_response_kb = 65536;
int			tasksync_request_timeout_ms = 60000;
int			tasksync_read_before_write_ms = 250;
int			tasksync_loop_window_ms = 3600000;
int			tasksync_poll_interval_ms = 30000;
int			tasksync_lease_ms = 180000;
int			tasksync_webhook_interval_ms = 2000;

#define MAX_URL_LENGTH 1024

static bool
refuse(const char *detail)
{
	GUC_check_errdetail("%s", detail);
	return false;
}

/*
 * Plain http is for stand-ins on this machine.  The settings of a file come in
 * any order, so while one is read (there is no transaction then) http passes;
 * the worker asks tasksync.allow_private_hosts again before each request.
 */
static bool
http_allowed(void)
{
	return tasksync_allow_private_hosts || !IsTransactionState();
}

/*
 * A base URL is a scheme, a host, perhaps a port and a path.  No user (it would
 * be a secret in a setting), no query or fragment (paths are appended), no
 * blanks or control bytes (they would end up in a request line).
 */
static bool
check_url(char **newval, void **extra, GucSource source)
{
	const char *url = *newval;
	const char *host;

	if (url == NULL || *url == '\0')
		return true;
	if (strlen(url) > MAX_URL_LENGTH)
		return refuse("A URL may be at most 1024 bytes long.");
	for (const char *p = url; *p != '\0'; p++)
	{
		if (*p <= ' ' || *p > '~' || strchr("\"<>\\^`{|}", *p) != NULL)
			return refuse("A URL consists of printable ASCII characters without blanks.");
	}
	if (strncmp(url, "https://", 8) == 0)
		host = url + 8;
	else if (strncmp(url, "http://", 7) == 0)
	{
		if (!http_allowed())
		{
			GUC_check_errhint("For a stand-in on this machine, "
							  "SET tasksync.allow_private_hosts = on in postgresql.conf and "
							  "reload before this setting.");
			return refuse("The URL must begin with https://.");
		}
		host = url + 7;
	}
	else
		return refuse("The URL must begin with https://.");
	if (*host == '\0' || *host == '/' || *host == ':')
		return refuse("The URL names no host.");
	if (strchr(url, '@') != NULL)
		return refuse("The URL must not hold a user name or a password.");
	if (strchr(url, '?') != NULL || strchr(url, '#') != NULL)
		return refuse("The URL must not have a query or a fragment.");
	if (url[strlen(url) - 1] == '/')
		return refuse("The URL must not end with a slash: paths are appended to it.");
	return true;
}

/* provider addresses: an empty one would only fail later, in the worker */
static bool
check_required_url(char **newval, void **extra, GucSource source)
{
	if (*newval == NULL || **newval == '\0')
		return refuse("The URL must not be empty.");
	return check_url(newval, extra, source);
}

/* each must be one that a redirect can be compared with, and nothing but an origin */
static bool
check_origins(char **newval, void **extra, GucSource source)
{
	const char *p = *newval != NULL ? *newval : "";

	while (*p != '\0')
	{
		size_t		length = strcspn(p, ",");
		char		one[TASKSYNC_MAX_WEB_ORIGIN];
		TasksyncWebOrigin origin;

		for (; length > 0 && *p == ' '; length--)
			p++;
		if (length == 0 || length >= sizeof(one))
			return refuse("An origin between the commas is empty or too long.");
		memcpy(one, p, length);
		one[length] = '\0';
		if (!tasksync_web_origin(one, &origin) || origin.length != length)
			return refuse("An origin is https://HOST or https://HOST:PORT; http is for this "
						  "machine only (127.0.0.1, [::1] or localhost).");
		p += length;
		if (*p == ',' && *++p == '\0')
			return refuse("The list ends with a comma.");
	}
	return true;
}

static bool
check_file(char **newval, void **extra, GucSource source)
{
	const char *path = *newval;

	if (path == NULL || *path == '\0')
		return true;
	if (!is_absolute_path(path))
		return refuse("The path must be absolute.");
	if (strlen(path) >= MAXPGPATH - 32)
		return refuse("The path is too long.");
	for (const char *p = path; *p != '\0'; p++)
	{
		if ((unsigned char) *p < ' ' || *p == 0x7f)
			return refuse("The path must not hold control characters.");
	}
	return true;
}

static void
define_switches(void)
{
	/* first of all: the checks of the URLs look at it */
	DefineCustomBoolVariable("tasksync.allow_private_hosts",
							 "Lets provider addresses be plain http and on private networks.",
							 "For tests and stand-ins. When off, only https to public addresses "
							 "is allowed.",
							 &tasksync_allow_private_hosts, false, PGC_SIGHUP, GUC_SUPERUSER_ONLY,
							 NULL, NULL, NULL);
	DefineCustomBoolVariable("tasksync.enabled",
							 "Whether the launcher starts a sync worker for this database.",
							 "A worker runs where ALTER DATABASE ... SET says on, as CREATE "
							 "EXTENSION does. Off in postgresql.conf stops all workers.",
							 &tasksync_enabled, true, PGC_SUSET, 0, NULL, NULL, NULL);
	DefineCustomBoolVariable("tasksync.restoring",
							 "Stops triggers and worker while rows are being restored.",
							 "Set by tasksync.pre_restore() and reset by tasksync.post_restore().",
							 &tasksync_restoring, false, PGC_SUSET, 0, NULL, NULL, NULL);
}

static void
define_places(void)
{
	DefineCustomStringVariable("tasksync.key_file",
							   "Absolute path of the file with the keys that seal tokens.",
							   "Created with: head -c 32 /dev/urandom > FILE; chmod 600 FILE. It "
							   "must belong to the server's user and be closed to everybody else.",
							   &tasksync_key_file, "", PGC_SIGHUP, GUC_SUPERUSER_ONLY, check_file,
							   NULL, NULL);
	DefineCustomStringVariable("tasksync.ca_file",
							   "Absolute path of a bundle of certificate authorities.",
							   "Empty means the bundle of the operating system.",
							   &tasksync_ca_file, "", PGC_SIGHUP, GUC_SUPERUSER_ONLY, check_file,
							   NULL, NULL);
	DefineCustomStringVariable("tasksync.public_url",
							   "Public address of the REST API, for redirects back from providers.",
							   "An https URL without a trailing slash; empty when there is none.",
							   &tasksync_public_url, "", PGC_SIGHUP, GUC_SUPERUSER_ONLY, check_url,
							   NULL, NULL);
	DefineCustomStringVariable("tasksync.redirect_origins",
							   "Origins of the pages that a person may be sent back to after "
							   "agreeing at a provider.",
							   "Scheme, host and port of each, separated by commas; that of "
							   "tasksync.public_url is always among them.",
							   &tasksync_redirect_origins, "", PGC_SIGHUP, GUC_SUPERUSER_ONLY,
							   check_origins, NULL, NULL);
}

static void
define_providers(void)
{
	static const struct
	{
		const char *name;
		char	  **value;
		const char *boot_value;
		const char *what;
		const char *more;
	} addresses[] = {
		{"tasksync.todoist_url", &tasksync_todoist_url, "https://api.todoist.com",
		"Base address of the Todoist API.", "An https URL without a trailing slash."},
		{"tasksync.todoist_oauth_url", &tasksync_todoist_oauth_url,
		"https://api.todoist.com/oauth",
		"Base address of Todoist's OAuth; /access_token is appended.",
		"An https URL without a trailing slash."},
		{"tasksync.todoist_authorize_url", &tasksync_todoist_authorize_url,
		"https://app.todoist.com/oauth/authorize",
		"Page on which a person lets TaskSync into a Todoist account.",
		"An https URL without a query."},
		{"tasksync.google_tasks_url", &tasksync_google_tasks_url, "https://tasks.googleapis.com",
		"Base address of the Google Tasks API.", "An https URL without a trailing slash."},
		{"tasksync.google_oauth_url", &tasksync_google_oauth_url, "https://oauth2.googleapis.com",
		"Base address of Google's OAuth; /token, /revoke and /userinfo are appended.",
		"An https URL without a trailing slash. Google itself has the last one elsewhere, which "
		"is taken care of."},
		{"tasksync.google_authorize_url", &tasksync_google_authorize_url,
		"https://accounts.google.com/o/oauth2/v2/auth",
		"Page on which a person lets TaskSync into a Google account.",
		"An https URL without a query."},
		{"tasksync.notion_url", &tasksync_notion_url, "https://api.notion.com",
		"Base address of the Notion API and of its OAuth.",
		"An https URL without a trailing slash."},
	};

	for (int i = 0; i < (int) lengthof(addresses); i++)
		DefineCustomStringVariable(addresses[i].name, addresses[i].what, addresses[i].more,
								   addresses[i].value, addresses[i].boot_value, PGC_SIGHUP,
								   GUC_SUPERUSER_ONLY, check_required_url, NULL, NULL);
}

static void
define_bounds(void)
{
	DefineCustomIntVariable("tasksync.max_concurrent_accounts",
							"Accounts that one worker syncs at the same time.",
							"1 to 1024.",
							&tasksync_max_concurrent_accounts, 64, 1, 1024, PGC_SIGHUP, 0, NULL,
							NULL, NULL);
	DefineCustomIntVariable("tasksync.google_daily_queries",
							"Queries a day that Google allows the app, for all accounts together.",
							"0 is no limit. Polls are spread so that they last until midnight in "
							"California; the Google Cloud console shows and raises the number.",
							&tasksync_google_daily_queries, 50000, 0, 9999999, PGC_SIGHUP, 0, NULL,
							NULL, NULL);
	DefineCustomIntVariable("tasksync.max_response_size",
							"Longest answer taken from a provider.",
							"64 kB to 512 MB. A longer one ends the run with an error.",
							&tasksync_max_response_kb, 65536, 64, 512 * 1024, PGC_SIGHUP,
							GUC_UNIT_KB, NULL, NULL, NULL);
	DefineCustomIntVariable("tasksync.request_timeout",
							"Time one request to a provider may take.",
							"100 ms to 10 minutes.",
							&tasksync_request_timeout_ms, 60000, 100, 600000, PGC_SIGHUP,
							GUC_UNIT_MS, NULL, NULL, NULL);
	DefineCustomIntVariable("tasksync.read_before_write",
							"Age up to which the last read still allows sending changes.",
							"0 to 1 hour. A run with older knowledge reads before it changes "
							"objects at the provider; 0 means that it always reads first.",
							&tasksync_read_before_write_ms, 250, 0, 3600000, PGC_SIGHUP,
							GUC_UNIT_MS, NULL, NULL, NULL);
	DefineCustomIntVariable("tasksync.loop_window",
							"Time within which a field that goes back and forth is a loop.",
							"0 (never) to 24 hours. Three changes between two values, each undone by "
							"another origin: the field is frozen and a conflict asks.",
							&tasksync_loop_window_ms, 3600000, 0, 86400000, PGC_SIGHUP,
							GUC_UNIT_MS, NULL, NULL, NULL);
	DefineCustomIntVariable("tasksync.poll_interval",
							"Longest time the worker sleeps without looking at its queue.",
							"100 ms to 1 hour. Commits and due accounts wake it earlier.",
							&tasksync_poll_interval_ms, 30000, 100, 3600000, PGC_SIGHUP,
							GUC_UNIT_MS, NULL, NULL, NULL);
	DefineCustomIntVariable("tasksync.webhook_interval",
							"Shortest time between two reads of an account that webhooks ask for.",
							"0 to 1 hour. The first webhook is followed at once; however many "
							"come within this time lead to one more read.",
							&tasksync_webhook_interval_ms, 2000, 0, 3600000, PGC_SIGHUP,
							GUC_UNIT_MS, NULL, NULL, NULL);
	DefineCustomIntVariable("tasksync.lease_duration",
							"Time a worker owns an account that it has claimed.",
							"1 s to 1 hour. After a crash the account is free again when this "
							"time is over.",
							&tasksync_lease_ms, 180000, 1000, 3600000, PGC_SIGHUP, GUC_UNIT_MS,
							NULL, NULL, NULL);
}

void
tasksync_guc_define(void)
{
	define_switches();
	define_places();
	define_providers();
	define_bounds();
#ifdef TASKSYNC_TESTING
	tasksync_testpoint_define();
#endif
	MarkGUCPrefixReserved("tasksync");
}
