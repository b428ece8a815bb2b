/*
 * todoist_request.c
 *	  The request of POST /sync: commands, and the read that goes with them.
 *
 * Called for every call of type SYNC.  Pure.
 *
 * Commands and the delta they cause travel in one exchange: the answer then
 * shows what the service made of each write, which becomes the new base, and a
 * quiet account costs one request.
 */
#include "postgres.h"

#include "base/json.h"
#include "provider/todoist_command.h"
#include "provider/todoist_request.h"
#include "provider/url.h"

/*
 * Always these: a token belongs to the set of resources it was given for.
 * "user" is not among them, because it holds a live token of the person; the
 * time zone comes from the identify call.
 */
#define RESOURCE_TYPES "[\"items\",\"labels\",\"projects\",\"sections\"]"

/* what comes after the commands, without the cursor */
#define TAIL_LENGTH 256

/*
 * Appends the commands of one intent, all of them or none.  False if they do
 * not fit any more.
 */
static bool
append_intent(StringInfo body, const TasksyncIntent *intent, int *ncommands, size_t room)
{
	int before = body->len;
	int count = tasksync_todoist_command_count(intent);

	if (*ncommands > 0 && *ncommands + count > TODOIST_MAX_COMMANDS)
		return false;
	for (int n = 0; n < count; n++)
	{
		if (*ncommands + n > 0)
			appendStringInfoChar(body, ',');
		appendStringInfoString(body, tasksync_json_text(tasksync_todoist_command(intent, n)));
	}
	/* one intent alone goes out whatever its size: only the service can refuse it */
	if (*ncommands > 0 && (size_t) body->len > room)
	{
		body->len = before;
		body->data[before] = '\0';
		return false;
	}
	*ncommands += count;
	return true;
}

void
tasksync_todoist_build_sync(TasksyncCall *call, TasksyncHttpRequest *request)
{
	size_t cursor_length = call->cursor != NULL ? strlen(call->cursor) : 0;
	size_t room = TODOIST_MAX_BODY - TAIL_LENGTH;
	StringInfoData body;
	StringInfoData url;
	int ncommands = 0;
	int taken = 0;

	room -= Min(cursor_length * 2, room / 2);
	initStringInfo(&body);
	appendStringInfoChar(&body, '{');
	if (call->nintents > 0)
	{
		appendStringInfoString(&body, "\"commands\":[");
		while (taken < call->nintents &&
			   append_intent(&body, &call->intents[taken], &ncommands, room))
			taken++;
		appendStringInfoString(&body, "],");
		call->nintents = taken;
	}
	if (call->wants_read)
		appendStringInfoString(&body, "\"resource_types\":" RESOURCE_TYPES ",");
	/*
	 * Commands without a token may count as a full sync, of which only a tenth
	 * as many are allowed; so a known token goes along even if nothing is read.
	 */
	if (call->wants_read || call->cursor != NULL)
		appendStringInfo(&body, "\"sync_token\":%s,",
						 tasksync_json_text(json_string(call->cursor != NULL ? call->cursor :
														"*")));
	if (body.data[body.len - 1] == ',')
		body.len--;
	body.data[body.len] = '\0';
	appendStringInfoChar(&body, '}');

	tasksync_url_start(&url, call->base_url, "/api/v1/sync");
	request->method = TASKSYNC_POST;
	request->url = url.data;
	request->content_type = "application/json";
	request->body = body.data;
	request->body_length = body.len;
}
