/*
 * seen.c
 *	  What a read of several requests has shown so far, and what follows from it
 *	  at its end: which tasks are gone, which have only moved.
 *
 * Sync worker only.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"

#include "base/json.h"
#include "sync/absence.h"
#include "sync/pull.h"
#include "sync/seen.h"

/* what a read showed of a task: TASKSYNC_REMOTE_ID_LEN first, it is the key */
typedef struct TasksyncSeen
{
	char remote_id[TASKSYNC_REMOTE_ID_LEN];
	uint32 container; /* hash of the container that it was alive in last */
} TasksyncSeen;

static uint32
container_hash(const char *container_id)
{
	return container_id ? string_hash(container_id, TASKSYNC_REMOTE_ID_LEN) : 0;
}

static void
see(TasksyncRun *run, const TasksyncObservation *task)
{
	TasksyncSeen *seen = hash_search(run->seen, task->remote_id, HASH_ENTER, NULL);

	seen->container = container_hash(task->record ? task->record->value[TASKSYNC_F_PROJECT] : NULL);
}

/*
 * Remembers which tasks a read showed, to know which a whole one did not, and
 * which of those that it told dead in one container live in another.
 */
void
tasksync_seen_mark(TasksyncRun *run, TasksyncAnswer *answer)
{
	MemoryContext old;

	old = MemoryContextSwitchTo(run->cxt);
	for (int i = 0; i < answer->ncomplete; i++)
		run->complete = lappend(run->complete, pstrdup(answer->complete[i]));
	MemoryContextSwitchTo(old);
	if (answer->coverage != TASKSYNC_COVERS_ALL && !run->provider->caps.reads_containers)
		return;
	if (run->seen == NULL)
	{
		HASHCTL ctl = {0};

		ctl.keysize = TASKSYNC_REMOTE_ID_LEN;
		ctl.entrysize = sizeof(TasksyncSeen);
		ctl.hcxt = run->cxt;
		run->seen =
			hash_create("tasksync seen", 1024, &ctl, HASH_ELEM | HASH_STRINGS | HASH_CONTEXT);
	}
	for (int i = 0; i < answer->nobservations; i++)
		if (answer->observations[i].kind == TASKSYNC_TASK &&
			(answer->observations[i].state == TASKSYNC_REMOTE_LIVE ||
			 !run->provider->caps.reads_containers))
			see(run, &answer->observations[i]);
}

/* did the read under way show it alive in another container than the one that it is dead in? */
static bool
lives_elsewhere(TasksyncRun *run, const TasksyncObservation *dead)
{
	char key[TASKSYNC_REMOTE_ID_LEN] = {0};
	TasksyncSeen *seen;

	if (dead->kind != TASKSYNC_TASK || dead->container_id == NULL || run->seen == NULL)
		return false;
	strlcpy(key, dead->remote_id, sizeof(key));
	seen = hash_search(run->seen, key, HASH_FIND, NULL);
	return seen != NULL && seen->container != container_hash(dead->container_id);
}

/* tasksync_seen_forget drops what is remembered of the read under way: it is over. */
void
tasksync_seen_forget(TasksyncRun *run)
{
	run->paging = false;
	if (run->seen)
		hash_destroy(run->seen);
	run->seen = NULL;
	run->complete = NIL;
	run->deferred = NIL;
	run->dead = NIL;
	run->late = NIL;
}

/* without those that are looked for elsewhere first; returns how many are left */
static int
drop_doubted(TasksyncRun *run, int count, TasksyncObservation *dead)
{
	json_t *ids = json_array();
	json_t *doubted;
	int left = 0;

	if (!run->provider->caps.tells_moved_ids)
		return count;
	for (int i = 0; i < count; i++)
		if (dead[i].kind == TASKSYNC_TASK)
			json_array_append_new(ids, json_string(dead[i].remote_id));
	if (json_array_size(ids) == 0)
		return count;
	doubted = tasksync_absence_doubt(run, ids);
	for (int i = 0; i < count; i++)
		if (dead[i].kind != TASKSYNC_TASK || !json_object_get(doubted, dead[i].remote_id))
			dead[left++] = dead[i];
	return left;
}

/*
 * What a read of many requests tells dead is judged at its end: a task that was
 * moved is dead in one container and alive in another.
 */
void
tasksync_seen_judge(TasksyncRun *run, TasksyncAnswer *answer)
{
	MemoryContext old;
	TasksyncObservation *dead;
	ListCell *cell;
	int count = 0;

	if (!run->provider->caps.reads_containers)
	{
		tasksync_pull_deletions(run, answer->nobservations, answer->observations);
		return;
	}
	old = MemoryContextSwitchTo(run->cxt);
	for (int i = 0; i < answer->nobservations; i++)
		if (answer->observations[i].state == TASKSYNC_REMOTE_DELETED ||
			answer->observations[i].state == TASKSYNC_REMOTE_GONE)
		{
			TasksyncObservation *kept = palloc0(sizeof(TasksyncObservation));

			kept->kind = answer->observations[i].kind;
			kept->state = answer->observations[i].state;
			kept->remote_id = pstrdup(answer->observations[i].remote_id);
			if (answer->observations[i].container_id)
				kept->container_id = pstrdup(answer->observations[i].container_id);
			run->dead = lappend(run->dead, kept);
		}
	MemoryContextSwitchTo(old);
	if (answer->has_more)
		return;
	dead = palloc(sizeof(TasksyncObservation) * Max(list_length(run->dead), 1));
	foreach(cell, run->dead)
	{
		TasksyncObservation *one = lfirst(cell);

		if (!lives_elsewhere(run, one))
			dead[count++] = *one;
	}
	tasksync_pull_deletions(run, drop_doubted(run, count, dead), dead);
}
