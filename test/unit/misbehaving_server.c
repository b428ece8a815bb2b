/*
 * misbehaving_server.c
 *	  An HTTP/1.1 server on this machine that answers by path, often wrongly.
 *
 * One process accepts, each connection gets a process of its own; counters are
 * in memory that all of them share.  Blocking and simple on purpose: what is
 * tested is the other side.
 */
#include "postgres.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "misbehaving_server.h"
#include "port/atomics.h"

#define MAX_REQUEST 65536
#define LARGE (2 * 1024 * 1024)

static const char *const paths[] = {"/echo", "/once", "/target", "/other"};

static int *counts;
static pid_t server = 0;

static void
count(const char *path)
{
	for (int i = 0; i < (int) lengthof(paths); i++)
	{
		if (strncmp(path, paths[i], strlen(paths[i])) == 0)
			__sync_fetch_and_add(&counts[i], 1);
	}
}

int
server_count(const char *path)
{
	for (int i = 0; i < (int) lengthof(paths); i++)
	{
		if (strcmp(path, paths[i]) == 0)
			return __sync_fetch_and_add(&counts[i], 0);
	}
	abort();
}

static void
send_bytes(int fd, const char *bytes, size_t length)
{
	while (length > 0)
	{
		ssize_t		sent = send(fd, bytes, length, MSG_NOSIGNAL);

		if (sent <= 0)
			_exit(0);
		bytes += sent;
		length -= sent;
	}
}

static void
send_text(int fd, const char *text)
{
	send_bytes(fd, text, strlen(text));
}

static void
answer(int fd, const char *status, const char *headers, const char *body, size_t length)
{
	char		head[1024];

	snprintf(head, sizeof(head), "HTTP/1.1 %s\r\nContent-Length: %zu\r\n%s\r\n", status, length,
			 headers);
	send_text(fd, head);
	send_bytes(fd, body, length);
}

/* ---- a gzip stream that unfolds two thousand times: one byte, repeated ---- */

typedef struct Bits
{
	unsigned char bytes[32768];
	size_t		nbits;
} Bits;

static void
put_bit(Bits *bits, int bit)
{
	if (bit)
		bits->bytes[bits->nbits / 8] |= 1 << (bits->nbits % 8);
	bits->nbits++;
}

/* Huffman codes have their highest bit first */
static void
put_code(Bits *bits, int code, int length)
{
	for (int i = length - 1; i >= 0; i--)
		put_bit(bits, (code >> i) & 1);
}

static size_t
make_bomb(Bits *bits, size_t unfolded)
{
	static const unsigned char header[10] = {0x1f, 0x8b, 8};

	memset(bits, 0, sizeof(*bits));
	memcpy(bits->bytes, header, sizeof(header));
	bits->nbits = sizeof(header) * 8;
	put_bit(bits, 1);			/* the last block */
	put_bit(bits, 1);			/* with fixed codes, as 01 from its low bit */
	put_bit(bits, 0);
	put_code(bits, 0x30 + 'x', 8);
	for (size_t done = 1; done < unfolded; done += 258)
	{
		put_code(bits, 0xC5, 8);	/* repeat 258 bytes */
		put_code(bits, 0, 5);	/* from one byte back */
	}
	put_code(bits, 0, 7);
	return (bits->nbits + 7) / 8 + 8;	/* and a checksum that nobody will reach */
}

/* ---- what is answered ---- */

typedef struct Request
{
	char		bytes[MAX_REQUEST];
	char		method[16];
	char		path[256];
	const char *body;
	size_t		body_length;
} Request;

static const char *
header_of(const Request *request, const char *name)
{
	static char value[1024];
	const char *found = strcasestr(request->bytes, name);
	size_t		length;

	if (found == NULL || (request->body_length > 0 && found > request->body))
		return "-";
	found += strlen(name);
	length = strcspn(found, "\r\n");
	snprintf(value, sizeof(value), "%.*s", (int) length, found);
	return value;
}

static void
echo(int fd, const Request *request)
{
	static const char *const shown[] = {"\r\nAuthorization: ", "\r\nContent-Type: ",
										"\r\nUser-Agent: "};
	char		body[MAX_REQUEST];
	int			length;

	length = snprintf(body, sizeof(body), "%s|", request->method);
	for (int i = 0; i < (int) lengthof(shown); i++)
		length += snprintf(body + length, sizeof(body) - length, "%s|",
						   header_of(request, shown[i]));
	length += snprintf(body + length, sizeof(body) - length, "%.*s", (int) request->body_length,
					   request->body);
	answer(fd, "200 OK", "Content-Type: text/plain; charset=utf-8\r\n", body, length);
}

