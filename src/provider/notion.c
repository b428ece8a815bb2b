/*
 * notion.c
 *	  Notion as the engine sees it: what it can do, and which function builds
 *	  or reads which call.
 *
 * A container is a data source, a task is a page in it, and which property is
 * which field is a matter of the data source's mapping.
 * docs/providers/notion.md tells what is mapped.
 *
 * Called by the engine through the registry.  Pure, as all of provider/.
 */
#include "postgres.h"

#include "base/guc.h"
#include "provider/notion.h"
#include "provider/notion_mapping.h"
#include "provider/notion_read.h"
#include "provider/notion_rest.h"
#include "provider/notion_write.h"

/* of a request's body; what is beyond is refused by the service */
#define MAX_BODY (500 * 1000)

/* there is no promise that a query shows what was just written */
#define READ_LAG_MS 60000

#define MINUTE_MS 60000

/* what every plan gives a connection in a minute; may be spent at once */
#define REQUESTS_PER_MINUTE 180

static const char *
base_url(void)
{
	return tasksync_notion_url;
}

static void
build(TasksyncCall *call, TasksyncHttpRequest *request)
{
	memset(request, 0, sizeof(*request));
	if (call->type != TASKSYNC_CALL_SYNC)
		tasksync_notion_build_rest(call, request);
	else if (call->nintents > 0)
	{
		/* a write is a request of its own, and reads nothing but what it wrote */
		call->nintents = 1;
		tasksync_notion_build_write(call, request);
	}
	else
		tasksync_notion_build_read(call, request);
}

static void
parse(const TasksyncCall *call, const TasksyncHttpResponse *response, TasksyncAnswer *answer)
{
	memset(answer, 0, sizeof(*answer));
	answer->acks = palloc0(sizeof(TasksyncAck) * Max(call->nintents, 1));
	if (call->type != TASKSYNC_CALL_SYNC)
		tasksync_notion_parse_rest(call, response, answer);
	else if (call->nintents > 0)
		tasksync_notion_parse_write(call, response, answer);
	else
		tasksync_notion_parse_read(call, response, answer);
}

const TasksyncProvider tasksync_notion = {
	.name = "notion",
	.caps =
		{
			.batch_intents = 1,
			.batch_bytes = MAX_BODY,
			.reads_containers = true,
			.shows_completed = true,
			.echoes_writes = true,
			.read_lag_ms = READ_LAG_MS,
			.edit_precision_ms = MINUTE_MS,
			.bucket_size = REQUESTS_PER_MINUTE,
			.bucket_ms = MINUTE_MS,
			.op_of_field =
				{
					[TASKSYNC_F_NAME] = TASKSYNC_OP_UPDATE,
					[TASKSYNC_F_TITLE] = TASKSYNC_OP_UPDATE,
					[TASKSYNC_F_DESCRIPTION] = TASKSYNC_OP_UPDATE,
					[TASKSYNC_F_STATUS] = TASKSYNC_OP_UPDATE,
					[TASKSYNC_F_PRIORITY] = TASKSYNC_OP_UPDATE,
					[TASKSYNC_F_DUE_DATE] = TASKSYNC_OP_UPDATE,
					[TASKSYNC_F_DUE_TIME] = TASKSYNC_OP_UPDATE,
					[TASKSYNC_F_DUE_TIMEZONE] = TASKSYNC_OP_UPDATE,
					[TASKSYNC_F_LABELS] = TASKSYNC_OP_UPDATE,
					[TASKSYNC_F_PROJECT] = TASKSYNC_OP_MOVE,
					[TASKSYNC_F_PARENT] = TASKSYNC_OP_MOVE,
				},
		},
	.base_url = base_url,
	.task_fields = tasksync_notion_task_fields,
	.map_fields = tasksync_notion_map,
	.build = build,
	.parse = parse,
};
