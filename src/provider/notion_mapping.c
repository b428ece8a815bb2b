/*
 * notion_mapping.c
 *	  Which property of a data source holds which field of a task: as a person
 *	  said it, and whether it still fits.
 *
 * Called by set_mapping() through the registry, and by everything that reads
 * or writes pages.  Pure.
 *
 * A mapping names properties and options by id.  It is never guessed anew for
 * a linked container: if what it names is gone, the container stops with a
 * sentence that says so, because another date column would silently move
 * every task.
 */
#include "postgres.h"

#include "provider/notion_json.h"
#include "provider/notion_mapping.h"
#include "provider/notion_propose.h"
#include "provider/notion_schema.h"

#define BIT(f) TASKSYNC_FIELD_BIT(TASKSYNC_F_##f)

typedef struct Role
{
	const char *name;
	const char *types[4]; /* of properties that can hold it */
	const char *expected; /* the same for people */
	uint32 fields;
} Role;

static const Role roles[] = {
	{"status",
	 {"status", "checkbox", "select"},
	 "a status, checkbox or select property",
	 BIT(STATUS)},
	{"due", {"date"}, "a date property", BIT(DUE_DATE) | BIT(DUE_TIME) | BIT(DUE_TIMEZONE)},
	{"priority", {"select", "status"}, "a select or status property", BIT(PRIORITY)},
	{"labels", {"multi_select"}, "a multi-select property", BIT(LABELS)},
	{"description", {"rich_text"}, "a text property", BIT(DESCRIPTION)},
	{"parent", {"relation"}, "a two-way relation to the same data source", BIT(PARENT)},
	{"sync_id", {"rich_text"}, "a text property", 0},
};

/* ---- looking things up ---- */

const json_t *
tasksync_notion_mapping_of(const json_t *config)
{
	const json_t *mapping = json_object_get(config, "mapping");

	if (!json_is_object(mapping))
		mapping = json_object_get(json_object_get(config, "known"), "mapping");
	return json_is_object(mapping) ? mapping : NULL;
}

const json_t *
tasksync_notion_role(const json_t *config, const char *role)
{
	const json_t *entry = json_object_get(tasksync_notion_mapping_of(config), role);

	return json_is_object(entry) ? entry : NULL;
}

const char *
tasksync_notion_role_property(const json_t *config, const char *role)
{
	return tasksync_json_string(tasksync_notion_role(config, role), "property");
}

const json_t *
tasksync_notion_role_schema(const json_t *config, const char *role)
{
	return tasksync_notion_schema_property(json_object_get(config, "known"),
										   tasksync_notion_role_property(config, role));
}

const char *
tasksync_notion_key(const json_t *config, const char *id)
{
	const char *decoded;

	if (!tasksync_notion_says(json_object_get(config, "known"), "ids", "decoded"))
		return id;
	decoded = tasksync_notion_decoded(id);
	/* what is no text cannot be a key */
	return json_string(decoded) != NULL ? decoded : id;
}

bool
tasksync_notion_has_two_forms(const json_t *config)
{
	for (int i = 0; i < (int) lengthof(roles); i++)
	{
		const char *id = tasksync_notion_role_property(config, roles[i].name);

		if (id != NULL && strcmp(id, tasksync_notion_decoded(id)) != 0)
			return true;
	}
	return false;
}

bool
tasksync_notion_body_is_description(const json_t *config)
{
	return tasksync_json_bool(tasksync_notion_role(config, "description"), "body", false);
}

uint32
tasksync_notion_task_fields(const json_t *config)
{
	uint32 fields = BIT(TITLE) | BIT(PROJECT);

	for (int i = 0; i < (int) lengthof(roles); i++)
	{
		if (tasksync_notion_role(config, roles[i].name) != NULL)
			fields |= roles[i].fields;
	}
	return fields;
}

static bool
holds_text(const json_t *array, const char *text)
{
	for (size_t i = 0; text != NULL && i < json_array_size(array); i++)
	{
		const char *element = json_string_value(json_array_get(array, i));

		if (element != NULL && strcmp(element, text) == 0)
			return true;
	}
	return false;
}

