/*
 * merge.h
 *	  Three-way merge of one record, field by field.  Pure.
 */
#ifndef TASKSYNC_MERGE_H
#define TASKSYNC_MERGE_H

#include "base/record.h"
#include "sync/lens.h"
#include "sync/policy.h"

/*
 * One value that was, or may be, lost.  Fields that are decided together (due,
 * place) give one conflict for each of them that differs, all with one rule.
 *
 * rule: "newest", "tie", "prefer_hub", "prefer_remote", "manual" say which side
 * won; "last" the later of two moves, in the order of the hub; "reopened" a
 * completion older than a reopening at the hub; "cut" a remote edit at the
 * place where a long text is cut off; "note" nothing was lost, but a task was
 * completed on one side while the other moved its date.
 */
typedef struct TasksyncConflict
{
	TasksyncField field;
	json_t *base;
	json_t *hub;
	json_t *remote;
	json_t *result;
	const char *rule;
	bool open; /* manual: waits for an answer, field frozen */
} TasksyncConflict;

typedef struct TasksyncMergeInput
{
	const TasksyncLens *lens; /* NULL: everything can be shown */
	const TasksyncPolicy *policy;
	const TasksyncRecord
		*base; /* projected value both sides shared; no field present = never shared */
	const TasksyncRecord *hub;       /* hub record, as whole as it is known */
	const TasksyncRecord *remote;    /* observed */
	const TasksyncRecord *in_flight; /* fields sent and not yet answered, or NULL */
	const TasksyncEdits *hub_edits;  /* may be NULL; stamps in the future cut down by the caller */
	const TasksyncEdits *remote_edits; /* may be NULL; likewise */
	uint32 frozen;                     /* fields waiting for a manual answer */
} TasksyncMergeInput;

typedef struct TasksyncMergeResult
{
	TasksyncRecord *hub_patch; /* only what changes at the hub */
	TasksyncRecord *base;      /* whole new base */
	uint32 acknowledged;       /* in-flight fields the observation proved applied */
	uint32 answered;           /* frozen fields on which both sides agree by now */
	int nconflicts;
	TasksyncConflict
		*conflicts; /* a frozen field that moved again: an open one with the new value */
} TasksyncMergeResult;

extern void tasksync_merge(const TasksyncMergeInput *input, TasksyncMergeResult *result);

#endif /* TASKSYNC_MERGE_H */
