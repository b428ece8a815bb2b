/*
 * google_tasks_object.c
 *	  Google's task lists and tasks as observations.
 *
 * Called for each object of a list, of a single read and of the answer to a
 * write.  Pure.  Values point into the parsed JSON instead of being copied, as
 * both live and die with the answer.
 *
 * Strange values never fail an object.  A field of an unknown shape is left
 * out, which means "not told", so that one odd field neither stops the account
 * nor empties something at the hub.
 */
#include "postgres.h"

#include "base/clock.h"
#include "base/json.h"
#include "provider/google_tasks_object.h"

#define DATE_LENGTH 10

/*
 * Google has tasks without a title, from a person who only pressed Enter; the
 * hub has none.  Nothing is written back as long as nobody changes it.
 */
#define NO_TITLE "(no title)"

static void
put(TasksyncRecord *record, TasksyncField field, const char *value)
{
	record->value[field] = value;
	record->present |= TASKSYNC_FIELD_BIT(field);
}

const char *
tasksync_google_id(const json_t *object, const char *key)
{
	const char *id = tasksync_json_string(object, key);

	return id != NULL && *id != '\0' && strlen(id) <= GOOGLE_MAX_ID ? id : NULL;
}

static TimestampTz
read_instant(const json_t *object, const char *key)
{
	TimestampTz instant;

	return tasksync_parse_instant(tasksync_json_string(object, key), &instant) ? instant : 0;
}

/* what is absent is empty, and what is of another type was not told */
static void
read_text(TasksyncRecord *record, TasksyncField field, const json_t *task, const char *key,
		  const char *empty)
{
	const json_t *member = json_object_get(task, key);
	const char *text = json_string_value(member);

	if (member == NULL || json_is_null(member) || (text != NULL && *text == '\0'))
		put(record, field, empty);
	else if (text != NULL)
		put(record, field, text);
}

/*
 * The time of day is always midnight UTC and means nothing: shown in a zone
 * west of it, the day would be the one before.
 */
static void
read_due(TasksyncRecord *record, const json_t *task)
{
	const json_t *member = json_object_get(task, "due");
	const char *text = json_string_value(member);
	char *date;

	if (member == NULL || json_is_null(member))
	{
		put(record, TASKSYNC_F_DUE_DATE, NULL);
		return;
	}
	if (text == NULL || strlen(text) < DATE_LENGTH)
		return;
	date = pnstrdup(text, DATE_LENGTH);
	if (tasksync_date_valid(date))
		put(record, TASKSYNC_F_DUE_DATE, date);
}

static void
read_status(TasksyncRecord *record, const json_t *task)
{
	const char *status = tasksync_json_string(task, "status");
	TimestampTz completed = read_instant(task, "completed");

	if (status == NULL)
		return;
	if (strcmp(status, "needsAction") == 0)
	{
		put(record, TASKSYNC_F_STATUS, "open");
		put(record, TASKSYNC_F_COMPLETED_AT, NULL);
	}
	else if (strcmp(status, "completed") == 0)
	{
		put(record, TASKSYNC_F_STATUS, "done");
		if (completed != 0)
			put(record, TASKSYNC_F_COMPLETED_AT, tasksync_format_instant(completed));
	}
}

/* the place is one value: a list without the parent would move a subtask to the top */
static void
read_place(TasksyncRecord *record, const json_t *task, const char *list_id)
{
	const json_t *member = json_object_get(task, "parent");
	const char *parent = tasksync_google_id(task, "parent");

	if (parent == NULL && member != NULL && !json_is_null(member))
		return;
	put(record, TASKSYNC_F_PROJECT, list_id);
	put(record, TASKSYNC_F_PARENT, parent);
}

/*
 * What we have no field for but a person should see, or a later write must
 * know.  "hidden" tells nothing about what a person wants: the applications set
 * it at each completion, and "clear" sets it on all completed tasks.
 */
static json_t *
keep_of_task(const json_t *task)
{
	const json_t *links = json_object_get(task, "links");
	const json_t *assigned = json_object_get(task, "assignmentInfo");
	json_t *kept = NULL;

	if (json_array_size(links) == 0 && !json_is_object(assigned) &&
		!tasksync_json_bool(task, "hidden", false))
		return NULL;
	kept = json_object();
	if (json_array_size(links) > 0)
		json_object_set(kept, "links", (json_t *) links);
	if (json_is_object(assigned))
		json_object_set(kept, "assignmentInfo", (json_t *) assigned);
	if (tasksync_json_bool(task, "hidden", false))
		json_object_set_new(kept, "hidden", json_true());
	return kept;
}

bool
tasksync_google_is_assigned(const json_t *raw)
{
	return json_is_object(json_object_get(raw, "assignmentInfo"));
}

/*
 * Absent members mean empty ones, but only in something that is a task beyond
 * doubt: an object that tells neither its status nor when it was changed must
 * not empty notes and dates here.
 */
static bool
is_whole(const json_t *task, TimestampTz updated)
{
	return updated != 0 && tasksync_json_string(task, "status") != NULL;
}

bool
tasksync_google_read_task(const json_t *json, const char *list_id,
						  TasksyncObservation *observation)
{
	TasksyncRecord *record;

	memset(observation, 0, sizeof(*observation));
	observation->kind = TASKSYNC_TASK;
	observation->remote_id = tasksync_google_id(json, "id");
	if (observation->remote_id == NULL)
		return false;
	observation->edited_at = read_instant(json, "updated");
	observation->state = TASKSYNC_REMOTE_LIVE;
	if (tasksync_json_bool(json, "deleted", false))
	{
		observation->state = TASKSYNC_REMOTE_DELETED;
		observation->container_id = list_id;
		return true;
	}
	record = tasksync_record_new(TASKSYNC_TASK);
	observation->record = record;
	if (is_whole(json, observation->edited_at))
	{
		read_text(record, TASKSYNC_F_TITLE, json, "title", NO_TITLE);
		read_text(record, TASKSYNC_F_DESCRIPTION, json, "notes", "");
		read_status(record, json);
		read_due(record, json);
		read_place(record, json, list_id);
	}
	observation->raw = keep_of_task(json);
	observation->is_read_only = tasksync_google_is_assigned(observation->raw);
	return true;
}

bool
tasksync_google_read_list(const json_t *json, TasksyncObservation *observation)
{
	const char *title = tasksync_json_string(json, "title");

	memset(observation, 0, sizeof(*observation));
	observation->kind = TASKSYNC_PROJECT;
	observation->remote_id = tasksync_google_id(json, "id");
	if (observation->remote_id == NULL)
		return false;
	observation->state = TASKSYNC_REMOTE_LIVE;
	observation->record = tasksync_record_new(TASKSYNC_PROJECT);
	if (title != NULL)
		put(observation->record, TASKSYNC_F_NAME, *title != '\0' ? title : NO_TITLE);
	return true;
}
