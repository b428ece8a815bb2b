/*
 * test_web_origin.c
 *	  Origins of URLs: what is refused, what is the same, what is on a list.
 */
#include "postgres.h"

#include "base/web_origin.h"
#include "unit.h"

static void
origins(void)
{
	static const struct
	{
		const char *url;
		const char *origin; /* NULL = refused */
	} cases[] = {
		{"https://app.example.com", "https://app.example.com"},
		{"HTTPS://App.Example.COM/a?b#c", "https://app.example.com"},
		{"https://app.example.com:443/", "https://app.example.com"},
		{"https://app.example.com:08443?x", "https://app.example.com:8443"},
		{"https://[2001:DB8::1]:8443#x", "https://[2001:db8::1]:8443"},
		{"http://127.0.0.1:5173/done", "http://127.0.0.1:5173"},
		{"http://[::1]:80/", "http://[::1]"},
		{"http://localhost", "http://localhost"},
		{"http://example.com/", NULL},
		{"http://127.0.0.1.example.com/", NULL},
		{"http://localhost.example.com/", NULL},
		{"https://user@example.com/", NULL},
		{"https://good.example:pw@evil.example/", NULL},
		{"https://good.example\\@evil.example/", NULL},
		{"https://good.example\t.evil.example/", NULL},
		{"https://good.example /", NULL},
		{"https:///evil.example/", NULL},
		{"https:evil.example", NULL},
		{"//evil.example/", NULL},
		{"/relative", NULL},
		{"javascript:alert(1)", NULL},
		{"data:text/html,x", NULL},
		{"ftp://example.com/", NULL},
		{"https://", NULL},
		{"https://:443/", NULL},
		{"https://a:123456/", NULL},
		{"https://a:/", NULL},
		{"https://a:8x/", NULL},
		{"https://[::1/", NULL},
		{"https://[]/", NULL},
		{"https://ex%61mple.com/", NULL},
		{"https://xn--bcher-kva.example/", "https://xn--bcher-kva.example"},
		{"https://b\303\274cher.example/", NULL},
		{"", NULL},
	};

	for (int i = 0; i < (int) lengthof(cases); i++)
	{
		TasksyncWebOrigin origin;
		bool good = tasksync_web_origin(cases[i].url, &origin);

		if (cases[i].origin == NULL)
			unit_ok(!good, "refused: %s", cases[i].url);
		else
			unit_is(good ? origin.text : "refused", cases[i].origin, cases[i].url);
	}
}

static void
lists(void)
{
	const char *list = "https://app.example.com, https://b.example:8443,http://127.0.0.1";

	unit_ok(tasksync_web_origin_listed("https://app.example.com/done?x=1", list), "the first");
	unit_ok(tasksync_web_origin_listed("https://B.example:8443", list), "after a blank, by case");
	unit_ok(!tasksync_web_origin_listed("https://b.example/", list), "another port");
	unit_ok(!tasksync_web_origin_listed("https://app.example.com.evil.example/", list),
			"one that begins alike");
	unit_ok(!tasksync_web_origin_listed("https://evil.example/https://app.example.com", list),
			"one that ends alike");
	unit_ok(tasksync_web_origin_listed("http://127.0.0.1:49152/cb", list), "any port here");
	unit_ok(!tasksync_web_origin_listed("http://localhost:49152/cb", list), "by that name");
	unit_ok(!tasksync_web_origin_listed("http://127.0.0.1:5173/", "http://127.0.0.1:5174"),
			"a listed port is that port");
	unit_ok(!tasksync_web_origin_listed("https://b.example:84430/", "https://b.example"),
			"elsewhere a port is never left out");
	unit_ok(!tasksync_web_origin_listed("https://app.example.com/", ""), "no list");
	unit_ok(!tasksync_web_origin_listed("https://app.example.com/", NULL), "none at all");
}

int
main(void)
{
	unit_start();
	origins();
	lists();
	return unit_done();
}
