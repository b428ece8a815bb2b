/*
 * test_todoist_refusal.c
 *	  What becomes of commands and requests that Todoist does not carry out.
 */
#include "postgres.h"

#include "todoist_kit.h"

#define OK_READ "'full_sync':false,'sync_token':'T1','items':[]"

static const char *const outcomes[] = {
	"unknown", "ok", "gone", "blocked", "refused", "later", "replan",
};

static const char *const results[] = {
	"ok", "try later", "token expired", "forbidden", "cursor rejected", "bad request", "bad answer",
};

/* ---- single commands ---- */

static TasksyncAck
ack_of(TasksyncIntent intent, const char *status)
{
	TasksyncCall call = kit_sync("T0", 1, &intent);
	TasksyncAnswer answer = kit_answer(&call, 200,
									   psprintf("{%s,'sync_status':{'%s':%s},'temp_id_mapping':{}}",
												OK_READ, kit_uuid(1), status));

	return answer.acks[0];
}

static void
check_ack(TasksyncKind kind, TasksyncOp op, const char *status, const char *expected,
		  const char *code, const char *name)
{
	const char *remote_id = op == TASKSYNC_OP_CREATE ? NULL : "R1";
	const char *patch =
		kind == TASKSYNC_TASK ? "{'title':'secret','project_id':'P1'}" : "{'name':'secret'}";
	TasksyncAck ack = ack_of(kit_intent(1, kind, op, remote_id, patch, NULL, NULL), status);

	unit_is(outcomes[ack.outcome], expected, name);
	if (code != NULL)
		unit_is(ack.code, code, psprintf("%s: its code", name));
	unit_ok(ack.message == NULL || strstr(ack.message, "secret") == NULL,
			"%s: no text in the message (%s)", name, ack.message != NULL ? ack.message : "-");
}

#define TASK_NOT_FOUND \
	"{'error_tag':'NOT_FOUND','error_code':478,'error':'Task not found','http_code':404}"
#define PROJECT_NOT_FOUND \
	"{'error_tag':'NOT_FOUND','error_code':478,'error':'Project not found','http_code':404}"

