/*
 * web_origin.c
 *	  Scheme, host and port of a URL (RFC 6454), strictly.
 *
 * Parsers that disagree about where the host ends are how open redirects come
 * about, so everything that is not plain is refused instead of understood.  A
 * library's URL parser was rejected: it repairs what it is given.  Pure.
 */
#include "postgres.h"

#include "base/web_origin.h"

#define MAX_HOST 253

static bool
is_plain(const char *url)
{
	for (const char *p = url; *p != '\0'; p++)
	{
		if (*p <= ' ' || *p > '~' || strchr("\"<>\\^`{|}", *p) != NULL)
			return false;
	}
	return true;
}

/* bytes of a host name, an IPv4 address or an IPv6 address in brackets; 0 = none */
static size_t
host_length(const char *host)
{
	static const char name[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-";

	if (*host == '[')
	{
		size_t inside = strspn(host + 1, "0123456789abcdefABCDEF:.");

		return inside > 0 && host[inside + 1] == ']' ? inside + 2 : 0;
	}
	return strspn(host, name);
}

bool
tasksync_web_origin(const char *url, TasksyncWebOrigin *origin)
{
	bool is_https = pg_strncasecmp(url, "https://", 8) == 0;
	size_t scheme = is_https ? 8 : 7;
	size_t host;
	size_t port = 0;
	const char *rest;

	memset(origin, 0, sizeof(*origin));
	if ((!is_https && pg_strncasecmp(url, "http://", 7) != 0) || !is_plain(url))
		return false;
	host = host_length(url + scheme);
	if (host == 0 || host > MAX_HOST)
		return false;
	rest = url + scheme + host;
	if (*rest == ':')
	{
		port = strspn(rest + 1, "0123456789");
		if (port == 0 || port > 5)
			return false;
		rest += port + 1;
	}
	if (*rest != '\0' && strchr("/?#", *rest) == NULL)
		return false;
	origin->length = rest - url;
	/* the port that the scheme has anyway */
	if (port > 0 && strtol(rest - port, NULL, 10) == (is_https ? 443 : 80))
		port = 0;
	origin->has_port = port > 0;
	memcpy(origin->text, url, scheme + host);
	if (port > 0)
		snprintf(origin->text + scheme + host, 8, ":%ld", strtol(rest - port, NULL, 10));
	for (char *p = origin->text; *p != '\0'; p++)
		*p = (char) pg_tolower((unsigned char) *p);
	origin->is_loopback = (host == 9 && strncmp(origin->text + scheme, "localhost", 9) == 0) ||
						  (host == 9 && strncmp(origin->text + scheme, "127.0.0.1", 9) == 0) ||
						  (host == 5 && strncmp(origin->text + scheme, "[::1]", 5) == 0);
	return is_https || origin->is_loopback;
}

static bool
same(const TasksyncWebOrigin *wanted, const TasksyncWebOrigin *allowed)
{
	size_t length = strlen(allowed->text);

	if (strcmp(wanted->text, allowed->text) == 0)
		return true;
	return allowed->is_loopback && !allowed->has_port && wanted->is_loopback &&
		   strncmp(wanted->text, allowed->text, length) == 0 && wanted->text[length] == ':';
}

bool
tasksync_web_origin_listed(const char *url, const char *list)
{
	TasksyncWebOrigin wanted;
	char one[TASKSYNC_MAX_WEB_ORIGIN];

	if (!tasksync_web_origin(url, &wanted))
		return false;
	for (const char *p = list; p != NULL && *p != '\0';)
	{
		size_t length = strcspn(p, ",");
		TasksyncWebOrigin allowed;

		while (length > 0 && *p == ' ')
		{
			p++;
			length--;
		}
		if (length > 0 && length < sizeof(one))
		{
			memcpy(one, p, length);
			one[length] = '\0';
			if (tasksync_web_origin(one, &allowed) && same(&wanted, &allowed))
				return true;
		}
		p += length;
		if (*p == ',')
			p++;
	}
	return false;
}
