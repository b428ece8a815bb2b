/*
 * policy.c
 *	  Reading a conflict policy, and deciding by it which side wins a field.
 *
 * Called by the merge, the plan, link_project() and merge_task().  Pure.
 */
#include "postgres.h"

#include "sync/policy.h"

static const char *const rule_names[] = {
	[TASKSYNC_NEWEST] = "newest",
	[TASKSYNC_PREFER_HUB] = "prefer_hub",
	[TASKSYNC_PREFER_REMOTE] = "prefer_remote",
	[TASKSYNC_MANUAL] = "manual",
};

static const char *const delete_names[] = {
	[TASKSYNC_EDIT_WINS] = "edit_wins",
	[TASKSYNC_DELETE_WINS] = "delete_wins",
	[TASKSYNC_DELETE_ASK] = "ask",
};

static const char *const tie_names[] = {"hub", "remote"};

/* read by tasksync.merge_task(), without a meaning in a stored policy */
static const char *const other_keys[] = {"provider", "hub_edited_at", "remote_edited_at"};

static bool
read_word(const json_t *json, const char *key, const char *const *words, int count, int *found,
		  const char **error)
{
	const char *text = json_string_value(json);

	for (int i = 0; text != NULL && i < count; i++)
	{
		if (strcmp(text, words[i]) == 0)
		{
			*found = i;
			return true;
		}
	}
	*error = psprintf("\"%s\" must be one of", key);
	for (int i = 0; i < count; i++)
		*error = psprintf("%s%s \"%s\"", *error, i > 0 ? "," : "", words[i]);
	return false;
}

/* the fields a word of the policy stands for; "due" is the whole bundle */
static uint32
named_fields(const char *name)
{
	TasksyncField field;

	if (strcmp(name, "due") == 0)
		return TASKSYNC_DUE_FIELDS;
	return tasksync_field_from_name(name, &field) ? TASKSYNC_FIELD_BIT(field) : 0;
}

static bool
read_fields(json_t *json, TasksyncPolicy *policy, const char **error)
{
	const char *name;
	json_t *member;

	if (!json_is_object(json))
	{
		*error = "\"fields\" must be an object of field names and rules";
		return false;
	}
	json_object_foreach(json, name, member)
	{
		uint32 mask = named_fields(name);
		int rule = 0;

		if (mask == 0)
		{
			*error = psprintf("there is no field \"%.64s\"", name);
			return false;
		}
		if (!read_word(member, name, rule_names, lengthof(rule_names), &rule, error))
			return false;
		policy->has_field_rule |= mask;
		for (int i = 0; i < TASKSYNC_NFIELDS; i++)
		{
			if ((mask & TASKSYNC_FIELD_BIT(i)) != 0)
				policy->field_rule[i] = (TasksyncRule) rule;
		}
	}
	return true;
}

static bool
read_key(const char *key, json_t *member, TasksyncPolicy *policy, const char **error)
{
	int word = 0;

	if (strcmp(key, "rule") == 0)
	{
		if (!read_word(member, key, rule_names, lengthof(rule_names), &word, error))
			return false;
		policy->rule = (TasksyncRule) word;
		return true;
	}
	if (strcmp(key, "delete") == 0)
	{
		if (!read_word(member, key, delete_names, lengthof(delete_names), &word, error))
			return false;
		policy->on_delete = (TasksyncDeleteRule) word;
		return true;
	}
	if (strcmp(key, "tie") == 0)
	{
		if (!read_word(member, key, tie_names, lengthof(tie_names), &word, error))
			return false;
		policy->tie_to_remote = word == 1;
		return true;
	}
	if (strcmp(key, "fields") == 0)
		return read_fields(member, policy, error);
	for (int i = 0; i < (int) lengthof(other_keys); i++)
	{
		if (strcmp(key, other_keys[i]) == 0)
			return true;
	}
	*error = psprintf("there is no key \"%.64s\"", key);
	return false;
}

/* an unknown word is refused: a misspelt "manual" that counted as "newest" would lose an answer */
bool
tasksync_policy_parse(const json_t *json, TasksyncPolicy *policy, const char **error)
{
	const char *key;
	json_t *member;

	memset(policy, 0, sizeof(TasksyncPolicy));
	if (json == NULL || json_is_null(json))
		return true;
	if (!json_is_object(json))
	{
		*error = "a policy must be a JSON object";
		return false;
	}
	/* the macro wants a non-const object and does not change it */
	json_object_foreach((json_t *) json, key, member)
	{
		if (!read_key(key, member, policy, error))
			return false;
	}
	return true;
}

/*
 * The time in which a side last edited one of the fields: it lies in the
 * latest of their intervals.  False if none is known.
 */
static bool
edit_interval(const TasksyncEdits *edits, uint32 mask, TimestampTz *lo, TimestampTz *hi)
{
	bool known = false;

	for (int i = 0; edits != NULL && i < TASKSYNC_NFIELDS; i++)
	{
		if ((mask & TASKSYNC_FIELD_BIT(i)) == 0 || edits->hi[i] == 0)
			continue;
		*lo = known ? Max(*lo, edits->lo[i]) : edits->lo[i];
		*hi = known ? Max(*hi, edits->hi[i]) : edits->hi[i];
		known = true;
	}
	return known;
}

/* > 0: the remote side edited later, < 0: the hub, 0: it cannot be told */
int
tasksync_policy_later(const TasksyncEdits *hub_edits, uint32 hub_changed,
					  const TasksyncEdits *remote_edits, uint32 remote_changed)
{
	TimestampTz hub_lo;
	TimestampTz hub_hi;
	TimestampTz remote_lo;
	TimestampTz remote_hi;

	if (!edit_interval(hub_edits, hub_changed, &hub_lo, &hub_hi) ||
		!edit_interval(remote_edits, remote_changed, &remote_lo, &remote_hi))
		return 0;
	if (remote_lo > hub_hi)
		return 1;
	return hub_lo > remote_hi ? -1 : 0;
}

TasksyncVerdict
tasksync_policy_decide(const TasksyncPolicy *policy, uint32 unit, int later, const char *tie,
					   bool tie_to_remote)
{
	TasksyncRule rule = policy->rule;

	for (int i = 0; i < TASKSYNC_NFIELDS; i++)
	{
		if ((unit & policy->has_field_rule & TASKSYNC_FIELD_BIT(i)) != 0)
		{
			rule = policy->field_rule[i];
			break;
		}
	}
	switch (rule)
	{
		case TASKSYNC_PREFER_HUB:
			return (TasksyncVerdict){false, false, rule_names[rule]};
		case TASKSYNC_PREFER_REMOTE:
			return (TasksyncVerdict){true, false, rule_names[rule]};
		case TASKSYNC_MANUAL:
			return (TasksyncVerdict){false, true, rule_names[rule]};
		case TASKSYNC_NEWEST:
			break;
	}
	if (later != 0)
		return (TasksyncVerdict){later > 0, false, rule_names[TASKSYNC_NEWEST]};
	return (TasksyncVerdict){tie_to_remote, false, tie};
}
