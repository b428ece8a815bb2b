/*
 * filter.c
 *	  Which tasks a link carries.
 *
 * One rule for the triggers, the engine and the previews.  Pure.
 */
#include "postgres.h"

#include "sync/canonical.h"
#include "sync/filter.h"

static const char *const quantifiers[] = {"any", "all", "none"};

static bool
is_one_of(const char *key, const char *const *words, int count)
{
	for (int i = 0; i < count; i++)
		if (strcmp(key, words[i]) == 0)
			return true;
	return false;
}

/* label names as tasks have them, or NULL */
static json_t *
normal_names(const json_t *list, const char **error)
{
	TasksyncRecord *record = tasksync_record_new(TASKSYNC_TASK);
	json_t *names = json_array();
	const char **given;
	size_t i;
	json_t *name;

	*error = "\"any\", \"all\" and \"none\" are lists of label names";
	if (!json_is_array(list))
		return NULL;
	given = palloc(sizeof(char *) * (json_array_size(list) + 1));
	json_array_foreach((json_t *) list, i, name)
	{
		if (!json_is_string(name))
			return NULL;
		given[i] = json_string_value(name);
	}
	tasksync_record_set_labels(record, (int) json_array_size(list), given);
	tasksync_canonicalize(record);
	for (int n = 0; n < record->labels.count; n++)
		json_array_append_new(names, json_string(record->labels.names[n]));
	return names;
}

static json_t *
normal_labels(const json_t *labels, const char **error)
{
	json_t *normal = json_object();
	const char *key;
	json_t *list;

	*error = "\"labels\" is an object with the keys \"any\", \"all\" and \"none\"";
	if (!json_is_object(labels))
		return NULL;
	json_object_foreach((json_t *) labels, key, list)
	{
		json_t *names;

		if (!is_one_of(key, quantifiers, lengthof(quantifiers)))
			return NULL;
		names = normal_names(list, error);
		if (names == NULL)
			return NULL;
		/* "any" of nothing is met by no task; the other two ask for nothing then */
		if (json_array_size(names) > 0 || strcmp(key, "any") == 0)
			json_object_set_new(normal, key, names);
	}
	return normal;
}

json_t *
tasksync_filter_normal(const json_t *filter, const char **error)
{
	json_t *normal = json_object();
	const char *key;
	json_t *value;

	if (filter == NULL || json_is_null(filter))
		return json_null();
	*error = "it is no object";
	if (!json_is_object(filter))
		return NULL;
	json_object_foreach((json_t *) filter, key, value)
	{
		if (strcmp(key, "labels") == 0)
		{
			json_t *labels = normal_labels(value, error);

			if (labels == NULL)
				return NULL;
			if (json_object_size(labels) > 0)
				json_object_set_new(normal, key, labels);
		}
		else if (strcmp(key, "min_priority") == 0)
		{
			*error = "\"min_priority\" is a number from 1 (low) to 4 (urgent)";
			if (!json_is_integer(value) || json_integer_value(value) < 1 ||
				json_integer_value(value) > 4)
				return NULL;
			json_object_set(normal, key, value);
		}
		else if (strcmp(key, "has_due") == 0)
		{
			*error = "\"has_due\" is true or false";
			if (!json_is_boolean(value))
				return NULL;
			json_object_set(normal, key, value);
		}
		else
		{
			*error = "it has a key that is not \"labels\", \"min_priority\" or \"has_due\"";
			return NULL;
		}
	}
	return json_object_size(normal) > 0 ? normal : json_null();
}

static int
count_labels(const json_t *names, const TasksyncRecord *task)
{
	int found = 0;
	size_t i;
	json_t *name;

	json_array_foreach((json_t *) names, i, name)
	{
		for (int n = 0; n < task->labels.count; n++)
			found += strcmp(json_string_value(name), task->labels.names[n]) == 0;
	}
	return found;
}

static bool
labels_match(const json_t *labels, const TasksyncRecord *task)
{
	const json_t *any = json_object_get(labels, "any");
	const json_t *all = json_object_get(labels, "all");
	const json_t *none = json_object_get(labels, "none");

	return (any == NULL || count_labels(any, task) > 0) &&
		   (all == NULL || count_labels(all, task) == (int) json_array_size(all)) &&
		   (none == NULL || count_labels(none, task) == 0);
}

bool
tasksync_filter_matches(const json_t *filter, const TasksyncRecord *task)
{
	const char *priority = task->value[TASKSYNC_F_PRIORITY];
	const json_t *has_due;

	if (filter == NULL || !json_is_object(filter))
		return true;
	has_due = json_object_get(filter, "has_due");
	if (has_due && json_is_true(has_due) != (task->value[TASKSYNC_F_DUE_DATE] != NULL))
		return false;
	if ((priority ? atoi(priority) : 0) < tasksync_json_int(filter, "min_priority", 0))
		return false;
	return labels_match(json_object_get(filter, "labels"), task);
}
