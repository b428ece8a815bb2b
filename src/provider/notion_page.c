/*
 * notion_page.c
 *	  Pages of a data source as tasks, data sources as projects.
 *
 * Called for each row of a query, for single reads and for the echo of a
 * write.  Pure.  Values point into the parsed JSON.
 *
 * A page says in which data source it is, and that decides by which mapping it
 * is read; so a page that was moved is read by the mapping of where it is now.
 * What is not mapped is never looked at, and what has an unknown shape counts
 * as not told.
 */
#include "postgres.h"

#include "base/clock.h"
#include "provider/notion_date.h"
#include "provider/notion_json.h"
#include "provider/notion_mapping.h"
#include "provider/notion_page.h"
#include "provider/notion_schema.h"
#include "provider/notion_text.h"

const TasksyncContainer *
tasksync_notion_container(const TasksyncCall *call, const char *id)
{
	for (int i = 0; id != NULL && i < call->ncontainers; i++)
	{
		if (strcmp(tasksync_notion_normal_id(call->containers[i].remote_id), id) == 0)
			return &call->containers[i];
	}
	return NULL;
}

TimestampTz
tasksync_notion_instant(const json_t *object, const char *key)
{
	const char *text = tasksync_json_string(object, key);
	TimestampTz instant;

	return text != NULL && tasksync_parse_instant(text, &instant) ? instant : 0;
}

/* ---- one property after the other ---- */

typedef struct PageReader
{
	const json_t *page;
	const json_t *config;
	TasksyncRecord *record;
	json_t *raw;
} PageReader;

static const json_t *
property_of(const PageReader *reader, const char *role)
{
	return tasksync_notion_page_property(reader->page,
										 tasksync_notion_role_property(reader->config, role));
}

static void
keep(PageReader *reader, const char *key, json_t *value)
{
	if (value != NULL)
		json_object_set_new(reader->raw, key, value);
}

static void
read_text(PageReader *reader, TasksyncField field, const json_t *property, const char *type,
		  const char *key)
{
	const json_t *rich = json_object_get(property, type);
	const char *text = tasksync_notion_plain_text(rich);

	if (text == NULL)
		return;
	/*
	 * A row that a person is about to fill in has no title yet, and the hub has
	 * no tasks without one: until then it says nothing.
	 */
	if (field == TASKSYNC_F_TITLE && strspn(text, " \t\r\n") == strlen(text))
		return;
	tasksync_record_put(reader->record, field, text);
	keep(reader, key, tasksync_notion_keep_text(rich));
}

/* id of the option of a select or status; NULL = null, *told = false if it says nothing */
static const char *
option_of(const json_t *property, bool *told)
{
	const char *type = tasksync_json_string(property, "type");
	const json_t *value = type != NULL ? json_object_get(property, type) : NULL;
	const char *id = tasksync_json_string(value, "id");

	*told = json_is_null(value) || id != NULL;
	return id;
}

/*
 * A status of none is the beginning.  An option that the kept schema does not
 * know says nothing until the schema is read again.
 */
static void
read_status(PageReader *reader)
{
	const json_t *entry = tasksync_notion_role(reader->config, "status");
	const json_t *schema = tasksync_notion_role_schema(reader->config, "status");
	const json_t *property = property_of(reader, "status");
	const json_t *checkbox = json_object_get(property, "checkbox");
	bool told;
	const char *id;

	if (json_is_boolean(checkbox))
	{
		tasksync_record_put(reader->record, TASKSYNC_F_STATUS,
							json_is_true(checkbox) ? "done" : "open");
		return;
	}
	id = option_of(property, &told);
	if (!told)
		return;
	if (id != NULL)
		keep(reader, "status", json_string(id));
	if (id != NULL && tasksync_notion_by_id(json_object_get(schema, "options"), id) == NULL)
		return;
	tasksync_record_put(reader->record, TASKSYNC_F_STATUS,
						id != NULL && tasksync_notion_option_is_done(entry, schema, id) ? "done"
																						: "open");
}

