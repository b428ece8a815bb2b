/*
 * todoist_command.c
 *	  Intents as commands of POST /sync.
 *
 * Called when a request is built, and when its answer is read, to know which
 * uuids belong to which intent.  Pure; above all without any random part: a
 * resend must be the same bytes, or the service would not recognise it.
 *
 * Commands name only the fields that change.  The service has no conditional
 * writes, so each field that is sent without need may overwrite somebody's
 * edit.
 */
#include "postgres.h"

#include <ctype.h>

#include "base/json.h"
#include "provider/todoist_command.h"
#include "provider/todoist_due.h"

/* beyond any number of siblings */
#define MAX_ORDER 1000000000L

typedef struct Command
{
	const char *type;
	json_t *(*args)(const TasksyncIntent *intent);
	bool (*wanted)(const TasksyncIntent *intent); /* NULL = always */
} Command;

static bool
has(const TasksyncIntent *intent, TasksyncField field)
{
	return tasksync_record_has(intent->patch, field);
}

/* the field as it shall be: from the patch, or else as it was */
static const char *
target(const TasksyncIntent *intent, TasksyncField field)
{
	if (!has(intent, field) && intent->before != NULL)
		return intent->before->value[field];
	return intent->patch->value[field];
}

static bool
is_text(const TasksyncIntent *intent, TasksyncField field, const char *text)
{
	const char *value = intent->patch->value[field];

	return has(intent, field) && value != NULL && strcmp(value, text) == 0;
}

/* ---- arguments ---- */

static void
set_text(json_t *args, const char *key, const char *text)
{
	json_object_set_new(args, key, text != NULL ? json_string(text) : json_null());
}

/* null and "" are what a new object has anyway */
static void
set_if_any(json_t *args, const char *key, const char *text)
{
	if (text != NULL && *text != '\0')
		set_text(args, key, text);
}

static json_t *
of_object(const TasksyncIntent *intent)
{
	json_t *args = json_object();

	/* what was created in this very request has no other name yet */
	set_text(args, "id", intent->remote_id != NULL ? intent->remote_id : intent->temp_id);
	return args;
}

static json_int_t
whole_number(const char *position)
{
	long order = position != NULL ? strtol(position, NULL, 10) : 0;

	return Max(0, Min(order, MAX_ORDER));
}

static json_int_t
order_of(const TasksyncIntent *intent)
{
	return whole_number(intent->patch->value[TASKSYNC_F_POSITION]);
}

/* 0 would mean "before all others"; without it a new object is the last one */
static void
set_order(json_t *args, const char *key, const TasksyncIntent *intent)
{
	if (order_of(intent) > 0)
		json_object_set_new(args, key, json_integer(order_of(intent)));
}

static json_t *
priority_to_send(const TasksyncIntent *intent)
{
	/* hub 3 and 4 are one there */
	static const int priorities[] = {1, 2, 3, 4, 4};
	const char *priority = intent->patch->value[TASKSYNC_F_PRIORITY];

	if (priority == NULL || *priority < '0' || *priority > '4')
		return json_integer(1);
	return json_integer(priorities[*priority - '0']);
}

static json_t *
labels_to_send(const TasksyncIntent *intent)
{
	json_t *names = json_array();

	for (int i = 0; i < intent->patch->labels.count; i++)
		json_array_append_new(names, json_string(intent->patch->labels.names[i]));
	return names;
}

static bool
is_done(const TasksyncIntent *intent)
{
	return is_text(intent, TASKSYNC_F_STATUS, "done");
}

static void
set_due(json_t *args, const TasksyncIntent *intent)
{
	TasksyncRecord *patch = tasksync_record_new(intent->patch->kind);
	json_t *due;

	tasksync_record_take(patch, intent->patch, TASKSYNC_DUE_FIELDS);
	/* a finished series is shown as one finished task: closing would only advance it */
	if (intent->op == TASKSYNC_OP_CREATE && is_done(intent))
		tasksync_record_set(patch, TASKSYNC_F_RECURRENCE, NULL);
	due = tasksync_todoist_write_due(patch, intent->before, intent->raw);
	if (intent->op != TASKSYNC_OP_CREATE || !json_is_null(due))
		json_object_set_new(args, "due", due);
}

