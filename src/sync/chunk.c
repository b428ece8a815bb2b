/*
 * chunk.c
 *	  What is known before a chunk of observations is judged, and the
 *	  provider's references in the hub's terms.
 *
 * Reads with the hub rows locked, a few statements per chunk whatever its
 * size.  Look-ups by a key say LIMIT 1 in a LATERAL: that makes each of them
 * one probe of the index, whatever the planner believes; a join would at times
 * read all of a person's links instead, for every chunk again.
 *
 * Sync worker only, inside a transaction of a run.
 */
#include "postgres.h"

#include "base/json.h"
#include "sync/ack.h"
#include "sync/canonical.h"
#include "sync/chunk.h"

TasksyncLink **
tasksync_links_find(TasksyncRun *run, TasksyncKind kind, json_t *remote_ids, int *count)
{
	json_t *hub_ids = json_array();
	uint64 rows;

	*count = 0;
	if (json_array_size(remote_ids) == 0)
		return NULL;
	rows = tasksync_query("SELECT l.hub_id::text FROM jsonb_array_elements_text($4) x"
						  " CROSS JOIN LATERAL (SELECT * FROM tasksync.links l"
						  "  WHERE l.user_id = $1 AND l.account_id = $2 AND l.kind = $3"
						  "  AND l.remote_id = x LIMIT 1) l",
						  "uutj", tasksync_p_uuid(run->user_id), tasksync_p_uuid(run->account_id),
						  tasksync_p_text(tasksync_kind_name(kind)),
						  tasksync_p_text(tasksync_json_text(remote_ids)));
	for (uint64 row = 0; row < rows; row++)
		json_array_append_new(hub_ids, json_pack("{s:s}", "hub_id", tasksync_cell_text(row, 1)));
	return tasksync_links_read(run, hub_ids, count);
}

/* ---- what the chunk needs to know ---- */

static void
load_places(TasksyncChunk *chunk, json_t *remote_ids)
{
	uint64 rows;

	chunk->place_of = json_object();
	if (json_array_size(remote_ids) == 0)
		return;
	rows = tasksync_query("SELECT l.remote_id, l.hub_id::text, t.project_id::text"
						  " FROM jsonb_array_elements_text($3) x"
						  " CROSS JOIN LATERAL (SELECT * FROM tasksync.links l"
						  "  WHERE l.user_id = $1 AND l.account_id = $2 AND l.kind = 'task'"
						  "  AND l.remote_id = x LIMIT 1) l"
						  " LEFT JOIN LATERAL (SELECT * FROM tasksync.tasks t"
						  "  WHERE t.user_id = $1 AND t.id = l.hub_id LIMIT 1) t ON true"
						  " WHERE t.id IS NOT NULL OR l.state = 'pending_delete'",
						  "uuj", tasksync_p_uuid(chunk->run->user_id),
						  tasksync_p_uuid(chunk->run->account_id),
						  tasksync_p_text(tasksync_json_text(remote_ids)));
	for (uint64 row = 0; row < rows; row++)
		json_object_set_new(chunk->place_of, tasksync_cell_text(row, 1),
							json_pack("{s:s, s:s?}", "hub", tasksync_cell_text(row, 2), "project",
									  tasksync_cell_text(row, 3)));
}

static void
load_graves(TasksyncChunk *chunk, json_t *remote_ids)
{
	uint64 rows;

	chunk->graves = json_object();
	rows = tasksync_query("SELECT g.remote_id FROM jsonb_array_elements_text($4) x"
						  " JOIN tasksync.graves g ON g.user_id = $1 AND g.account_id = $2"
						  " AND g.kind = $3 AND g.remote_id = x",
						  "uutj", tasksync_p_uuid(chunk->run->user_id),
						  tasksync_p_uuid(chunk->run->account_id),
						  tasksync_p_text(tasksync_kind_name(chunk->kind)),
						  tasksync_p_text(tasksync_json_text(remote_ids)));
	for (uint64 row = 0; row < rows; row++)
		json_object_set_new(chunk->graves, tasksync_cell_text(row, 1), json_true());
}