bool
tasksync_notion_option_is_done(const json_t *entry, const json_t *property, const char *option_id)
{
	const json_t *done = json_object_get(entry, "done");

	return holds_text(done, option_id) ||
		   holds_text(done, tasksync_notion_group_of(property, option_id));
}

/* the first option of the group that comes first, so that "To-do" is before "In progress" */
static const char *
first_option(const json_t *entry, const json_t *property, bool done)
{
	const json_t *groups = json_object_get(property, "groups");
	const json_t *options = json_object_get(property, "options");

	for (size_t g = 0; g < json_array_size(groups); g++)
	{
		const json_t *ids = json_object_get(json_array_get(groups, g), "options");

		for (size_t i = 0; i < json_array_size(ids); i++)
		{
			const char *id = json_string_value(json_array_get(ids, i));

			if (tasksync_notion_option_is_done(entry, property, id) == done)
				return id;
		}
	}
	for (size_t i = 0; i < json_array_size(options); i++)
	{
		const char *id = tasksync_json_string(json_array_get(options, i), "id");

		if (tasksync_notion_option_is_done(entry, property, id) == done)
			return id;
	}
	return NULL;
}

const char *
tasksync_notion_status_target(const json_t *entry, const json_t *property, bool done)
{
	const char *chosen = tasksync_json_string(entry, done ? "close" : "open");

	if (chosen != NULL && tasksync_notion_option(property, chosen) != NULL)
		return chosen;
	return first_option(entry, property, done);
}

const char *
tasksync_notion_priority_option(const json_t *entry, char priority)
{
	const json_t *options = json_object_get(entry, "options");

	for (char p = priority; p >= '1'; p--)
	{
		const char *id = tasksync_json_string(options, (char[]){p, '\0'});

		if (id != NULL)
			return id;
	}
	for (char p = priority; p <= '4'; p++)
	{
		const char *id = tasksync_json_string(options, (char[]){p, '\0'});

		if (id != NULL)
			return id;
	}
	return NULL;
}

/* ---- does it still fit? ---- */

static const Role *
role_named(const char *name)
{
	for (int i = 0; i < (int) lengthof(roles); i++)
	{
		if (strcmp(roles[i].name, name) == 0)
			return &roles[i];
	}
	return NULL;
}

/* the ids of options and groups that an entry refers to */
static json_t *
referred_options(const json_t *entry)
{
	json_t *ids = json_array();
	json_t *options = json_object_get(entry, "options");
	const char *key;
	json_t *id;

	json_array_extend(ids, json_object_get(entry, "done"));
	json_object_foreach(options, key, id)
	{
		json_array_append(ids, id);
	}
	if (json_is_string(json_object_get(entry, "open")))
		json_array_append(ids, json_object_get(entry, "open"));
	if (json_is_string(json_object_get(entry, "close")))
		json_array_append(ids, json_object_get(entry, "close"));
	return ids;
}

static bool
options_exist(const json_t *entry, const json_t *property)
{
	json_t *ids = referred_options(entry);

	for (size_t i = 0; i < json_array_size(ids); i++)
	{
		const char *id = json_string_value(json_array_get(ids, i));

		if (tasksync_notion_by_id(json_object_get(property, "options"), id) == NULL &&
			tasksync_notion_by_id(json_object_get(property, "groups"), id) == NULL)
			return false;
	}
	return true;
}

bool
tasksync_notion_mapping_holds(const json_t *schema, const json_t *mapping, const char **code,
							  const char **message)
{
	const char *role;
	json_t *entry;

	json_object_foreach((json_t *) mapping, role, entry)
	{
		const char *id = tasksync_json_string(entry, "property");
		const char *type = tasksync_json_string(entry, "type");
		const json_t *property = tasksync_notion_schema_property(schema, id);

		if (id == NULL || role_named(role) == NULL)
			continue;
		*code = "property_missing";
		*message = psprintf("the property that holds the %s was deleted in Notion; put it back"
							" there, or choose another one with tasksync.set_mapping()",
							role);
		if (property == NULL)
			return false;
		*code = "property_type_changed";
		*message = psprintf("the property that holds the %s changed its type in Notion; change it"
							" back there, or choose another one with tasksync.set_mapping()",
							role);
		if (type != NULL && !tasksync_notion_says(property, "type", type))
			return false;
		*code = "option_removed";
		*message = psprintf("an option that the %s is mapped to was removed in Notion; say which"
							" options count now with tasksync.set_mapping()",
							role);
		if (!options_exist(entry, property))
			return false;
	}
	*code = NULL;
	*message = NULL;
	return true;
}

