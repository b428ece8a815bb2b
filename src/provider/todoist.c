/*
 * todoist.c
 *	  Todoist as the engine sees it: what it can do, and which function builds
 *	  or reads which call.
 *
 * Everything that is written or read in bulk goes through POST /sync, because
 * only there commands have an idempotency key and reads have a cursor; REST
 * serves single look-ups.  docs/providers/todoist.md tells what is mapped.
 *
 * Called by the engine through the registry.  Pure, as all of provider/.
 */
#include "postgres.h"

#include "base/guc.h"
#include "provider/todoist.h"
#include "provider/todoist_answer.h"
#include "provider/todoist_request.h"
#include "provider/todoist_rest.h"
#include "provider/todoist_status.h"

/*
 * How long Todoist remembers a command's uuid is not published.  Within this
 * time a resend is trusted; later the engine reads first and looks whether the
 * object is there.
 */
#define UUID_MEMORY_MS (15 * 60 * 1000)

static const char *
base_url(void)
{
	return tasksync_todoist_url;
}

static void
build(TasksyncCall *call, TasksyncHttpRequest *request)
{
	memset(request, 0, sizeof(*request));
	if (call->type == TASKSYNC_CALL_SYNC)
		tasksync_todoist_build_sync(call, request);
	else
		tasksync_todoist_build_rest(call, request);
}

static void
parse(const TasksyncCall *call, const TasksyncHttpResponse *response, TasksyncAnswer *answer)
{
	memset(answer, 0, sizeof(*answer));
	answer->acks = palloc0(sizeof(TasksyncAck) * Max(call->nintents, 1));
	if (call->type != TASKSYNC_CALL_SYNC && tasksync_todoist_parse_absence(call, response, answer))
		return;
	if (!tasksync_todoist_check_status(call, response, answer))
		return;
	if (call->type == TASKSYNC_CALL_SYNC)
		tasksync_todoist_parse_sync(call, response, answer);
	else
		tasksync_todoist_parse_rest(call, response, answer);
}

const TasksyncProvider tasksync_todoist = {
	.name = "todoist",
	.caps = {
		.batch_intents = TODOIST_MAX_COMMANDS,
		.batch_bytes = TODOIST_MAX_BODY,
		.temp_ids = true,
		.push_reads = true,
		.closes_descendants = true,
		.tombstones = true,
		.tells_moved_ids = true,
		.idempotency_ms = UUID_MEMORY_MS,
		.op_of_field = {
			[TASKSYNC_F_NAME] = TASKSYNC_OP_UPDATE,
			[TASKSYNC_F_COLOR] = TASKSYNC_OP_UPDATE,
			[TASKSYNC_F_ARCHIVED] = TASKSYNC_OP_UPDATE,
			[TASKSYNC_F_TITLE] = TASKSYNC_OP_UPDATE,
			[TASKSYNC_F_DESCRIPTION] = TASKSYNC_OP_UPDATE,
			[TASKSYNC_F_STATUS] = TASKSYNC_OP_CLOSE,
			[TASKSYNC_F_COMPLETED_AT] = TASKSYNC_OP_CLOSE,
			[TASKSYNC_F_PRIORITY] = TASKSYNC_OP_UPDATE,
			[TASKSYNC_F_DUE_DATE] = TASKSYNC_OP_UPDATE,
			[TASKSYNC_F_DUE_TIME] = TASKSYNC_OP_UPDATE,
			[TASKSYNC_F_DUE_TIMEZONE] = TASKSYNC_OP_UPDATE,
			[TASKSYNC_F_RECURRENCE] = TASKSYNC_OP_UPDATE,
			[TASKSYNC_F_LABELS] = TASKSYNC_OP_UPDATE,
			[TASKSYNC_F_PROJECT] = TASKSYNC_OP_MOVE,
			[TASKSYNC_F_SECTION] = TASKSYNC_OP_MOVE,
			[TASKSYNC_F_PARENT] = TASKSYNC_OP_MOVE,
			[TASKSYNC_F_POSITION] = TASKSYNC_OP_ORDER,
		},
	},
	.base_url = base_url,
	.build = build,
	.parse = parse,
};