static void
test_commands(void)
{
	const TasksyncKind task = TASKSYNC_TASK;

	check_ack(task, TASKSYNC_OP_UPDATE, "'ok'", "ok", NULL, "done");
	check_ack(task, TASKSYNC_OP_UPDATE, "null", "unknown", NULL, "a status of nothing");
	check_ack(task, TASKSYNC_OP_UPDATE, "17", "unknown", NULL, "a status of another type");
	check_ack(task, TASKSYNC_OP_UPDATE, "'maybe'", "unknown", NULL, "a word that is not ok");
	check_ack(task, TASKSYNC_OP_UPDATE, "{}", "unknown", NULL, "an empty error");
	check_ack(task, TASKSYNC_OP_UPDATE, TASK_NOT_FOUND, "gone", "NOT_FOUND",
			  "trap 9: an update of what is not there");
	check_ack(task, TASKSYNC_OP_CLOSE, TASK_NOT_FOUND, "gone", "NOT_FOUND", "closing it");
	check_ack(task, TASKSYNC_OP_DELETE, TASK_NOT_FOUND, "ok", NULL, "deleting it is done");
	check_ack(task, TASKSYNC_OP_DELETE, "{'error':'x','http_code':404}", "ok", NULL,
			  "deleting it, without a tag");
	check_ack(task, TASKSYNC_OP_MOVE, TASK_NOT_FOUND, "gone", "NOT_FOUND", "moving it");
	check_ack(task, TASKSYNC_OP_MOVE, PROJECT_NOT_FOUND, "blocked", "NOT_FOUND",
			  "moving it to where nothing is");
	check_ack(TASKSYNC_PROJECT, TASKSYNC_OP_MOVE, PROJECT_NOT_FOUND, "gone", "NOT_FOUND",
			  "moving a project that is not there");
	check_ack(task, TASKSYNC_OP_CREATE, PROJECT_NOT_FOUND, "blocked", "NOT_FOUND",
			  "creating in a project that is not there");
	check_ack(task, TASKSYNC_OP_CREATE,
			  "{'error_tag':'MAX_ITEMS_LIMIT_REACHED','error_code':49,'error':'Maximum number of "
			  "items per user project limit reached','http_code':403,'error_extra':{}}",
			  "refused", "MAX_ITEMS_LIMIT_REACHED",
			  "trap 16: a full project is no fault of the token");
	check_ack(task, TASKSYNC_OP_UPDATE,
			  "{'error_tag':'FORBIDDEN','error_code':403,'error':'secret','http_code':403}",
			  "refused", "FORBIDDEN", "trap 17: not allowed here");
	check_ack(task, TASKSYNC_OP_DELETE,
			  "{'error_tag':'AUTH_INSUFFICIENT_TOKEN_SCOPE','http_code':403}", "refused",
			  "AUTH_INSUFFICIENT_TOKEN_SCOPE", "a permission that the token lacks");
	check_ack(task, TASKSYNC_OP_UPDATE,
			  "{'error_tag':'INVALID_ARGUMENT_VALUE','error_code':20,'http_code':400,"
			  "'error':'Invalid argument value','error_extra':{'argument':'due',"
			  "'explanation':'secret is no date'}}",
			  "refused", "INVALID_ARGUMENT_VALUE", "a value that is refused");
	check_ack(task, TASKSYNC_OP_CREATE,
			  "{'error_tag':'INVALID_TEMP_ID','error_code':58,'http_code':400}", "replan",
			  "INVALID_TEMP_ID", "a temporary id that stands for nothing");
	check_ack(task, TASKSYNC_OP_CREATE, "{'error_code':15,'error':'Invalid temporary id'}",
			  "replan", "INVALID_TEMP_ID", "the same without a tag");
	check_ack(task, TASKSYNC_OP_UPDATE, "{'error_tag':'INTERNAL','http_code':500}", "unknown",
			  "INTERNAL", "it broke in the middle");
	check_ack(task, TASKSYNC_OP_UPDATE, "{'error_tag':'secret text, not a tag','http_code':418}",
			  "refused", "HTTP_418", "a tag that is none");
	check_ack(task, TASKSYNC_OP_UPDATE, "{'error':'secret'}", "refused", "UNKNOWN_ERROR",
			  "an error without a number");
	check_ack(task, TASKSYNC_OP_UPDATE,
			  "{'error_tag':'INVALID_ARGUMENT_VALUE','http_code':400,'error_extra':"
			  "{'argument':'secret: quoted'}}",
			  "refused", "INVALID_ARGUMENT_VALUE", "an argument name that is none");
}

static void
test_limit_in_status(void)
{
	TasksyncIntent intent =
		kit_intent(1, TASKSYNC_TASK, TASKSYNC_OP_UPDATE, "R1", "{'title':'y'}", NULL, NULL);
	TasksyncCall call = kit_sync("T0", 1, &intent);
	TasksyncAnswer answer =
		kit_answer(&call, 200,
				   psprintf("{%s,'sync_status':{'%s':{'error_tag':'LIMITS_REACHED','error_code':35,"
							"'http_code':429,'error_extra':{'retry_after':66}}}}",
							OK_READ, kit_uuid(1)));

	unit_is(outcomes[answer.acks[0].outcome], "later", "trap 18: a limit inside of an HTTP 200");
	unit_ok(answer.retry_after_ms == 66000, "and how long to wait");
	unit_ok(answer.outcome == TASKSYNC_OK && answer.cursor != NULL, "what was read counts");
}

