/*
 * test_google_write.c
 *	  Writing to Google Tasks: intents as requests, and what became of them.
 */
#include "postgres.h"

#include "google_kit.h"

#define TASKS "/tasks/v1/lists/L1/tasks"
#define ECHO(id) \
	"{'kind':'tasks#task','id':'" id "','title':'as Google took it','status':'needsAction'," \
	"'updated':'2026-11-22T10:00:00.000Z'}"

static const char *const outcomes[] = {
	[TASKSYNC_ACK_UNKNOWN] = "unknown", [TASKSYNC_ACK_OK] = "ok", [TASKSYNC_ACK_GONE] = "gone",
	[TASKSYNC_ACK_BLOCKED] = "blocked", [TASKSYNC_ACK_REFUSED] = "refused",
	[TASKSYNC_ACK_LATER] = "later",		[TASKSYNC_ACK_REPLAN] = "replan",
};

/* "POST /path {body}" of one intent */
static const char *
request_of(TasksyncIntent intent)
{
	static const char *const methods[] = {"GET", "POST", "PATCH", "PUT", "DELETE"};
	TasksyncCall call = google_push(1, &intent);
	TasksyncHttpRequest request = kit_build(&call);
	const char *parent = google_parameter(&request, "parent");
	const char *list = google_parameter(&request, "destinationTasklist");

	return psprintf("%s %s%s%s%s%s%s%s", methods[request.method], google_path(&request),
					parent != NULL ? " parent=" : "", parent != NULL ? parent : "",
					list != NULL ? " list=" : "", list != NULL ? list : "",
					request.body != NULL ? " " : "", request.body != NULL ? request.body : "");
}

static void
test_creates(void)
{
	unit_is(request_of(google_task(1, TASKSYNC_OP_CREATE, NULL,
								   "{'title':'Buy','description':'','due_date':null,"
								   "'status':'open','project_id':'L1','parent_id':null}")),
			"POST " TASKS " {\"title\":\"Buy\"}", "what is empty is left out of an insert");
	unit_is(request_of(google_task(1, TASKSYNC_OP_CREATE, NULL,
								   "{'title':'Buy','description':'a','due_date':'2026-10-02',"
								   "'status':'done','project_id':'L1','parent_id':'P/1'}")),
			"POST " TASKS " parent=P%2F1 {\"due\":\"2026-10-02T00:00:00.000Z\",\"notes\":\"a\","
			"\"status\":\"completed\",\"title\":\"Buy\"}",
			"traps 3 and 4: the date as midnight UTC, the parent in the query");
	unit_is(request_of(google_task(1, TASKSYNC_OP_CREATE, NULL,
								   "{'title':'a\\nb','project_id':'L1'}")),
			"POST " TASKS " {\"title\":\"a b\"}", "trap 24: a title is one line");
}

static void
test_updates(void)
{
	unit_is(request_of(google_task(1, TASKSYNC_OP_UPDATE, "T1",
								   "{'description':'','due_date':null}")),
			"PATCH " TASKS "/T1 {\"due\":null,\"notes\":null}", "trap 13: null clears");
	unit_is(request_of(google_task(1, TASKSYNC_OP_UPDATE, "T1", "{'title':'x'}")),
			"PATCH " TASKS "/T1 {\"title\":\"x\"}", "trap 13: only what changed");
	unit_is(request_of(google_task(1, TASKSYNC_OP_UPDATE, "T1", "{'status':'done'}")),
			"PATCH " TASKS "/T1 {\"status\":\"completed\"}", "completing");
	unit_is(request_of(google_task(1, TASKSYNC_OP_UPDATE, "T1", "{'status':'open'}")),
			"PATCH " TASKS "/T1 {\"completed\":null,\"status\":\"needsAction\"}",
			"trap 14: reopening clears the time");
	unit_is(request_of(google_task(1, TASKSYNC_OP_UPDATE, "T/1", "{'title':'x'}")),
			"PATCH " TASKS "/T%2F1 {\"title\":\"x\"}", "ids are escaped");
}

