/*
 * todoist_object.c
 *	  Todoist's items, projects, sections and labels as observations.
 *
 * Called for each object of a sync answer, of a list of completed tasks and of
 * a single read.  Pure.  Values point into the parsed JSON instead of being
 * copied, as both live and die with the answer: of ten thousand items that is
 * a third of the time.
 *
 * Strange values never fail an object.  A field of an unknown shape is left
 * out, which means "not told", so that one odd field neither stops the account
 * nor empties something at the hub.
 */
#include "postgres.h"

#include "base/clock.h"
#include "base/json.h"
#include "provider/todoist_due.h"
#include "provider/todoist_object.h"

const char *
tasksync_todoist_id(const json_t *object, const char *key)
{
	const char *id = tasksync_json_id(object, key);

	return id != NULL && strlen(id) <= TODOIST_MAX_ID ? id : NULL;
}

/* booleans have been 0 and 1 in some answers */
static bool
is_set(const json_t *object, const char *key)
{
	return tasksync_json_bool(object, key, false) || tasksync_json_int(object, key, 0) != 0;
}

/*
 * Does this object leave out what is null?  Then an absent key means null.  As
 * long as some key says null in so many words, an absent one is a key that we
 * do not know any more, and must not clear anything.
 */
static bool
omits_nulls(const json_t *object)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *) object, key, value)
	{
		if (json_is_null(value))
			return false;
	}
	return true;
}

static void
read_text(TasksyncRecord *record, TasksyncField field, const json_t *object, const char *key)
{
	const char *text = tasksync_json_string(object, key);

	if (text != NULL)
		tasksync_record_put(record, field, text);
}

static void
read_reference(TasksyncRecord *record, TasksyncField field, const json_t *object, const char *key,
			   bool absent_is_null)
{
	const json_t *member = json_object_get(object, key);
	const char *id = tasksync_todoist_id(object, key);

	if (id != NULL)
		tasksync_record_put(record, field, id);
	else if (member == NULL ? absent_is_null : json_is_null(member))
		tasksync_record_put(record, field, NULL);
}

static void
read_number(TasksyncRecord *record, TasksyncField field, const json_t *object, const char *key)
{
	const json_t *member = json_object_get(object, key);

	if (json_is_integer(member))
		tasksync_record_put(record, field,
							psprintf("%lld", (long long) json_integer_value(member)));
}

static TimestampTz
read_instant(const json_t *object, const char *key)
{
	TimestampTz instant;

	return tasksync_parse_instant(tasksync_json_string(object, key), &instant) ? instant : 0;
}

/* 1 is "no priority" there and 4 the most urgent; there is nothing between our 2 and 4 */
static void
read_priority(TasksyncRecord *record, const json_t *item)
{
	static const char *const priorities[] = {NULL, "0", "1", "2", "4"};
	int64 priority = tasksync_json_int(item, "priority", 0);

	if (priority >= 1 && priority < (int64) lengthof(priorities))
		tasksync_record_put(record, TASKSYNC_F_PRIORITY, priorities[priority]);
}

static void
read_labels(TasksyncRecord *record, const json_t *item)
{
	const json_t *labels = json_object_get(item, "labels");
	const char **names;
	int count = 0;

	if (!json_is_array(labels))
		return;
	names = palloc(sizeof(char *) * Max(json_array_size(labels), 1));
	for (size_t i = 0; i < json_array_size(labels); i++)
	{
		const char *name = json_string_value(json_array_get(labels, i));

		if (name != NULL && *name != '\0')
			names[count++] = name;
	}
	tasksync_record_set_labels(record, count, names);
}

static void
read_completion(TasksyncRecord *record, const json_t *item)
{
	TimestampTz completed_at;
	const json_t *checked = json_object_get(item, "checked");

	if (!json_is_boolean(checked) && !json_is_integer(checked))
		return;
	tasksync_record_put(record, TASKSYNC_F_STATUS, is_set(item, "checked") ? "done" : "open");
	if (!is_set(item, "checked"))
		tasksync_record_put(record, TASKSYNC_F_COMPLETED_AT, NULL);
	else if (tasksync_parse_instant(tasksync_json_string(item, "completed_at"), &completed_at))
		tasksync_record_put(record, TASKSYNC_F_COMPLETED_AT, tasksync_format_instant(completed_at));
}

/*
 * A title that starts with "* " is a task that cannot be completed, a header.
 * The mark stays in the title: it is what the user typed, and without it the
 * next write would turn the header into a task.
 */
static void
read_item(const json_t *item, const char *user_zone, TasksyncRecord *record)
{
	bool absent_is_null = omits_nulls(item);
	const json_t *due = json_object_get(item, "due");

	read_text(record, TASKSYNC_F_TITLE, item, "content");
	read_text(record, TASKSYNC_F_DESCRIPTION, item, "description");
	if (!tasksync_record_has(record, TASKSYNC_F_DESCRIPTION) &&
		(absent_is_null || json_is_null(json_object_get(item, "description"))))
		tasksync_record_put(record, TASKSYNC_F_DESCRIPTION, "");
	read_completion(record, item);
	read_priority(record, item);
	if (due == NULL && absent_is_null)
		due = json_null();
	tasksync_todoist_read_due(due, user_zone, record);
	read_labels(record, item);
	if (tasksync_todoist_id(item, "project_id") != NULL)
		tasksync_record_put(record, TASKSYNC_F_PROJECT, tasksync_todoist_id(item, "project_id"));
	read_reference(record, TASKSYNC_F_SECTION, item, "section_id", absent_is_null);
	read_reference(record, TASKSYNC_F_PARENT, item, "parent_id", absent_is_null);
	read_number(record, TASKSYNC_F_POSITION, item, "child_order");
}

