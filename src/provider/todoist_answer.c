/*
 * todoist_answer.c
 *	  The answer of POST /sync: what became of the commands, and what changed.
 *
 * Called for every SYNC call that was answered with success.  Pure, and linear
 * in the size of the answer (n log n for finding doubles).
 *
 * An answer is taken whole or not at all: if any part of the read is not what
 * the service promises, the cursor stays where it is and nothing of it is
 * believed, least of all an absence.
 */
#include "postgres.h"

#include "base/clock.h"
#include "base/json.h"
#include "provider/todoist_answer.h"
#include "provider/todoist_command.h"
#include "provider/todoist_object.h"
#include "provider/todoist_status.h"

/* a snapshot may be this much older than the answer without anybody having edited unseen */
#define SNAPSHOT_AGE_MS 5000

/* tasks last, so that what they refer to has been seen */
static const struct
{
	const char *key;
	TasksyncKind kind;
} resources[] = {
	{"projects", TASKSYNC_PROJECT},
	{"sections", TASKSYNC_SECTION},
	{"labels", TASKSYNC_LABEL},
	{"items", TASKSYNC_TASK},
};

/* ---- acknowledgements ---- */

/* how bad: of an intent with several commands the worst counts */
static const int severity[] = {
	[TASKSYNC_ACK_OK] = 0,	   [TASKSYNC_ACK_GONE] = 1,	  [TASKSYNC_ACK_BLOCKED] = 2,
	[TASKSYNC_ACK_REFUSED] = 3, [TASKSYNC_ACK_REPLAN] = 4, [TASKSYNC_ACK_LATER] = 5,
	[TASKSYNC_ACK_UNKNOWN] = 6,
};

static bool
is_reference(const char *id, const char *temp_id)
{
	return id != NULL && temp_id != NULL && strcmp(id, temp_id) == 0;
}

/* does this intent refer to a create of the same call that did not succeed? */
static bool
lost_its_base(const TasksyncCall *call, int n, const TasksyncAck *acks)
{
	const TasksyncIntent *intent = &call->intents[n];

	for (int i = 0; i < n; i++)
	{
		const char *temp_id = call->intents[i].temp_id;

		if (call->intents[i].op != TASKSYNC_OP_CREATE || acks[i].outcome == TASKSYNC_ACK_OK)
			continue;
		if (is_reference(intent->remote_id, temp_id) ||
			is_reference(intent->patch->value[TASKSYNC_F_PROJECT], temp_id) ||
			is_reference(intent->patch->value[TASKSYNC_F_SECTION], temp_id) ||
			is_reference(intent->patch->value[TASKSYNC_F_PARENT], temp_id))
			return true;
	}
	return false;
}

static void
read_command(const TasksyncCall *call, int n, const json_t *status, TasksyncAnswer *answer,
			 const TasksyncHttpResponse *response, TasksyncAck *ack)
{
	const TasksyncIntent *intent = &call->intents[n];
	const char *word = json_string_value(status);
	TasksyncTodoistError error;

	memset(ack, 0, sizeof(*ack));
	ack->outcome = TASKSYNC_ACK_UNKNOWN;
	if (word != NULL && pg_strcasecmp(word, "ok") == 0)
		ack->outcome = TASKSYNC_ACK_OK;
	if (!tasksync_todoist_read_error(status, &error))
		return;
	ack->outcome = tasksync_todoist_judge(intent, &error);
	ack->code = tasksync_todoist_error_code(&error);
	ack->message = tasksync_todoist_error_message(&error);
	/* what error such a command gets is not documented, but it is not its own fault */
	if ((ack->outcome == TASKSYNC_ACK_REFUSED || ack->outcome == TASKSYNC_ACK_BLOCKED) &&
		lost_its_base(call, n, answer->acks))
		ack->outcome = TASKSYNC_ACK_REPLAN;
	if (ack->outcome == TASKSYNC_ACK_LATER)
		answer->retry_after_ms = Max(answer->retry_after_ms,
									 tasksync_todoist_pause_ms(response, &error));
}

