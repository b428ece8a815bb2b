/*
 * answer_checks.h
 *	  What must hold for every answer that a provider's parse() gives, whatever
 *	  bytes it was given.  Included by the one target that uses it.
 *
 * The target sets `fuzz_provider`; FUZZ_MARK is a text that seeds hold and that
 * may never get into a code or a message: no tag of any service looks like it.
 */
#ifndef TASKSYNC_ANSWER_CHECKS_H
#define TASKSYNC_ANSWER_CHECKS_H

#include "base/json.h"
#include "fuzz.h"
#include "provider/provider.h"

#define FUZZ_MARK "Secret Text"

static const char *fuzz_provider;

static TasksyncRecord *
record(TasksyncKind kind, const char *text)
{
	const char *error;
	TasksyncRecord *result =
		tasksync_record_from_json(kind, tasksync_json_parse(text, strlen(text), &error), &error);

	FUZZ_CHECK(result != NULL);
	return result;
}

static void
check_message(const char *code, const char *message)
{
	FUZZ_CHECK(code == NULL || strlen(code) <= 64);
	FUZZ_CHECK(code == NULL || strstr(code, FUZZ_MARK) == NULL);
	FUZZ_CHECK(message == NULL || (strlen(message) < 512 && strstr(message, FUZZ_MARK) == NULL));
}

/* what was read must be a record for the rest of the program, and can be written back */
static void
check_record(const TasksyncObservation *observation)
{
	const char *error = NULL;
	TasksyncRecord *again =
		tasksync_record_from_json(observation->kind, tasksync_record_to_json(observation->record),
								  &error);
	TasksyncIntent intent = {.id = "u9",
							 .kind = observation->kind,
							 .op = TASKSYNC_OP_UPDATE,
							 .remote_id = observation->remote_id,
							 .container_id = "L1",
							 .patch = observation->record,
							 .before = observation->record,
							 .raw = observation->raw};
	TasksyncCall call = {.type = TASKSYNC_CALL_SYNC,
						 .base_url = "x",
						 .nintents = 1,
						 .intents = &intent};
	TasksyncHttpRequest request;

	FUZZ_CHECK(again != NULL && again->present == observation->record->present);
	FUZZ_CHECK(tasksync_record_diff(again, observation->record) == 0);
	tasksync_provider_find(fuzz_provider)->build(&call, &request);
	FUZZ_CHECK(tasksync_json_parse(request.body, request.body_length, &error) != NULL);
	if (observation->raw != NULL)
		tasksync_json_text(observation->raw);
}

static void
check_observation(const TasksyncCall *call, const TasksyncObservation *observation)
{
	FUZZ_CHECK(observation->remote_id != NULL && *observation->remote_id != '\0' &&
			   strlen(observation->remote_id) <= 200);
	FUZZ_CHECK((observation->state == TASKSYNC_REMOTE_LIVE) == (observation->record != NULL));
	FUZZ_CHECK((observation->state == TASKSYNC_REMOTE_MOVED_ID) ==
			   (observation->new_remote_id != NULL));
	/* "gone" is what deletions stand on: only a single read may say it */
	FUZZ_CHECK(observation->state != TASKSYNC_REMOTE_GONE ||
			   call->type == TASKSYNC_CALL_POINT_READ);
	if (observation->record != NULL)
		check_record(observation);
}

static void
check_answer(const TasksyncCall *call, const TasksyncAnswer *answer)
{
	check_message(answer->error_code, answer->error_message);
	FUZZ_CHECK((answer->outcome == TASKSYNC_OK) == (answer->error_code == NULL));
	FUZZ_CHECK(answer->outcome == TASKSYNC_OK ||
			   (answer->nobservations == 0 && answer->cursor == NULL && !answer->has_more &&
				answer->coverage == TASKSYNC_COVERS_NOTHING));
	FUZZ_CHECK(answer->retry_after_ms >= 0);
	FUZZ_CHECK(call->wants_read || call->type != TASKSYNC_CALL_SYNC || answer->cursor == NULL);
	for (int i = 0; i < call->nintents; i++)
	{
		const TasksyncAck *ack = &answer->acks[i];

		check_message(ack->code, ack->message);
		FUZZ_CHECK(ack->outcome >= TASKSYNC_ACK_UNKNOWN && ack->outcome <= TASKSYNC_ACK_REPLAN);
		FUZZ_CHECK(ack->remote_id == NULL || call->intents[i].op == TASKSYNC_OP_CREATE ||
				   call->intents[i].op == TASKSYNC_OP_MOVE);
		FUZZ_CHECK(answer->outcome == TASKSYNC_OK || ack->outcome == TASKSYNC_ACK_UNKNOWN ||
				   (ack->outcome == TASKSYNC_ACK_REPLAN && !call->intents[i].is_resend));
	}
	for (int i = 0; i < answer->nobservations; i++)
		check_observation(call, &answer->observations[i]);
}

#endif							/* TASKSYNC_ANSWER_CHECKS_H */