static void
read_priority(PageReader *reader)
{
	const json_t *entry = tasksync_notion_role(reader->config, "priority");
	json_t *options = json_object_get(entry, "options");
	bool told;
	const char *id = option_of(property_of(reader, "priority"), &told);
	const char *level;
	json_t *option;

	if (!told)
		return;
	if (id == NULL)
	{
		tasksync_record_put(reader->record, TASKSYNC_F_PRIORITY, "0");
		return;
	}
	keep(reader, "priority", json_string(id));
	json_object_foreach(options, level, option)
	{
		if (json_is_string(option) && strcmp(json_string_value(option), id) == 0)
			tasksync_record_put(reader->record, TASKSYNC_F_PRIORITY, pstrdup(level));
	}
}

static void
read_labels(PageReader *reader)
{
	const json_t *options = json_object_get(property_of(reader, "labels"), "multi_select");
	const char **names;
	json_t *kept = json_array();
	int count = 0;

	if (!json_is_array(options))
		return;
	names = palloc(sizeof(char *) * Max(json_array_size(options), 1));
	for (size_t i = 0; i < json_array_size(options); i++)
	{
		const json_t *option = json_array_get(options, i);
		const char *name = tasksync_json_string(option, "name");
		const char *id = tasksync_json_string(option, "id");

		if (name == NULL || *name == '\0')
			continue;
		names[count++] = name;
		if (id != NULL)
			json_array_append_new(kept, json_pack("{s:s, s:s}", "id", id, "name", name));
	}
	tasksync_record_set_labels(reader->record, count, names);
	if (json_array_size(kept) > 0)
		keep(reader, "labels", kept);
}

/* more than one, or more than are shown: the first counts, and the list is never written */
static void
read_parent(PageReader *reader)
{
	const json_t *property = property_of(reader, "parent");
	const json_t *relation = json_object_get(property, "relation");
	const char *id = tasksync_notion_id(json_array_get(relation, 0), "id");

	if (!json_is_array(relation) || (json_array_size(relation) > 0 && id == NULL))
		return;
	tasksync_record_put(reader->record, TASKSYNC_F_PARENT, id);
	if (json_array_size(relation) > 1 || tasksync_json_bool(property, "has_more", false))
		keep(reader, "parents", json_true());
}

static void
read_due(PageReader *reader)
{
	const json_t *date = json_object_get(property_of(reader, "due"), "date");

	if (date == NULL)
		return;
	tasksync_notion_read_date(date, reader->record);
	keep(reader, "due", tasksync_notion_keep_date(date));
}

static void
read_properties(PageReader *reader)
{
	read_text(reader, TASKSYNC_F_TITLE, tasksync_notion_page_property(reader->page, "title"),
			  "title", "title");
	read_text(reader, TASKSYNC_F_DESCRIPTION, property_of(reader, "description"), "rich_text",
			  "description");
	read_status(reader);
	read_priority(reader);
	read_labels(reader);
	read_parent(reader);
	read_due(reader);
}

/* ---- pages and data sources ---- */

/* before 2026-03-11 `archived` was another name for being in the trash */
static TasksyncRemoteState
state_of(const json_t *object)
{
	if (tasksync_json_bool(object, "in_trash", false))
		return TASKSYNC_REMOTE_DELETED;
	if (tasksync_json_bool(object, "is_archived", false))
		return TASKSYNC_REMOTE_HIDDEN;
	return TASKSYNC_REMOTE_LIVE;
}

static const char *
marker_of(const PageReader *reader)
{
	const char *text =
		tasksync_notion_plain_text(json_object_get(property_of(reader, "sync_id"), "rich_text"));

	return text != NULL && *text != '\0' ? text : NULL;
}

/*
 * Outside of every data source it is no task of ours any more, wherever it is.
 * A kind of parent that we do not know says nothing.
 */
static const char *
place_outside(const json_t *parent)
{
	static const char *const kinds[] = {"page_id", "block_id", "database_id"};

	if (tasksync_notion_says(parent, "type", "workspace"))
		return "workspace";
	for (int i = 0; i < (int) lengthof(kinds); i++)
	{
		if (tasksync_notion_id(parent, kinds[i]) != NULL)
			return tasksync_notion_id(parent, kinds[i]);
	}
	return NULL;
}

