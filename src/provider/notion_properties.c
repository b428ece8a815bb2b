/*
 * notion_properties.c
 *	  The fields of an intent as properties of a page.
 *
 * Called when a write is built, and when its answer is judged.  Pure, and the
 * same for a resend.
 *
 * Only what changes is named, because there are no conditional writes: each
 * property that is sent without need may overwrite somebody's edit.  Lists
 * replace lists, so one that was not shown whole is never written.
 */
#include "postgres.h"

#include "provider/notion_date.h"
#include "provider/notion_json.h"
#include "provider/notion_mapping.h"
#include "provider/notion_properties.h"
#include "provider/notion_schema.h"
#include "provider/notion_text.h"

typedef struct Writer
{
	const TasksyncCall *call;
	const TasksyncIntent *intent;
	json_t *properties;
	const char *code; /* why it must not be written; NULL = it may */
	const char *refusal;
} Writer;

static bool
has(const Writer *writer, TasksyncField field)
{
	return tasksync_record_has(writer->intent->patch, field);
}

static const char *
value_of(const Writer *writer, TasksyncField field)
{
	return writer->intent->patch->value[field];
}

static bool
is_create(const Writer *writer)
{
	return writer->intent->op == TASKSYNC_OP_CREATE;
}

/*
 * Of a new page nothing can be compared with before, so a property that is
 * passed over would go unnoticed: as long as it is not known in which form ids
 * are taken, such a one goes by its name.
 */
static const char *
key_of(const Writer *writer, const char *property)
{
	const json_t *known = json_object_get(writer->intent->config, "known");
	const char *name =
		tasksync_json_string(tasksync_notion_schema_property(known, property), "name");

	if (is_create(writer) && name != NULL && json_object_get(known, "ids") == NULL &&
		strcmp(property, tasksync_notion_decoded(property)) != 0)
		return name;
	return tasksync_notion_key(writer->intent->config, property);
}

static void
put(Writer *writer, const char *property, const char *type, json_t *value)
{
	json_object_set_new(writer->properties, key_of(writer, property),
						json_pack("{s:o}", type, value));
}

static void
refuse(Writer *writer, const char *code, const char *refusal)
{
	writer->code = code;
	writer->refusal = refusal;
}

static void
write_text(Writer *writer, TasksyncField field, const char *property, const char *type,
		   const char *key)
{
	const json_t *kept = json_object_get(writer->intent->raw, key);
	const char *text = value_of(writer, field);

	if (!has(writer, field) || property == NULL)
		return;
	if (text == NULL)
		text = "";
	if (is_create(writer) && *text == '\0')
		return;
	if (tasksync_notion_text_is_cut(kept))
		refuse(writer, "text_not_shown_whole",
			   "Notion does not show all of this text, as it mentions too many pages or people;"
			   " change it in Notion");
	put(writer, property, type, tasksync_notion_write_text(text, kept));
}

/*
 * A task that is done stays in whichever of the options that mean it; only one
 * on the other side moves.  Null is never written: it would read back as the
 * default option.
 */
static void
write_status(Writer *writer)
{
	const json_t *config = writer->intent->config;
	const json_t *entry = tasksync_notion_role(config, "status");
	const json_t *schema = tasksync_notion_role_schema(config, "status");
	const char *property = tasksync_notion_role_property(config, "status");
	const char *type = tasksync_json_string(entry, "type");
	const char *now = tasksync_json_string(writer->intent->raw, "status");
	const char *status = value_of(writer, TASKSYNC_F_STATUS);
	bool done = status != NULL && strcmp(status, "done") == 0;
	const char *target;

	if (!has(writer, TASKSYNC_F_STATUS) || property == NULL || type == NULL ||
		(is_create(writer) && !done))
		return;
	if (strcmp(type, "checkbox") == 0)
	{
		put(writer, property, type, json_boolean(done));
		return;
	}
	if (now != NULL && tasksync_notion_by_id(json_object_get(schema, "options"), now) != NULL &&
		tasksync_notion_option_is_done(entry, schema, now) == done)
		return;
	target = tasksync_notion_status_target(entry, schema, done);
	if (target != NULL)
		put(writer, property, type, json_pack("{s:s}", "id", target));
	else
		refuse(writer, "no_such_option",
			   done ? "no option of the status means done; say which one does with"
					  " tasksync.set_mapping()"
					: "every option of the status means done; say which ones do with"
					  " tasksync.set_mapping()");
}

