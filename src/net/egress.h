/*
 * egress.h
 *	  Which addresses the worker may talk to.  Pure.
 */
#ifndef TASKSYNC_EGRESS_H
#define TASKSYNC_EGRESS_H

#include "postgres.h"

#include <sys/socket.h>

/*
 * False for everything that is not a public unicast address: this machine,
 * private and shared ranges, link-local (cloud metadata lives there),
 * multicast, reserved ranges, and IPv6 forms that carry such an IPv4 address.
 */
extern bool tasksync_egress_is_public(const struct sockaddr *address);
/* the same for a numeric address in text form; false if it is none */
extern bool tasksync_egress_text_is_public(const char *address);

#endif							/* TASKSYNC_EGRESS_H */
