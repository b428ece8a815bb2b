/*
 * egress.c
 *	  Which addresses the worker may talk to.
 *
 * Called by the transport, from libcurl's callbacks, with the address that a
 * connection is really opened to: checking the URL instead would be answered
 * by a name that resolves to 127.0.0.1.  Pure; must not palloc or ereport.
 */
#include "postgres.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "net/egress.h"

typedef struct Range4
{
	uint32 network;
	int bits;
} Range4;

#define IP4(a, b, c, d) (((uint32) (a) << 24) | ((uint32) (b) << 16) | ((uint32) (c) << 8) | (d))

/* IANA's special-purpose registry, what is not globally reachable */
static const Range4 forbidden4[] = {
	{IP4(0, 0, 0, 0), 8},       /* this network */
	{IP4(10, 0, 0, 0), 8},      /* private */
	{IP4(100, 64, 0, 0), 10},   /* carrier-grade NAT */
	{IP4(127, 0, 0, 0), 8},     /* loopback */
	{IP4(169, 254, 0, 0), 16},  /* link-local, metadata services */
	{IP4(172, 16, 0, 0), 12},   /* private */
	{IP4(192, 0, 0, 0), 24},    /* protocol assignments */
	{IP4(192, 0, 2, 0), 24},    /* documentation */
	{IP4(192, 88, 99, 0), 24},  /* 6to4 relays */
	{IP4(192, 168, 0, 0), 16},  /* private */
	{IP4(198, 18, 0, 0), 15},   /* benchmarks */
	{IP4(198, 51, 100, 0), 24}, /* documentation */
	{IP4(203, 0, 113, 0), 24},  /* documentation */
	{IP4(224, 0, 0, 0), 3},     /* multicast, reserved, broadcast */
};

static bool
is_public4(uint32 address)
{
	for (int i = 0; i < lengthof(forbidden4); i++)
	{
		if ((address ^ forbidden4[i].network) >> (32 - forbidden4[i].bits) == 0)
			return false;
	}
	return true;
}

static uint32
ip4_at(const unsigned char *bytes)
{
	return IP4(bytes[0], bytes[1], bytes[2], bytes[3]);
}

/*
 * is_public6 - by permission, not by prohibition: only 2000::/3 is global
 * unicast, and in it only what does not lead back into an IPv4 network.
 */
static bool
is_public6(const unsigned char *a)
{
	static const unsigned char nat64[12] = {0x00, 0x64, 0xff, 0x9b};

	/* a NAT64 gateway's addresses lie outside 2000::/3 but are the only way out of some networks */
	if (memcmp(a, nat64, sizeof(nat64)) == 0)
		return is_public4(ip4_at(a + 12));
	if ((a[0] & 0xe0) != 0x20)
		return false; /* loopback, mapped, ULA, link-local, multicast … */
	if (a[0] == 0x20 && a[1] == 0x02)
		return is_public4(ip4_at(a + 2)); /* 6to4 */
	if (a[0] == 0x20 && a[1] == 0x01)
	{
		if (a[2] < 0x02)
			return false; /* 2001::/23: Teredo, ORCHID, benchmarks */
		if (a[2] == 0x0d && a[3] == 0xb8)
			return false; /* documentation */
	}
	if (a[0] == 0x3f && a[1] == 0xff && a[2] < 0x10)
		return false; /* 3fff::/20, documentation */
	return true;
}

/*
 * tasksync_egress_is_public - may a connection be opened to this address?
 */
bool
tasksync_egress_is_public(const struct sockaddr *address)
{
	if (address->sa_family == AF_INET)
	{
		const struct sockaddr_in *in = (const struct sockaddr_in *) (const void *) address;

		return is_public4(ntohl(in->sin_addr.s_addr));
	}
	if (address->sa_family == AF_INET6)
	{
		const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *) (const void *) address;

		return is_public6(in6->sin6_addr.s6_addr);
	}
	return false; /* Unix sockets and whatever comes next */
}

/*
 * tasksync_egress_text_is_public - the same for "192.0.2.1" or "2001:db8::1".
 */
bool
tasksync_egress_text_is_public(const char *address)
{
	struct in_addr in;
	struct in6_addr in6;

	if (inet_pton(AF_INET, address, &in) == 1)
		return is_public4(ntohl(in.s_addr));
	if (inet_pton(AF_INET6, address, &in6) == 1)
		return is_public6(in6.s6_addr);
	return false;
}
