/*
 * fuzz_todoist_answer.c
 *	  Arbitrary bytes as Todoist's answer: whatever comes, the outcome is one of
 *	  those promised, what is believed is well formed, and no text of the answer
 *	  gets into a message.
 *
 * The first byte of an input chooses the question, the second the HTTP status;
 * the rest is the body.  The seeds hold a marked title.
 */
#include "postgres.h"

#include "answer_checks.h"
#include "provider/provider.h"
#include "provider/todoist_oauth.h"

#define TASK_ID "6X7rM8997g3RQmvh"

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	stubs_init();
	fuzz_provider = "todoist";
	return 0;
}

/* one of each fate: a create, what goes below it, a label's rename, a deletion */
static int
make_intents(TasksyncIntent *intents)
{
	intents[0] = (TasksyncIntent){.id = "u1",
								  .temp_id = "t1",
								  .kind = TASKSYNC_TASK,
								  .op = TASKSYNC_OP_CREATE,
								  .patch = record(TASKSYNC_TASK, "{\"title\":\"x\"}")};
	intents[1] =
		(TasksyncIntent){.id = "u2",
						 .temp_id = "t2",
						 .kind = TASKSYNC_TASK,
						 .op = TASKSYNC_OP_CREATE,
						 .is_resend = true,
						 .patch =
							 record(TASKSYNC_TASK,
									"{\"title\":\"x\",\"parent_id\":\"t1\",\"status\":\"done\"}")};
	intents[2] = (TasksyncIntent){.id = "u3",
								  .kind = TASKSYNC_LABEL,
								  .op = TASKSYNC_OP_UPDATE,
								  .remote_id = "L1",
								  .patch = record(TASKSYNC_LABEL, "{\"name\":\"b\"}"),
								  .before = record(TASKSYNC_LABEL, "{\"name\":\"a\"}")};
	intents[3] = (TasksyncIntent){.id = "u4",
								  .kind = TASKSYNC_TASK,
								  .op = TASKSYNC_OP_DELETE,
								  .remote_id = TASK_ID,
								  .patch = record(TASKSYNC_TASK, "{}")};
	return 4;
}

static void
check_refresh(const TasksyncHttpResponse *response)
{
	TasksyncTokenCall call = {.url = "x", .client_id = "c", .refresh_token = "r"};
	TasksyncTokenAnswer answer;

	tasksync_todoist_oauth.parse_refresh(&call, response, &answer);
	check_message(answer.error_code, answer.error_message);
	FUZZ_CHECK((answer.outcome == TASKSYNC_OK) == (answer.access_token != NULL));
	FUZZ_CHECK((answer.outcome == TASKSYNC_OK) == (answer.error_code == NULL));
	FUZZ_CHECK(answer.expires_in >= 0);
}

static bool
make_call(uint8_t letter, TasksyncCall *call, TasksyncIntent *intents)
{
	static const char *const ids[] = {TASK_ID};

	call->base_url = "https://api.todoist.com";
	call->zone = "Europe/Lisbon";
	call->kind = TASKSYNC_TASK;
	call->remote_ids = (const char **) ids;
	call->nremote_ids = 1;
	call->cursor = letter == 'f' || letter == 'c' ? NULL : "T0";
	call->wants_read = letter != 'w';
	switch (letter)
	{
		case 'p':
		case 'w':
			call->nintents = make_intents(intents);
			call->intents = intents;
			break;
		case 'i':
			call->type = TASKSYNC_CALL_IDENTIFY;
			break;
		case 'r':
			call->type = TASKSYNC_CALL_POINT_READ;
			break;
		case 'c':
			call->type = TASKSYNC_CALL_COMPLETED;
			call->until = USECS_PER_DAY;
			break;
		case 'm':
			call->type = TASKSYNC_CALL_MOVED_IDS;
			break;
		default:
			break;
	}
	return letter != 't';
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int statuses[] = {200, 400, 401, 403, 404, 413, 429, 500, 302, 204};
	TasksyncHttpResponse response = {0};
	TasksyncIntent intents[4];
	TasksyncCall call = {0};
	TasksyncAnswer answer;

	if (size < 2)
		return 0;
	response.status = statuses[data[1] % lengthof(statuses)];
	response.body_length = size - 2;
	response.body = pnstrdup((const char *) data + 2, 0);
	if (size > 2)
	{
		char *body = palloc(size - 1);

		memcpy(body, data + 2, size - 2);
		body[size - 2] = '\0';
		response.body = body;
	}
	strlcpy(response.date, "Sun, 22 Nov 2026 10:00:00 GMT", sizeof(response.date));
	if (make_call(data[0], &call, intents))
	{
		tasksync_provider_find("todoist")->parse(&call, &response, &answer);
		check_answer(&call, &answer);
	}
	else
		check_refresh(&response);
	stubs_reset();
	return 0;
}
