/*
 * google_tasks_batch.c
 *	  Several requests in one: POST /batch with a multipart/mixed body (RFC 2046).
 *
 * Called for writes and for look-ups in many lists.  Pure.
 *
 * Parts run in any order, count one by one against the quota, and succeed or
 * fail alone.  Answers are found by their Content-ID, never by their place.
 *
 * Own parsing of the few lines that make a multipart body: curl's mime
 * functions only write, and a library for mail would be the largest thing in
 * the worker.
 */
#include "postgres.h"

#include "base/json.h"
#include "provider/google_tasks_batch.h"
#include "provider/url.h"

/*
 * It cannot begin a line of a part: JSON as we write it has no line breaks, and
 * paths are escaped.
 */
#define BOUNDARY "tasksync_part"
#define JSON_TYPE "application/json; charset=utf-8"
#define MAX_BOUNDARY 70
/* the lines around a part */
#define PART_OVERHEAD 256

static const char *const method_names[] = {
	[TASKSYNC_GET] = "GET", [TASKSYNC_POST] = "POST", [TASKSYNC_PATCH] = "PATCH",
	[TASKSYNC_PUT] = "PUT", [TASKSYNC_DELETE] = "DELETE",
};

/* ---- requests ---- */

size_t
tasksync_google_part_size(const TasksyncGooglePart *part)
{
	return PART_OVERHEAD + strlen(part->path) + (part->body != NULL ? strlen(part->body) : 0);
}

void
tasksync_google_build_one(const char *base_url, const TasksyncGooglePart *part,
						  TasksyncHttpRequest *request)
{
	StringInfoData url;

	tasksync_url_start(&url, base_url, part->path);
	request->method = part->method;
	request->url = url.data;
	request->body = part->body;
	request->body_length = part->body != NULL ? strlen(part->body) : 0;
	request->content_type = part->body != NULL ? JSON_TYPE : NULL;
}

static void
append_part(StringInfo body, const TasksyncGooglePart *part)
{
	appendStringInfo(body,
					 "--" BOUNDARY "\r\nContent-Type: application/http\r\nContent-ID: <%s>\r\n\r\n"
					 "%s %s HTTP/1.1\r\n",
					 part->id, method_names[part->method], part->path);
	if (part->body != NULL)
		appendStringInfo(body, "Content-Type: " JSON_TYPE "\r\nContent-Length: %zu\r\n\r\n%s\r\n",
						 strlen(part->body), part->body);
	else
		appendStringInfoString(body, part->method == TASKSYNC_POST ? "Content-Length: 0\r\n\r\n\r\n"
							   : "\r\n\r\n");
}

void
tasksync_google_build_batch(const char *base_url, int nparts, const TasksyncGooglePart *parts,
							TasksyncHttpRequest *request)
{
	StringInfoData url;
	StringInfoData body;

	tasksync_url_start(&url, base_url, "/batch");
	initStringInfo(&body);
	for (int i = 0; i < nparts; i++)
		append_part(&body, &parts[i]);
	appendStringInfoString(&body, "--" BOUNDARY "--\r\n");
	request->method = TASKSYNC_POST;
	request->url = url.data;
	request->content_type = "multipart/mixed; boundary=" BOUNDARY;
	request->body = body.data;
	request->body_length = body.len;
}

/* ---- answers ---- */

typedef struct Text
{
	const char *at;
	const char *end;
} Text;

/* the next line without its end; false if there is none */
static bool
next_line(Text *text, Text *line)
{
	const char *end;

	if (text->at >= text->end)
		return false;
	end = memchr(text->at, '\n', text->end - text->at);
	line->at = text->at;
	line->end = end != NULL ? end : text->end;
	text->at = end != NULL ? end + 1 : text->end;
	if (line->end > line->at && line->end[-1] == '\r')
		line->end--;
	return true;
}

static size_t
length_of(const Text *line)
{
	return line->end - line->at;
}

/* the value of the header `name` if this line is it */
static bool
header_value(const Text *line, const char *name, Text *value)
{
	size_t length = strlen(name);

	if (length_of(line) <= length || pg_strncasecmp(line->at, name, length) != 0 ||
		line->at[length] != ':')
		return false;
	value->at = line->at + length + 1;
	value->end = line->end;
	while (value->at < value->end && (*value->at == ' ' || *value->at == '\t'))
		value->at++;
	while (value->end > value->at && (value->end[-1] == ' ' || value->end[-1] == '\t'))
		value->end--;
	return true;
}

