/*
 * test_notion_refusal.c
 *	  What Notion refuses, and what becomes of the account, the container and the
 *	  intent; single reads and identity.
 */
#include "postgres.h"

#include "notion_kit.h"

#define BEFORE "{'title':'Milk','status':'open','project_id':'" SOURCE_A "'}"

static const char *const outcomes[] = {
	[TASKSYNC_OK] = "ok",
	[TASKSYNC_TRY_LATER] = "later",
	[TASKSYNC_TOKEN_EXPIRED] = "expired",
	[TASKSYNC_FORBIDDEN] = "forbidden",
	[TASKSYNC_CURSOR_REJECTED] = "cursor",
	[TASKSYNC_BAD_REQUEST] = "bad request",
	[TASKSYNC_BAD_ANSWER] = "bad answer",
	[TASKSYNC_MISCONFIGURED] = "misconfigured",
};

static const char *const acks[] = {
	[TASKSYNC_ACK_UNKNOWN] = "unknown", [TASKSYNC_ACK_OK] = "ok",
	[TASKSYNC_ACK_GONE] = "gone",       [TASKSYNC_ACK_REFUSED] = "refused",
	[TASKSYNC_ACK_LATER] = "later",     [TASKSYNC_ACK_REPLAN] = "replan",
};

static TasksyncIntent
intent_of(TasksyncOp op)
{
	const char *patch = op == TASKSYNC_OP_DELETE   ? "{}"
						: op == TASKSYNC_OP_CREATE ? "{'title':'New','project_id':'" SOURCE_A "'}"
												   : "{'title':'New'}";

	return notion_intent(op, patch, op == TASKSYNC_OP_CREATE ? NULL : BEFORE, NULL, NULL);
}

/* "outcome ack code" of a write that is answered so */
static const char *
answered(TasksyncIntent intent, int status, const char *body)
{
	TasksyncCall call = notion_push(&intent);
	TasksyncAnswer answer = kit_answer(&call, status, body);
	const char *message = answer.error_message ? answer.error_message : answer.acks[0].message;

	if (message != NULL && strstr(message, "Secret") != NULL)
		return "a message quotes the service";
	return psprintf("%s %s%s%s", outcomes[answer.outcome], acks[answer.acks[0].outcome],
					answer.acks[0].code ? " " : "", answer.acks[0].code ? answer.acks[0].code : "");
}

static void
test_writes(void)
{
	static const struct
	{
		TasksyncOp op;
		int status;
		const char *code;
		const char *details;
		const char *expected;
		const char *name;
	} cases[] = {
		{TASKSYNC_OP_UPDATE, 404, "object_not_found", "", "ok gone object_not_found",
		 "a page that is not there"},
		{TASKSYNC_OP_DELETE, 404, "object_not_found", "", "ok ok", "deleted already"},
		{TASKSYNC_OP_UPDATE, 409, "conflict_error", "", "ok replan conflict_error",
		 "somebody else saved at the same time: plan again"},
		{TASKSYNC_OP_CREATE, 409, "row_limit_exceeded", "", "ok refused row_limit_exceeded",
		 "a database that is full"},
		{TASKSYNC_OP_CREATE, 403, "restricted_resource",
		 "'additional_data':{'block_limit':'block_creation'}", "ok refused block_limit",
		 "trap 29: the plan takes no more pages: this task, not the account"},
		{TASKSYNC_OP_UPDATE, 403, "restricted_resource", "", "ok refused restricted_resource",
		 "a capability that the connection lacks"},
		{TASKSYNC_OP_CREATE, 503, "service_unavailable",
		 "'additional_data':{'committed_resource_id':'00000009000040008000dddddddddddd'}", "ok ok",
		 "trap 4: saved, and answered with 503"},
		{TASKSYNC_OP_UPDATE, 503, "service_unavailable",
		 "'additional_data':{'committed_resource_id':'00000009000040008000dddddddddddd'}",
		 "later unknown", "a change that was perhaps saved: look again"},
		{TASKSYNC_OP_CREATE, 503, "service_unavailable", "", "later unknown", "perhaps saved"},
		{TASKSYNC_OP_CREATE, 500, "internal_server_error", "", "later unknown", "500"},
		{TASKSYNC_OP_CREATE, 504, "gateway_timeout", "", "later unknown", "504"},
		{TASKSYNC_OP_CREATE, 429, "rate_limited", "", "later replan", "429"},
		{TASKSYNC_OP_CREATE, 529, "service_overload", "", "later replan", "529"},
		{TASKSYNC_OP_CREATE, 401, "unauthorized", "", "expired replan", "401"},
		{TASKSYNC_OP_CREATE, 400, "invalid_json", "", "ok refused invalid_json",
		 "a request that is wrong"},
		{TASKSYNC_OP_CREATE, 429, "rate_limited",
		 "'additional_data':{'rate_limit_reason':'public_api_request_blocked'}",
		 "misconfigured replan", "blocked: no repetition helps"},
	};

	for (int i = 0; i < (int) lengthof(cases); i++)
		unit_is(answered(intent_of(cases[i].op), cases[i].status,
						 notion_error(cases[i].status, cases[i].code, cases[i].details)),
				cases[i].expected, cases[i].name);
}