static void
test_moves_and_deletes(void)
{
	TasksyncIntent assigned = google_task(1, TASKSYNC_OP_DELETE, "T1", "{}");

	unit_is(request_of(google_task(1, TASKSYNC_OP_MOVE, "T1",
								   "{'project_id':'L1','parent_id':'T2'}")),
			"POST " TASKS "/T1/move parent=T2", "trap 19: the parent is always named");
	unit_is(request_of(google_task(1, TASKSYNC_OP_MOVE, "T1",
								   "{'project_id':'L1','parent_id':null}")),
			"POST " TASKS "/T1/move", "to the top level");
	unit_is(request_of(google_task(1, TASKSYNC_OP_MOVE, "T1",
								   "{'project_id':'L2','parent_id':null}")),
			"POST " TASKS "/T1/move list=L2", "trap 27: to another list by move, not anew");
	unit_is(request_of(google_task(1, TASKSYNC_OP_DELETE, "T1", "{}")), "DELETE " TASKS "/T1",
			"a delete");
	assigned.raw = kit_json("{'assignmentInfo':{'surfaceType':'DOCUMENT'}}");
	unit_is(request_of(assigned), "GET " TASKS "/T1", "trap 16: of an assigned task is never sent");
}

static void
test_lists(void)
{
	unit_is(request_of(kit_intent(1, TASKSYNC_PROJECT, TASKSYNC_OP_CREATE, NULL, "{'name':'Home'}",
								  NULL, NULL)),
			"POST /tasks/v1/users/@me/lists {\"title\":\"Home\"}", "a new list");
	unit_is(request_of(kit_intent(1, TASKSYNC_PROJECT, TASKSYNC_OP_UPDATE, "L1", "{'name':'Work'}",
								  "{'name':'Home'}", NULL)),
			"PATCH /tasks/v1/users/@me/lists/L1 {\"title\":\"Work\"}", "a renamed one");
	unit_is(request_of(kit_intent(1, TASKSYNC_PROJECT, TASKSYNC_OP_DELETE, "L1", "{}", NULL, NULL)),
			"DELETE /tasks/v1/users/@me/lists/L1", "a deleted one");
}

/* ---- what goes together ---- */

static int
taken(int nintents, TasksyncIntent *intents)
{
	TasksyncCall call = google_push(nintents, intents);

	kit_build(&call);
	return call.nintents;
}

static void
test_batches(void)
{
	TasksyncIntent intents[60];
	TasksyncCall call;
	TasksyncHttpRequest request;

	for (int i = 0; i < 60; i++)
		intents[i] = google_task(i, TASKSYNC_OP_UPDATE, psprintf("T%d", i), "{'title':'x'}");
	unit_ok(taken(1, intents) == 1 && taken(2, intents) == 1, "a few go one by one");
	unit_ok(taken(3, intents) == 3, "more go together");
	unit_ok(taken(60, intents) == 50, "at most fifty");
	call = google_push(3, intents);
	request = kit_build(&call);
	unit_is(google_path(&request), "/batch", "to the address of batches");
	unit_is(request.content_type, "multipart/mixed; boundary=tasksync_part", "as parts");
	unit_ok(strstr(request.body, "--tasksync_part\r\nContent-Type: application/http\r\nContent-ID: "
								 "<00000001-0000-4000-8000-aaaaaaaaaaaa>\r\n\r\n"
								 "PATCH /tasks/v1/lists/L1/tasks/T1?") != NULL,
			"each a request with an id");
	unit_ok(strstr(request.body, " HTTP/1.1\r\nContent-Type: application/json; charset=utf-8\r\n"
								 "Content-Length: 13\r\n\r\n{\"title\":\"x\"}\r\n--") != NULL,
			"and a body");
	intents[2].remote_id = "T0";
	unit_ok(taken(60, intents) == 1, "a task is in a batch once");
	intents[2] = google_task(2, TASKSYNC_OP_UPDATE, "T2",
							 psprintf("{'description':'%0600000d'}", 7));
	unit_ok(taken(60, intents) == 1, "and the bytes are bounded");
}

static void
test_siblings(void)
{
	TasksyncIntent intents[4];

	for (int i = 0; i < 4; i++)
		intents[i] = google_task(i, TASKSYNC_OP_CREATE, NULL,
								 psprintf("{'title':'x','project_id':'L1','parent_id':'P%d'}", i));
	unit_ok(taken(4, intents) == 4, "new tasks below different parents go together");
	intents[3] = google_task(3, TASKSYNC_OP_MOVE, "T9", "{'project_id':'L1','parent_id':'P1'}");
	unit_ok(taken(4, intents) == 3, "never two that take a place among the same siblings");
	intents[3] = google_task(3, TASKSYNC_OP_DELETE, "P1", "{}");
	unit_ok(taken(4, intents) == 3, "nor a parent and its child");
	intents[1] = kit_intent(1, TASKSYNC_PROJECT, TASKSYNC_OP_UPDATE, "L9", "{'name':'x'}", "{}",
							NULL);
	unit_ok(taken(4, intents) == 1, "lists go alone");
}

