/*
 * provider_kit.c
 *	  Calls, intents and answers for the tests of any provider.
 */
#include "postgres.h"

#include "provider_kit.h"

const char *kit_provider = "todoist";

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
kit_call(TasksyncCallType type, TasksyncKind kind, const char *remote_id)
{
	TasksyncCall call = {0};

	call.type = type;
	call.base_url = tasksync_provider_find(kit_provider)->base_url();
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

	tasksync_provider_find(kit_provider)->build(call, &request);
	return request;
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

	tasksync_provider_find(kit_provider)->parse(call, response, &answer);
	return answer;
}

TasksyncAnswer
kit_answer(const TasksyncCall *call, int status, const char *body)
{
	TasksyncHttpResponse response = kit_response(status, body);

	return kit_parse(call, &response);
}

const char *
kit_field(const TasksyncRecord *record, TasksyncField field)
{
	if (record == NULL || !tasksync_record_has(record, field))
		return "(absent)";
	return record->value[field] != NULL ? record->value[field] : "(null)";
}
