/*
 * todoist_kit.c
 *	  Calls, intents and answers for the tests of the Todoist provider.
 */
#include "postgres.h"

#include "base/guc.h"
#include "provider/provider.h"
#include "todoist_kit.h"

const char *
kit_uuid(int n)
{
	return psprintf("%08d-0000-4000-8000-aaaaaaaaaaaa", n);
}

const char *
kit_temp_id(int n)
{
	return psprintf("%08d-0000-4000-8000-bbbbbbbbbbbb", n);
}

const char *
kit_text(const char *text)
{
	char *copy = pstrdup(text);

	for (char *p = copy; *p != '\0'; p++)
	{
		if (*p == '\'')
			*p = '"';
	}
	return copy;
}

json_t *
kit_json(const char *text)
{
	const char *error = NULL;
	const char *copy = kit_text(text);
	json_t *json = tasksync_json_parse(copy, strlen(copy), &error);

	if (json == NULL)
		unit_ok(false, "the test's own JSON: %s", error);
	return json;
}

TasksyncRecord *
kit_record(TasksyncKind kind, const char *text)
{
	const char *error = NULL;
	TasksyncRecord *record = tasksync_record_from_json(kind, kit_json(text), &error);

	if (record == NULL)
		unit_ok(false, "the test's own record: %s", error);
	return record;
}

TasksyncIntent
kit_intent(int n, TasksyncKind kind, TasksyncOp op, const char *remote_id, const char *patch,
		   const char *before, const char *raw)
{
	TasksyncIntent intent = {0};

	intent.id = kit_uuid(n);
	intent.temp_id = op == TASKSYNC_OP_CREATE ? kit_temp_id(n) : NULL;
	intent.kind = kind;
	intent.op = op;
	intent.hub_id = psprintf("%08d-0000-4000-8000-cccccccccccc", n);
	intent.remote_id = remote_id;
	intent.patch = kit_record(kind, patch);
	intent.before = before != NULL ? kit_record(kind, before) : NULL;
	intent.raw = raw != NULL ? kit_json(raw) : NULL;
	return intent;
}

TasksyncCall
kit_sync(const char *cursor, int nintents, TasksyncIntent *intents)
{
	TasksyncCall call = {0};

	call.type = TASKSYNC_CALL_SYNC;
	call.base_url = tasksync_todoist_url;
	call.zone = "Europe/Lisbon";
	call.wants_read = true;
	call.cursor = cursor;
	call.nintents = nintents;
	call.intents = intents;
	return call;
}

TasksyncCall
kit_call(TasksyncCallType type, TasksyncKind kind, const char *remote_id)
{
	TasksyncCall call = {0};

	call.type = type;
	call.base_url = tasksync_todoist_url;
	call.kind = kind;
	call.zone = "Europe/Lisbon";
	call.nremote_ids = remote_id != NULL ? 1 : 0;
	call.remote_ids = palloc(sizeof(char *));
	call.remote_ids[0] = remote_id;
	return call;
}

TasksyncHttpRequest
kit_build(TasksyncCall *call)
{
	TasksyncHttpRequest request;

	tasksync_provider_find("todoist")->build(call, &request);
	return request;
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

TasksyncHttpResponse
kit_response(int status, const char *body)
{
	TasksyncHttpResponse response = {0};

	response.outcome = TASKSYNC_HTTP_ANSWERED;
	response.status = status;
	response.body = kit_text(body);
	response.body_length = strlen(body);
	strlcpy(response.date, "Sun, 22 Nov 2026 10:00:00 GMT", sizeof(response.date));
	return response;
}

TasksyncAnswer
kit_parse(const TasksyncCall *call, const TasksyncHttpResponse *response)
{
	TasksyncAnswer answer;

	tasksync_provider_find("todoist")->parse(call, response, &answer);
	return answer;
}

TasksyncAnswer
kit_answer(const TasksyncCall *call, int status, const char *body)
{
	TasksyncHttpResponse response = kit_response(status, body);

	return kit_parse(call, &response);
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

const char *
kit_field(const TasksyncRecord *record, TasksyncField field)
{
	if (record == NULL || !tasksync_record_has(record, field))
		return "(absent)";
	return record->value[field] != NULL ? record->value[field] : "(null)";
}