/*
 * The worst of the intent's commands, with two exceptions.  A create counts as
 * done as soon as the object exists, whatever became of closing or archiving
 * it: taking it for refused would leave an object that nobody knows, and it
 * would come back as a twin.  And a label without occurrences to rename is
 * renamed.
 */
static void
read_intent(const TasksyncCall *call, int n, const json_t *statuses,
			const TasksyncHttpResponse *response, TasksyncAnswer *answer)
{
	const TasksyncIntent *intent = &call->intents[n];
	TasksyncAck *ack = &answer->acks[n];
	int count = tasksync_todoist_command_count(intent);

	read_command(call, n, json_object_get(statuses, intent->id), answer, response, ack);
	for (int i = 1; i < count; i++)
	{
		TasksyncAck next;

		read_command(call, n,
					 json_object_get(statuses, tasksync_todoist_command_uuid(intent, i)), answer,
					 response, &next);
		if (intent->op == TASKSYNC_OP_CREATE && next.outcome != TASKSYNC_ACK_UNKNOWN)
			continue;
		if (intent->kind == TASKSYNC_LABEL && next.outcome == TASKSYNC_ACK_GONE)
			continue;
		if (severity[next.outcome] > severity[ack->outcome])
			*ack = next;
	}
}

static void
read_acks(const TasksyncCall *call, const json_t *json, const TasksyncHttpResponse *response,
		  TasksyncAnswer *answer)
{
	const json_t *statuses = json_object_get(json, "sync_status");
	const json_t *mapping = json_object_get(json, "temp_id_mapping");

	for (int i = 0; i < call->nintents; i++)
	{
		const TasksyncIntent *intent = &call->intents[i];

		read_intent(call, i, statuses, response, answer);
		if (intent->op == TASKSYNC_OP_CREATE && intent->temp_id != NULL &&
			answer->acks[i].outcome == TASKSYNC_ACK_OK)
			answer->acks[i].remote_id = tasksync_todoist_id(mapping, intent->temp_id);
	}
}

/* ---- what changed ---- */

/* by id; equal ones in the order in which they came */
static int
compare_observations(const void *a, const void *b)
{
	const TasksyncObservation *left = *(const TasksyncObservation *const *) a;
	const TasksyncObservation *right = *(const TasksyncObservation *const *) b;
	int order = strcmp(left->remote_id, right->remote_id);

	if (order != 0)
		return order;
	return left < right ? -1 : 1;
}

/* of several observations of one object the last one stays; returns how many are left */
static int
drop_doubles(TasksyncObservation *observations, int count)
{
	TasksyncObservation **sorted = palloc(sizeof(*sorted) * Max(count, 1));
	int left = 0;

	for (int i = 0; i < count; i++)
		sorted[i] = &observations[i];
	qsort(sorted, count, sizeof(*sorted), compare_observations);
	for (int i = 0; i + 1 < count; i++)
	{
		if (strcmp(sorted[i]->remote_id, sorted[i + 1]->remote_id) == 0)
			sorted[i]->remote_id = NULL;
	}
	for (int i = 0; i < count; i++)
	{
		if (observations[i].remote_id != NULL)
			observations[left++] = observations[i];
	}
	pfree(sorted);
	return left;
}

/* false if the list is none, or if something in it is no object with an id */
static bool
read_list(const TasksyncCall *call, const json_t *list, TasksyncKind kind, TasksyncAnswer *answer)
{
	TasksyncObservation *first = &answer->observations[answer->nobservations];
	size_t count = json_array_size(list);

	if (!json_is_array(list))
		return false;
	for (size_t i = 0; i < count; i++)
	{
		if (!tasksync_todoist_read_object(kind, json_array_get(list, i), call->zone, &first[i]))
			return false;
	}
	answer->nobservations += drop_doubles(first, (int) count);
	return true;
}

static const json_t *
list_of(const json_t *json, const char *key)
{
	const json_t *list = json_object_get(json, key);

	return json_is_null(list) ? NULL : list;
}

