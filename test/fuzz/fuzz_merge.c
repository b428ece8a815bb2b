/*
 * fuzz_merge.c
 *	  Arbitrary bytes as policy, base, hub and remote: parsed or refused, and
 *	  what is parsed is merged without a crash and comes to rest.
 */
#include "postgres.h"

#include "base/json.h"
#include "fuzz.h"
#include "sync/plan.h"

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	stubs_init();
	return 0;
}

static json_t *
parse(const uint8_t **data, size_t *size)
{
	char	   *text = fuzz_part(data, size);
	const char *error = NULL;
	json_t	   *json = tasksync_json_parse(text, strlen(text), &error);

	FUZZ_CHECK((json == NULL) == (error != NULL));
	return json;
}

static TasksyncRecord *
record(TasksyncKind kind, const uint8_t **data, size_t *size)
{
	json_t	   *json = parse(data, size);
	const char *error = NULL;
	TasksyncRecord *record;

	if (json == NULL)
		return tasksync_record_new(kind);
	record = tasksync_record_from_json(kind, json, &error);
	FUZZ_CHECK((record == NULL) == (error != NULL));
	return record != NULL ? record : tasksync_record_new(kind);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const providers[] = {"todoist", "google_tasks", "notion", NULL};
	uint8_t		choice = size > 0 ? data[0] : 0;
	TasksyncKind kind = (TasksyncKind) (choice >> 2 & 3);
	TasksyncPolicy policy;
	TasksyncMemo memo = {NULL, NULL};
	TasksyncMergeInput in = {.policy = &policy};
	TasksyncMergeResult out;
	const char *error;
	json_t	   *json;

	if (size > 0)
	{
		data++;
		size--;
	}
	json = parse(&data, &size);
	if (!tasksync_policy_parse(json, &policy, &error))
		memset(&policy, 0, sizeof(policy));
	in.lens = tasksync_lens_find(providers[choice & 3]);
	in.base = record(kind, &data, &size);
	in.hub = record(kind, &data, &size);
	in.remote = record(kind, &data, &size);
	in.frozen = choice >> 4;
	tasksync_merge(&in, &out);
	for (int i = 0; i < out.nconflicts; i++)
	{
		FUZZ_CHECK(out.conflicts[i].result != NULL);
		tasksync_json_text(out.conflicts[i].base);
	}

	/* the provider takes what is sent: then nothing more is to be said */
	{
		TasksyncRecord *hub = tasksync_record_copy(in.hub);
		TasksyncRecord *patch;

		tasksync_record_take(hub, out.hub_patch, out.hub_patch->present);
		patch = tasksync_plan_out(in.lens, hub, out.base, &memo, 0);
		tasksync_plan_ack(in.lens, patch, patch, out.base, &memo);
		FUZZ_CHECK(tasksync_plan_out(in.lens, hub, out.base, &memo, 0)->present == 0);
		tasksync_json_text(tasksync_record_to_json(hub));
	}
	stubs_reset();
	return 0;
}