static void
test_batch(void)
{
	TasksyncIntent intents[5];
	TasksyncCall call;
	TasksyncAnswer answer;

	intents[0] =
		kit_intent(1, TASKSYNC_PROJECT, TASKSYNC_OP_CREATE, NULL, "{'name':'x'}", NULL, NULL);
	intents[1] =
		kit_intent(2, TASKSYNC_TASK, TASKSYNC_OP_CREATE, NULL,
				   psprintf("{'title':'a','project_id':'%s'}", kit_temp_id(1)), NULL, NULL);
	intents[2] =
		kit_intent(3, TASKSYNC_TASK, TASKSYNC_OP_CREATE, NULL,
				   psprintf("{'title':'b','project_id':'P1','parent_id':'%s'}", kit_temp_id(2)),
				   NULL, NULL);
	intents[3] = kit_intent(4, TASKSYNC_TASK, TASKSYNC_OP_CREATE, NULL,
							"{'title':'c','project_id':'P1'}", NULL, NULL);
	intents[4] =
		kit_intent(5, TASKSYNC_TASK, TASKSYNC_OP_UPDATE, "R1", "{'title':'d'}", NULL, NULL);
	call = kit_sync("T0", 5, intents);
	answer =
		kit_answer(&call, 200,
				   psprintf("{%s,'sync_status':{'%s':{'error_tag':'FORBIDDEN','http_code':403},"
							"'%s':{'error_tag':'INVALID_ARGUMENT_VALUE','http_code':400},"
							"'%s':{'error_tag':'NOT_FOUND','http_code':404},'%s':'ok'},"
							"'temp_id_mapping':{'%s':'N4'}}",
							OK_READ, kit_uuid(1), kit_uuid(2), kit_uuid(3), kit_uuid(4),
							kit_temp_id(4)));
	unit_is(outcomes[answer.acks[0].outcome], "refused", "trap 18: each command has its own fate");
	unit_is(outcomes[answer.acks[1].outcome], "replan",
			"what was to go into it is planned again, whatever its error was");
	unit_is(outcomes[answer.acks[2].outcome], "replan", "and so is what hangs on that");
	unit_is(outcomes[answer.acks[3].outcome], "ok", "the others go through");
	unit_is(answer.acks[3].remote_id, "N4", "a new object's id");
	unit_is(outcomes[answer.acks[4].outcome], "unknown",
			"trap 18: a command without a status is sent again");
	answer = kit_answer(&call, 200, psprintf("{%s}", OK_READ));
	unit_ok(answer.outcome == TASKSYNC_OK && answer.acks[0].outcome == TASKSYNC_ACK_UNKNOWN &&
				answer.acks[4].outcome == TASKSYNC_ACK_UNKNOWN,
			"no status at all: all are sent again");
	answer =
		kit_answer(&call, 200, psprintf("{%s,'sync_status':{'%s':'ok'}}", OK_READ, kit_uuid(4)));
	unit_ok(answer.acks[3].outcome == TASKSYNC_ACK_OK && answer.acks[3].remote_id == NULL,
			"accepted, but the id is not told");
}

static void
check_pair(TasksyncIntent intent, const char *first, const char *second, const char *expected,
		   const char *name)
{
	TasksyncCall call = kit_sync("T0", 1, &intent);
	TasksyncAnswer answer =
		kit_answer(&call, 200,
				   psprintf("{%s,'sync_status':{'%s':%s,'%s':%s},"
							"'temp_id_mapping':{'%s':'N1'}}",
							OK_READ, kit_uuid(1), first, kit_temp_id(1), second, kit_temp_id(1)));

	/* the second uuid of the kit's ids happens to be the temp id */
	unit_is(outcomes[answer.acks[0].outcome], expected, name);
	if (intent.op == TASKSYNC_OP_CREATE && strcmp(expected, "ok") == 0)
		unit_is(answer.acks[0].remote_id, "N1", psprintf("%s: the id is told", name));
}

static void
test_pairs(void)
{
	TasksyncIntent rename = kit_intent(1, TASKSYNC_LABEL, TASKSYNC_OP_UPDATE, "L1", "{'name':'b'}",
									   "{'name':'a'}", NULL);
	TasksyncIntent done = kit_intent(1, TASKSYNC_TASK, TASKSYNC_OP_CREATE, NULL,
									 "{'title':'x','status':'done','project_id':'P1'}", NULL, NULL);

	check_pair(rename, "'ok'", "'ok'", "ok", "trap 13: renamed with its occurrences");
	check_pair(rename, "'ok'", TASK_NOT_FOUND, "ok", "trap 13: no occurrence was left to rename");
	check_pair(rename, "'ok'", "null", "unknown", "trap 13: of the occurrences nothing is known");
	check_pair(rename, "'ok'", "{'error_tag':'FORBIDDEN','http_code':403}", "refused",
			   "trap 13: the worse of the two counts");
	check_pair(rename, "{'error_tag':'LIMITS_REACHED','http_code':429}",
			   "{'error_tag':'FORBIDDEN','http_code':403}", "later",
			   "a limit is worse than a refusal");
	check_pair(done, "'ok'", "'ok'", "ok", "created and closed");
	check_pair(done, "'ok'", "{'error_tag':'FORBIDDEN','http_code':403}", "ok",
			   "created but not closed: it exists, the echo tells the rest");
	check_pair(done, "'ok'", "null", "unknown", "created, of the closing nothing is known");
	check_pair(done, "{'error_tag':'FORBIDDEN','http_code':403}", "{'error_tag':'INVALID_TEMP_ID'}",
			   "refused", "not created");
}