/* ---- as a person said it ---- */

static bool
has_type(const Role *role, const json_t *property)
{
	for (int i = 0; i < (int) lengthof(role->types) && role->types[i] != NULL; i++)
	{
		if (tasksync_notion_says(property, "type", role->types[i]))
			return strcmp(role->name, "parent") != 0 || tasksync_json_bool(property, "self", false);
	}
	return false;
}

/* a list of options or groups, by id or name, as ids; NULL and *error if one is unknown */
static json_t *
resolve_done(const json_t *property, const json_t *words, const char **error)
{
	json_t *ids = json_array();

	if (!json_is_array(words) || json_array_size(words) == 0)
	{
		*error = "\"done\" of \"status\" must be an array with at least one option or group";
		return NULL;
	}
	for (size_t i = 0; i < json_array_size(words); i++)
	{
		const char *word = json_string_value(json_array_get(words, i));
		const json_t *found = NULL;

		if (word != NULL)
			found = tasksync_notion_by_id(json_object_get(property, "groups"), word);
		if (found == NULL && word != NULL)
			found = tasksync_notion_option(property, word);
		for (size_t g = 0; found == NULL && word != NULL &&
						   g < json_array_size(json_object_get(property, "groups"));
			 g++)
		{
			const json_t *group = json_array_get(json_object_get(property, "groups"), g);

			if (pg_strcasecmp(tasksync_json_string(group, "name"), word) == 0)
				found = group;
		}
		if (found == NULL)
		{
			*error = psprintf("\"%s\" is neither an option nor a group of the property \"%s\"",
							  tasksync_notion_short_name(word),
							  tasksync_notion_short_name(tasksync_json_string(property, "name")));
			return NULL;
		}
		json_array_append_new(ids, json_string(tasksync_json_string(found, "id")));
	}
	return ids;
}

/* one option, by id or name, into `entry`; false and *error if there is none */
static bool
resolve_option(const json_t *property, const json_t *word, json_t *into, const char *key,
			   const char **error)
{
	const json_t *option = tasksync_notion_option(property, json_string_value(word));

	if (option == NULL)
	{
		*error = psprintf("\"%s\" is not an option of the property \"%s\"",
						  tasksync_notion_short_name(json_string_value(word)),
						  tasksync_notion_short_name(tasksync_json_string(property, "name")));
		return false;
	}
	json_object_set_new(into, key, json_string(tasksync_json_string(option, "id")));
	return true;
}

static bool
map_status(const json_t *property, const json_t *said, json_t *entry, const char **error)
{
	const json_t *done = json_object_get(said, "done");
	static const char *const targets[] = {"open", "close"};

	if (tasksync_notion_says(property, "type", "checkbox"))
		return true;
	if (done == NULL)
		json_object_set_new(entry, "done", tasksync_notion_propose_done(property));
	else
	{
		json_t *ids = resolve_done(property, done, error);

		if (ids == NULL)
			return false;
		json_object_set_new(entry, "done", ids);
	}
	for (int i = 0; i < (int) lengthof(targets); i++)
	{
		const json_t *word = json_object_get(said, targets[i]);

		if (word == NULL || json_is_null(word))
			continue;
		if (!resolve_option(property, word, entry, targets[i], error))
			return false;
		if (tasksync_notion_option_is_done(entry, property,
										   tasksync_json_string(entry, targets[i])) != (i == 1))
		{
			*error = psprintf("\"%s\" of \"status\" must be an option that %s done", targets[i],
							  i == 1 ? "means" : "does not mean");
			return false;
		}
	}
	if (tasksync_notion_status_target(entry, property, true) == NULL)
	{
		*error = "no option of \"status\" means done";
		return false;
	}
	return true;
}

