/*
 * notion_propose.c
 *	  A mapping that is guessed from a data source's schema.
 *
 * Called when a data source is first seen.  Pure.
 *
 * Types decide, names break ties: people name their columns in any language.
 * What can only be told by its name (which side of a relation is the parent,
 * which select is a priority) is proposed only if the name is a usual one,
 * because a wrong guess would write into a column that means something else.
 */
#include "postgres.h"

#include "provider/notion_json.h"
#include "provider/notion_propose.h"
#include "provider/notion_schema.h"

/* words are compared whatever their case; the earlier one is the better guess */
static const char *const due_names[] = {"due", "due date", "deadline", "do date", "date", NULL};
static const char *const done_names[] = {"done",   "complete", "completed", "finished",
										 "closed", "resolved", NULL};
static const char *const status_names[] = {"status",    "state",    "stage", "done",
										   "completed", "complete", NULL};
static const char *const priority_names[] = {"priority", "prio", "importance", "urgency", NULL};
static const char *const label_names[] = {"tags", "labels", "label", "tag", "categories", NULL};
static const char *const note_names[] = {"description", "notes",    "details", "note",
										 "comment",     "comments", NULL};
static const char *const parent_names[] = {"parent item", "parent task", "parent", NULL};
static const char *const sync_id_names[] = {"sync id", "sync_id", "syncid", NULL};

/* names of the options of a priority, by priority */
static const char *const level_names[5][6] = {
	{"none", "no priority", NULL},
	{"low", "p4", "minor", NULL},
	{"medium", "normal", "p3", "moderate", NULL},
	{"high", "p2", "major", "important", NULL},
	{"urgent", "p1", "critical", "highest", "very high", NULL},
};

static int
rank_of(const char *name, const char *const *words)
{
	int rank = 0;

	for (; words[rank] != NULL; rank++)
	{
		if (name != NULL && pg_strcasecmp(name, words[rank]) == 0)
			break;
	}
	return rank;
}

static bool
is_named(const json_t *object, const char *const *words)
{
	return words[rank_of(tasksync_json_string(object, "name"), words)] != NULL;
}

static bool
is_taken(const json_t *mapping, const json_t *property)
{
	const char *role;
	json_t *entry;

	json_object_foreach((json_t *) mapping, role, entry)
	{
		if (tasksync_notion_same_property(tasksync_json_string(entry, "property"),
										  tasksync_json_string(property, "id")))
			return true;
	}
	return false;
}

/* of the free properties of this type the one with the best name, else the first; or NULL */
static const json_t *
best_of_type(const json_t *schema, const json_t *mapping, const char *type,
			 const char *const *words, bool must_be_named)
{
	const json_t *properties = json_object_get(schema, "properties");
	const json_t *best = NULL;
	int best_rank = PG_INT32_MAX;

	for (size_t i = 0; i < json_array_size(properties); i++)
	{
		const json_t *property = json_array_get(properties, i);
		int rank = rank_of(tasksync_json_string(property, "name"), words);

		if (!tasksync_notion_says(property, "type", type) || is_taken(mapping, property) ||
			(must_be_named && words[rank] == NULL) || rank >= best_rank)
			continue;
		best = property;
		best_rank = rank;
	}
	return best;
}

static json_t *
entry_of(const json_t *property)
{
	return json_pack("{s:s, s:s}", "property", tasksync_json_string(property, "id"), "type",
					 tasksync_json_string(property, "type"));
}

static void
add(json_t *mapping, const char *role, const json_t *property)
{
	if (property != NULL)
		json_object_set_new(mapping, role, entry_of(property));
}

/*
 * The group "Complete" carries its meaning in its name, the only key that is
 * documented; where somebody renamed it, the last group is the one.
 */
