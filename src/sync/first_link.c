/*
 * first_link.c
 *	  The first whole read of a container whose project has tasks already.
 *
 * Importing what is there and creating what is here would give everybody
 * everything twice.  So the tasks of such a container are put aside until the
 * read is complete and then paired (match.c).  A pair becomes a link without a
 * base, and the merge does what it does without one: an empty side is filled,
 * labels are united, a difference is decided by the rule with a row.  What has
 * several likely counterparts is held until a person says (held_changes, change
 * match).  Nothing is deleted, and nothing of the hub leaves before that
 * (emit.c).
 *
 * Tasks of different containers are never paired, however alike: that would
 * move one of them.
 *
 * Sync worker only.
 */
#include "postgres.h"

#include "utils/hsearch.h"
#include "utils/memutils.h"

#include "base/json.h"
#include "sync/canonical.h"
#include "sync/chunk.h"
#include "sync/first_link.h"
#include "sync/late.h"
#include "sync/match.h"

/* one container's tasks on both sides */
typedef struct Pairing
{
	TasksyncRun *run;
	const TasksyncRoute *route;
	int nhub;
	TasksyncMatchItem *hub;
	int nremote;
	TasksyncMatchItem *remote;
	json_t *links; /* {"hub_id", "remote_id", "state"} */
	json_t *held;  /* {"hub_id", "remote_id", "tier"} */
} Pairing;

/* the hub's tasks of one project that have no counterpart in the account and none on its way */
static const char sql_candidates[] =
	"SELECT t.id::text, tasksync.task_record(t)::text, p.title FROM tasksync.tasks t"
	" LEFT JOIN tasksync.links l ON l.user_id = $1 AND l.account_id = $2 AND l.hub_id = t.id"
	" LEFT JOIN tasksync.tasks p ON p.user_id = $1 AND p.id = t.parent_id"
	" WHERE t.user_id = $1 AND t.project_id = $3"
	"  AND (l.hub_id IS NULL OR (l.state = 'pending_create' AND l.remote_id IS NULL))"
	"  AND NOT EXISTS (SELECT FROM tasksync.intents i WHERE i.user_id = $1"
	"   AND i.account_id = $2 AND i.hub_id = t.id)";

static const char sql_link[] =
	"INSERT INTO tasksync.links AS l (user_id, account_id, kind, hub_id, remote_id, state)"
	" SELECT $1, $2, 'task', r.hub_id, r.remote_id, r.state"
	" FROM jsonb_to_recordset($4) r(hub_id uuid, remote_id text, state text)"
	" WHERE $3 IS NOT NULL ON CONFLICT (user_id, hub_id, account_id) DO UPDATE"
	" SET remote_id = excluded.remote_id, state = excluded.state, base = '{}', dirty = false";

static const char sql_hold[] =
	"INSERT INTO tasksync.held_changes (user_id, account_id, run_id, direction, change, kind,"
	" hub_id, remote_id, proof, reason)"
	" SELECT $1, $2, $3, 'in', 'match', 'task', r.hub_id, r.remote_id, r.tier,"
	"  'several tasks have this title on both sides; approve if these two are the same task,"
	" reject to keep both'"
	" FROM jsonb_to_recordset($4) r(hub_id uuid, remote_id text, tier text)"
	" ON CONFLICT (user_id, account_id, hub_id, direction, change) WHERE status = 'held' DO NOTHING";

/* ---- putting aside ---- */

static const TasksyncRoute *
route_of(TasksyncRun *run, const TasksyncObservation *observation)
{
	return tasksync_refs_route(run,
							   tasksync_refs_hub(run, TASKSYNC_PROJECT,
												 observation->record->value[TASKSYNC_F_PROJECT]));
}

void
tasksync_first_link_defer(TasksyncRun *run, TasksyncAnswer *answer)
{
	int stays = 0;

	if (!run->full_read)
		return;
	for (int i = 0; i < answer->nobservations; i++)
	{
		TasksyncObservation *observation = &answer->observations[i];
		const TasksyncRoute *route = NULL;

		if (observation->kind == TASKSYNC_TASK && observation->state == TASKSYNC_REMOTE_LIVE)
			route = route_of(run, observation);
		if (route && route->needs_match)
		{
			TasksyncObservation *kept = tasksync_observation_keep(run, observation);
			MemoryContext old = MemoryContextSwitchTo(run->cxt);

			run->deferred = lappend(run->deferred, kept);
			MemoryContextSwitchTo(old);
		}
		else
			answer->observations[stays++] = *observation;
	}
	answer->nobservations = stays;
}

/* ---- pairing ---- */

static const TasksyncRecord *
comparable(TasksyncRecord *record)
{
	tasksync_record_drop(record, TASKSYNC_PLACE_FIELDS);
	tasksync_canonicalize(record);
	return record;
}

static void
load_hub(Pairing *pairing)
{
	TasksyncRun *run = pairing->run;
	uint64 rows = tasksync_query(sql_candidates, "uuu", tasksync_p_uuid(run->user_id),
								 tasksync_p_uuid(run->account_id),
								 tasksync_p_uuid(pairing->route->project_id));

	pairing->hub = palloc0(sizeof(TasksyncMatchItem) * Max(rows, 1));
	for (uint64 row = 0; row < rows; row++)
	{
		TasksyncMatchItem *item = &pairing->hub[pairing->nhub];
		const char *text = tasksync_cell_text(row, 2);
		const char *error;
		TasksyncRecord *record =
			tasksync_record_from_json(TASKSYNC_TASK,
									  tasksync_json_parse(text, strlen(text), &error), &error);

		if (record == NULL)
			continue;
		item->id = tasksync_cell_text(row, 1);
		item->parent = tasksync_cell_text(row, 3);
		item->record = comparable(tasksync_lens_project(pairing->route->lens, record));
		pairing->nhub++;
	}
}