static json_t *
add_task(const TasksyncIntent *intent)
{
	json_t *args = json_object();
	const char *parent = intent->patch->value[TASKSYNC_F_PARENT];

	set_text(args, "content", intent->patch->value[TASKSYNC_F_TITLE]);
	/* "@word" in a title stays text */
	json_object_set_new(args, "auto_parse_labels", json_false());
	set_if_any(args, "description", intent->patch->value[TASKSYNC_F_DESCRIPTION]);
	set_if_any(args, "project_id", intent->patch->value[TASKSYNC_F_PROJECT]);
	set_if_any(args, "parent_id", parent);
	/* a subtask is where its parent is; naming both invites a contradiction */
	if (parent == NULL)
		set_if_any(args, "section_id", intent->patch->value[TASKSYNC_F_SECTION]);
	if (has(intent, TASKSYNC_F_PRIORITY) && !is_text(intent, TASKSYNC_F_PRIORITY, "0"))
		json_object_set_new(args, "priority", priority_to_send(intent));
	if (intent->patch->labels.count > 0)
		json_object_set_new(args, "labels", labels_to_send(intent));
	set_due(args, intent);
	set_order(args, "child_order", intent);
	return args;
}

static json_t *
update_task(const TasksyncIntent *intent)
{
	json_t *args = of_object(intent);

	if (has(intent, TASKSYNC_F_TITLE))
		set_text(args, "content", intent->patch->value[TASKSYNC_F_TITLE]);
	if (has(intent, TASKSYNC_F_DESCRIPTION))
	{
		const char *description = intent->patch->value[TASKSYNC_F_DESCRIPTION];

		set_text(args, "description", description != NULL ? description : "");
	}
	if (has(intent, TASKSYNC_F_PRIORITY))
		json_object_set_new(args, "priority", priority_to_send(intent));
	if (has(intent, TASKSYNC_F_LABELS))
		json_object_set_new(args, "labels", labels_to_send(intent));
	if ((intent->patch->present & TASKSYNC_DUE_FIELDS) != 0)
		set_due(args, intent);
	return args;
}

/* exactly one target: the innermost, as it implies the others */
static json_t *
move_task(const TasksyncIntent *intent)
{
	json_t *args = of_object(intent);
	const char *parent = target(intent, TASKSYNC_F_PARENT);
	const char *section = target(intent, TASKSYNC_F_SECTION);

	if (parent != NULL)
		set_text(args, "parent_id", parent);
	else if (section != NULL)
		set_text(args, "section_id", section);
	else
		set_text(args, "project_id", target(intent, TASKSYNC_F_PROJECT));
	return args;
}

static json_t *
add_project(const TasksyncIntent *intent)
{
	json_t *args = json_object();

	set_text(args, "name", intent->patch->value[TASKSYNC_F_NAME]);
	set_if_any(args, "color", intent->patch->value[TASKSYNC_F_COLOR]);
	set_if_any(args, "parent_id", intent->patch->value[TASKSYNC_F_PARENT]);
	set_order(args, "child_order", intent);
	return args;
}

static json_t *
update_named(const TasksyncIntent *intent)
{
	json_t *args = of_object(intent);

	if (has(intent, TASKSYNC_F_NAME))
		set_text(args, "name", intent->patch->value[TASKSYNC_F_NAME]);
	if (has(intent, TASKSYNC_F_COLOR))
		set_if_any(args, "color", intent->patch->value[TASKSYNC_F_COLOR]);
	return args;
}

static json_t *
move_project(const TasksyncIntent *intent)
{
	json_t *args = of_object(intent);

	set_text(args, "parent_id", intent->patch->value[TASKSYNC_F_PARENT]);
	return args;
}

static json_t *
add_section(const TasksyncIntent *intent)
{
	json_t *args = json_object();

	set_text(args, "name", intent->patch->value[TASKSYNC_F_NAME]);
	set_text(args, "project_id", intent->patch->value[TASKSYNC_F_PROJECT]);
	set_order(args, "section_order", intent);
	return args;
}

static json_t *
move_section(const TasksyncIntent *intent)
{
	json_t *args = of_object(intent);

	set_text(args, "project_id", intent->patch->value[TASKSYNC_F_PROJECT]);
	return args;
}

