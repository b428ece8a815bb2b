/*
 * misbehaving_server.h
 *	  An HTTP/1.1 server on this machine that answers by path, often wrongly.
 */
#ifndef MISBEHAVING_SERVER_H
#define MISBEHAVING_SERVER_H

/* starts it in a process of its own; returns its port */
extern int	server_start(void);
extern void server_stop(void);
/* how many requests for a path starting with `path` arrived whole */
extern int	server_count(const char *path);

#endif							/* MISBEHAVING_SERVER_H */