static void
test_ambiguous(void)
{
	TasksyncIntent intent = intent_of(TASKSYNC_OP_CREATE);
	TasksyncCall call = notion_push(&intent);
	TasksyncHttpResponse response = {.outcome = TASKSYNC_HTTP_UNKNOWN, .error = "cut"};
	TasksyncAnswer answer = kit_parse(&call, &response);

	unit_ok(answer.outcome == TASKSYNC_TRY_LATER && answer.acks[0].outcome == TASKSYNC_ACK_UNKNOWN,
			"trap 4: sent and not answered");
	response.outcome = TASKSYNC_HTTP_NOT_SENT;
	answer = kit_parse(&call, &response);
	unit_ok(answer.acks[0].outcome == TASKSYNC_ACK_REPLAN, "not sent at all");
	answer =
		kit_answer(&call, 503,
				   notion_error(503, "service_unavailable",
								"'additional_data':{"
								"'committed_resource_id':'00000009000040008000dddddddddddd'}"));
	unit_is(answer.acks[0].remote_id, notion_page_id(9), "trap 4: the id of what was saved");
	intent.is_resend = true;
	unit_is(answered(intent, 429, notion_error(429, "rate_limited", "")), "later unknown",
			"what was sent before may have been saved then");
	unit_is(answered(intent, 409, notion_error(409, "conflict_error", "")),
			"ok unknown conflict_error", "also when this sending was not");
	unit_is(answered(intent_of(TASKSYNC_OP_CREATE), 200, "{'object':'page'}"), "bad answer unknown",
			"a success without an id");
	unit_is(answered(intent_of(TASKSYNC_OP_CREATE), 200, "{'object':'page','id':'p1'}"), "ok ok",
			"a page of which only the id is shown");
	unit_is(answered(intent_of(TASKSYNC_OP_CREATE), 200, "<html>"), "bad answer unknown",
			"trap 32: a success in HTML");
}

static void
test_trash(void)
{
	const char *body =
		kit_text("{'object':'error','status':400,'code':'validation_error','message':"
				 "'Can\\u0027t edit block that is archived.'}");
	TasksyncIntent intent = intent_of(TASKSYNC_OP_CREATE);
	TasksyncCall call = notion_push(&intent);
	TasksyncAnswer answer = kit_answer(&call, 400, body);

	unit_is(answered(intent_of(TASKSYNC_OP_UPDATE), 400, body), "ok gone validation_error",
			"trap 16: a page in the trash is looked at, and the look decides");
	unit_is(answered(intent_of(TASKSYNC_OP_DELETE), 400, body), "ok ok", "deleted already");
	unit_ok(answer.acks[0].outcome == TASKSYNC_ACK_REPLAN && answer.ntroubles == 1 &&
				strcmp(answer.troubles[0].code, "trashed") == 0,
			"a new page in a database in the trash: the database's trouble");
	answer = kit_answer(&call, 404, notion_error(404, "object_not_found", ""));
	unit_ok(answer.acks[0].outcome == TASKSYNC_ACK_REPLAN && answer.ntroubles == 1 &&
				strcmp(answer.troubles[0].code, "unshared") == 0,
			"trap 18: in one that is not shared any more: too");
}

