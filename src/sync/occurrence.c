/*
 * occurrence.c
 *	  Recurring tasks: one occurrence is completed once, whoever says so.
 *
 * Called by observe.c before it merges.  Pure: no SPI, clock, latch or socket;
 * memory from the current context.
 */
#include "postgres.h"

#include "sync/occurrence.h"

static bool
has_status(const TasksyncRecord *record, const char *status)
{
	const char *value = record->value[TASKSYNC_F_STATUS];

	return value != NULL && strcmp(value, status) == 0;
}

static bool
is_later(const TasksyncRecord *than, const TasksyncRecord *record)
{
	const char *was = than->value[TASKSYNC_F_DUE_DATE];
	const char *now = record->value[TASKSYNC_F_DUE_DATE];

	return was != NULL && now != NULL && strcmp(now, was) > 0;
}

bool
tasksync_occurrence_completed_twice(const TasksyncRecord *base, const TasksyncRecord *hub,
									const TasksyncRecord *remote)
{
	return remote->value[TASKSYNC_F_RECURRENCE] != NULL && is_later(base, remote) &&
		   has_status(base, "open") && has_status(hub, "done");
}

bool
tasksync_occurrence_completed_before(const TasksyncRecord *base, const TasksyncRecord *hub,
									 const TasksyncRecord *remote)
{
	return hub->value[TASKSYNC_F_RECURRENCE] != NULL &&
		   !tasksync_record_has(remote, TASKSYNC_F_RECURRENCE) && is_later(base, hub) &&
		   has_status(base, "open") && has_status(hub, "open") && has_status(remote, "done");
}

TasksyncRecord *
tasksync_occurrence_reopened(TasksyncRecord *hub, const TasksyncRecord *remote)
{
	TasksyncRecord *open;

	if (!has_status(hub, "done") || !has_status(remote, "open"))
		return hub;
	open = tasksync_record_copy(hub);
	tasksync_record_set(open, TASKSYNC_F_STATUS, "open");
	tasksync_record_set(open, TASKSYNC_F_COMPLETED_AT, NULL);
	return open;
}

TasksyncRecord *
tasksync_occurrence_without_completion(const TasksyncRecord *remote)
{
	TasksyncRecord *without = tasksync_record_copy(remote);

	tasksync_record_drop(without, TASKSYNC_FIELD_BIT(TASKSYNC_F_STATUS) |
									  TASKSYNC_FIELD_BIT(TASKSYNC_F_COMPLETED_AT));
	return without;
}
