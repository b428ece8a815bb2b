/*
 * fuzz_text_merge.c
 *	  Three arbitrary texts: no crash, the laws hold, the winner matters only on overlap.
 */
#include "postgres.h"

#include "fuzz.h"
#include "sync/text_merge.h"

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	stubs_init();
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char	   *base = fuzz_part(&data, &size);
	char	   *ours = fuzz_part(&data, &size);
	char	   *theirs = fuzz_part(&data, &size);
	bool		clean;
	bool		swapped;
	char	   *one = tasksync_merge_text(base, ours, theirs, TASKSYNC_OURS, &clean);
	char	   *two = tasksync_merge_text(base, theirs, ours, TASKSYNC_THEIRS, &swapped);
	char	   *other = tasksync_merge_text(base, ours, theirs, TASKSYNC_THEIRS, &swapped);

	FUZZ_CHECK(strcmp(one, two) == 0);
	FUZZ_CHECK(clean == swapped);
	FUZZ_CHECK(!clean || strcmp(one, other) == 0);
	FUZZ_CHECK(strcmp(tasksync_merge_text(base, ours, base, TASKSYNC_OURS, &clean), ours) == 0);
	FUZZ_CHECK(strcmp(tasksync_merge_text(base, base, theirs, TASKSYNC_OURS, &clean), theirs) == 0);
	stubs_reset();
	return 0;
}