bool
tasksync_notion_read_page(const TasksyncCall *call, const json_t *page,
						  TasksyncObservation *observation)
{
	const json_t *parent = json_object_get(page, "parent");
	const char *place = tasksync_notion_id(parent, "data_source_id");
	const TasksyncContainer *container = tasksync_notion_container(call, place);
	PageReader reader = {.page = page, .config = container ? container->config : NULL};

	memset(observation, 0, sizeof(*observation));
	observation->kind = TASKSYNC_TASK;
	observation->remote_id = tasksync_notion_id(page, "id");
	if (observation->remote_id == NULL || !tasksync_notion_says(page, "object", "page") ||
		!json_is_object(json_object_get(page, "properties")) || !json_is_object(parent))
		return false;
	observation->edited_at = tasksync_notion_instant(page, "last_edited_time");
	observation->created_at = tasksync_notion_instant(page, "created_time");
	observation->state = state_of(page);
	if (observation->state != TASKSYNC_REMOTE_LIVE)
		return true;
	reader.record = observation->record = tasksync_record_new(TASKSYNC_TASK);
	reader.raw = json_object();
	if (container != NULL)
		place = container->remote_id;
	else if (place == NULL)
		place = place_outside(parent);
	if (place != NULL)
		tasksync_record_put(reader.record, TASKSYNC_F_PROJECT, place);
	read_properties(&reader);
	if (json_object_size(reader.raw) > 0)
		observation->raw = reader.raw;
	observation->marker = marker_of(&reader);
	return true;
}

/*
 * A body with blocks that cannot be shown as text is no description: whoever
 * wrote it back would delete them.
 */
bool
tasksync_notion_read_body(const json_t *json, TasksyncObservation *observation)
{
	const char *text = tasksync_json_string(json, "markdown");
	bool is_cut = tasksync_json_bool(json, "truncated", false) ||
				  json_array_size(json_object_get(json, "unknown_block_ids")) > 0;

	memset(observation, 0, sizeof(*observation));
	observation->kind = TASKSYNC_TASK;
	observation->remote_id = tasksync_notion_id(json, "id");
	if (observation->remote_id == NULL || text == NULL)
		return false;
	observation->state = TASKSYNC_REMOTE_LIVE;
	observation->is_part = true;
	observation->record = tasksync_record_new(TASKSYNC_TASK);
	if (!is_cut && strstr(text, "<unknown") == NULL)
		tasksync_record_put(observation->record, TASKSYNC_F_DESCRIPTION, text);
	else
		is_cut = true;
	observation->raw = json_pack("{s:b}", "body_cut", is_cut);
	return true;
}

/*
 * Of a linked container the mapping stays as it was first proposed: a new
 * column must not take over a role from the old one.
 */
bool
tasksync_notion_read_data_source(const json_t *data_source, const json_t *config,
								 TasksyncObservation *observation)
{
	const json_t *mapping = json_object_get(json_object_get(config, "known"), "mapping");
	const char *name;
	json_t *schema;

	memset(observation, 0, sizeof(*observation));
	observation->kind = TASKSYNC_PROJECT;
	observation->remote_id = tasksync_notion_id(data_source, "id");
	if (observation->remote_id == NULL ||
		!tasksync_notion_says(data_source, "object", "data_source") ||
		!json_is_object(json_object_get(data_source, "properties")))
		return false;
	observation->edited_at = tasksync_notion_instant(data_source, "last_edited_time");
	observation->created_at = tasksync_notion_instant(data_source, "created_time");
	observation->state = state_of(data_source) == TASKSYNC_REMOTE_LIVE ? TASKSYNC_REMOTE_LIVE
																	   : TASKSYNC_REMOTE_HIDDEN;
	if (observation->state != TASKSYNC_REMOTE_LIVE)
		return true;
	schema = tasksync_notion_schema(data_source);
	name = tasksync_json_string(schema, "name");
	observation->record = tasksync_record_new(TASKSYNC_PROJECT);
	if (name != NULL)
		tasksync_record_put(observation->record, TASKSYNC_F_NAME,
							*name != '\0' ? name : "Untitled");
	/* what a person pastes is the address of the database, which holds this */
	tasksync_record_put(observation->record, TASKSYNC_F_PARENT,
						tasksync_json_string(schema, "database"));
	/* "encoded" was the last of two tries; with a new schema both may be tried again */
	if (tasksync_notion_says(json_object_get(config, "known"), "ids", "decoded"))
		json_object_set_new(schema, "ids", json_string("decoded"));
	if (json_is_object(mapping))
		json_object_set(schema, "mapping", (json_t *) mapping);
	else
		json_object_set_new(schema, "mapping",
							tasksync_notion_map(schema, NULL, &(const char *){NULL}));
	observation->raw = schema;
	return true;
}
