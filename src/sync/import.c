/*
 * import.c
 *	  Objects that the provider shows and no link knows: found again, matched by
 *	  name, or new.
 *
 * Called by observe.c for one chunk of observations.  Sync worker only, inside
 * a transaction of a run.
 */
#include "postgres.h"

#include "base/json.h"
#include "base/testpoint.h"
#include "sync/ack.h"
#include "sync/canonical.h"
#include "sync/chunk.h"
#include "sync/clocks.h"
#include "sync/import.h"
#include "sync/reorder.h"

/* how much earlier than our request the provider's clock may place what the request created */
#define ADOPTION_SKEW_MS 120000

/*
 * A task that is new or edited there, inside of something that the hub deleted
 * and the provider still has: it comes to the inbox here, and the base says
 * where it is there, so that it is moved before the container is deleted.
 */
void
tasksync_import_place(TasksyncChunk *chunk, TasksyncLink *link,
					  const TasksyncObservation *observation, const TasksyncRecord *record)
{
	static const char sql_inbox[] =
		"SELECT id::text FROM tasksync.projects WHERE user_id = $1 AND is_inbox";
	TasksyncRun *run = chunk->run;
	TasksyncRecord *hub = tasksync_record_copy(record);
	const char *parent = observation->record->value[TASKSYNC_F_PARENT];
	json_t *above = parent ? json_object_get(chunk->place_of, parent) : NULL;
	bool orphan = above && tasksync_json_string(above, "project") == NULL;
	const TasksyncRoute *route = tasksync_refs_route(run, record->value[TASKSYNC_F_PROJECT]);

	link->hub = hub;
	link->base = tasksync_lens_project(tasksync_link_lens(run, link), record);
	if (link->kind != TASKSYNC_TASK)
		return;
	if (orphan)
		tasksync_record_set(hub, TASKSYNC_F_PARENT, NULL);
	if (tasksync_refs_is_dying(run, TASKSYNC_SECTION,
							   observation->record->value[TASKSYNC_F_SECTION]))
		tasksync_record_set(hub, TASKSYNC_F_SECTION, NULL);
	if (route == NULL && tasksync_query(sql_inbox, "u", tasksync_p_uuid(run->user_id)) > 0)
	{
		tasksync_record_set(hub, TASKSYNC_F_PROJECT, tasksync_cell_text(0, 1));
		tasksync_record_set(hub, TASKSYNC_F_SECTION, NULL);
		tasksync_record_set(hub, TASKSYNC_F_PARENT, NULL);
		route = tasksync_refs_route(run, hub->value[TASKSYNC_F_PROJECT]);
		/* without an inbox in this account it stays at the hub alone */
		if (route == NULL)
			link->state = 'x';
	}
	link->dirty = route && route->pushes && tasksync_link_out(run, link)->present != 0;
	run->has_dirty |= link->dirty;
}

/* a create whose answer was lost, found by what it sent */
static TasksyncOpenIntent *
find_lost_create(TasksyncChunk *chunk, const TasksyncObservation *observation,
				 const TasksyncRecord *record)
{
	TimestampTz born =
		tasksync_clock_ours(chunk->run, observation->created_at != 0 ? observation->created_at
																	 : observation->edited_at);
	char *fingerprint = NULL;
	ListCell *cell;

	foreach(cell, chunk->open_intents)
	{
		TasksyncOpenIntent *intent = lfirst(cell);

		if (intent->op != TASKSYNC_OP_CREATE || intent->kind != chunk->kind || intent->settled)
			continue;
		/* where the provider keeps our id for us there is no guessing */
		if (observation->marker)
		{
			if (strcmp(observation->marker, intent->hub_id) == 0)
				return intent;
			continue;
		}
		/* what was changed last before we sent anything was there before, too */
		if (born != 0 && born < intent->first_sent_at - ADOPTION_SKEW_MS * INT64CONST(1000))
			continue;
		if (fingerprint == NULL)
			fingerprint = tasksync_fingerprint(record);
		if (strcmp(fingerprint, tasksync_fingerprint(intent->patch)) == 0)
			return intent;
	}
	return NULL;
}

/* the hub's own project or label that this one is the counterpart of, or NULL */
static const char *
find_namesake(TasksyncChunk *chunk, const TasksyncObservation *observation,
			  const TasksyncRecord *record)
{
	const char *key = observation->is_inbox ? "" : record->value[TASKSYNC_F_NAME];
	const char *hub_id = key ? tasksync_json_string(chunk->by_name, key) : NULL;

	if (hub_id == NULL)
		return NULL;
	/* a copy: taking the name off the list frees the list's own */
	hub_id = pstrdup(hub_id);
	json_object_del(chunk->by_name, key);
	return hub_id;
}

