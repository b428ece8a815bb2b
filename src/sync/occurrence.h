/*
 * occurrence.h
 *	  Recurring tasks: one occurrence is completed once, whoever says so.
 *
 * An occurrence is the task and its date.  Completing it at a provider that
 * knows recurrence leaves the task open with a later date; a provider that does
 * not know it shows the occurrence as a plain task.  Pure.
 */
#ifndef TASKSYNC_OCCURRENCE_H
#define TASKSYNC_OCCURRENCE_H

#include "base/record.h"

/*
 * Completed at the hub and, since both shared the same date, at the provider
 * too: it shows the next one, and completing that would be once too often.  A
 * date that was only moved there looks the same; the caller keeps a row.
 */
extern bool tasksync_occurrence_completed_twice(const TasksyncRecord *base,
												const TasksyncRecord *hub,
												const TasksyncRecord *remote);
/*
 * The other way round, at a provider that does not know recurrence: it completed
 * the date that it was shown last, and the hub has gone on since.
 */
extern bool tasksync_occurrence_completed_before(const TasksyncRecord *base,
												 const TasksyncRecord *hub,
												 const TasksyncRecord *remote);
/* the hub's record after its occurrence was completed at the provider: open again */
extern TasksyncRecord *tasksync_occurrence_reopened(TasksyncRecord *hub,
													const TasksyncRecord *remote);
/* the provider's record, saying nothing of a completion */
extern TasksyncRecord *tasksync_occurrence_without_completion(const TasksyncRecord *remote);

#endif /* TASKSYNC_OCCURRENCE_H */
