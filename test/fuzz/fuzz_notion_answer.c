/*
 * fuzz_notion_answer.c
 *	  Arbitrary bytes as Notion's answer: whatever comes, the outcome is one of
 *	  those promised, what is believed is well formed and can be written back,
 *	  and no text of the answer gets into a message.
 *
 * The first byte of an input chooses the question, the second the HTTP status;
 * the rest is the body.  The seeds hold a marked title.
 */
#include "postgres.h"

#include "base/json.h"
#include "fuzz.h"
#include "provider/provider.h"

/* no code and no id can look like this */
#define MARK "Secret Text"
#define SOURCE "aaaaaaaa-0000-4000-8000-00000000000a"
#define PAGE "00000001-0000-4000-8000-dddddddddddd"

static const char known_text[] =
	"{\"known\":{\"name\":\"T\",\"properties\":[{\"id\":\"title\",\"name\":\"N\",\"type\":\"title\"},"
	"{\"id\":\"Z%3ClH\",\"name\":\"S\",\"type\":\"status\",\"options\":[{\"id\":\"o1\",\"name\":\"a\"},"
	"{\"id\":\"o3\",\"name\":\"b\"}],\"groups\":[{\"id\":\"g3\",\"name\":\"Complete\",\"options\":"
	"[\"o3\"]}]},{\"id\":\"due\",\"name\":\"D\",\"type\":\"date\"},{\"id\":\"tags\",\"name\":\"L\","
	"\"type\":\"multi_select\",\"options\":[]},{\"id\":\"note\",\"name\":\"X\",\"type\":\"rich_text\"},"
	"{\"id\":\"up\",\"name\":\"P\",\"type\":\"relation\",\"self\":true}],\"mapping\":{"
	"\"status\":{\"property\":\"Z%3ClH\",\"type\":\"status\",\"done\":[\"g3\"]},"
	"\"due\":{\"property\":\"due\",\"type\":\"date\"},"
	"\"labels\":{\"property\":\"tags\",\"type\":\"multi_select\",\"create\":true},"
	"\"description\":{\"property\":\"note\",\"type\":\"rich_text\"},"
	"\"parent\":{\"property\":\"up\",\"type\":\"relation\"}}}}";

static TasksyncContainer container;

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	stubs_init();
	return 0;
}

static json_t *
json(const char *text)
{
	const char *error;
	json_t *value = tasksync_json_parse(text, strlen(text), &error);

	FUZZ_CHECK(value != NULL);
	return value;
}

static TasksyncRecord *
record(const char *text)
{
	const char *error;
	TasksyncRecord *result = tasksync_record_from_json(TASKSYNC_TASK, json(text), &error);

	FUZZ_CHECK(result != NULL);
	return result;
}

static void
check_message(const char *code, const char *message)
{
	FUZZ_CHECK(code == NULL || strlen(code) <= 64);
	FUZZ_CHECK(code == NULL || strstr(code, MARK) == NULL);
	FUZZ_CHECK(message == NULL || (strlen(message) < 1024 && strstr(message, MARK) == NULL));
}

/* what was read of a task must be a record for the rest of the program, and can be written back */
static void
check_task(const TasksyncObservation *observation)
{
	const char *error = NULL;
	TasksyncRecord *again =
		tasksync_record_from_json(TASKSYNC_TASK, tasksync_record_to_json(observation->record),
								  &error);
	TasksyncIntent intent = {.id = "u9",
							 .hub_id = "h9",
							 .kind = TASKSYNC_TASK,
							 .op = TASKSYNC_OP_UPDATE,
							 .remote_id = observation->remote_id,
							 .patch = observation->record,
							 .before = record("{}"),
							 .raw = observation->raw,
							 .container_id = SOURCE,
							 .config = container.config};
	TasksyncCall call = {.type = TASKSYNC_CALL_SYNC,
						 .base_url = "x",
						 .ncontainers = 1,
						 .containers = &container,
						 .nintents = 1,
						 .intents = &intent};
	TasksyncHttpRequest request;

	FUZZ_CHECK(again != NULL && again->present == observation->record->present);
	FUZZ_CHECK(tasksync_record_diff(again, observation->record) == 0);
	tasksync_provider_find("notion")->build(&call, &request);
	FUZZ_CHECK(request.body == NULL ||
			   tasksync_json_parse(request.body, request.body_length, &error) != NULL);
}

static void
check_observation(const TasksyncObservation *observation)
{
	FUZZ_CHECK(observation->remote_id != NULL && *observation->remote_id != '\0' &&
			   strlen(observation->remote_id) <= 200);
	FUZZ_CHECK((observation->state == TASKSYNC_REMOTE_LIVE) == (observation->record != NULL));
	/* what is not found may only be hidden: nothing of Notion's says that a page is gone */
	FUZZ_CHECK(observation->state != TASKSYNC_REMOTE_GONE &&
			   observation->state != TASKSYNC_REMOTE_MOVED_ID);
	if (observation->record != NULL && observation->kind == TASKSYNC_TASK)
		check_task(observation);
	if (observation->raw != NULL)
		tasksync_json_text(observation->raw);
}