/* "--" and the boundary that the header names; NULL if it names none */
static char *
delimiter_of(const char *content_type)
{
	const char *name = "boundary=";
	const char *p;
	size_t length;

	if (pg_strncasecmp(content_type, "multipart/", 10) != 0)
		return NULL;
	for (p = content_type; *p != '\0' && pg_strncasecmp(p, name, strlen(name)) != 0;)
		p++;
	if (*p == '\0')
		return NULL;
	p += strlen(name);
	if (*p == '"')
		length = strcspn(++p, "\"");
	else
		length = strcspn(p, "; \t");
	if (length == 0 || length > MAX_BOUNDARY)
		return NULL;
	return psprintf("--%.*s", (int) length, p);
}

/* is the line the delimiter, or the last one? */
static bool
is_delimiter(const Text *line, const char *delimiter, bool *is_last)
{
	size_t length = strlen(delimiter);
	Text rest = {line->at + length, line->end};

	if (length_of(line) < length || memcmp(line->at, delimiter, length) != 0)
		return false;
	*is_last = length_of(&rest) >= 2 && memcmp(rest.at, "--", 2) == 0;
	if (*is_last)
		rest.at += 2;
	while (rest.at < rest.end && (*rest.at == ' ' || *rest.at == '\t'))
		rest.at++;
	return rest.at == rest.end;
}

/* "HTTP/1.1 200 OK" */
static int
status_of(const Text *line)
{
	const char *p = memchr(line->at, ' ', length_of(line));

	if (length_of(line) < 12 || memcmp(line->at, "HTTP/", 5) != 0 || p == NULL ||
		line->end - p < 4)
		return 0;
	for (int i = 1; i <= 3; i++)
	{
		if (p[i] < '0' || p[i] > '9')
			return 0;
	}
	return (p[1] - '0') * 100 + (p[2] - '0') * 10 + (p[3] - '0');
}

/* which of ours "<response-ID>" is, -1 for nobody's */
static int
index_of(const Text *id, int nparts, const TasksyncGooglePart *parts)
{
	static const char prefix[] = "response-";
	Text name = *id;

	if (name.at < name.end && *name.at == '<')
		name.at++;
	if (name.end > name.at && name.end[-1] == '>')
		name.end--;
	if (length_of(&name) < strlen(prefix) || memcmp(name.at, prefix, strlen(prefix)) != 0)
		return -1;
	name.at += strlen(prefix);
	for (int i = 0; i < nparts; i++)
	{
		if (strlen(parts[i].id) == length_of(&name) &&
			memcmp(parts[i].id, name.at, length_of(&name)) == 0)
			return i;
	}
	return -1;
}

/* one part, from behind its delimiter up to the line break before the next one */
static void
read_part(Text part, int nparts, const TasksyncGooglePart *parts,
		  TasksyncGooglePartAnswer *answers)
{
	Text line;
	Text value;
	int index = -1;
	int status = 0;

	while (next_line(&part, &line) && length_of(&line) > 0)
	{
		if (header_value(&line, "Content-ID", &value))
			index = index_of(&value, nparts, parts);
	}
	if (next_line(&part, &line))
		status = status_of(&line);
	while (next_line(&part, &line) && length_of(&line) > 0)
		;
	/* two answers to one question: the first is as good as the second */
	if (index < 0 || answers[index].status != 0)
		return;
	answers[index].status = status;
	/* not as a string: what no JSON may hold is still there to be refused */
	answers[index].body = part.at;
	answers[index].length = part.end - part.at;
}

bool
tasksync_google_parse_batch(const TasksyncHttpResponse *response, int nparts,
							const TasksyncGooglePart *parts, TasksyncGooglePartAnswer *answers)
{
	const char *delimiter = delimiter_of(response->content_type);
	Text text = {response->body, response->body + response->body_length};
	Text line;
	const char *start = NULL;
	bool is_last = false;
	bool found = false;

	memset(answers, 0, sizeof(*answers) * nparts);
	if (delimiter == NULL)
		return false;
	while (!is_last && next_line(&text, &line))
	{
		if (!is_delimiter(&line, delimiter, &is_last))
			continue;
		found = true;
		/* what no delimiter ends is cut off, and nobody knows where */
		if (start != NULL)
			read_part((Text){start, line.at}, nparts, parts, answers);
		start = text.at;
	}
	return found;
}