/* ---- whole requests ---- */

typedef struct Refusal
{
	int status;
	const char *body;
	const char *result; /* with commands and a cursor */
	const char *ack;    /* of an intent sent for the first time */
	const char *name;
} Refusal;

static const Refusal refusals[] = {
	{401,
	 "{'error_tag':'UNAUTHORIZED','error_code':477,'http_code':401,"
	 "'error_extra':{'retry_after':3}}",
	 "token expired", "replan", "401"},
	{403, "{'error_tag':'AUTH_INSUFFICIENT_TOKEN_SCOPE','http_code':403}", "forbidden", "replan",
	 "403 about the token"},
	{403, "{'error_tag':'FORBIDDEN','http_code':403}", "bad request", "replan",
	 "403 about what was asked"},
	{403, "{'error_tag':'MAX_ITEMS_LIMIT_REACHED','error_code':49,'http_code':403}", "bad request",
	 "replan", "trap 16: 403 about a limit"},
	{403, "<html>Attention required</html>", "try later", "replan", "403 of a guard in front"},
	{429,
	 "{'error_tag':'LIMITS_REACHED','error_code':35,'http_code':429,"
	 "'error_extra':{'retry_after':66}}",
	 "try later", "replan", "429"},
	{429, "slow down", "try later", "replan", "429 as text"},
	{400,
	 "{'error_tag':'INVALID_ARGUMENT_VALUE','http_code':400,'error':'Invalid argument value',"
	 "'error_extra':{'argument':'sync_token'}}",
	 "cursor rejected", "replan", "trap 5: 400 that names the token"},
	{400, "{'error':'Sync token is invalid','http_code':400}", "cursor rejected", "replan",
	 "trap 5: 400 that speaks of it"},
	{400,
	 "{'error_tag':'INVALID_ARGUMENT_VALUE','http_code':400,'error_extra':"
	 "{'argument':'commands'}}",
	 "bad request", "replan", "400 about the commands"},
	{400, "not json", "bad request", "replan", "400 as text"},
	{413, "", "bad request", "replan", "413"},
	{422, "{}", "bad request", "replan", "422"},
	{500, "{'error':'x','http_code':500}", "try later", "unknown", "500"},
	{502, "<html>Bad gateway</html>", "try later", "unknown", "502 as HTML"},
	{503, "", "try later", "unknown", "503"},
	{504, "", "try later", "unknown", "504"},
	{408, "", "try later", "unknown", "408"},
	{404, "<html>not found</html>", "bad answer", "unknown", "404: a wrong address"},
	{410, "{'error':'gone'}", "bad answer", "unknown", "410: a retired interface"},
	{302, "", "bad answer", "unknown", "302"},
};

static void
test_requests(void)
{
	for (int i = 0; i < (int) lengthof(refusals); i++)
	{
		const Refusal *refusal = &refusals[i];
		TasksyncIntent intents[2];
		TasksyncCall call;
		TasksyncAnswer answer;

		intents[0] =
			kit_intent(1, TASKSYNC_TASK, TASKSYNC_OP_UPDATE, "R1", "{'title':'x'}", NULL, NULL);
		intents[1] =
			kit_intent(2, TASKSYNC_TASK, TASKSYNC_OP_CREATE, NULL, "{'title':'x'}", NULL, NULL);
		intents[1].is_resend = true;
		call = kit_sync("T0", 2, intents);
		answer = kit_answer(&call, refusal->status, refusal->body);
		unit_is(results[answer.outcome], refusal->result, refusal->name);
		unit_is(outcomes[answer.acks[0].outcome], refusal->ack,
				psprintf("%s: a first attempt", refusal->name));
		unit_is(outcomes[answer.acks[1].outcome], "unknown",
				psprintf("%s: an earlier attempt stays open", refusal->name));
		unit_ok(answer.coverage == TASKSYNC_COVERS_NOTHING && answer.nobservations == 0 &&
					answer.cursor == NULL && answer.error_code != NULL &&
					strlen(answer.error_code) <= 64,
				"%s: nothing was read (%s)", refusal->name, answer.error_code);
	}
}

