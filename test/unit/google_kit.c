/*
 * google_kit.c
 *	  Calls and answers for the tests of the Google Tasks provider.
 */
#include "postgres.h"

#include "base/clock.h"
#include "google_kit.h"
#include "lib/stringinfo.h"

TimestampTz
google_time(const char *text)
{
	TimestampTz time = 0;

	if (!tasksync_parse_instant(text, &time))
		unit_ok(false, "the test's own time: %s", text);
	return time;
}

TimestampTz
google_now(void)
{
	return google_time("2026-11-22T10:00:00Z");
}

TasksyncCall
google_sync(const char *cursor, int n)
{
	static const TasksyncContainer lists[] = {{.remote_id = "L1", .version = 7},
											  {.remote_id = "L2", .version = 8}};
	TasksyncCall call = {0};

	call.type = TASKSYNC_CALL_SYNC;
	call.base_url = "https://tasks.googleapis.com";
	call.now = google_now();
	call.wants_read = true;
	call.cursor = cursor;
	call.ncontainers = n;
	call.containers = lists;
	return call;
}

TasksyncCall
google_push(int nintents, TasksyncIntent *intents)
{
	TasksyncCall call = google_sync(NULL, 2);

	call.wants_read = false;
	call.nintents = nintents;
	call.intents = intents;
	return call;
}

const char *
google_path(const TasksyncHttpRequest *request)
{
	static const char base[] = "https://tasks.googleapis.com";

	if (strncmp(request->url, base, strlen(base)) != 0)
		return request->url;
	return pnstrdup(request->url + strlen(base), strcspn(request->url + strlen(base), "?"));
}

const char *
google_parameter(const TasksyncHttpRequest *request, const char *name)
{
	const char *query = strchr(request->url, '?');
	size_t length = strlen(name);

	for (const char *p = query; p != NULL; p = strchr(p + 1, '&'))
	{
		if (strncmp(p + 1, name, length) == 0 && p[1 + length] == '=')
			return pnstrdup(p + 2 + length, strcspn(p + 2 + length, "&"));
	}
	return NULL;
}

TasksyncIntent
google_task(int n, TasksyncOp op, const char *remote_id, const char *patch)
{
	TasksyncIntent intent =
		kit_intent(n, TASKSYNC_TASK, op, remote_id, patch,
				   op == TASKSYNC_OP_CREATE ? NULL : "{'title':'before','due_date':'2026-01-01'}",
				   NULL);

	intent.container_id = "L1";
	return intent;
}

const char *
google_tasks(const char *items, const char *token)
{
	return psprintf("{'kind':'tasks#tasks',%s%s%s'items':[%s]}", *token ? "'nextPageToken':'" : "",
					token, *token ? "'," : "", items);
}

const char *
google_lists(const char *items, const char *token)
{
	return psprintf("{'kind':'tasks#taskLists',%s%s%s'items':[%s]}",
					*token ? "'nextPageToken':'" : "", token, *token ? "'," : "", items);
}

const char *
google_error(const char *reason)
{
	return psprintf("{'error':{'code':1,'message':'Secret Text','errors':[{'message':'Secret Text',"
					"'domain':'global','reason':'%s'}]}}",
					reason);
}

const char *
google_unknown_list(void)
{
	return "{'error':{'code':400,'message':'Invalid task list ID','errors':[{'message':"
		   "'Invalid task list ID','domain':'global','reason':'invalid'}]}}";
}

static void
join(const char **list, const char *word)
{
	*list = *list == NULL ? word : psprintf("%s,%s", *list, word);
}

static void
note(GoogleRead *read, const TasksyncAnswer *answer)
{
	for (int i = 0; i < answer->ncomplete; i++)
		join(&read->complete, answer->complete[i]);
	for (int i = 0; i < answer->ntroubles; i++)
		join(&read->troubles, psprintf("%s=%s", answer->troubles[i].remote_id,
									   answer->troubles[i].code != NULL ? answer->troubles[i].code
																		 : "well"));
	for (int i = 0; i < answer->nobservations; i++)
		join(&read->seen, answer->observations[i].remote_id);
	read->whole = psprintf("%s%s", read->whole != NULL ? read->whole : "",
						   answer->is_whole ? "w" : "-");
}

GoogleRead
google_read(TasksyncCall call, const GoogleServed *served)
{
	GoogleRead read = {0};

	read.cursor = call.cursor;
	do
	{
		TasksyncHttpRequest request = kit_build(&call);
		TasksyncHttpResponse response;
		const char *page = google_parameter(&request, "pageToken");
		const char *since = google_parameter(&request, "updatedMin");

		read.asked[read.requests] = psprintf("%s%s%s%s%s", google_path(&request),
											 page != NULL ? " page " : "", page != NULL ? page : "",
											 since != NULL ? " since " : "",
											 since != NULL ? since : "");
		response = kit_response(served[read.requests].status, served[read.requests].body);
		if (served[read.requests].date != NULL)
			strlcpy(response.date, served[read.requests].date, sizeof(response.date));
		read.last = kit_parse(&call, &response);
		read.requests++;
		note(&read, &read.last);
		call.cursor = read.last.cursor;
	} while (read.last.outcome == TASKSYNC_OK && read.last.has_more && read.requests < 16 &&
			 served[read.requests].status != 0);
	if (read.last.outcome == TASKSYNC_OK && read.last.cursor != NULL)
		read.cursor = read.last.cursor;
	return read;
}