/* false: this connection is over */
static bool
serve(int fd, const Request *request, int number)
{
	const char *path = request->path;

	count(path);
	if (strcmp(path, "/echo") == 0)
		echo(fd, request);
	else if (strcmp(path, "/once") == 0)
	{
		if (number > 1)
			return false;		/* the kept-alive connection dies under the second request */
		answer(fd, "200 OK", "", "first", 5);
	}
	else if (strcmp(path, "/headers") == 0)
	{
		send_text(fd, "HTTP/1.1 103 Early Hints\r\nRetry-After: 1\r\nX-RateLimit-Reset: 1\r\n\r\n");
		answer(fd, "429 Too Many Requests",
			   "content-TYPE:application/json\r\nRETRY-AFTER: \t 66 \r\n"
			   "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n", "{}", 2);
	}
	else if (strcmp(path, "/long-header") == 0)
	{
		char		header[600] = "Retry-After: ";

		memset(header + strlen(header), '9', 500);
		strcat(header, "\r\n");
		answer(fd, "200 OK", header, "ok", 2);
	}
	else if (strcmp(path, "/redirect") == 0)
		answer(fd, "302 Found", "Location: /target\r\n", "", 0);
	else if (strcmp(path, "/cut") == 0)
		return false;
	else if (strcmp(path, "/partial") == 0)
	{
		send_text(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nthree");
		return false;
	}
	else if (strcmp(path, "/garbage") == 0)
	{
		send_text(fd, "\x01\x02 this is no HTTP\r\n\r\n");
		return false;
	}
	else if (strcmp(path, "/hang") == 0)
		sleep(30);
	else if (strcmp(path, "/large") == 0)
	{
		char	   *body = malloc(LARGE);

		memset(body, 'x', LARGE);
		answer(fd, "200 OK", "", body, LARGE);
		free(body);
	}
	else if (strcmp(path, "/bomb") == 0)
	{
		Bits	   *bits = malloc(sizeof(Bits));

		answer(fd, "200 OK", "Content-Encoding: gzip\r\n", (char *) bits->bytes,
			   make_bomb(bits, LARGE));
		free(bits);
	}
	else
		answer(fd, "404 Not Found", "", "?", 1);
	return true;
}

/* false: no more requests on this connection */
static bool
read_request(int fd, Request *request)
{
	size_t		length = 0;
	size_t		wanted = 0;

	memset(request, 0, sizeof(*request));
	while (wanted == 0 || length < wanted)
	{
		ssize_t		got = recv(fd, request->bytes + length, MAX_REQUEST - 1 - length, 0);
		char	   *end;

		if (got <= 0)
			return false;
		length += got;
		end = strstr(request->bytes, "\r\n\r\n");
		if (wanted == 0 && end != NULL)
		{
			const char *told = strcasestr(request->bytes, "\r\nContent-Length: ");

			request->body = end + 4;
			request->body_length = told != NULL && told < end ? atoi(told + 18) : 0;
			wanted = request->body - request->bytes + request->body_length;
		}
	}
	return sscanf(request->bytes, "%15s %255s", request->method, request->path) == 2;
}

static void
connection(int fd)
{
	Request    *request = malloc(sizeof(Request));
	int			number = 0;
	int			yes = 1;

	/* head and body are sent one after the other: do not let the second wait for the first */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
	while (read_request(fd, request) && serve(fd, request, ++number))
		;
	shutdown(fd, SHUT_RDWR);
	_exit(0);
}

int
server_start(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t	size = sizeof(address);
	int			listener = socket(AF_INET, SOCK_STREAM, 0);

	counts = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (counts == MAP_FAILED || listener < 0 ||
		bind(listener, (struct sockaddr *) &address, sizeof(address)) != 0 ||
		listen(listener, 1024) != 0 ||
		getsockname(listener, (struct sockaddr *) &address, &size) != 0)
		abort();
	server = fork();
	if (server == 0)
	{
		/* a test that is stopped takes its server along */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		setpgid(0, 0);
		signal(SIGCHLD, SIG_IGN);
		for (;;)
		{
			int			fd = accept(listener, NULL, NULL);

			if (fd >= 0 && fork() == 0)
			{
				prctl(PR_SET_PDEATHSIG, SIGKILL);
				connection(fd);
			}
			close(fd);
		}
	}
	setpgid(server, server);
	close(listener);
	return ntohs(address.sin_port);
}

/* with all its connections, also those that hang */
void
server_stop(void)
{
	if (server > 0)
	{
		kill(-server, SIGKILL);
		waitpid(server, NULL, 0);
	}
	server = 0;
}