/* ---- what became of one ---- */

static TasksyncAnswer
answer_of(TasksyncIntent intent, int status, const char *body)
{
	TasksyncIntent *kept = palloc(sizeof(intent));
	TasksyncCall call;

	*kept = intent;
	call = google_push(1, kept);
	kit_build(&call);
	return kit_answer(&call, status, body);
}

static const char *
fate_of(TasksyncIntent intent, int status, const char *body)
{
	TasksyncAnswer answer = answer_of(intent, status, body);

	return psprintf("%d %s", answer.outcome, outcomes[answer.acks[0].outcome]);
}

static void
test_answers(void)
{
	TasksyncIntent create = google_task(1, TASKSYNC_OP_CREATE, NULL,
										"{'title':'x','project_id':'L1'}");
	TasksyncIntent move = google_task(1, TASKSYNC_OP_MOVE, "T1",
									  "{'project_id':'L2','parent_id':null}");
	TasksyncIntent delete = google_task(1, TASKSYNC_OP_DELETE, "T1", "{}");
	TasksyncAnswer answer = answer_of(create, 200, ECHO("NEW"));

	unit_ok(answer.outcome == TASKSYNC_OK && answer.coverage == TASKSYNC_COVERS_POINT &&
				answer.cursor == NULL && !answer.has_more,
			"the answer to a write is no read");
	unit_is(answer.acks[0].remote_id, "NEW", "the new id");
	unit_is(kit_field(answer.observations[0].record, TASKSYNC_F_TITLE), "as Google took it",
			"trap 11: the echo is observed");
	unit_ok(answer.observations[0].edited_at == google_now(), "with its stamp");
	unit_ok(answer.observations[0].created_at == 0, "when it was made is not told");
	answer = answer_of(move, 200, ECHO("T1"));
	unit_ok(answer.acks[0].outcome == TASKSYNC_ACK_OK && answer.acks[0].remote_id == NULL,
			"a move keeps the id");
	unit_is(kit_field(answer.observations[0].record, TASKSYNC_F_PROJECT), "L2",
			"and the task is in the other list");
	unit_is(answer_of(move, 200, ECHO("T77")).acks[0].remote_id, "T77", "or gives another");
	unit_is(fate_of(delete, 204, ""), "0 ok", "a delete without a body");
	unit_is(fate_of(delete, 200, ""), "0 ok", "with either status");
	unit_ok(answer_of(delete, 204, "").nobservations == 0, "shows nothing");
	unit_is(fate_of(create, 200, "{'kind':'tasks#task','id':"), "6 unknown",
			"trap 1: a broken answer to an insert leaves it open");
	unit_is(fate_of(create, 200, "[]"), "6 unknown", "as does something else");
	unit_ok(answer_of(google_task(1, TASKSYNC_OP_UPDATE, "T1", "{'title':'x'}"), 200,
					  "{'kind':'tasks#task','id':'T1','deleted':true,'status':'needsAction'}")
					.nobservations == 0,
			"a tombstone that takes changes is left to the read");
}