json_t *
tasksync_notion_propose_done(const json_t *property)
{
	static const char *const complete[] = {"complete", NULL};
	const json_t *groups = json_object_get(property, "groups");
	const json_t *options = json_object_get(property, "options");
	size_t count = json_array_size(groups);
	json_t *ids = json_array();

	for (size_t i = 0; i < count; i++)
	{
		if (is_named(json_array_get(groups, i), complete))
			json_array_append(ids, json_object_get(json_array_get(groups, i), "id"));
	}
	if (count > 0 && json_array_size(ids) == 0)
		json_array_append(ids, json_object_get(json_array_get(groups, count - 1), "id"));
	for (size_t i = 0; count == 0 && i < json_array_size(options); i++)
	{
		if (is_named(json_array_get(options, i), done_names))
			json_array_append(ids, json_object_get(json_array_get(options, i), "id"));
	}
	return ids;
}

json_t *
tasksync_notion_propose_priorities(const json_t *property)
{
	const json_t *options = json_object_get(property, "options");
	json_t *levels = json_object();

	for (size_t i = 0; i < json_array_size(options); i++)
	{
		const json_t *option = json_array_get(options, i);

		for (int level = 0; level < (int) lengthof(level_names); level++)
		{
			char key[2] = {(char) ('0' + level), '\0'};

			if (is_named(option, level_names[level]) && json_object_get(levels, key) == NULL)
				json_object_set(levels, key, json_object_get(option, "id"));
		}
	}
	return levels;
}

static void
propose_status(json_t *mapping, const json_t *schema)
{
	const json_t *property = best_of_type(schema, mapping, "status", status_names, false);
	const json_t *properties = json_object_get(schema, "properties");

	if (property == NULL)
		property = best_of_type(schema, mapping, "checkbox", status_names, false);
	for (size_t i = 0; property == NULL && i < json_array_size(properties); i++)
	{
		const json_t *select = json_array_get(properties, i);

		if (tasksync_notion_says(select, "type", "select") &&
			json_array_size(tasksync_notion_propose_done(select)) > 0)
			property = select;
	}
	if (property == NULL)
		return;
	add(mapping, "status", property);
	if (!tasksync_notion_says(property, "type", "checkbox"))
		json_object_set_new(json_object_get(mapping, "status"), "done",
							tasksync_notion_propose_done(property));
}

static void
propose_priority(json_t *mapping, const json_t *schema)
{
	const json_t *properties = json_object_get(schema, "properties");
	const json_t *best = NULL;

	for (size_t i = 0; i < json_array_size(properties); i++)
	{
		const json_t *property = json_array_get(properties, i);
		size_t levels;

		if (!tasksync_notion_says(property, "type", "select") || is_taken(mapping, property))
			continue;
		levels = json_object_size(tasksync_notion_propose_priorities(property));
		if (levels > 0 && is_named(property, priority_names))
		{
			best = property;
			break;
		}
		/* under any other name only if the options leave no doubt */
		if (best == NULL && levels >= 3)
			best = property;
	}
	if (best == NULL)
		return;
	add(mapping, "priority", best);
	json_object_set_new(json_object_get(mapping, "priority"), "options",
						tasksync_notion_propose_priorities(best));
}

static void
propose_parent(json_t *mapping, const json_t *schema)
{
	const json_t *property = best_of_type(schema, mapping, "relation", parent_names, true);

	if (property != NULL && tasksync_json_bool(property, "self", false))
		add(mapping, "parent", property);
}

json_t *
tasksync_notion_propose(const json_t *schema)
{
	json_t *mapping = json_object();

	propose_status(mapping, schema);
	add(mapping, "due", best_of_type(schema, mapping, "date", due_names, false));
	propose_priority(mapping, schema);
	add(mapping, "labels", best_of_type(schema, mapping, "multi_select", label_names, false));
	if (json_object_get(mapping, "labels") != NULL)
		json_object_set_new(json_object_get(mapping, "labels"), "create", json_true());
	/* whoever makes a property of this name says that we may write into it */
	add(mapping, "sync_id", best_of_type(schema, mapping, "rich_text", sync_id_names, true));
	add(mapping, "description", best_of_type(schema, mapping, "rich_text", note_names, false));
	propose_parent(mapping, schema);
	return mapping;
}