/* the two forms in which an id of a property can be written */
static void
test_forms(void)
{
	TasksyncIntent intent =
		notion_intent(TASKSYNC_OP_UPDATE, "{'status':'done'}", BEFORE, NULL, NULL);
	TasksyncCall call = notion_push(&intent);
	const char *unchanged =
		notion_page(1, notion_value("S", "Z%3ClH", "status", "{'id':'o1'}"), "");
	const char *changed = notion_page(1, notion_value("S", "Z%3ClH", "status", "{'id':'o3'}"), "");
	TasksyncAnswer answer = kit_answer(&call, 200, changed);

	unit_ok(answer.acks[0].outcome == TASKSYNC_ACK_OK && answer.coverage == TASKSYNC_COVERS_POINT,
			"trap 2: the page that comes back is the echo");
	answer = kit_answer(&call, 200, unchanged);
	unit_ok(answer.acks[0].outcome == TASKSYNC_ACK_REPLAN && answer.nobservations == 1 &&
				answer.observations[0].kind == TASKSYNC_PROJECT,
			"trap 20: a property that was passed over: the other form is tried");
	intent.config = json_pack("{s:O}", "known", answer.observations[0].raw);
	unit_ok(strstr(notion_written(intent), "\"Z<lH\"") != NULL, "with its percent signs resolved");
	call = notion_push(&intent);
	answer = kit_answer(&call, 400, notion_error(400, "validation_error", ""));
	unit_ok(answer.acks[0].outcome == TASKSYNC_ACK_REFUSED,
			"if that does not help, it is the value");
	intent.config = json_pack("{s:O}", "known", answer.observations[0].raw);
	unit_ok(strstr(notion_written(intent), "\"Z%3ClH\"") != NULL, "and the first form is kept");
	call = notion_push(&intent);
	answer = kit_answer(&call, 200, unchanged);
	unit_is(answer.acks[0].code, "not_taken",
			"a change that is answered and not made is no change");
	intent = notion_intent(TASKSYNC_OP_UPDATE, "{'priority':4}", "{'priority':3,'title':'x'}",
						   "{'priority':'p3'}", NULL);
	call = notion_push(&intent);
	answer = kit_answer(&call, 200,
						notion_page(1, notion_value("P", "prio", "select", "{'id':'p3'}"), ""));
	unit_ok(answer.acks[0].outcome == TASKSYNC_ACK_OK,
			"what there is no nearer option for is taken as it is");
}

static const char *
read_answered(int status, const char *body)
{
	TasksyncCall call = notion_sync(notion_cursor());
	TasksyncAnswer answer = kit_answer(&call, status, body);

	return psprintf("%s %s %d", outcomes[answer.outcome],
					answer.error_code ? answer.error_code : "-", (int) answer.retry_after_ms);
}

static void
test_reads(void)
{
	TasksyncCall call = notion_sync(notion_cursor());
	TasksyncHttpResponse response = kit_response(429, notion_error(429, "rate_limited", ""));
	TasksyncAnswer answer;

	unit_is(read_answered(429,
						  notion_error(429, "rate_limited",
									   "'additional_data':{"
									   "'rate_limit_reason':'public_api_space_request_rate_limit',"
									   "'retry_after':'400'}")),
			"later rate_limited 400000", "trap 30: the workspace's limit may be long");
	strlcpy(response.retry_after, "12", sizeof(response.retry_after));
	answer = kit_parse(&call, &response);
	unit_ok(answer.retry_after_ms == 12000, "the header before the body");
	unit_is(read_answered(429, notion_error(429, "rate_limited", "")), "later rate_limited 30000",
			"half a minute if nothing is said");
	unit_is(read_answered(403, "<html>cf-ray</html>"), "later HTTP_403 0",
			"trap 32: 403 in HTML comes from a guard in front");
	unit_is(read_answered(502, "<html>"), "later HTTP_502 0", "trap 32: 502 in HTML");
	unit_is(read_answered(401, notion_error(401, "unauthorized", "")), "expired unauthorized 0",
			"401");
	unit_is(read_answered(503, notion_error(503, "service_unavailable", "")),
			"later service_unavailable 0", "503");
	unit_is(read_answered(302, ""), "bad answer HTTP_302 0", "a wrong address");
	unit_is(read_answered(404, "<html>"), "bad answer HTTP_404 0",
			"trap 18: 404 in other words than Notion's says nothing");
	unit_is(read_answered(400, notion_error(400, "invalid_request_url", "")), "ok - 0",
			"a question refused is the container's matter");
}

