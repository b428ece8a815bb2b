/*
 * notion_request.c
 *	  What all requests to Notion have in common: the version of the interface,
 *	  the form of the body.
 *
 * Called by the build functions.  Pure.
 */
#include "postgres.h"

#include "provider/notion_request.h"
#include "provider/url.h"

/* which fields and refusals there are depends on this date */
#define VERSION_HEADER "Notion-Version: 2026-03-11"

/*
 * Notion ends a request after about a minute and then says what became of it;
 * whoever hangs up before that never learns it.
 */
#define TIMEOUT_MS 75000

void
tasksync_notion_address(StringInfo url, const TasksyncCall *call, const char *path, const char *id)
{
	const char *place = strstr(path, "%s");

	tasksync_url_start(url, call->base_url, "");
	if (place == NULL)
	{
		appendStringInfoString(url, path);
		return;
	}
	appendBinaryStringInfo(url, path, (int) (place - path));
	tasksync_url_escape(url, id != NULL ? id : "");
	appendStringInfoString(url, place + 2);
}

void
tasksync_notion_request(TasksyncHttpRequest *request, TasksyncMethod method, StringInfo url,
						const json_t *body)
{
	request->method = method;
	request->url = url->data;
	request->headers[0] = VERSION_HEADER;
	request->timeout_ms = TIMEOUT_MS;
	if (body == NULL)
		return;
	request->content_type = "application/json";
	request->body = tasksync_json_text(body);
	request->body_length = strlen(request->body);
}