/* returns how many of the lists were there, -1 if one of them is not usable */
static int
read_lists(const TasksyncCall *call, const json_t *json, TasksyncAnswer *answer)
{
	size_t total = 0;
	int lists = 0;

	for (int i = 0; i < (int) lengthof(resources); i++)
		total += json_array_size(list_of(json, resources[i].key));
	answer->observations = palloc(sizeof(TasksyncObservation) * Max(total, 1));
	for (int i = 0; i < (int) lengthof(resources); i++)
	{
		const json_t *list = list_of(json, resources[i].key);

		if (list == NULL)
			continue;
		if (!read_list(call, list, resources[i].kind, answer))
			return -1;
		lists++;
	}
	return lists;
}

/*
 * Of large accounts the service may serve a snapshot that is older than the
 * request.  Both times are the service's own, so nobody's clock matters; if
 * one of them cannot be read, the snapshot proves nothing.
 */
static bool
is_stale_snapshot(const json_t *json, const TasksyncHttpResponse *response)
{
	TimestampTz made;
	TimestampTz answered;

	if (list_of(json, "full_sync_date_utc") == NULL)
		return false;
	if (!tasksync_parse_instant(tasksync_json_string(json, "full_sync_date_utc"), &made) ||
		!tasksync_parse_http_date(response->date, &answered))
		return true;
	return made < answered - (SNAPSHOT_AGE_MS + Max(response->elapsed_ms, 0)) * 1000;
}

/*
 * What the lists prove.  An answer to commands may say full_sync:true without
 * any data, and there is no account without a project (the inbox is one): such
 * a "snapshot" proves nothing, and replacing anything by it would empty the
 * hub.
 */
static void
judge_coverage(const TasksyncCall *call, const json_t *json, int lists,
			   const TasksyncHttpResponse *response, TasksyncAnswer *answer)
{
	bool is_full = tasksync_json_bool(json, "full_sync", false);
	bool has_projects = json_array_size(json_object_get(json, "projects")) > 0;

	if (!is_full && (lists > 0 || call->cursor != NULL))
		answer->coverage = TASKSYNC_COVERS_DELTA;
	else if (is_full && has_projects)
	{
		answer->coverage = TASKSYNC_COVERS_ALL;
		answer->is_stale = list_of(json, "items") == NULL || is_stale_snapshot(json, response);
	}
	else if (call->nintents > 0)
	{
		answer->coverage = TASKSYNC_COVERS_NOTHING;
		answer->nobservations = 0;
	}
	else
		tasksync_todoist_bad_answer(call, answer, "empty_snapshot",
									"Todoist answered a complete read without a single project");
}

static void
read_changes(const TasksyncCall *call, const json_t *json, const TasksyncHttpResponse *response,
			 TasksyncAnswer *answer)
{
	const char *cursor = tasksync_json_string(json, "sync_token");
	int lists = read_lists(call, json, answer);

	if (lists < 0)
		tasksync_todoist_bad_answer(call, answer, "wrong_shape",
									"Todoist sent a list with something else than objects in it");
	else if (cursor == NULL || *cursor == '\0')
		tasksync_todoist_bad_answer(call, answer, "no_sync_token",
									"Todoist answered a read without a sync token");
	else
	{
		judge_coverage(call, json, lists, response, answer);
		/* a token that came without data would skip what happened before it */
		if (answer->outcome == TASKSYNC_OK && answer->coverage != TASKSYNC_COVERS_NOTHING)
			answer->cursor = cursor;
	}
}

void
tasksync_todoist_parse_sync(const TasksyncCall *call, const TasksyncHttpResponse *response,
							TasksyncAnswer *answer)
{
	const char *error;
	json_t *json = tasksync_json_parse(response->body, response->body_length, &error);

	if (json == NULL)
	{
		tasksync_todoist_bad_answer(call, answer, "not_json", error);
		return;
	}
	if (!json_is_object(json) || (json_object_get(json, "sync_token") == NULL &&
								  json_object_get(json, "sync_status") == NULL))
	{
		tasksync_todoist_bad_answer(call, answer, "wrong_shape",
									"the answer is not one of Todoist's sync interface");
		return;
	}
	read_acks(call, json, response, answer);
	if (call->wants_read)
		read_changes(call, json, response, answer);
}