static void
test_reads(void)
{
	TasksyncCall delta = kit_sync("T0", 0, NULL);
	TasksyncCall full = kit_sync(NULL, 0, NULL);
	const char *vague = "{'error_tag':'INVALID_ARGUMENT_VALUE','http_code':400}";

	unit_is(results[kit_answer(&delta, 400, vague).outcome], "cursor rejected",
			"trap 5: a read that held nothing but a cursor to refuse");
	unit_is(results[kit_answer(&full, 400, "{'error':'sync_token missing'}").outcome],
			"bad request", "trap 5: without a cursor there is none to throw away");
	unit_is(results[kit_answer(&full, 403, "{'error_tag':'FORBIDDEN','http_code':403}").outcome],
			"forbidden", "a read that is not allowed");
}

static void
test_pause(void)
{
	TasksyncCall call = kit_sync("T0", 0, NULL);
	TasksyncHttpResponse response =
		kit_response(429, "{'error_tag':'LIMITS_REACHED','error_extra':{'retry_after':66}}");

	unit_ok(kit_parse(&call, &response).retry_after_ms == 66000, "the pause from the body");
	strlcpy(response.rate_reset, "1795341620", sizeof(response.rate_reset));
	unit_ok(kit_parse(&call, &response).retry_after_ms == 20000, "rather from x-ratelimit-reset");
	strlcpy(response.retry_after, "12", sizeof(response.retry_after));
	unit_ok(kit_parse(&call, &response).retry_after_ms == 12000, "rather from Retry-After");
	strlcpy(response.retry_after, "Sun, 22 Nov 2026 10:01:30 GMT", sizeof(response.retry_after));
	unit_ok(kit_parse(&call, &response).retry_after_ms == 90000, "also as a date, by their clock");
	response = kit_response(429, "{}");
	unit_ok(kit_parse(&call, &response).retry_after_ms == 30000,
			"half a minute if nothing is said");
	response = kit_response(401, "{'error_tag':'UNAUTHORIZED','error_extra':{'retry_after':3}}");
	unit_ok(kit_parse(&call, &response).retry_after_ms == 0, "waiting does not cure a 401");
	response = kit_response(429, "{'error_extra':{'retry_after':99999999999999}}");
	unit_ok(kit_parse(&call, &response).retry_after_ms == INT64CONST(86400000), "a day at most");
}

static void
check_transport(TasksyncHttpOutcome outcome, const char *ack, const char *code, const char *name)
{
	TasksyncIntent intent =
		kit_intent(1, TASKSYNC_TASK, TASKSYNC_OP_CREATE, NULL, "{'title':'x'}", NULL, NULL);
	TasksyncCall call = kit_sync("T0", 1, &intent);
	TasksyncHttpResponse response = {0};
	TasksyncAnswer answer;

	response.outcome = outcome;
	strlcpy(response.error, "could not connect", sizeof(response.error));
	answer = kit_parse(&call, &response);
	unit_is(results[answer.outcome], "try later", name);
	unit_is(outcomes[answer.acks[0].outcome], ack, psprintf("%s: the command", name));
	unit_is(answer.error_code, code, psprintf("%s: the code", name));
	unit_is(answer.error_message, "could not connect", psprintf("%s: the message", name));
}

int
main(void)
{
	unit_start();
	test_commands();
	test_limit_in_status();
	test_batch();
	test_pairs();
	test_requests();
	test_reads();
	test_pause();
	check_transport(TASKSYNC_HTTP_NOT_SENT, "replan", "no_connection", "never sent");
	check_transport(TASKSYNC_HTTP_UNKNOWN, "unknown", "no_answer",
					"trap 26: sent and not answered");
	check_transport(TASKSYNC_HTTP_TOO_LARGE, "unknown", "answer_too_large", "an answer too large");
	check_transport(TASKSYNC_HTTP_REFUSED, "replan", "address_refused", "a forbidden address");
	return unit_done();
}