static bool
wants_import(TasksyncChunk *chunk, const TasksyncObservation *observation)
{
	TasksyncRun *run = chunk->run;
	const char *archived;

	if (json_object_get(chunk->graves, observation->remote_id) &&
		!TASKSYNC_MUTANT("tombstone GC by age only"))
		return false;
	switch (chunk->kind)
	{
		case TASKSYNC_PROJECT:
			archived = observation->record->value[TASKSYNC_F_ARCHIVED];
			return run->link_all && !(archived && strcmp(archived, "true") == 0);
		case TASKSYNC_LABEL:
			return run->link_all || run->has_links;
		default:
			return true;
	}
}

/*
 * Done before the two were linked?  A read that overlaps with the one before
 * shows such again; a stamp is as precise as the provider keeps it.
 */
static bool
is_history(const TasksyncRun *run, const TasksyncRoute *route,
		   const TasksyncObservation *observation)
{
	int64 precision = run->provider->caps.edit_precision_ms * INT64CONST(1000);

	return run->full_read ||
		   (run->provider->caps.reads_containers && route && observation->edited_at != 0 &&
			tasksync_clock_ours(run, observation->edited_at) + precision < route->linked_at);
}

/*
 * May it become a new hub object?  History may not, only what is completed from
 * now on; nor may what the answer told only in part.
 */
static bool
is_importable(TasksyncChunk *chunk, const TasksyncObservation *observation,
			  const TasksyncRecord *record)
{
	const TasksyncRoute *route = tasksync_refs_route(chunk->run, record->value[TASKSYNC_F_PROJECT]);
	const char *status = record->value[TASKSYNC_F_STATUS];
	TasksyncField name = chunk->kind == TASKSYNC_TASK ? TASKSYNC_F_TITLE : TASKSYNC_F_NAME;

	if (record->value[name] == NULL)
		return false;
	if ((chunk->kind == TASKSYNC_TASK || chunk->kind == TASKSYNC_SECTION) &&
		(record->value[TASKSYNC_F_PROJECT] == NULL || (route && !route->pulls)))
		return false;
	return tasksync_refs_carries(chunk->run, record) &&
		   !(status && strcmp(status, "done") == 0 && is_history(chunk->run, route, observation));
}

/*
 * tasksync_import takes in what is not linked: a lost create, the counterpart of
 * a project or label of the hub, or a new object.
 */
void
tasksync_import(TasksyncChunk *chunk, const TasksyncObservation *observation)
{
	TasksyncRun *run = chunk->run;
	TasksyncRecord *record;
	TasksyncOpenIntent *intent;
	TasksyncHubChange *change;
	TasksyncLink *link;
	const char *namesake;

	if (!wants_import(chunk, observation))
		return;
	record = tasksync_chunk_translate(chunk, observation);
	if (record == NULL)
		return;
	intent = find_lost_create(chunk, observation, record);
	if (intent)
	{
		/* known by our id, and edited since it was made: the next read tells what it is now */
		bool edited =
			observation->edited_at > observation->created_at &&
			strcmp(tasksync_fingerprint(record), tasksync_fingerprint(intent->patch)) != 0;

		run->adopted_edited |= edited;
		tasksync_ack_adopt(run, intent, observation->remote_id, !edited);
		/* its own children may be lost creates, too: they are known by their parent */
		if (chunk->kind == TASKSYNC_TASK)
			tasksync_chunk_remember(chunk, observation, intent->hub_id,
									record->value[TASKSYNC_F_PROJECT]);
		return;
	}
	if (!is_importable(chunk, observation, record))
		return;
#ifdef TASKSYNC_TESTING
	if (TASKSYNC_MUTANT("dedupe by title") && tasksync_chunk_has_title(chunk, record))
		return;
#endif
	namesake = find_namesake(chunk, observation, record);
	if (namesake && observation->is_inbox)
		tasksync_record_drop(record, TASKSYNC_FIELD_BIT(TASKSYNC_F_NAME));
	link = palloc0(sizeof(TasksyncLink));
	link->kind = chunk->kind;
	link->hub_id = namesake ? namesake : tasksync_uuid_new();
	link->remote_id = observation->remote_id;
	link->state = 'l';
	link->raw = observation->raw;
	link->remote_edited_at = observation->edited_at;
	tasksync_import_place(chunk, link, observation, record);
	change = tasksync_chunk_change(chunk, link);
	change->inserts = namesake == NULL;
	change->inserts_link = true;
	change->created_at = observation->created_at;
	if (chunk->kind == TASKSYNC_PROJECT)
	{
		change->container_id = observation->remote_id;
		change->is_inbox = observation->is_inbox && namesake == NULL;
	}
	tasksync_chunk_remember(chunk, observation, link->hub_id, link->hub->value[TASKSYNC_F_PROJECT]);
	tasksync_reorder_new(run, link);
}
