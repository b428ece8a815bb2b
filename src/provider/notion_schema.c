/*
 * notion_schema.c
 *	  What is kept of a data source's schema.
 *
 * Called when a data source is read, and wherever the kept schema is looked
 * at.  Pure.
 *
 * Everything is found by id, because people rename properties and options
 * without touching a page; the names are kept for proposals, for messages and
 * for mappings written by hand.  Colours, descriptions and formulas are left
 * out, so that changing them changes nothing here.
 */
#include "postgres.h"

#include "provider/notion_json.h"
#include "provider/notion_schema.h"
#include "provider/notion_text.h"

/* more properties than this Notion does not allow */
#define MAX_PROPERTIES 500
#define MAX_NAME_IN_MESSAGE 60

static json_t *
short_options(const json_t *options)
{
	json_t *kept = json_array();

	for (size_t i = 0; i < json_array_size(options); i++)
	{
		const json_t *option = json_array_get(options, i);
		const char *id = tasksync_json_string(option, "id");
		const char *name = tasksync_json_string(option, "name");

		if (id != NULL && name != NULL)
			json_array_append_new(kept, json_pack("{s:s, s:s}", "id", id, "name", name));
	}
	return kept;
}

static json_t *
short_groups(const json_t *groups)
{
	json_t *kept = json_array();

	for (size_t i = 0; i < json_array_size(groups); i++)
	{
		const json_t *group = json_array_get(groups, i);
		const json_t *members = json_object_get(group, "option_ids");
		const char *id = tasksync_json_string(group, "id");
		const char *name = tasksync_json_string(group, "name");
		json_t *ids = json_array();

		for (size_t m = 0; m < json_array_size(members); m++)
		{
			json_t *member = json_array_get(members, m);

			if (json_is_string(member))
				json_array_append(ids, member);
		}
		if (id != NULL && name != NULL)
			json_array_append_new(kept, json_pack("{s:s, s:s, s:o}", "id", id, "name", name,
												  "options", ids));
	}
	return kept;
}

/* subtasks are a relation of two properties of the same data source */
static bool
is_self_relation(const json_t *relation, const char *own_id)
{
	const char *target = tasksync_notion_id(relation, "data_source_id");

	return target != NULL && own_id != NULL && strcmp(target, own_id) == 0 &&
		   tasksync_notion_says(relation, "type", "dual_property");
}

static json_t *
short_property(const char *name, const json_t *property, const char *own_id)
{
	const char *id = tasksync_json_string(property, "id");
	const char *type = tasksync_json_string(property, "type");
	const json_t *details;
	json_t *kept;

	if (id == NULL || *id == '\0' || type == NULL)
		return NULL;
	kept = json_pack("{s:s, s:s, s:s}", "id", id, "name", name, "type", type);
	details = json_object_get(property, type);
	if (json_is_array(json_object_get(details, "options")))
		json_object_set_new(kept, "options", short_options(json_object_get(details, "options")));
	if (json_is_array(json_object_get(details, "groups")))
		json_object_set_new(kept, "groups", short_groups(json_object_get(details, "groups")));
	if (strcmp(type, "relation") == 0 && is_self_relation(details, own_id))
		json_object_set_new(kept, "self", json_true());
	return kept;
}

json_t *
tasksync_notion_schema(const json_t *data_source)
{
	const char *own_id = tasksync_notion_id(data_source, "id");
	const char *name = tasksync_notion_plain_text(json_object_get(data_source, "title"));
	const char *database =
		tasksync_notion_id(json_object_get(data_source, "parent"), "database_id");
	json_t *schema = json_object();
	json_t *properties = json_array();
	const char *key;
	json_t *property;

	json_object_foreach(json_object_get(data_source, "properties"), key, property)
	{
		json_t *kept = short_property(key, property, own_id);

		if (kept != NULL && json_array_size(properties) < MAX_PROPERTIES)
			json_array_append_new(properties, kept);
	}
	if (name != NULL)
		json_object_set_new(schema, "name", json_string(name));
	if (database != NULL)
		json_object_set_new(schema, "database", json_string(database));
	json_object_set_new(schema, "properties", properties);
	return schema;
}

const json_t *
tasksync_notion_schema_property(const json_t *schema, const char *id)
{
	const json_t *properties = json_object_get(schema, "properties");

	for (size_t i = 0; i < json_array_size(properties); i++)
	{
		const json_t *property = json_array_get(properties, i);

		if (tasksync_notion_same_property(tasksync_json_string(property, "id"), id))
			return property;
	}
	return NULL;
}

/* the element of an array of objects with this name; exact before any case */
static const json_t *
by_name(const json_t *array, const char *name)
{
	const json_t *found = NULL;

	for (size_t i = 0; i < json_array_size(array); i++)
	{
		const json_t *element = json_array_get(array, i);
		const char *own = tasksync_json_string(element, "name");

		if (own != NULL && strcmp(own, name) == 0)
			return element;
		if (own != NULL && found == NULL && pg_strcasecmp(own, name) == 0)
			found = element;
	}
	return found;
}

const json_t *
tasksync_notion_schema_find(const json_t *schema, const char *word)
{
	const json_t *property = tasksync_notion_schema_property(schema, word);

	return property != NULL ? property : by_name(json_object_get(schema, "properties"), word);
}

const json_t *
tasksync_notion_option(const json_t *property, const char *word)
{
	const json_t *options = json_object_get(property, "options");
	const json_t *option = tasksync_notion_by_id(options, word);

	return option != NULL || word == NULL ? option : by_name(options, word);
}

const char *
tasksync_notion_group_of(const json_t *property, const char *option_id)
{
	const json_t *groups = json_object_get(property, "groups");

	for (size_t i = 0; option_id != NULL && i < json_array_size(groups); i++)
	{
		const json_t *group = json_array_get(groups, i);
		const json_t *ids = json_object_get(group, "options");

		for (size_t m = 0; m < json_array_size(ids); m++)
		{
			const char *id = json_string_value(json_array_get(ids, m));

			if (id != NULL && strcmp(id, option_id) == 0)
				return tasksync_json_string(group, "id");
		}
	}
	return NULL;
}

const char *
tasksync_notion_short_name(const char *name)
{
	size_t length = name != NULL ? strlen(name) : 0;

	if (length <= MAX_NAME_IN_MESSAGE)
		return name != NULL ? name : "";
	length = MAX_NAME_IN_MESSAGE;
	/* not in the middle of a character */
	while (length > 0 && ((unsigned char) name[length] & 0xC0) == 0x80)
		length--;
	return psprintf("%s\xE2\x80\xA6", pnstrdup(name, length));
}