/* hub projects or labels that have no counterpart here yet; two of one name are nobody's */
static void
load_names(TasksyncChunk *chunk)
{
	static const char projects[] =
		"SELECT min(p.id::text), p.name, bool_or(p.is_inbox) FROM tasksync.projects p"
		" WHERE p.user_id = $1 AND NOT EXISTS (SELECT FROM tasksync.links l WHERE l.user_id = $1"
		"  AND l.account_id = $2 AND l.hub_id = p.id AND l.state <> 'pending_create')"
		" GROUP BY p.name HAVING count(*) = 1";
	static const char labels[] =
		"SELECT b.id::text, b.name, false FROM tasksync.labels b"
		" WHERE b.user_id = $1 AND NOT EXISTS (SELECT FROM tasksync.links l WHERE l.user_id = $1"
		"  AND l.account_id = $2 AND l.hub_id = b.id AND l.state <> 'pending_create')";
	uint64 rows;

	chunk->by_name = json_object();
	if (chunk->kind != TASKSYNC_PROJECT && chunk->kind != TASKSYNC_LABEL)
		return;
	rows = tasksync_query(chunk->kind == TASKSYNC_PROJECT ? projects : labels, "uu",
						  tasksync_p_uuid(chunk->run->user_id),
						  tasksync_p_uuid(chunk->run->account_id));
	for (uint64 row = 0; row < rows; row++)
	{
		/* the inbox is found by being the inbox, whatever it is called */
		const char *name = tasksync_cell_bool(row, 3) ? "" : tasksync_cell_text(row, 2);

		json_object_set_new(chunk->by_name, name, json_string(tasksync_cell_text(row, 1)));
	}
}

void
tasksync_chunk_load(TasksyncChunk *chunk, int count, TasksyncObservation **observations)
{
	json_t *ids = json_array();
	json_t *parents = json_array();

	for (int i = 0; i < count; i++)
	{
		const TasksyncRecord *record = observations[i]->record;

		json_array_append_new(ids, json_string(observations[i]->remote_id));
		if (chunk->kind == TASKSYNC_TASK && record && record->value[TASKSYNC_F_PARENT])
			json_array_append_new(parents, json_string(record->value[TASKSYNC_F_PARENT]));
	}
	chunk->links = tasksync_links_find(chunk->run, chunk->kind, ids, &chunk->nlinks);
	chunk->link_of = json_object();
	for (int i = 0; i < chunk->nlinks; i++)
		json_object_set_new(chunk->link_of, chunk->links[i]->remote_id, json_integer(i));
	load_places(chunk, parents);
	load_graves(chunk, ids);
	load_names(chunk);
	if (chunk->run->has_inherited || chunk->run->has_late)
		chunk->open_intents = tasksync_ack_open_intents(chunk->run);
}

/* ---- translation ---- */

/* the link of a task that stays in its project, as far as both sides know */
static bool
stays_in_project(TasksyncChunk *chunk, const char *remote_id, const char *project)
{
	json_t *known = json_object_get(chunk->link_of, remote_id);
	TasksyncLink *link = known ? chunk->links[json_integer_value(known)] : NULL;
	const char *here = link && link->hub ? link->hub->value[TASKSYNC_F_PROJECT] : NULL;

	return here && strcmp(here, project) == 0;
}

/*
 * A subtask follows its parent, which the hub may have moved to another project
 * already.  A section or parent that the hub does not know (archived, or an id
 * that never existed) is no way to say "none": it says nothing, and a linked
 * task keeps its place within its project.
 */
