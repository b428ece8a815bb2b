/*
 * fuzz_lens.c
 *	  Arbitrary text as every text of a task: normal form and projection are
 *	  idempotent, and the laws of put_back hold.
 */
#include "postgres.h"

#include "fuzz.h"
#include "sync/canonical.h"
#include "sync/lens.h"

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	stubs_init();
	return 0;
}

static bool
same(const TasksyncRecord *a, const TasksyncRecord *b)
{
	return a->present == b->present && tasksync_record_diff(a, b) == 0;
}

static TasksyncRecord *
task(const uint8_t **data, size_t *size)
{
	TasksyncRecord *record = tasksync_record_new(TASKSYNC_TASK);
	const char *names[8];
	int			count = 0;

	tasksync_record_set(record, TASKSYNC_F_TITLE, fuzz_part(data, size));
	tasksync_record_set(record, TASKSYNC_F_DESCRIPTION, fuzz_part(data, size));
	tasksync_record_set(record, TASKSYNC_F_RECURRENCE, fuzz_part(data, size));
	tasksync_record_set(record, TASKSYNC_F_POSITION, fuzz_part(data, size));
	while (*size > 0 && count < 4)
		names[count++] = fuzz_part(data, size);
	tasksync_record_set_labels(record, count, names);
	return record;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const providers[] = {"todoist", "google_tasks", "notion", NULL};
	/* mostly short titles, which go fast; some as long as the limits */
	int			repeat = size > 0 && data[0] >= 0xE0 ? 1 + data[0] : 1;
	TasksyncRecord *hub = task(&data, &size);
	TasksyncRecord *form = tasksync_record_copy(hub);
	TasksyncRecord *twice;
	size_t		length = strlen(hub->value[TASKSYNC_F_TITLE]);
	char	   *title;

	/* no longer than the limits take */
	repeat = Min(repeat, (int) (4096 / (length + 1)) + 1);
	title = palloc0(length * repeat + 1);
	for (int i = 0; i < repeat; i++)
		memcpy(title + i * length, hub->value[TASKSYNC_F_TITLE], length);
	tasksync_record_set(hub, TASKSYNC_F_TITLE, title);

	tasksync_canonicalize(form);
	twice = tasksync_record_copy(form);
	tasksync_canonicalize(twice);
	FUZZ_CHECK(same(form, twice));
	tasksync_fingerprint(hub);
	for (int i = 0; i < (int) lengthof(providers); i++)
	{
		const TasksyncLens *lens = tasksync_lens_find(providers[i]);
		TasksyncRecord *shown = tasksync_lens_project(lens, hub);
		TasksyncRecord *out = tasksync_record_new(TASKSYNC_TASK);
		TasksyncRecord *after = tasksync_record_copy(hub);

		FUZZ_CHECK(same(tasksync_lens_project(lens, shown), shown));
		tasksync_lens_put_back(lens, shown, shown, hub, ~0u, out);
		tasksync_record_take(after, out, out->present);
		FUZZ_CHECK(same(after, hub));
		for (int f = 0; f < TASKSYNC_NFIELDS; f++)
			FUZZ_CHECK(f == TASKSYNC_F_LABELS || !tasksync_record_has(shown, (TasksyncField) f) ||
					   !tasksync_lens_exceeds(lens, TASKSYNC_TASK, (TasksyncField) f,
											  shown->value[f]));
	}
	stubs_reset();
	return 0;
}
