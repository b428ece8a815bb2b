/*
 * test_todoist_rest.c
 *	  Single look-ups at Todoist.
 */
#include "postgres.h"

#include "base/clock.h"
#include "todoist_kit.h"

/* ---- who is this? ---- */

static void
test_identity(void)
{
	TasksyncCall call = kit_call(TASKSYNC_CALL_IDENTIFY, TASKSYNC_TASK, NULL);
	TasksyncHttpResponse response =
		kit_response(200, "{'id':'2671355','email':'a@example.com','full_name':'Alice',"
						  "'tz_info':{'timezone':'Europe/Lisbon','gmt_string':'+01:00'},"
						  "'token':'0123456789abcdef','websocket_url':'wss://x/?token=fedcba'}");
	TasksyncAnswer answer = kit_parse(&call, &response);

	unit_ok(answer.outcome == TASKSYNC_OK, "the account is told");
	unit_is(answer.external_id, "2671355", "its id");
	unit_is(answer.display_name, "Alice", "its name");
	unit_is(answer.zone, "Europe/Lisbon", "its time zone");
	unit_ok(answer.nobservations == 0 && answer.cursor == NULL, "trap 24: and nothing else of it");
	answer = kit_answer(&call, 200,
						"{'id':2671355,'email':'a@example.com','full_name':'',"
						"'tz_info':{'timezone':'Mars/Base','gmt_string':'-07:30'}}");
	unit_is(answer.external_id, "2671355", "an id as a number");
	unit_is(answer.display_name, "a@example.com", "without a name its address");
	unit_is(answer.zone, "GMT -07:30", "trap 11: an unknown zone by its offset");
	answer = kit_answer(&call, 200, "{'id':'1','tz_info':{'timezone':'Mars/Base'}}");
	unit_ok(answer.outcome == TASKSYNC_OK && answer.zone == NULL, "or none");
	unit_ok(kit_answer(&call, 200, "{'full_name':'Alice','token':'secret'}").outcome ==
				TASKSYNC_BAD_ANSWER,
			"without an id it is nobody");
	unit_ok(kit_answer(&call, 200, "[]").outcome == TASKSYNC_BAD_ANSWER, "a list is nobody");
	unit_ok(kit_answer(&call, 401, "{'error_tag':'UNAUTHORIZED'}").outcome ==
				TASKSYNC_TOKEN_EXPIRED,
			"a token that is not accepted");
}

/* ---- does it live? ---- */

static const char *const states[] = {"live", "deleted", "gone", "hidden", "moved"};

static const char *
state_of(int status, const char *body)
{
	TasksyncCall call = kit_call(TASKSYNC_CALL_POINT_READ, TASKSYNC_TASK, "T1");
	TasksyncAnswer answer = kit_answer(&call, status, body);

	if (answer.outcome != TASKSYNC_OK)
		return "no answer";
	if (answer.nobservations != 1 || answer.coverage != TASKSYNC_COVERS_POINT ||
		strcmp(answer.observations[0].remote_id, "T1") != 0 ||
		(answer.observations[0].record != NULL) !=
			(answer.observations[0].state == TASKSYNC_REMOTE_LIVE))
		return "nonsense";
	return states[answer.observations[0].state];
}

static void
test_point_reads(void)
{
	TasksyncCall call = kit_call(TASKSYNC_CALL_POINT_READ, TASKSYNC_TASK, "T1");
	TasksyncAnswer answer = kit_answer(&call, 200,
									   "{'id':'T1','content':'x','checked':true,"
									   "'completed_at':'2026-11-22T09:30:00Z','due':null}");

	unit_is(kit_field(answer.observations[0].record, TASKSYNC_F_STATUS), "done",
			"trap 3: a completed task is found, not gone");
	unit_is(state_of(200, "{'id':'T1','content':'x'}"), "live", "an open one");
	unit_is(state_of(200, "{'id':'T1','is_deleted':true}"), "deleted", "a tombstone");
	unit_is(state_of(404, "{'error':'Task not found','error_code':478,'error_tag':'NOT_FOUND',"
						  "'http_code':404}"),
			"gone", "trap 3: gone in Todoist's own words");
	unit_is(state_of(404, "<html>404</html>"), "no answer", "trap 3: any other 404 proves nothing");
	unit_is(state_of(404, "{'error':'no such route'}"), "no answer",
			"trap 3: nor does one without the tag");
	unit_is(state_of(403, "{'error_tag':'FORBIDDEN','http_code':403}"), "hidden",
			"trap 17: not for us, not gone");
	unit_is(state_of(403, "{'error_tag':'AUTH_INSUFFICIENT_TOKEN_SCOPE'}"), "no answer",
			"a token without permission says nothing of the task");
	unit_is(state_of(500, "{'error_tag':'NOT_FOUND'}"), "no answer", "a service in trouble");
	unit_is(state_of(200, "{'id':'T2','content':'x'}"), "moved",
			"trap 9: it goes by another id now");
	unit_is(state_of(200, "{}"), "no answer", "an object without an id");
	unit_is(state_of(200, "{'id':'T1'"), "no answer", "half an answer");
	call.kind = TASKSYNC_LABEL;
	answer = kit_answer(&call, 200, "{'id':'T1','name':'food','order':3}");
	unit_is(kit_field(answer.observations[0].record, TASKSYNC_F_POSITION), "3",
			"REST's name for a label's place");
}

