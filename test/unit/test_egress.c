/*
 * test_egress.c
 *	  Which addresses the worker may talk to, range by range, first and last.
 */
#include "postgres.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include "net/egress.h"
#include "unit.h"

static const char *const forbidden[] = {
	"0.0.0.0", "0.255.255.255",
	"10.0.0.0", "10.255.255.255",
	"100.64.0.0", "100.127.255.255",
	"127.0.0.1", "127.255.255.255",
	"169.254.0.0", "169.254.169.254", "169.254.255.255",
	"172.16.0.0", "172.31.255.255",
	"192.0.0.0", "192.0.0.255",
	"192.0.2.1", "198.51.100.1", "203.0.113.1",
	"192.88.99.1",
	"192.168.0.0", "192.168.255.255",
	"198.18.0.0", "198.19.255.255",
	"224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
	"::", "::1",
	"::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1",
	"64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b:1::1",
	"100::1",
	"2001::1", "2001:1ff::1", "2001:db8::1",
	"2002:7f00:1::1", "2002:c0a8:101::1",
	"3fff::1", "3fff:fff::1",
	"fc00::1", "fdff::1", "fe80::1", "febf::1", "fec0::1", "ff02::1", "ffff::1",
	"4000::1", "8000::1",
};

static const char *const allowed[] = {
	"1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0",
	"100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0",
	"169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0",
	"192.0.1.0", "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0",
	"223.255.255.255",
	"2606:4700:4700::1111", "2001:4860:4860::8888", "2001:200::1", "2002:808:808::1",
	"64:ff9b::808:808", "3fff:1000::1",
};

static bool
by_socket_address(const char *text)
{
	struct sockaddr_in in = {.sin_family = AF_INET};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};

	if (inet_pton(AF_INET, text, &in.sin_addr) == 1)
		return tasksync_egress_is_public((struct sockaddr *) &in);
	if (inet_pton(AF_INET6, text, &in6.sin6_addr) == 1)
		return tasksync_egress_is_public((struct sockaddr *) &in6);
	return !unit_ok(false, "%s is an address", text);
}

int
main(void)
{
	struct sockaddr_un local = {.sun_family = AF_UNIX};

	unit_start();
	for (int i = 0; i < (int) lengthof(forbidden); i++)
		unit_ok(!by_socket_address(forbidden[i]) && !tasksync_egress_text_is_public(forbidden[i]),
				"%s is refused", forbidden[i]);
	for (int i = 0; i < (int) lengthof(allowed); i++)
		unit_ok(by_socket_address(allowed[i]) && tasksync_egress_text_is_public(allowed[i]),
				"%s is public", allowed[i]);
	unit_ok(!tasksync_egress_is_public((struct sockaddr *) &local), "a Unix socket is refused");
	unit_ok(!tasksync_egress_text_is_public("localhost"), "a name is no address");
	unit_ok(!tasksync_egress_text_is_public(""), "nor is nothing");
	unit_ok(!tasksync_egress_text_is_public("8.8.8.8.8"), "nor five numbers");
	return unit_done();
}