static bool
map_priority(const json_t *property, const json_t *said, json_t *entry, const char **error)
{
	json_t *options = json_object_get(said, "options");
	json_t *resolved = json_object();
	const char *key;
	json_t *word;

	if (options == NULL)
		resolved = tasksync_notion_propose_priorities(property);
	json_object_foreach(options, key, word)
	{
		if (strlen(key) != 1 || *key < '0' || *key > '4')
		{
			*error =
				"the keys of \"options\" of \"priority\" must be \"0\" (none) to \"4\" (urgent)";
			return false;
		}
		if (!resolve_option(property, word, resolved, key, error))
			return false;
	}
	if (json_object_size(resolved) == 0)
	{
		*error = "\"options\" of \"priority\" must say which option is which priority, like"
				 " {\"4\": \"Urgent\", \"3\": \"High\"}";
		return false;
	}
	json_object_set_new(entry, "options", resolved);
	return true;
}

/* one role as said: an object, or the property's id or name alone; NULL and *error if wrong */
static json_t *
map_role(const json_t *known, const Role *role, const json_t *said, const char **error)
{
	const char *word =
		json_is_string(said) ? json_string_value(said) : tasksync_json_string(said, "property");
	const json_t *property;
	json_t *entry;

	if (strcmp(role->name, "description") == 0 && tasksync_json_bool(said, "body", false))
		return json_pack("{s:b}", "body", 1);
	property = word != NULL ? tasksync_notion_schema_find(known, word) : NULL;
	if (property == NULL)
	{
		*error = word == NULL
					 ? psprintf("\"%s\" must name a property", role->name)
					 : psprintf("there is no property \"%s\"", tasksync_notion_short_name(word));
		return NULL;
	}
	if (!has_type(role, property))
	{
		*error = psprintf("\"%s\" must be %s, and \"%s\" is none", role->name, role->expected,
						  tasksync_notion_short_name(tasksync_json_string(property, "name")));
		return NULL;
	}
	entry = json_pack("{s:s, s:s}", "property", tasksync_json_string(property, "id"), "type",
					  tasksync_json_string(property, "type"));
	if (strcmp(role->name, "status") == 0 && !map_status(property, said, entry, error))
		return NULL;
	if (strcmp(role->name, "priority") == 0 && !map_priority(property, said, entry, error))
		return NULL;
	if (strcmp(role->name, "labels") == 0)
		json_object_set_new(entry, "create",
							json_boolean(tasksync_json_bool(said, "create", true)));
	return entry;
}

/* one property for two roles would make two fields overwrite each other */
static bool
is_unambiguous(const json_t *mapping, const char **error)
{
	const char *left;
	const char *right;
	json_t *a;
	json_t *b;

	json_object_foreach((json_t *) mapping, left, a)
	{
		json_object_foreach((json_t *) mapping, right, b)
		{
			if (strcmp(left, right) >= 0 ||
				!tasksync_notion_same_property(tasksync_json_string(a, "property"),
											   tasksync_json_string(b, "property")))
				continue;
			*error = psprintf("\"%s\" and \"%s\" cannot be the same property", left, right);
			return false;
		}
	}
	return true;
}

json_t *
tasksync_notion_map(const json_t *known, const json_t *mapping, const char **error)
{
	json_t *result = tasksync_notion_propose(known);
	const char *key;
	json_t *said;

	*error = NULL;
	if (mapping == NULL || json_is_null(mapping))
		return result;
	if (!json_is_object(mapping))
	{
		*error = "a mapping must be a JSON object";
		return NULL;
	}
	json_object_foreach((json_t *) mapping, key, said)
	{
		const Role *role = role_named(key);
		json_t *entry;

		if (role == NULL)
		{
			*error = psprintf("\"%s\" is not known; use status, due, priority, labels, description,"
							  " parent or sync_id",
							  tasksync_notion_short_name(key));
			return NULL;
		}
		json_object_del(result, key);
		if (json_is_null(said))
			continue;
		entry = map_role(known, role, said, error);
		if (entry == NULL)
			return NULL;
		json_object_set_new(result, key, entry);
	}
	return is_unambiguous(result, error) ? result : NULL;
}
