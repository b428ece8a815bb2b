/*
 * policy.h
 *	  Conflict policies: how one is written, and which side it lets win.  Pure.
 */
#ifndef TASKSYNC_POLICY_H
#define TASKSYNC_POLICY_H

#include "datatype/timestamp.h"

#include "base/record.h"

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
	uint32 has_field_rule;
	TasksyncRule field_rule[TASKSYNC_NFIELDS];
	TasksyncDeleteRule on_delete; /* "delete": "edit_wins" | "delete_wins" | "ask" */
	bool tie_to_remote;           /* "tie": "hub" (if nothing is said) | "remote" */
} TasksyncPolicy;

/*
 * {"rule": …, "fields": {…}, "delete": …, "tie": …}, all optional; NULL or null
 * = newest.  False and *error on an unknown word.  In "fields" the word "due"
 * stands for date, time, zone and recurrence, which are decided together.
 */
extern bool tasksync_policy_parse(const json_t *json, TasksyncPolicy *policy, const char **error);

/* when a side edited a field: somewhere in [lo, hi]; hi = 0: unknown */
typedef struct TasksyncEdits
{
	TimestampTz lo[TASKSYNC_NFIELDS];
	TimestampTz hi[TASKSYNC_NFIELDS];
} TasksyncEdits;

/*
 * Which side made its last edit of the given fields later?  > 0 the remote
 * side, < 0 the hub, 0 if an interval is unknown or the two overlap.
 */
extern int tasksync_policy_later(const TasksyncEdits *hub_edits, uint32 hub_changed,
								 const TasksyncEdits *remote_edits, uint32 remote_changed);

typedef struct TasksyncVerdict
{
	bool take_remote;
	bool open;        /* manual: the hub's value stays until a person answers */
	const char *rule; /* for the conflict row */
} TasksyncVerdict;

/*
 * The rule for `unit` (fields decided together: the first of them with a rule
 * of its own decides for all), with `later` from above.  Where newest cannot
 * tell, the verdict is `tie`, in favour of the side given.
 */
extern TasksyncVerdict tasksync_policy_decide(const TasksyncPolicy *policy, uint32 unit, int later,
											  const char *tie, bool tie_to_remote);

#endif /* TASKSYNC_POLICY_H */