static void
test_moved_ids(void)
{
	const char *ids[] = {"a", "b", "c"};
	TasksyncCall call = kit_call(TASKSYNC_CALL_MOVED_IDS, TASKSYNC_TASK, NULL);
	TasksyncAnswer answer;

	call.remote_ids = ids;
	call.nremote_ids = 3;
	answer = kit_answer(&call, 200,
						"[{'old_id':'a','new_id':'a2'},{'old_id':'b','new_id':'b'},"
						"{'old_id':'x','new_id':'y'},{'old_id':null,'new_id':'c'},"
						"{'old_id':'c','new_id':null},17,{}]");
	unit_ok(answer.outcome == TASKSYNC_OK && answer.nobservations == 1 &&
				answer.observations[0].state == TASKSYNC_REMOTE_MOVED_ID &&
				strcmp(answer.observations[0].remote_id, "a") == 0 &&
				strcmp(answer.observations[0].new_remote_id, "a2") == 0,
			"trap 9: only ids that were asked for and did change");
	answer = kit_answer(&call, 200, "[]");
	unit_ok(answer.outcome == TASKSYNC_OK && answer.nobservations == 0, "none moved");
	answer = kit_answer(&call, 404, "{'error_tag':'NOT_FOUND','http_code':404}");
	unit_ok(answer.outcome == TASKSYNC_OK && answer.nobservations == 0, "a refusal says the same");
	unit_ok(kit_answer(&call, 404, "<html>").outcome == TASKSYNC_BAD_ANSWER, "if it is Todoist's");
	unit_ok(kit_answer(&call, 200, "{}").outcome == TASKSYNC_BAD_ANSWER, "an object is no list");
}

/* ---- what was completed? ---- */

static TimestampTz
at(const char *text)
{
	TimestampTz instant = 0;

	unit_ok(tasksync_parse_instant(text, &instant), "the test's own instant %s", text);
	return instant;
}

static void
test_completed(void)
{
	TasksyncCall call = kit_call(TASKSYNC_CALL_COMPLETED, TASKSYNC_TASK, NULL);
	TasksyncAnswer answer;

	call.since = at("2026-01-01T00:00:00Z");
	call.until = at("2026-06-01T00:00:00Z");
	unit_is(kit_build(&call).url,
			"https://api.todoist.com/api/v1/tasks/completed/by_completion_date"
			"?since=2026-01-01T00%3A00%3A00Z&until=2026-03-31T00%3A00%3A00Z&limit=200",
			"the first window");
	answer = kit_answer(&call, 200,
						"{'items':[{'id':'a','content':'x','checked':true,'due':null}],"
						"'next_cursor':'p+2'}");
	unit_ok(answer.nobservations == 1 && answer.has_more &&
				answer.coverage == TASKSYNC_COVERS_POINT,
			"its first page");
	unit_is(kit_field(answer.observations[0].record, TASKSYNC_F_STATUS), "done",
			"a completed task");
	call.cursor = answer.cursor;
	unit_is(kit_build(&call).url,
			"https://api.todoist.com/api/v1/tasks/completed/by_completion_date"
			"?since=2026-01-01T00%3A00%3A00Z&until=2026-03-31T00%3A00%3A00Z&limit=200&cursor=p%2B2",
			"its second page");
	answer = kit_answer(&call, 200, "{'items':[],'next_cursor':null}");
	call.cursor = answer.cursor;
	unit_is(kit_build(&call).url,
			"https://api.todoist.com/api/v1/tasks/completed/by_completion_date"
			"?since=2026-03-31T00%3A00%3A00Z&until=2026-06-01T00%3A00%3A00Z&limit=200",
			"the second window");
	answer = kit_answer(&call, 200, "{'items':[]}");
	unit_ok(answer.outcome == TASKSYNC_OK && !answer.has_more && answer.cursor == NULL, "the end");
	unit_ok(kit_answer(&call, 200, "{'results':[]}").outcome == TASKSYNC_BAD_ANSWER,
			"an answer without the list");
	unit_ok(kit_answer(&call, 200, "{'items':[{'content':'x'}]}").outcome == TASKSYNC_BAD_ANSWER,
			"a completed task without an id");
	call.cursor = "nonsense";
	unit_ok(strstr(kit_build(&call).url, "since=2026-01-01") != NULL,
			"a cursor that is none of ours starts over");
}

static void
test_names(void)
{
	TasksyncOp op;
	int found = 0;

	for (int i = TASKSYNC_OP_CREATE; i <= TASKSYNC_OP_DELETE; i++)
		found += tasksync_op_from_name(tasksync_op_name((TasksyncOp) i), &op) && op == i;
	unit_ok(found == TASKSYNC_OP_DELETE + 1, "operations have names, there and back");
	unit_ok(!tasksync_op_from_name("explode", &op) && !tasksync_op_from_name(NULL, &op),
			"others are none");
	unit_ok(tasksync_provider_find("todoist") != NULL &&
				tasksync_provider_find("Todoist") == NULL && tasksync_provider_find(NULL) == NULL,
			"the provider goes by its exact name");
}

int
main(void)
{
	unit_start();
	test_identity();
	test_point_reads();
	test_moved_ids();
	test_completed();
	test_names();
	return unit_done();
}
