/*
 * notion_echo.c
 *	  Did a write do what it says?
 *
 * Called for the answer of every change of a page.  Pure.
 *
 * Notion answers with the whole page, and it may answer 200 to a property that
 * it does not know and leave it alone.  Taking the answer for the truth then
 * would end the change without a word, so it is compared with what was there
 * before and what was asked for.
 *
 * One reason can be that the id of the property was written in the wrong one
 * of two forms.  Which one is right is found out by trying, once, and kept with
 * the container's schema.
 */
#include "postgres.h"

#include "provider/notion_echo.h"
#include "provider/notion_json.h"
#include "provider/notion_mapping.h"

/* the value that was sent for a role; NULL if none was */
static const json_t *
sent_for(const TasksyncIntent *intent, const json_t *properties, const char *role)
{
	const char *id = tasksync_notion_role_property(intent->config, role);

	if (id == NULL)
		return NULL;
	return json_object_get(properties, tasksync_notion_key(intent->config, id));
}

static bool
is_unchanged(const TasksyncIntent *intent, const TasksyncObservation *echo, TasksyncField field)
{
	const TasksyncRecord *before = intent->before;

	return before != NULL && tasksync_record_has(intent->patch, field) &&
		   tasksync_record_has(before, field) && tasksync_record_has(echo->record, field) &&
		   !tasksync_field_equal(intent->patch, before, field) &&
		   tasksync_field_equal(echo->record, before, field);
}

/* the ids of labels, of the page or as sent; names of new ones */
static bool
same_labels(const json_t *sent, const json_t *kept)
{
	if (json_array_size(sent) != json_array_size(kept))
		return false;
	for (size_t i = 0; i < json_array_size(sent); i++)
	{
		const char *id = tasksync_json_string(json_array_get(sent, i), "id");

		if (id == NULL || tasksync_notion_by_id(kept, id) == NULL)
			return false;
	}
	return true;
}

/* asked for what was there already, because there is nothing nearer to what the hub says */
static bool
asked_for_the_same(const TasksyncIntent *intent, const char *role, const json_t *sent)
{
	const json_t *kept = json_object_get(intent->raw, role);

	if (strcmp(role, "labels") == 0)
		return same_labels(json_object_get(sent, "multi_select"), kept);
	if (strcmp(role, "priority") == 0)
	{
		const char *type = tasksync_json_string(tasksync_notion_role(intent->config, role), "type");
		const char *id =
			type != NULL ? tasksync_json_string(json_object_get(sent, type), "id") : NULL;

		if (id == NULL || kept == NULL)
			return id == NULL && kept == NULL;
		return json_is_string(kept) && strcmp(id, json_string_value(kept)) == 0;
	}
	return false;
}

bool
tasksync_notion_took(const TasksyncIntent *intent, const json_t *properties,
					 const TasksyncObservation *echo)
{
	static const struct
	{
		const char *role;
		TasksyncField field;
	} fields[] = {
		{"description", TASKSYNC_F_DESCRIPTION},
		{"status", TASKSYNC_F_STATUS},
		{"priority", TASKSYNC_F_PRIORITY},
		{"labels", TASKSYNC_F_LABELS},
		{"due", TASKSYNC_F_DUE_DATE},
	};

	for (int i = 0; i < (int) lengthof(fields); i++)
	{
		const json_t *sent = sent_for(intent, properties, fields[i].role);

		if (sent != NULL && is_unchanged(intent, echo, fields[i].field) &&
			!asked_for_the_same(intent, fields[i].role, sent))
			return false;
	}
	return true;
}

bool
tasksync_notion_other_form(const TasksyncIntent *intent, TasksyncObservation *container)
{
	const json_t *known = json_object_get(intent->config, "known");
	const char *tried = tasksync_json_string(known, "ids");
	const char *name = tasksync_json_string(known, "name");
	json_t *raw;

	if (intent->container_id == NULL || name == NULL || *name == '\0' ||
		!tasksync_notion_has_two_forms(intent->config) ||
		(tried != NULL && strcmp(tried, "encoded") == 0))
		return false;
	raw = json_deep_copy(known);
	json_object_set_new(raw, "ids", json_string(tried == NULL ? "decoded" : "encoded"));
	memset(container, 0, sizeof(*container));
	container->kind = TASKSYNC_PROJECT;
	container->remote_id = intent->container_id;
	container->state = TASKSYNC_REMOTE_LIVE;
	container->record = tasksync_record_new(TASKSYNC_PROJECT);
	tasksync_record_put(container->record, TASKSYNC_F_NAME, name);
	container->raw = raw;
	return true;
}