static void
test_refusals(void)
{
	TasksyncIntent create = google_task(1, TASKSYNC_OP_CREATE, NULL,
										"{'title':'x','project_id':'L1'}");
	TasksyncIntent update = google_task(1, TASKSYNC_OP_UPDATE, "T1", "{'title':'x'}");
	TasksyncIntent delete = google_task(1, TASKSYNC_OP_DELETE, "T1", "{}");
	TasksyncAnswer answer;

	unit_is(fate_of(update, 400, google_error("badRequest")), "0 refused", "a bad value");
	unit_is(fate_of(update, 404, google_error("notFound")), "0 gone", "a task that is gone");
	unit_is(fate_of(update, 410, google_error("deleted")), "0 gone", "in either way");
	unit_is(fate_of(update, 400, google_unknown_list()), "0 gone", "or in words");
	unit_is(fate_of(delete, 404, google_error("notFound")), "0 ok", "to delete it is done");
	unit_is(fate_of(delete, 410, google_error("deleted")), "0 ok", "in either way");
	unit_is(fate_of(create, 404, google_error("notFound")), "0 blocked", "a list that is gone");
	unit_is(fate_of(update, 403, google_error("forbidden")), "0 refused", "not allowed");
	unit_is(fate_of(update, 403, google_error("brandNew")), "0 refused", "trap 20: unknown 403");
	unit_is(fate_of(update, 412, google_error("conditionNotMet")), "1 replan", "a conflict");
	unit_is(fate_of(update, 401, google_error("authError")), "2 replan", "the token");
	unit_is(fate_of(update, 403, google_error("insufficientPermissions")), "3 replan",
			"trap 21: the scope");
	unit_is(fate_of(update, 403, google_error("accessNotConfigured")), "7 replan",
			"trap 20: the API is off");
	unit_is(fate_of(update, 403, google_error("rateLimitExceeded")), "1 replan", "trap 20: rate");
	unit_is(fate_of(update, 429, google_error("rateLimitExceeded")), "1 replan", "rate");
	unit_is(fate_of(update, 403, google_error("quotaExceeded")), "1 replan", "trap 20: quota");
	unit_is(fate_of(update, 500, google_error("backendError")), "1 unknown", "trouble");
	unit_is(fate_of(update, 502, "<html>"), "1 unknown", "trouble in front of it");
	unit_is(fate_of(update, 404, "<html>"), "6 unknown", "a 404 that is not Google's");
	unit_is(fate_of(update, 403, "<html>"), "1 unknown", "a 403 that is not Google's");
	unit_is(fate_of(update, 302, ""), "6 unknown", "a redirect");
	answer = answer_of(update, 400, google_error("Secret Text"));
	unit_is(answer.acks[0].code, "HTTP_400", "nothing of Google's text is passed on");
	unit_ok(strstr(answer.acks[0].message, "Secret") == NULL, "in no message");
}

static void
test_pauses(void)
{
	TasksyncIntent update = google_task(1, TASKSYNC_OP_UPDATE, "T1", "{'title':'x'}");
	TasksyncCall call = google_push(1, &update);
	TasksyncHttpResponse response = kit_response(403, google_error("dailyLimitExceeded"));
	TasksyncAnswer answer;

	kit_build(&call);
	answer = kit_parse(&call, &response);
	unit_ok(answer.retry_after_ms == 22 * INT64CONST(3600000),
			"a day's quota: until midnight in California, %lld ms", (long long)
			answer.retry_after_ms);
	strlcpy(response.date, "Sun, 08 Mar 2026 09:00:00 GMT", sizeof(response.date));
	answer = kit_parse(&call, &response);
	unit_ok(answer.retry_after_ms == 22 * INT64CONST(3600000), "also on the day of 23 hours");
	strlcpy(response.date, "Sun, 01 Nov 2026 07:30:00 GMT", sizeof(response.date));
	answer = kit_parse(&call, &response);
	unit_ok(answer.retry_after_ms == 24 * INT64CONST(3600000) + 1800000, "and on that of 25");
	response = kit_response(429, google_error("rateLimitExceeded"));
	unit_ok(kit_parse(&call, &response).retry_after_ms == 30000, "half a minute if not said");
	strlcpy(response.retry_after, "7", sizeof(response.retry_after));
	unit_ok(kit_parse(&call, &response).retry_after_ms == 7000, "as long as Google says");
	strlcpy(response.retry_after, "999999", sizeof(response.retry_after));
	unit_ok(kit_parse(&call, &response).retry_after_ms == 3600000, "within reason");
}

static void
test_assigned(void)
{
	TasksyncIntent intent = google_task(1, TASKSYNC_OP_DELETE, "T1", "{}");
	TasksyncAnswer answer;

	intent.raw = kit_json("{'assignmentInfo':{'surfaceType':'DOCUMENT'}}");
	answer = answer_of(intent, 200, ECHO("T1"));
	unit_is(outcomes[answer.acks[0].outcome], "refused", "trap 16: it is not deleted there");
	unit_is(answer.acks[0].code, "assigned_task", "with a reason");
	unit_ok(answer.nobservations == 0, "and nothing follows");
	unit_is(fate_of(intent, 404, google_error("notFound")), "0 ok", "unless it is gone anyway");
	unit_is(fate_of(intent, 200, "{'id':'T1','deleted':true}"), "0 ok", "or deleted");
}