static json_t *
add_label(const TasksyncIntent *intent)
{
	json_t *args = json_object();

	set_text(args, "name", intent->patch->value[TASKSYNC_F_NAME]);
	set_if_any(args, "color", intent->patch->value[TASKSYNC_F_COLOR]);
	set_order(args, "item_order", intent);
	return args;
}

static json_t *
rename_label(const TasksyncIntent *intent)
{
	return json_pack("{s:s, s:s}", "name_old", intent->before->value[TASKSYNC_F_NAME], "name_new",
					 intent->patch->value[TASKSYNC_F_NAME]);
}

/*
 * "none" leaves the name on the tasks.  The hub takes it off the tasks that it
 * keeps with commands of their own; "all", the service's default, would also
 * strip it from tasks of other people in shared projects and from projects
 * that are not linked, which nobody asked for.
 */
static json_t *
delete_label(const TasksyncIntent *intent)
{
	json_t *args = of_object(intent);

	set_text(args, "cascade", "none");
	return args;
}

static json_t *
reorder(const TasksyncIntent *intent, const char *list, const char *order)
{
	return json_pack("{s:[{s:s, s:I}]}", list, "id", intent->remote_id, order, order_of(intent));
}

/* one command for all the siblings that get another number */
static json_t *
order_tasks(const TasksyncIntent *intent)
{
	json_t *items = json_array();

	for (int i = 0; i < intent->nranks; i++)
		json_array_append_new(items, json_pack("{s:s, s:I}", "id", intent->ranks[i].remote_id,
											   "child_order",
											   whole_number(intent->ranks[i].rank)));
	return json_pack("{s:o}", "items", items);
}

static json_t *
order_projects(const TasksyncIntent *intent)
{
	return reorder(intent, "projects", "child_order");
}

static json_t *
order_sections(const TasksyncIntent *intent)
{
	return reorder(intent, "sections", "section_order");
}

static json_t *
order_labels(const TasksyncIntent *intent)
{
	return json_pack("{s:{s:I}}", "id_order_mapping", intent->remote_id, order_of(intent));
}

/* ---- which commands an intent needs ---- */

static bool
archives(const TasksyncIntent *intent)
{
	return is_text(intent, TASKSYNC_F_ARCHIVED, "true");
}

/* a new project is not archived, so only a change needs this */
static bool
unarchives(const TasksyncIntent *intent)
{
	return is_text(intent, TASKSYNC_F_ARCHIVED, "false");
}

static bool
changes_name_or_color(const TasksyncIntent *intent)
{
	return has(intent, TASKSYNC_F_NAME) || has(intent, TASKSYNC_F_COLOR);
}

/*
 * Whether label_update carries the new name to the tasks is not promised, so
 * label_rename follows; where it does, there is nothing left to rename.
 */
static bool
renames(const TasksyncIntent *intent)
{
	return has(intent, TASKSYNC_F_NAME) && intent->patch->value[TASKSYNC_F_NAME] != NULL &&
		intent->before != NULL && intent->before->value[TASKSYNC_F_NAME] != NULL &&
		!tasksync_field_equal(intent->patch, intent->before, TASKSYNC_F_NAME);
}

/*
 * Closing is always item_close, with the stored uuid.  item_complete would end
 * a series, and REST's close has no uuid, so that a retry would complete the
 * next occurrence too.
 */
static const Command task_commands[][TODOIST_COMMANDS_PER_INTENT] = {
	[TASKSYNC_OP_CREATE] = {{"item_add", add_task}, {"item_close", of_object, is_done}},
	[TASKSYNC_OP_UPDATE] = {{"item_update", update_task}},
	[TASKSYNC_OP_MOVE] = {{"item_move", move_task}},
	[TASKSYNC_OP_CLOSE] = {{"item_close", of_object}},
	[TASKSYNC_OP_REOPEN] = {{"item_uncomplete", of_object}},
	[TASKSYNC_OP_ORDER] = {{"item_reorder", order_tasks}},
	[TASKSYNC_OP_DELETE] = {{"item_delete", of_object}},
};