static const char *
point(TasksyncKind kind, int status, const char *body)
{
	static const char *const states[] = {"live", "deleted", "gone", "hidden", "moved"};
	TasksyncCall call = notion_sync(NULL);
	const char *ids[1];
	TasksyncAnswer answer;

	ids[0] = kind == TASKSYNC_TASK ? notion_page_id(1) : SOURCE_A;
	call.type = TASKSYNC_CALL_POINT_READ;
	call.kind = kind;
	call.nremote_ids = 1;
	call.remote_ids = ids;
	answer = kit_answer(&call, status, body);
	if (answer.outcome != TASKSYNC_OK)
		return outcomes[answer.outcome];
	return answer.nobservations == 1 ? states[answer.observations[0].state] : "nothing";
}

static void
test_single_reads(void)
{
	unit_is(point(TASKSYNC_TASK, 200, notion_page(1, notion_title("x"), "")), "live", "alive");
	unit_is(point(TASKSYNC_TASK, 200, notion_page(1, notion_title("x"), "'in_trash':true")),
			"deleted", "trap 14: in the trash");
	unit_is(point(TASKSYNC_TASK, 200, notion_page(1, notion_title("x"), "'is_archived':true")),
			"hidden", "trap 15: archived");
	unit_is(point(TASKSYNC_TASK, 404, notion_error(404, "object_not_found", "")), "hidden",
			"trap 18: not found is not deleted");
	unit_is(point(TASKSYNC_TASK, 403, notion_error(403, "restricted_resource", "")), "hidden",
			"not for us");
	unit_is(point(TASKSYNC_TASK, 404, "{}"), "bad answer", "404 of somebody else");
	unit_is(point(TASKSYNC_TASK, 200, psprintf("{'object':'page','id':'%s'}", notion_page_id(1))),
			"hidden", "a page that shows nothing of itself");
	unit_is(point(TASKSYNC_PROJECT, 200, notion_source(SOURCE_A, "x", "")), "live",
			"a data source");
	unit_is(point(TASKSYNC_PROJECT, 404, notion_error(404, "object_not_found", "")), "hidden",
			"one that is not shared any more");
}

static void
test_identity(void)
{
	TasksyncCall call = kit_call(TASKSYNC_CALL_IDENTIFY, TASKSYNC_TASK, NULL);
	TasksyncHttpRequest request = kit_build(&call);
	TasksyncAnswer answer = kit_answer(&call, 200,
									   "{'object':'user','id':'AAAAAAAA00004000800000000000000B',"
									   "'type':'bot','name':'Sync','bot':{'workspace_id':'w',"
									   "'workspace_name':'Acme'}}");

	unit_is(notion_request_text(&request), "GET users/me", "who is it");
	unit_is(answer.external_id, "aaaaaaaa-0000-4000-8000-00000000000b",
			"trap 33: the bot is the identity, whatever the token");
	unit_is(answer.display_name, "Acme", "called like its workspace");
	answer = kit_answer(&call, 200, "{'object':'user','id':'b1','name':'Sync','bot':{}}");
	unit_is(answer.display_name, "Sync", "or like itself");
	answer = kit_answer(&call, 200, "{'object':'user'}");
	unit_ok(answer.outcome == TASKSYNC_BAD_ANSWER && answer.external_id == NULL, "or it is nobody");
}

int
main(void)
{
	unit_start();
	kit_provider = "notion";
	test_writes();
	test_ambiguous();
	test_trash();
	test_forms();
	test_reads();
	test_single_reads();
	test_identity();
	return unit_done();
}
