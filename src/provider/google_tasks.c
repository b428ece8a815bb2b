/*
 * google_tasks.c
 *	  Google Tasks as the engine sees it: what it can do, and which function
 *	  builds or reads which call.
 *
 * Lists are read one by one, and one request either reads or writes.
 * docs/providers/google_tasks.md tells what is mapped.
 *
 * Called by the engine through the registry.  Pure, as all of provider/.
 */
#include "postgres.h"

#include "base/guc.h"
#include "provider/google_oauth.h"
#include "provider/google_tasks.h"
#include "provider/google_tasks_batch.h"
#include "provider/google_tasks_lookup.h"
#include "provider/google_tasks_read.h"
#include "provider/google_tasks_status.h"
#include "provider/google_tasks_write.h"

static const char *
base_url(void)
{
	return tasksync_google_tasks_url;
}

static int
daily_queries(void)
{
	return tasksync_google_daily_queries;
}

static void
build(TasksyncCall *call, TasksyncHttpRequest *request)
{
	memset(request, 0, sizeof(*request));
	if (call->type == TASKSYNC_CALL_IDENTIFY)
		tasksync_google_build_userinfo(request);
	else if (call->type != TASKSYNC_CALL_SYNC)
		tasksync_google_build_lookup(call, request);
	else if (call->nintents > 0)
		tasksync_google_build_write(call, request);
	else
		tasksync_google_build_read(call, request);
}

static void
parse(const TasksyncCall *call, const TasksyncHttpResponse *response, TasksyncAnswer *answer)
{
	memset(answer, 0, sizeof(*answer));
	answer->acks = palloc0(sizeof(TasksyncAck) * Max(call->nintents, 1));
	if (!tasksync_google_was_answered(call, response, answer))
		return;
	if (call->type == TASKSYNC_CALL_IDENTIFY)
		tasksync_google_parse_userinfo(response, answer);
	else if (call->type != TASKSYNC_CALL_SYNC)
		tasksync_google_parse_lookup(call, response, answer);
	else if (call->nintents > 0)
		tasksync_google_parse_write(call, response, answer);
	else
		tasksync_google_parse_read(call, response, answer);
}

const TasksyncProvider tasksync_google_tasks = {
	.name = "google_tasks",
	.caps = {
		.batch_intents = GOOGLE_MAX_PARTS,
		.batch_bytes = GOOGLE_MAX_BODY,
		.tombstones = true,
		.reads_containers = true,
		.shows_completed = true,
		.tells_moved_ids = true,
		.echoes_writes = true,
		/* trap 12: `updated` came in seconds once and comes in milliseconds now */
		.edit_precision_ms = 1000,
		.op_of_field = {
			[TASKSYNC_F_NAME] = TASKSYNC_OP_UPDATE,
			[TASKSYNC_F_TITLE] = TASKSYNC_OP_UPDATE,
			[TASKSYNC_F_DESCRIPTION] = TASKSYNC_OP_UPDATE,
			[TASKSYNC_F_STATUS] = TASKSYNC_OP_UPDATE,
			/* told by Google; a PATCH of the status alone sets it */
			[TASKSYNC_F_COMPLETED_AT] = TASKSYNC_OP_CLOSE,
			[TASKSYNC_F_DUE_DATE] = TASKSYNC_OP_UPDATE,
			[TASKSYNC_F_PROJECT] = TASKSYNC_OP_MOVE,
			[TASKSYNC_F_PARENT] = TASKSYNC_OP_MOVE,
		},
	},
	.base_url = base_url,
	.daily_queries = daily_queries,
	.day_zone = GOOGLE_QUOTA_ZONE,
	.build = build,
	.parse = parse,
};
