/*
 * wait_sets.c
 *	  What one wait of the worker costs, in system calls alone, with many
 *	  connections open: all sockets behind one epoll descriptor, as src/net does
 *	  it, against a set that is built anew for every round.
 *
 * Usage: wait_sets SOCKETS ROUNDS; prints microseconds per round, nested and
 * rebuilt.  In each round one socket becomes readable and is read.  Compiled
 * and run by wait.pl.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static double
microseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double) now.tv_sec * 1e6 + (double) now.tv_nsec / 1e3;
}

static void
must(int condition, const char *what)
{
	if (!condition)
	{
		perror(what);
		exit(1);
	}
}

static void
add(int set, int fd)
{
	struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

	must(epoll_ctl(set, EPOLL_CTL_ADD, fd, &event) == 0, "epoll_ctl");
}

/* waits on a set until something but an inner set is ready, and reads one byte */
static void
wait_and_read(int set, int inner)
{
	struct epoll_event event;
	char		byte;

	must(epoll_wait(set, &event, 1, -1) == 1, "epoll_wait");
	if (event.data.fd == inner)
		must(epoll_wait(inner, &event, 1, 0) == 1, "epoll_wait");
	must(read(event.data.fd, &byte, 1) == 1, "read");
}

static double
nested(int (*pairs)[2], int sockets, int rounds, int latch)
{
	int			inner = epoll_create1(0);
	int			outer = epoll_create1(0);
	double		start;

	must(inner >= 0 && outer >= 0, "epoll_create1");
	for (int i = 0; i < sockets; i++)
		add(inner, pairs[i][0]);
	add(outer, inner);
	add(outer, latch);
	start = microseconds();
	for (int i = 0; i < rounds; i++)
	{
		must(write(pairs[i % sockets][1], "x", 1) == 1, "write");
		wait_and_read(outer, inner);
	}
	start = microseconds() - start;
	close(inner);
	close(outer);
	return start / rounds;
}

static double
rebuilt(int (*pairs)[2], int sockets, int rounds, int latch)
{
	double		start = microseconds();

	for (int i = 0; i < rounds; i++)
	{
		int			set = epoll_create1(0);

		must(set >= 0, "epoll_create1");
		for (int j = 0; j < sockets; j++)
			add(set, pairs[j][0]);
		add(set, latch);
		must(write(pairs[i % sockets][1], "x", 1) == 1, "write");
		wait_and_read(set, -1);
		close(set);
	}
	return (microseconds() - start) / rounds;
}

int
main(int argc, char **argv)
{
	int			sockets = argc == 3 ? atoi(argv[1]) : 0;
	int			rounds = argc == 3 ? atoi(argv[2]) : 0;
	int			(*pairs)[2] = calloc(sockets, sizeof(*pairs));
	int			latch = eventfd(0, 0);

	struct rlimit limit;

	if (sockets < 1 || rounds < 1 || pairs == NULL || latch < 0)
		return 2;
	/* two descriptors per pair; many systems give 1,024 unless asked for more */
	must(getrlimit(RLIMIT_NOFILE, &limit) == 0, "getrlimit");
	limit.rlim_cur = limit.rlim_max;
	must(setrlimit(RLIMIT_NOFILE, &limit) == 0, "setrlimit");
	for (int i = 0; i < sockets; i++)
		must(socketpair(AF_UNIX, SOCK_STREAM, 0, pairs[i]) == 0, "socketpair");
	(void) nested(pairs, sockets, rounds / 10 + 1, latch);	/* warm */
	printf("%.3f ", nested(pairs, sockets, rounds, latch));
	/* at hundreds of microseconds each, fewer rounds tell as much */
	printf("%.3f\n", rebuilt(pairs, sockets, sockets > 50 ? 300 : 5000, latch));
	return 0;
}