static void
translate_place(TasksyncChunk *chunk, const char *remote_id, TasksyncRecord *record)
{
	TasksyncRun *run = chunk->run;
	const char *section = record->value[TASKSYNC_F_SECTION];
	const char *parent = record->value[TASKSYNC_F_PARENT];
	const char *hub_section = tasksync_refs_hub(run, TASKSYNC_SECTION, section);
	json_t *above = parent ? json_object_get(chunk->place_of, parent) : NULL;
	bool stays = stays_in_project(chunk, remote_id, record->value[TASKSYNC_F_PROJECT]);

	tasksync_record_set(record, TASKSYNC_F_SECTION, hub_section);
	tasksync_record_set(record, TASKSYNC_F_PARENT,
						above ? tasksync_json_string(above, "hub") : NULL);
	if (stays && section && !hub_section)
		tasksync_record_drop(record, TASKSYNC_FIELD_BIT(TASKSYNC_F_SECTION));
	if (stays && parent && !above)
		tasksync_record_drop(record, TASKSYNC_FIELD_BIT(TASKSYNC_F_PARENT));
	if (above)
	{
		const char *project = tasksync_json_string(above, "project");

		if (project && strcmp(project, record->value[TASKSYNC_F_PROJECT]) != 0)
		{
			tasksync_record_set(record, TASKSYNC_F_PROJECT, project);
			tasksync_record_set(record, TASKSYNC_F_SECTION, NULL);
		}
	}
}

/*
 * The record in hub terms and normal form.  NULL if its container is not
 * linked.
 */
TasksyncRecord *
tasksync_chunk_translate(TasksyncChunk *chunk, const TasksyncObservation *observation)
{
	TasksyncRun *run = chunk->run;
	TasksyncRecord *record = tasksync_record_copy(observation->record);

	if (chunk->kind == TASKSYNC_PROJECT && tasksync_record_has(record, TASKSYNC_F_PARENT))
		tasksync_record_set(record, TASKSYNC_F_PARENT,
							tasksync_refs_hub(run, TASKSYNC_PROJECT,
											  record->value[TASKSYNC_F_PARENT]));
	if (chunk->kind == TASKSYNC_SECTION || chunk->kind == TASKSYNC_TASK)
	{
		const char *project =
			tasksync_refs_hub(run, TASKSYNC_PROJECT, record->value[TASKSYNC_F_PROJECT]);

		/* an answer that does not tell the project says nothing about the place */
		if (!tasksync_record_has(record, TASKSYNC_F_PROJECT))
			tasksync_record_drop(record, TASKSYNC_PLACE_FIELDS);
		else if (project == NULL ||
				 (tasksync_refs_route(run, project) == NULL &&
				  (chunk->kind != TASKSYNC_TASK ||
				   !tasksync_refs_is_dying(run, TASKSYNC_PROJECT,
										   observation->record->value[TASKSYNC_F_PROJECT]))))
			return NULL;
		else
		{
			tasksync_record_set(record, TASKSYNC_F_PROJECT, project);
			if (chunk->kind == TASKSYNC_TASK)
				translate_place(chunk, observation->remote_id, record);
		}
	}
	tasksync_canonicalize(record);
	return record;
}

#ifdef TASKSYNC_TESTING
bool
tasksync_chunk_has_title(TasksyncChunk *chunk, const TasksyncRecord *record)
{
	return chunk->kind == TASKSYNC_TASK &&
		   tasksync_query("SELECT 1 FROM tasksync.tasks WHERE user_id = $1 AND title = $2", "ut",
						  tasksync_p_uuid(chunk->run->user_id),
						  tasksync_p_text(record->value[TASKSYNC_F_TITLE])) > 0;
}
#endif

/* ---- what follows ---- */

TasksyncHubChange *
tasksync_chunk_change(TasksyncChunk *chunk, TasksyncLink *link)
{
	TasksyncHubChange *change = &chunk->changes[chunk->nchanges++];

	memset(change, 0, sizeof(*change));
	change->link = link;
	return change;
}

void
tasksync_chunk_remember(TasksyncChunk *chunk, const TasksyncObservation *observation,
						const char *hub_id, const char *project_id)
{
	if (chunk->kind == TASKSYNC_TASK)
		json_object_set_new(chunk->place_of, observation->remote_id,
							json_pack("{s:s, s:s}", "hub", hub_id, "project", project_id));
	else
		tasksync_refs_add(chunk->run, chunk->kind, observation->remote_id, hub_id);
}
