/*
 * fuzz_google_answer.c
 *	  Arbitrary bytes as Google's answer: whatever comes, the outcome is one of
 *	  those promised, what is believed is well formed, and no text of the answer
 *	  gets into a message.
 *
 * The first byte of an input chooses the question, the second the HTTP status;
 * the rest is the body, or the cursor.  The seeds hold a marked title.
 */
#include "postgres.h"

#include "answer_checks.h"
#include "base/clock.h"

#define LISTED "\"listed\":\"2026-11-22T09:59:00Z\",\"default\":\"L1\""
#define CURSOR "{\"format\":1," LISTED "}"
#define PAGING \
	"{\"format\":1," LISTED ",\"round\":{\"at\":{\"id\":\"L1\",\"page\":\"P2\",\"pages\":1," \
	"\"version\":1,\"whole\":true}}}"
#define CHECKING "{\"format\":1," LISTED ",\"round\":{\"named\":true,\"check\":[\"L1\"]}}"
#define SEARCHING "{\"lists\":[\"L1\",\"L2\"],\"next\":0}"

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	stubs_init();
	fuzz_provider = "google_tasks";
	return 0;
}

static TasksyncIntent
make_intent(const char *id, TasksyncOp op, const char *remote_id, const char *patch)
{
	return (TasksyncIntent){.id = id,
							.kind = TASKSYNC_TASK,
							.op = op,
							.remote_id = remote_id,
							.container_id = "L1",
							.patch = record(TASKSYNC_TASK, patch),
							.is_resend = id[1] == '2'};
}

/* one of each fate; the batch takes the first three */
static void
make_intents(uint8_t letter, TasksyncCall *call, TasksyncIntent *intents)
{
	call->wants_read = false;
	call->nintents = letter == 'b' ? 3 : 1;
	call->intents = intents;
	intents[0] = make_intent("u1", TASKSYNC_OP_CREATE, NULL, "{\"title\":\"x\"}");
	intents[1] = make_intent("u2", TASKSYNC_OP_UPDATE, "T1", "{\"title\":\"x\"}");
	intents[2] = make_intent("u3", TASKSYNC_OP_DELETE, "T2", "{}");
	if (letter == 'u')
		intents[0] = intents[1];
	else if (letter == 'd')
		intents[0] = intents[2];
	else if (letter == 'm')
		intents[0] = make_intent("u4", TASKSYNC_OP_MOVE, "T1",
								 "{\"project_id\":\"L2\",\"parent_id\":null}");
	else if (letter == 'a')
	{
		intents[0] = intents[2];
		intents[0].raw = json_pack("{s:{}}", "assignmentInfo");
	}
	else if (letter == 'l')
	{
		intents[0].kind = TASKSYNC_PROJECT;
		intents[0].patch = record(TASKSYNC_PROJECT, "{\"name\":\"x\"}");
	}
}

static void
make_call(uint8_t letter, TasksyncCall *call, TasksyncIntent *intents)
{
	static const TasksyncContainer lists[] = {{.remote_id = "L1", .version = 1},
											  {.remote_id = "L2", .version = 1}};
	static const char *const ids[] = {"T1"};

	(void) tasksync_parse_instant("2026-11-22T10:00:00Z", &call->now);
	call->base_url = "https://tasks.googleapis.com";
	call->containers = lists;
	call->ncontainers = 2;
	call->kind = TASKSYNC_TASK;
	call->remote_ids = (const char **) ids;
	call->nremote_ids = 1;
	call->container_id = "L1";
	call->wants_read = true;
	call->cursor = letter == 'w' ? PAGING : letter == 'k' ? CHECKING : CURSOR;
	if (letter == 'D')
		call->cursor = NULL;
	else if (letter == 'L')
		call->wants_containers = true;
	else if (letter == 'i')
		call->type = TASKSYNC_CALL_IDENTIFY;
	else if (letter == 'r')
		call->type = TASKSYNC_CALL_POINT_READ;
	else if (letter == 'v' || letter == 'V')
	{
		call->type = TASKSYNC_CALL_MOVED_IDS;
		call->cursor = letter == 'V' ? SEARCHING : NULL;
	}
	else if (strchr("bcudmal", letter) != NULL && letter != '\0')
		make_intents(letter, call, intents);
}

/* a cursor that was damaged: the next request is one all the same, and so is what follows */
static void
try_cursor(const char *text)
{
	TasksyncCall call = {0};
	TasksyncHttpRequest request;
	TasksyncHttpResponse response = {.status = 404, .body = "{\"error\":{}}", .body_length = 12};
	TasksyncAnswer answer;

	make_call('s', &call, NULL);
	call.cursor = text;
	for (int i = 0; i < 8 && call.cursor != NULL; i++)
	{
		tasksync_provider_find(fuzz_provider)->build(&call, &request);
		FUZZ_CHECK(request.url != NULL && request.method == TASKSYNC_GET);
		tasksync_provider_find(fuzz_provider)->parse(&call, &response, &answer);
		check_answer(&call, &answer);
		call.cursor = answer.cursor;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int statuses[] = {200, 400, 401, 403, 404, 410, 412, 429, 500, 302, 204};
	TasksyncHttpResponse response = {0};
	TasksyncHttpRequest request;
	TasksyncIntent intents[4];
	TasksyncCall call = {0};
	TasksyncAnswer answer;
	char *body;

	if (size < 2)
		return 0;
	body = palloc(size - 1);
	memcpy(body, data + 2, size - 2);
	body[size - 2] = '\0';
	response.status = statuses[data[1] % lengthof(statuses)];
	response.body = body;
	response.body_length = size - 2;
	strlcpy(response.date, "Sun, 22 Nov 2026 10:00:00 GMT", sizeof(response.date));
	strlcpy(response.content_type, "multipart/mixed; boundary=B", sizeof(response.content_type));
	if (data[0] == 'x')
		try_cursor(body);
	else
	{
		make_call(data[0], &call, intents);
		tasksync_provider_find(fuzz_provider)->build(&call, &request);
		tasksync_provider_find(fuzz_provider)->parse(&call, &response, &answer);
		check_answer(&call, &answer);
	}
	stubs_reset();
	return 0;
}