static void
keep(json_t **kept, const char *key, json_t *value)
{
	if (value == NULL)
		return;
	if (*kept == NULL)
		*kept = json_object();
	json_object_set(*kept, key, value);
}

/* what we have no field for but must be there for a person to see, or for a later command */
static json_t *
keep_of_item(const json_t *item)
{
	static const char *const names[] = {
		"deadline", "duration", "responsible_uid", "assigned_by_uid", "order_key",
	};
	const json_t *due = json_object_get(item, "due");
	json_t *kept = NULL;

	for (int i = 0; i < (int) lengthof(names); i++)
	{
		json_t *member = json_object_get(item, names[i]);

		if (member != NULL && !json_is_null(member))
			keep(&kept, names[i], member);
	}
	if (is_set(item, "is_collapsed"))
		keep(&kept, "is_collapsed", json_true());
	if (due != NULL)
		keep(&kept, "due", tasksync_todoist_keep_due(due));
	/* one more of these with a later date: an occurrence of a recurring task was completed */
	if (tasksync_json_bool(due, "is_recurring", false) &&
		tasksync_json_int(item, "completed_count", 0) > 0)
		keep(&kept, "completed_count", json_object_get(item, "completed_count"));
	return kept;
}

static json_t *
keep_of_project(const json_t *project)
{
	json_t *kept = NULL;

	if (tasksync_todoist_id(project, "workspace_id") != NULL)
		keep(&kept, "workspace_id", json_object_get(project, "workspace_id"));
	if (is_set(project, "is_shared") || is_set(project, "shared"))
		keep(&kept, "is_shared", json_true());
	return kept;
}

static void
read_project(const json_t *project, TasksyncRecord *record, TasksyncObservation *observation)
{
	read_text(record, TASKSYNC_F_NAME, project, "name");
	read_text(record, TASKSYNC_F_COLOR, project, "color");
	tasksync_record_put(record, TASKSYNC_F_ARCHIVED,
						is_set(project, "is_archived") ? "true" : "false");
	read_reference(record, TASKSYNC_F_PARENT, project, "parent_id", omits_nulls(project));
	read_number(record, TASKSYNC_F_POSITION, project, "child_order");
	observation->raw = keep_of_project(project);
	observation->is_inbox = is_set(project, "inbox_project") || is_set(project, "is_inbox_project");
	/* a project of a workspace whose subscription ended */
	observation->is_read_only = is_set(project, "is_frozen");
}

static void
read_section(const json_t *section, TasksyncRecord *record)
{
	read_text(record, TASKSYNC_F_NAME, section, "name");
	if (tasksync_todoist_id(section, "project_id") != NULL)
		tasksync_record_put(record, TASKSYNC_F_PROJECT, tasksync_todoist_id(section, "project_id"));
	read_number(record, TASKSYNC_F_POSITION, section, "section_order");
}

/* REST calls the place "order" where sync says "item_order" */
static void
read_label(const json_t *label, TasksyncRecord *record)
{
	read_text(record, TASKSYNC_F_NAME, label, "name");
	read_text(record, TASKSYNC_F_COLOR, label, "color");
	read_number(record, TASKSYNC_F_POSITION, label,
				json_object_get(label, "item_order") != NULL ? "item_order" : "order");
}

bool
tasksync_todoist_read_object(TasksyncKind kind, const json_t *json, const char *user_zone,
							 TasksyncObservation *observation)
{
	TasksyncRecord *record;

	memset(observation, 0, sizeof(*observation));
	observation->kind = kind;
	observation->remote_id = tasksync_todoist_id(json, "id");
	if (observation->remote_id == NULL)
		return false;
	observation->edited_at = read_instant(json, "updated_at");
	observation->created_at =
		read_instant(json, kind == TASKSYNC_PROJECT ? "created_at" : "added_at");
	observation->state = TASKSYNC_REMOTE_LIVE;
	if (is_set(json, "is_deleted"))
		observation->state = TASKSYNC_REMOTE_DELETED;
	/* the hub has archived projects, but no archived sections */
	else if (kind == TASKSYNC_SECTION && is_set(json, "is_archived"))
		observation->state = TASKSYNC_REMOTE_HIDDEN;
	if (observation->state != TASKSYNC_REMOTE_LIVE)
		return true;
	record = tasksync_record_new(kind);
	observation->record = record;
	switch (kind)
	{
		case TASKSYNC_PROJECT:
			read_project(json, record, observation);
			break;
		case TASKSYNC_SECTION:
			read_section(json, record);
			break;
		case TASKSYNC_LABEL:
			read_label(json, record);
			break;
		case TASKSYNC_TASK:
			read_item(json, user_zone, record);
			observation->raw = keep_of_item(json);
			break;
	}
	return true;
}
