/*
 * todoist_kit.c
 *	  Calls and answers for the tests of the Todoist provider.
 */
#include "postgres.h"

#include "todoist_kit.h"

TasksyncCall
kit_sync(const char *cursor, int nintents, TasksyncIntent *intents)
{
	TasksyncCall call = {0};

	call.type = TASKSYNC_CALL_SYNC;
	call.base_url = tasksync_provider_find("todoist")->base_url();
	call.zone = "Europe/Lisbon";
	call.wants_read = true;
	call.cursor = cursor;
	call.nintents = nintents;
	call.intents = intents;
	return call;
}

static json_t *
command_of(TasksyncIntent intent, int n)
{
	TasksyncCall call = kit_sync("T0", 1, &intent);
	TasksyncHttpRequest request = kit_build(&call);
	const char *error;
	json_t *body = tasksync_json_parse(request.body, request.body_length, &error);

	return json_array_get(json_object_get(body, "commands"), n);
}

const char *
kit_args(TasksyncIntent intent, int n)
{
	json_t *args = json_object_get(command_of(intent, n), "args");

	return args != NULL ? tasksync_json_text(args) : NULL;
}

const char *
kit_type(TasksyncIntent intent, int n)
{
	return tasksync_json_string(command_of(intent, n), "type");
}

const TasksyncObservation *
kit_item(const char *item)
{
	TasksyncCall call = kit_sync("T0", 0, NULL);
	TasksyncAnswer answer =
		kit_answer(&call, 200,
				   psprintf("{'full_sync':false,'sync_token':'T1','items':[%s]}", item));

	if (answer.outcome != TASKSYNC_OK || answer.nobservations != 1)
		return NULL;
	return &answer.observations[0];
}