static void
test_resends(void)
{
	TasksyncIntent create = google_task(1, TASKSYNC_OP_CREATE, NULL,
										"{'title':'x','project_id':'L1'}");
	TasksyncCall call;
	TasksyncHttpResponse response = {0};

	create.is_resend = true;
	unit_is(fate_of(create, 429, google_error("rateLimitExceeded")), "1 unknown",
			"of a resend the first sending stays open");
	create.is_resend = false;
	call = google_push(1, &create);
	kit_build(&call);
	response.outcome = TASKSYNC_HTTP_NOT_SENT;
	unit_is(outcomes[kit_parse(&call, &response).acks[0].outcome], "replan", "not sent");
	response.outcome = TASKSYNC_HTTP_UNKNOWN;
	unit_is(outcomes[kit_parse(&call, &response).acks[0].outcome], "unknown", "trap 1: sent");
	response.outcome = TASKSYNC_HTTP_TOO_LARGE;
	unit_is(outcomes[kit_parse(&call, &response).acks[0].outcome], "unknown", "too large");
}

/* ---- what became of a batch ---- */

static const char *
part(int n, const char *status, const char *body)
{
	return psprintf("--B\r\nContent-Type: application/http\r\nContent-ID: <response-%s>\r\n\r\n"
					"HTTP/1.1 %s\r\nContent-Type: application/json\r\n\r\n%s\r\n",
					kit_uuid(n), status, body);
}

static const char *
fates(const char *content_type, const char *body)
{
	TasksyncIntent *intents = palloc(sizeof(TasksyncIntent) * 3);
	TasksyncHttpResponse response = kit_response(200, body);
	TasksyncAnswer answer;
	TasksyncCall call;

	for (int i = 0; i < 3; i++)
		intents[i] = google_task(i, TASKSYNC_OP_UPDATE, psprintf("T%d", i), "{'title':'x'}");
	call = google_push(3, intents);
	kit_build(&call);
	strlcpy(response.content_type, content_type, sizeof(response.content_type));
	answer = kit_parse(&call, &response);
	return psprintf("%d %s %s %s %d", answer.outcome, outcomes[answer.acks[0].outcome],
					outcomes[answer.acks[1].outcome], outcomes[answer.acks[2].outcome],
					answer.nobservations);
}

static void
test_batch_answers(void)
{
	const char *type = "multipart/mixed; boundary=B";
	const char *all = psprintf("%s%s%s--B--\r\n", part(2, "200 OK", ECHO("T2")),
							   part(0, "200 OK", ECHO("T0")), part(1, "200 OK", ECHO("T1")));

	unit_is(fates(type, all), "0 ok ok ok 3", "parts in any order");
	unit_is(fates("Multipart/Mixed; charset=utf-8; Boundary=\"B\"", all), "0 ok ok ok 3",
			"a boundary in quotes");
	unit_is(fates(type, psprintf("%s%s%s--B--", part(0, "404 Not Found", google_error("notFound")),
								 part(1, "400 Bad Request", google_error("invalid")),
								 part(2, "503 Busy", google_error("backendError")))),
			"0 gone refused unknown 0", "each with its own fate");
	unit_is(fates(type, psprintf("%s%s--B--", part(0, "403 X", google_error("rateLimitExceeded")),
								 part(1, "403 X", google_error("quotaExceeded")))),
			"0 later later unknown 0", "limits, and one that is missing");
	unit_is(fates(type, psprintf("%s%s", part(0, "200 OK", ECHO("T0")),
								 part(1, "200 OK", ECHO("T1")))),
			"0 ok unknown unknown 1", "what nothing ends is cut off");
	unit_is(fates(type, psprintf("%s%s--B--", part(0, "200 OK", ECHO("T0")),
								 part(0, "500 X", google_error("backendError")))),
			"0 ok unknown unknown 1", "two answers to one question");
	unit_is(fates(type, psprintf("%s--B--", part(7, "200 OK", ECHO("T7")))),
			"0 unknown unknown unknown 0", "answers to nothing that was asked");
	unit_is(fates("application/json", all), "6 unknown unknown unknown 0", "no parts at all");
	unit_is(fates("multipart/mixed", all), "6 unknown unknown unknown 0", "no boundary");
	unit_is(fates(type, "nothing"), "6 unknown unknown unknown 0", "no delimiter");
	unit_is(fates(type, "--B\r\n--B\r\n\r\n--B\n\n\n--B\r\nContent-ID: <response->\r\n\r\n\r\n"
						"--B--"),
			"0 unknown unknown unknown 0", "empty parts");
}

int
main(void)
{
	unit_start();
	kit_provider = "google_tasks";
	test_creates();
	test_updates();
	test_moves_and_deletes();
	test_lists();
	test_batches();
	test_siblings();
	test_answers();
	test_refusals();
	test_pauses();
	test_assigned();
	test_resends();
	test_batch_answers();
	return unit_done();
}