static const Command project_commands[][TODOIST_COMMANDS_PER_INTENT] = {
	[TASKSYNC_OP_CREATE] = {{"project_add", add_project}, {"project_archive", of_object, archives}},
	[TASKSYNC_OP_UPDATE] = {{"project_update", update_named, changes_name_or_color},
							{"project_archive", of_object, archives},
							{"project_unarchive", of_object, unarchives}},
	[TASKSYNC_OP_MOVE] = {{"project_move", move_project}},
	[TASKSYNC_OP_ORDER] = {{"project_reorder", order_projects}},
	[TASKSYNC_OP_DELETE] = {{"project_delete", of_object}},
};

static const Command section_commands[][TODOIST_COMMANDS_PER_INTENT] = {
	[TASKSYNC_OP_CREATE] = {{"section_add", add_section}},
	[TASKSYNC_OP_UPDATE] = {{"section_update", update_named}},
	[TASKSYNC_OP_MOVE] = {{"section_move", move_section}},
	[TASKSYNC_OP_ORDER] = {{"section_reorder", order_sections}},
	[TASKSYNC_OP_DELETE] = {{"section_delete", of_object}},
};

static const Command label_commands[][TODOIST_COMMANDS_PER_INTENT] = {
	[TASKSYNC_OP_CREATE] = {{"label_add", add_label}},
	[TASKSYNC_OP_UPDATE] = {{"label_update", update_named},
							{"label_rename", rename_label, renames}},
	[TASKSYNC_OP_ORDER] = {{"label_update_orders", order_labels}},
	[TASKSYNC_OP_DELETE] = {{"label_delete", delete_label}},
};

static const Command *
commands_of(const TasksyncIntent *intent)
{
	const Command *commands = NULL;

	switch (intent->kind)
	{
		case TASKSYNC_PROJECT:
			commands = project_commands[intent->op];
			break;
		case TASKSYNC_SECTION:
			commands = section_commands[intent->op];
			break;
		case TASKSYNC_LABEL:
			commands = label_commands[intent->op];
			break;
		case TASKSYNC_TASK:
			commands = task_commands[intent->op];
			break;
	}
	if (commands == NULL || commands[0].type == NULL)
		elog(ERROR, "todoist has no operation \"%s\" for kind \"%s\"",
			 tasksync_op_name(intent->op), tasksync_kind_name(intent->kind));
	return commands;
}

/* the n-th command that this intent wants; NULL beyond the last */
static const Command *
wanted_command(const TasksyncIntent *intent, int n)
{
	const Command *commands = commands_of(intent);
	int found = 0;

	for (int i = 0; i < TODOIST_COMMANDS_PER_INTENT && commands[i].type != NULL; i++)
	{
		if (commands[i].wanted != NULL && !commands[i].wanted(intent))
			continue;
		if (found++ == n)
			return &commands[i];
	}
	/* an intent without any effect still needs its acknowledgement */
	return found == 0 && n == 0 ? &commands[0] : NULL;
}

int
tasksync_todoist_command_count(const TasksyncIntent *intent)
{
	int count = 0;

	while (count < TODOIST_COMMANDS_PER_INTENT && wanted_command(intent, count) != NULL)
		count++;
	return count;
}

/*
 * Further commands get the intent's id with n added to each hexadecimal digit
 * of its last group: as unique as the id itself, and the same at each resend.
 */
const char *
tasksync_todoist_command_uuid(const TasksyncIntent *intent, int n)
{
	static const char digits[] = "0123456789abcdef";
	char *uuid;

	if (n == 0)
		return intent->id;
	uuid = pstrdup(intent->id);
	for (char *p = uuid + strlen(uuid); p > uuid && p[-1] != '-'; p--)
	{
		const char *digit = strchr(digits, tolower((unsigned char) p[-1]));

		if (digit != NULL && *digit != '\0')
			p[-1] = digits[(digit - digits + n) % 16];
	}
	return uuid;
}

json_t *
tasksync_todoist_command(const TasksyncIntent *intent, int n)
{
	const Command *command = wanted_command(intent, n);
	json_t *json = json_object();

	set_text(json, "type", command->type);
	set_text(json, "uuid", tasksync_todoist_command_uuid(intent, n));
	if (intent->op == TASKSYNC_OP_CREATE && n == 0)
		set_text(json, "temp_id", intent->temp_id);
	json_object_set_new(json, "args", command->args(intent));
	return json;
}
