/*
 * merge.h
 *	  Three-way merge of one record, field by field.  Pure.
 */
#ifndef TASKSYNC_MERGE_H
#define TASKSYNC_MERGE_H

#include "datatype/timestamp.h"

#include "base/record.h"
#include "sync/lens.h"

typedef enum TasksyncRule
{
	TASKSYNC_NEWEST,
	TASKSYNC_PREFER_HUB,
	TASKSYNC_PREFER_REMOTE,
	TASKSYNC_MANUAL,
} TasksyncRule;

typedef enum TasksyncDeleteRule
{
	TASKSYNC_EDIT_WINS,
	TASKSYNC_DELETE_WINS,
	TASKSYNC_DELETE_ASK,
} TasksyncDeleteRule;

typedef struct TasksyncPolicy
{
	TasksyncRule rule;
	uint32		has_field_rule;
	TasksyncRule field_rule[TASKSYNC_NFIELDS];
	TasksyncDeleteRule on_delete;	/* "delete": "edit_wins" | "delete_wins" | "ask" */
} TasksyncPolicy;

/* {"rule": …, "fields": {…}, "delete": …}; false and *error on an unknown word */
extern bool tasksync_policy_parse(const json_t *json, TasksyncPolicy *policy, const char **error);

/* when a side edited a field: somewhere in [lo, hi]; hi = 0: unknown */
typedef struct TasksyncEdits
{
	TimestampTz lo[TASKSYNC_NFIELDS];
	TimestampTz hi[TASKSYNC_NFIELDS];
} TasksyncEdits;

typedef struct TasksyncConflict
{
	TasksyncField field;
	json_t	   *base;
	json_t	   *hub;
	json_t	   *remote;
	json_t	   *result;
	const char *rule;			/* "newest", "tie", "prefer_hub", "prefer_remote", "manual", "text", "edit_wins", … */
	bool		open;			/* manual: waits for an answer, field frozen */
} TasksyncConflict;

typedef struct TasksyncMergeInput
{
	const TasksyncLens *lens;	/* NULL: everything can be shown */
	const TasksyncPolicy *policy;
	const TasksyncRecord *base; /* projected value both sides shared; no field present = never shared */
	const TasksyncRecord *hub;	/* whole hub record */
	const TasksyncRecord *remote;	/* observed, canonical */
	const TasksyncRecord *in_flight;	/* fields sent and not yet answered, or NULL */
	const TasksyncEdits *hub_edits; /* may be NULL */
	const TasksyncEdits *remote_edits;	/* may be NULL */
	uint32		frozen;			/* fields waiting for a manual answer */
} TasksyncMergeInput;

typedef struct TasksyncMergeResult
{
	TasksyncRecord *hub_patch;	/* only what changes at the hub */
	TasksyncRecord *base;		/* whole new base */
	uint32		acknowledged;	/* in-flight fields the observation proved applied */
	int			nconflicts;
	TasksyncConflict *conflicts;
} TasksyncMergeResult;

extern void tasksync_merge(const TasksyncMergeInput *input, TasksyncMergeResult *result);

#endif							/* TASKSYNC_MERGE_H */
