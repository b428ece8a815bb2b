/*
 * late.c
 *	  Subtasks that a read of several requests shows before their parent.
 *
 * Where pages are ordered by the time of the last change, a subtask comes before
 * a parent that was left alone longer.  Taken at once it would be a task at the
 * top of its project, here and soon at every other account.  So it waits for the
 * end of the read; if the parent is unknown even then, it is taken as it is.
 *
 * Sync worker only.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "sync/late.h"

TasksyncObservation *
tasksync_observation_keep(TasksyncRun *run, const TasksyncObservation *observation)
{
	MemoryContext old = MemoryContextSwitchTo(run->cxt);
	TasksyncObservation *kept = palloc(sizeof(TasksyncObservation));

	*kept = *observation;
	kept->remote_id = pstrdup(observation->remote_id);
	kept->record = tasksync_record_copy(observation->record);
	if (observation->raw)
		kept->raw = json_deep_copy(observation->raw);
	if (observation->marker)
		kept->marker = pstrdup(observation->marker);
	MemoryContextSwitchTo(old);
	return kept;
}

/* history, which is not taken in: later nobody could tell that it came with a whole read */
static bool
is_history(TasksyncChunk *chunk, const TasksyncObservation *observation)
{
	const char *status = observation->record->value[TASKSYNC_F_STATUS];

	return chunk->run->full_read && status && strcmp(status, "done") == 0 &&
		   json_object_get(chunk->link_of, observation->remote_id) == NULL;
}

bool
tasksync_late_keep(TasksyncChunk *chunk, const TasksyncObservation *observation)
{
	TasksyncRun *run = chunk->run;
	const char *parent = observation->record->value[TASKSYNC_F_PARENT];
	MemoryContext old;

	if (!run->more_follows || chunk->kind != TASKSYNC_TASK || parent == NULL ||
		json_object_get(chunk->place_of, parent) != NULL || is_history(chunk, observation))
		return false;
	old = MemoryContextSwitchTo(run->cxt);
	run->late = lappend(run->late, tasksync_observation_keep(run, observation));
	MemoryContextSwitchTo(old);
	return true;
}

/* in front: of two observations of one task the later one counts */
void
tasksync_late_take(TasksyncRun *run, TasksyncAnswer *answer)
{
	int count = list_length(run->late) + answer->nobservations;
	TasksyncObservation *all;
	ListCell *cell;
	int n = 0;

	if (run->late == NIL)
		return;
	all = palloc(sizeof(TasksyncObservation) * count);
	foreach(cell, run->late)
		all[n++] = *(TasksyncObservation *) lfirst(cell);
	for (int i = 0; i < answer->nobservations; i++)
		all[n++] = answer->observations[i];
	answer->observations = all;
	answer->nobservations = count;
	run->late = NIL;
}