/* those of the deferred tasks that belong to this container and are not linked */
static void
load_remote(Pairing *pairing, json_t *linked, json_t *title_of)
{
	ListCell *cell;

	pairing->remote =
		palloc0(sizeof(TasksyncMatchItem) * Max(list_length(pairing->run->deferred), 1));
	foreach(cell, pairing->run->deferred)
	{
		TasksyncObservation *observation = lfirst(cell);
		const char *parent = observation->record->value[TASKSYNC_F_PARENT];
		TasksyncMatchItem *item = &pairing->remote[pairing->nremote];

		if (route_of(pairing->run, observation) != pairing->route ||
			json_object_get(linked, observation->remote_id))
			continue;
		item->id = observation->remote_id;
		item->marker = observation->marker;
		item->parent = parent ? tasksync_json_string(title_of, parent) : NULL;
		item->record = comparable(tasksync_record_share(observation->record));
		pairing->nremote++;
	}
}

static void
take_pairs(Pairing *pairing)
{
	for (int i = 0; i < pairing->nremote; i++)
	{
		TasksyncMatchItem *there = &pairing->remote[i];
		const char *hub_id;

		if (there->other < 0)
			continue;
		hub_id = pairing->hub[there->other].id;
		json_array_append_new(pairing->links,
							  json_pack("{s:s, s:s, s:s}", "hub_id", hub_id, "remote_id", there->id,
										"state", there->review ? "held" : "live"));
		if (!there->review && pairing->run->match_rows)
			json_array_append_new(pairing->run->match_rows,
								  json_pack("{s:s, s:s}", "hub_id", hub_id, "tier",
											tasksync_match_tier_name(there->tier)));
		if (there->review)
			json_array_append_new(pairing->held, json_pack("{s:s, s:s, s:s}", "hub_id", hub_id,
														   "remote_id", there->id, "tier",
														   tasksync_match_tier_name(there->tier)));
	}
}

static json_t *
linked_among(TasksyncRun *run, json_t **title_of)
{
	json_t *ids = json_array();
	json_t *linked = json_object();
	TasksyncLink **links;
	ListCell *cell;
	int count;

	*title_of = json_object();
	foreach(cell, run->deferred)
	{
		TasksyncObservation *observation = lfirst(cell);
		const char *title = observation->record->value[TASKSYNC_F_TITLE];

		json_array_append_new(ids, json_string(observation->remote_id));
		if (title)
			json_object_set_new(*title_of, observation->remote_id, json_string(title));
	}
	links = tasksync_links_find(run, TASKSYNC_TASK, ids, &count);
	for (int i = 0; i < count; i++)
		json_object_set_new(linked, links[i]->remote_id, json_true());
	return linked;
}

static void
pair_all(TasksyncRun *run, json_t *links, json_t *held)
{
	HASH_SEQ_STATUS scan;
	TasksyncRoute *route;
	json_t *title_of;
	json_t *linked = linked_among(run, &title_of);

	hash_seq_init(&scan, run->routes);
	while ((route = hash_seq_search(&scan)) != NULL)
	{
		Pairing pairing = {.run = run, .route = route, .links = links, .held = held};

		if (!route->needs_match)
			continue;
		load_remote(&pairing, linked, title_of);
		if (pairing.nremote == 0)
			continue;
		load_hub(&pairing);
		tasksync_match(pairing.nhub, pairing.hub, pairing.nremote, pairing.remote);
		take_pairs(&pairing);
	}
}

TasksyncAnswer *
tasksync_first_link_settle(TasksyncRun *run)
{
	TasksyncAnswer *answer;
	json_t *links = json_array();
	json_t *held = json_array();
	ListCell *cell;

	if (run->deferred == NIL)
		return NULL;
	if (!run->row_written)
		tasksync_run_progress(run, "match", 0, 0);
	pair_all(run, links, held);
	tasksync_batch(sql_link, run, links);
	tasksync_batch(sql_hold, run, held);
	run->counts.held += (int) json_array_size(held);
	run->counts.matched += (int) (json_array_size(links) - json_array_size(held));

	answer = palloc0(sizeof(TasksyncAnswer));
	answer->observations = palloc(sizeof(TasksyncObservation) * list_length(run->deferred));
	foreach(cell, run->deferred)
		answer->observations[answer->nobservations++] = *(TasksyncObservation *) lfirst(cell);
	run->deferred = NIL;
	return answer;
}

void
tasksync_first_link_done(TasksyncRun *run, List *containers)
{
	json_t *ids = json_array();
	ListCell *cell;

	foreach(cell, containers)
		json_array_append_new(ids, json_string(lfirst(cell)));
	if (tasksync_query("UPDATE tasksync.project_links SET matched_at = now()"
					   " WHERE user_id = $1 AND account_id = $2 AND matched_at IS NULL"
					   " AND remote_id IS NOT NULL AND ($3 OR $4 ? remote_id) RETURNING id",
					   "uubj", tasksync_p_uuid(run->user_id), tasksync_p_uuid(run->account_id),
					   tasksync_p_bool(!run->provider->caps.reads_containers),
					   tasksync_p_text(tasksync_json_text(ids))) > 0)
		tasksync_refs_load(run);
}