static void
check_answer(const TasksyncCall *call, const TasksyncAnswer *answer)
{
	check_message(answer->error_code, answer->error_message);
	FUZZ_CHECK((answer->outcome == TASKSYNC_OK) == (answer->error_code == NULL));
	FUZZ_CHECK(answer->outcome == TASKSYNC_OK ||
			   (answer->nobservations == 0 && answer->cursor == NULL && !answer->has_more &&
				answer->ncomplete == 0 && answer->ntroubles == 0 &&
				answer->coverage == TASKSYNC_COVERS_NOTHING));
	FUZZ_CHECK(answer->retry_after_ms >= 0);
	FUZZ_CHECK(call->wants_read || call->type != TASKSYNC_CALL_SYNC || answer->cursor == NULL);
	for (int i = 0; i < call->nintents; i++)
	{
		const TasksyncAck *ack = &answer->acks[i];

		check_message(ack->code, ack->message);
		FUZZ_CHECK(ack->remote_id == NULL || call->intents[i].op == TASKSYNC_OP_CREATE);
		FUZZ_CHECK(answer->outcome == TASKSYNC_OK || ack->outcome == TASKSYNC_ACK_UNKNOWN ||
				   (ack->outcome == TASKSYNC_ACK_REPLAN && !call->intents[i].is_resend));
	}
	for (int i = 0; i < answer->ntroubles; i++)
		check_message(answer->troubles[i].code, answer->troubles[i].message);
	for (int i = 0; i < answer->nobservations; i++)
		check_observation(&answer->observations[i]);
}

static void
make_intent(uint8_t letter, TasksyncCall *call, TasksyncIntent *intent)
{
	*intent =
		(TasksyncIntent){.id = "u1",
						 .hub_id = "h1",
						 .kind = TASKSYNC_TASK,
						 .op = letter == 'c'   ? TASKSYNC_OP_CREATE
							   : letter == 'd' ? TASKSYNC_OP_DELETE
							   : letter == 'm' ? TASKSYNC_OP_MOVE
											   : TASKSYNC_OP_UPDATE,
						 .remote_id = letter == 'c' ? NULL : PAGE,
						 .patch = record("{\"title\":\"x\",\"status\":\"done\",\"project_id\":"
										 "\"bbbbbbbb-0000-4000-8000-00000000000b\"}"),
						 .before = letter == 'c' ? NULL
												 : record("{\"title\":\"y\","
														  "\"status\":\"open\"}"),
						 .container_id = SOURCE,
						 .config = container.config,
						 .is_resend = letter == 'w'};
	call->nintents = 1;
	call->intents = intent;
	call->wants_read = false;
}

static void
make_call(uint8_t letter, TasksyncCall *call, TasksyncIntent *intent)
{
	static const char *const ids[] = {PAGE};

	call->base_url = "https://api.notion.com";
	call->kind = TASKSYNC_TASK;
	call->remote_ids = (const char **) ids;
	call->nremote_ids = 1;
	call->ncontainers = 1;
	call->containers = &container;
	call->now = USECS_PER_DAY;
	call->wants_read = true;
	if (letter == 'i')
		call->type = TASKSYNC_CALL_IDENTIFY;
	else if (letter == 'r')
		call->type = TASKSYNC_CALL_POINT_READ;
	else if (letter == 'q' || letter == 'a')
		call->cursor = psprintf("{\"looked\":\"2000-01-01T23:59:00Z\",\"todo\":[{\"do\":\"read\","
								"\"id\":\"" SOURCE "\",\"all\":%s}]}",
								letter == 'a' ? "true" : "false");
	else if (letter == 's' || letter == 'b' || letter == 't')
		call->cursor =
			psprintf("{\"todo\":[{\"do\":\"%s\",\"id\":\"" SOURCE "\",\"pages\":[\"" PAGE "\"]}]}",
					 letter == 's'   ? "schema"
					 : letter == 'b' ? "bodies"
									 : "database");
	else if (letter != 'f')
		make_intent(letter, call, intent);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int statuses[] = {200, 400, 401, 403, 404, 409, 413, 429, 500, 503, 302};
	TasksyncHttpResponse response = {0};
	TasksyncIntent intent;
	TasksyncCall call = {0};
	TasksyncAnswer answer;
	char *body;

	if (size < 2)
		return 0;
	container = (TasksyncContainer){.remote_id = SOURCE, .config = json(known_text)};
	response.status = statuses[data[1] % lengthof(statuses)];
	response.body_length = size - 2;
	body = palloc(size - 1);
	memcpy(body, data + 2, size - 2);
	body[size - 2] = '\0';
	response.body = body;
	strlcpy(response.date, "Sun, 22 Nov 2026 10:00:00 GMT", sizeof(response.date));
	make_call(data[0], &call, &intent);
	tasksync_provider_find("notion")->parse(&call, &response, &answer);
	check_answer(&call, &answer);
	stubs_reset();
	return 0;
}