static void
write_priority(Writer *writer)
{
	const json_t *entry = tasksync_notion_role(writer->intent->config, "priority");
	const char *property = tasksync_json_string(entry, "property");
	const char *type = tasksync_json_string(entry, "type");
	const char *priority = value_of(writer, TASKSYNC_F_PRIORITY);
	const char *option;

	if (!has(writer, TASKSYNC_F_PRIORITY) || property == NULL || type == NULL)
		return;
	if (priority == NULL || *priority < '1' || *priority > '4')
		option = tasksync_json_string(json_object_get(entry, "options"), "0");
	else
		option = tasksync_notion_priority_option(entry, *priority);
	if (option != NULL)
		put(writer, property, type, json_pack("{s:s}", "id", option));
	else if (!is_create(writer))
		put(writer, property, type, json_null());
}

/* the id of a label: of the page's own options, then of the schema; NULL = unknown there */
static const char *
label_id(const Writer *writer, const char *name)
{
	const json_t *schema = tasksync_notion_role_schema(writer->intent->config, "labels");
	const json_t *own = json_object_get(writer->intent->raw, "labels");
	const json_t *option;

	for (size_t i = 0; i < json_array_size(own); i++)
	{
		if (tasksync_notion_says(json_array_get(own, i), "name", name))
			return tasksync_json_string(json_array_get(own, i), "id");
	}
	option =
		json_object_get(schema, "options") != NULL ? tasksync_notion_option(schema, name) : NULL;
	return tasksync_json_string(option, "id");
}

/* a name that is new there makes an option: allowed for labels unless somebody forbade it */
static void
write_labels(Writer *writer)
{
	const json_t *entry = tasksync_notion_role(writer->intent->config, "labels");
	const char *property = tasksync_json_string(entry, "property");
	const TasksyncNames *labels = &writer->intent->patch->labels;
	json_t *options = json_array();

	if (!has(writer, TASKSYNC_F_LABELS) || property == NULL ||
		(is_create(writer) && labels->count == 0))
		return;
	for (int i = 0; i < labels->count; i++)
	{
		const char *id = label_id(writer, labels->names[i]);

		if (id != NULL)
			json_array_append_new(options, json_pack("{s:s}", "id", id));
		else if (tasksync_json_bool(entry, "create", true))
			json_array_append_new(options, json_pack("{s:s}", "name", labels->names[i]));
	}
	put(writer, property, "multi_select", options);
}

static void
write_due(Writer *writer)
{
	const TasksyncIntent *intent = writer->intent;
	const char *property = tasksync_notion_role_property(intent->config, "due");
	json_t *date;

	if ((intent->patch->present & TASKSYNC_DUE_FIELDS) == 0 || property == NULL)
		return;
	date = tasksync_notion_write_date(intent->patch, intent->before,
									  json_object_get(intent->raw, "due"), writer->call->zone);
	if (!is_create(writer) || !json_is_null(date))
		put(writer, property, "date", date);
}

/* always on the child's side, whose list has one entry */
static void
write_parent(Writer *writer)
{
	const char *property = tasksync_notion_role_property(writer->intent->config, "parent");
	const char *parent = value_of(writer, TASKSYNC_F_PARENT);
	json_t *relation = json_array();

	if (!has(writer, TASKSYNC_F_PARENT) || property == NULL ||
		(is_create(writer) && parent == NULL))
		return;
	if (writer->intent->before != NULL &&
		tasksync_record_has(writer->intent->before, TASKSYNC_F_PARENT) &&
		tasksync_field_equal(writer->intent->patch, writer->intent->before, TASKSYNC_F_PARENT))
		return;
	if (tasksync_json_bool(writer->intent->raw, "parents", false))
		refuse(writer, "several_parents",
			   "the page has several parent items in Notion; leave one of them there");
	if (parent != NULL)
		json_array_append_new(relation, json_pack("{s:s}", "id", parent));
	put(writer, property, "relation", relation);
}

json_t *
tasksync_notion_properties(const TasksyncCall *call, const TasksyncIntent *intent,
						   const char **code, const char **refusal)
{
	Writer writer = {.call = call, .intent = intent, .properties = json_object()};
	const json_t *config = intent->config;
	const char *marker = tasksync_notion_role_property(config, "sync_id");

	write_text(&writer, TASKSYNC_F_TITLE, "title", "title", "title");
	write_text(&writer, TASKSYNC_F_DESCRIPTION,
			   tasksync_notion_role_property(config, "description"), "rich_text", "description");
	write_status(&writer);
	write_priority(&writer);
	write_labels(&writer);
	write_due(&writer);
	write_parent(&writer);
	if (is_create(&writer) && marker != NULL && intent->hub_id != NULL)
		put(&writer, marker, "rich_text", tasksync_notion_write_text(intent->hub_id, NULL));
	*code = writer.code;
	*refusal = writer.refusal;
	return writer.code == NULL ? writer.properties : NULL;
}
