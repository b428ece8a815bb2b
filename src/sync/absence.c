/*
 * absence.c
 *	  Linked tasks that a full read did not show.
 *
 * Absence is not deletion: a full read leaves out what is completed, archived
 * or no longer shared, and a broken answer leaves out everything.  So an
 * absent task is only marked as missing; then the provider's list of
 * completed tasks is asked, then each remaining task by its id, and what is
 * not found there either is asked for under a new id.  Only then is it a
 * deletion, and it still meets the guard, together with the others of the run.
 *
 * If a read lacked suspiciously much and the first question finds such a task
 * alive, the read itself was wrong: everything is forgotten and read again.
 *
 * Sync worker only.
 */
#include "postgres.h"

#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/json.h"
#include "base/testpoint.h"
#include "sync/absence.h"
#include "sync/deletion.h"
#include "sync/observe.h"
#include "sync/plan.h"
#include "sync/pull.h"

/* the providers bound how far back one question may reach */
#define COMPLETED_WINDOW_DAYS 85

/* the hub ids of the projects whose containers were read completely; NULL = all */
static json_t *
complete_projects(TasksyncRun *run)
{
	json_t *ids = json_array();
	ListCell *cell;

	if (!run->provider->caps.reads_containers)
		return NULL;
	foreach(cell, run->complete)
	{
		const char *hub_id = tasksync_refs_hub(run, TASKSYNC_PROJECT, lfirst(cell));

		if (hub_id)
			json_array_append_new(ids, json_string(hub_id));
	}
	return ids;
}

/*
 * tasksync_absence_record marks what should have been in a whole read, of the
 * account or of the containers in run->complete, and was not.
 */
void
tasksync_absence_record(TasksyncRun *run, bool is_stale)
{
	json_t *absent = json_array();
	json_t *projects = complete_projects(run);
	uint64 rows;
	int live;

	/* what was deleted here and is missing there may have been completed, and edited before that */
	if (!is_stale && (projects == NULL || json_array_size(projects) > 0))
	{
		rows =
			tasksync_query("SELECT hub_id::text, remote_id FROM tasksync.links WHERE user_id = $1"
						   " AND account_id = $2 AND kind = 'task' AND state IN ('live', 'pending_delete')"
						   " AND ($3 OR base ->> 'status' IS DISTINCT FROM 'done')"
						   " AND ($4 IS NULL OR $4 ? (base ->> 'project_id'))",
						   "uubj", tasksync_p_uuid(run->user_id), tasksync_p_uuid(run->account_id),
						   tasksync_p_bool(run->provider->caps.shows_completed),
						   projects ? tasksync_p_text(tasksync_json_text(projects))
									: tasksync_p_null());
		live = (int) rows;
		for (uint64 row = 0; row < rows; row++)
		{
			char key[TASKSYNC_REMOTE_ID_LEN] = {0};

			strlcpy(key, tasksync_cell_text(row, 2), sizeof(key));
			if (run->seen == NULL || hash_search(run->seen, key, HASH_FIND, NULL) == NULL)
				json_array_append_new(absent,
									  json_pack("{s:s}", "hub_id", tasksync_cell_text(row, 1)));
		}
		if (json_array_size(absent) > 0)
		{
			run->suspicious = tasksync_plan_guard((int) json_array_size(absent), live);
			run->has_missing = true;
			run->ask_completed = true;
			tasksync_batch("UPDATE tasksync.links l"
						   " SET missing_since = coalesce(l.missing_since, now())"
						   " FROM jsonb_to_recordset($4) r(hub_id uuid) WHERE l.user_id = $1"
						   " AND l.account_id = $2 AND l.hub_id = r.hub_id AND $3 IS NOT NULL",
						   run, absent);
		}
	}
}

/*
 * tasksync_absence_suspect picks those of the tombstoned tasks that a task just
 * read resembles, and treats them as missing instead of deleted: the provider
 * may have given them another id, and deleting here what was edited here would
 * create it a second time there.
 */
json_t *
tasksync_absence_suspect(TasksyncRun *run, json_t *dead, json_t *alive)
{
	json_t *suspects = json_object();
	uint64 rows = tasksync_query(
		"UPDATE tasksync.links l SET missing_since = coalesce(l.missing_since, now())"
		" FROM jsonb_array_elements_text($3) d"
		" WHERE l.user_id = $1 AND l.account_id = $2 AND l.kind = 'task'"
		" AND l.state = 'live' AND l.remote_id = d AND EXISTS"
		" (SELECT FROM jsonb_array_elements_text($4) a JOIN tasksync.links n"
		"   ON n.user_id = $1 AND n.account_id = $2 AND n.kind = 'task'"
		"   AND n.remote_id = a"
		"  JOIN tasksync.tasks t ON t.user_id = $1 AND t.id = n.hub_id"
		"  WHERE t.version = 1 AND t.title = l.base ->> 'title')"
		" RETURNING l.remote_id",
		"uujj", tasksync_p_uuid(run->user_id), tasksync_p_uuid(run->account_id),
		tasksync_p_text(tasksync_json_text(dead)), tasksync_p_text(tasksync_json_text(alive)));

	for (uint64 row = 0; row < rows; row++)
		json_object_set_new(suspects, tasksync_cell_text(row, 1), json_true());
	run->has_missing |= rows > 0;
	return suspects;
}

/* a list of ids that lives as long as the run */
static void
remember(TasksyncRun *run, List **ids, const char *id)
{
	MemoryContext old = MemoryContextSwitchTo(run->cxt);

	*ids = lappend(*ids, pstrdup(id));
	MemoryContextSwitchTo(old);
}

/*
 * tasksync_absence_doubt picks those of the tombstoned tasks that live here.
 * Where tasks are told container by container, a tombstone may only say that
 * the task left this one, and not every provider shows it in the other one; so
 * they are looked for before anybody believes it.
 */
json_t *
tasksync_absence_doubt(TasksyncRun *run, json_t *dead)
{
	json_t *doubted = json_object();
	uint64 rows =
		tasksync_query("UPDATE tasksync.links l"
					   " SET missing_since = coalesce(l.missing_since, now())"
					   " WHERE l.user_id = $1 AND l.account_id = $2 AND l.kind = 'task'"
					   " AND l.state IN ('live', 'detached') AND $3 ? l.remote_id"
					   " RETURNING l.remote_id",
					   "uuj", tasksync_p_uuid(run->user_id), tasksync_p_uuid(run->account_id),
					   tasksync_p_text(tasksync_json_text(dead)));

	for (uint64 row = 0; row < rows; row++)
	{
		const char *id = tasksync_cell_text(row, 1);

		json_object_set_new(doubted, id, json_true());
		remember(run, &run->gone, id);
	}
	run->has_missing |= rows > 0;
	return doubted;
}

/* the span is the same for every page: the provider may bind a page to the question */
static void
ask_completed(TasksyncRun *run)
{
	TimestampTz now = run->started_at;
	TimestampTz earliest = now - COMPLETED_WINDOW_DAYS * USECS_PER_DAY;

	run->call.type = TASKSYNC_CALL_COMPLETED;
	run->call.since = Max(run->previous_read_at - USECS_PER_DAY, earliest);
	run->call.until = now + USECS_PER_DAY;
	run->call.cursor = run->page_cursor;
}

/* where the account has, or had, the project */
static const char *
container_at(TasksyncRun *run, const char *project_id)
{
	const TasksyncRoute *route =
		run->routes && project_id ? tasksync_refs_route(run, project_id) : NULL;

	return route && route->container_id ? MemoryContextStrdup(run->call_cxt, route->container_id)
										: NULL;
}

static void settle_gone(TasksyncRun *run, TasksyncAnswer *answer);

static json_t *
names_of(List *ids)
{
	json_t *names = json_array();
	ListCell *cell;

	foreach(cell, ids)
		json_array_append_new(names, json_string(lfirst(cell)));
	return names;
}

/* the next missing object that this run has not asked about; false = none */
static bool
ask_point(TasksyncRun *run)
{
	uint64 rows;

	if (run->probes >= TASKSYNC_PROBES_PER_RUN)
		return false;
	tasksync_run_begin(run, "look for missing tasks");
	if (run->provider->caps.reads_containers && run->refs == NULL)
		tasksync_refs_load(run);
	rows = tasksync_query("SELECT remote_id, kind, base ->> 'project_id' FROM tasksync.links"
						  " WHERE user_id = $1"
						  " AND account_id = $2 AND missing_since IS NOT NULL"
						  " AND remote_id COLLATE \"C\" > $3 AND NOT $4 ? remote_id"
						  " ORDER BY remote_id COLLATE \"C\" LIMIT 1",
						  "uutj", tasksync_p_uuid(run->user_id), tasksync_p_uuid(run->account_id),
						  tasksync_p_text(run->last_probed ? run->last_probed : ""),
						  tasksync_p_text(tasksync_json_text(names_of(run->gone))));
	if (rows > 0)
	{
		run->last_probed = MemoryContextStrdup(run->cxt, tasksync_cell_text(0, 1));
		run->call.type = TASKSYNC_CALL_POINT_READ;
		run->call.nremote_ids = 1;
		run->call.remote_ids = palloc(sizeof(char *));
		run->call.remote_ids[0] = run->last_probed;
		tasksync_kind_from_name(tasksync_cell_text(0, 2), &run->call.kind);
		run->call.container_id = container_at(run, tasksync_cell_text(0, 3));
		run->probes++;
	}
	tasksync_run_commit(run);
	if (rows > 0 && TASKSYNC_MUTANT("absence=delete"))
	{
		MemoryContext old = MemoryContextSwitchTo(run->cxt);

		run->gone = lappend(run->gone, run->last_probed);
		MemoryContextSwitchTo(old);
		return ask_point(run);
	}
	return rows > 0;
}

static void
ask_moved(TasksyncRun *run)
{
	ListCell *cell;

	run->call.type = TASKSYNC_CALL_MOVED_IDS;
	run->call.kind = TASKSYNC_TASK;
	run->call.nremote_ids = list_length(run->gone);
	run->call.remote_ids = palloc(sizeof(char *) * run->call.nremote_ids);
	foreach(cell, run->gone)
		run->call.remote_ids[foreach_current_index(cell)] = lfirst(cell);
	run->call.cursor = run->page_cursor;
}

bool
tasksync_absence_next(TasksyncRun *run)
{
	tasksync_run_new_call(run, TASKSYNC_CALL_POINT_READ);

	if (run->phase == TASKSYNC_PHASE_COMPLETED)
	{
		ask_completed(run);
		return true;
	}
	if (ask_point(run))
		return true;
	if (run->gone != NIL && !run->provider->caps.tells_moved_ids)
	{
		TasksyncAnswer nothing = {0};

		settle_gone(run, &nothing);
	}
	if (run->gone == NIL)
	{
		if (run->probes < TASKSYNC_PROBES_PER_RUN)
			run->has_missing = false;
		return false;
	}
	ask_moved(run);
	return true;
}

/* alive although a suspicious read lacked it: that read proves nothing about the others either */
static void
distrust_read(TasksyncRun *run)
{
	tasksync_query("UPDATE tasksync.links SET missing_since = NULL WHERE user_id = $1"
				   " AND account_id = $2 AND missing_since IS NOT NULL",
				   "uu", tasksync_p_uuid(run->user_id), tasksync_p_uuid(run->account_id));
	tasksync_query("UPDATE tasksync.schedules SET cursor = NULL WHERE user_id = $1"
				   " AND account_id = $2",
				   "uu", tasksync_p_uuid(run->user_id), tasksync_p_uuid(run->account_id));
	run->cursor = NULL;
	run->has_missing = false;
	run->error_code = "suspicious_enumeration";
	run->error_message =
		"the provider's full list lacked many tasks that still exist; nothing was deleted, and the list is read again";
	run->phase = TASKSYNC_PHASE_DONE;
}

static void
observed_point(TasksyncRun *run, TasksyncAnswer *answer)
{
	TasksyncObservation *one;
	bool alive;

	if (answer->nobservations == 0)
		return;
	one = &answer->observations[0];
	if (one->state == TASKSYNC_REMOTE_GONE || one->state == TASKSYNC_REMOTE_DELETED)
	{
		remember(run, &run->gone, one->remote_id);
		return;
	}
	tasksync_run_begin(run, "record");
	if (run->refs == NULL)
		tasksync_refs_load(run);
	alive = one->state == TASKSYNC_REMOTE_LIVE && one->kind == TASKSYNC_TASK &&
			one->record->value[TASKSYNC_F_STATUS] != NULL &&
			strcmp(one->record->value[TASKSYNC_F_STATUS], "open") == 0;
	if (run->suspicious && alive)
		distrust_read(run);
	else
	{
		if (one->state == TASKSYNC_REMOTE_LIVE)
		{
			run->has_dirty = false;
			tasksync_pull_observations(run, one->kind, 1, &one);
			run->found_dirty |= run->has_dirty;
		}
		/* seen or hidden: either way not missing any more */
		if (tasksync_query("UPDATE tasksync.links SET missing_since = NULL,"
						   " state = CASE WHEN $4 THEN 'detached' ELSE state END"
						   " WHERE user_id = $1 AND account_id = $2 AND remote_id = $3"
						   " AND missing_since IS NOT NULL RETURNING dirty",
						   "uutb", tasksync_p_uuid(run->user_id), tasksync_p_uuid(run->account_id),
						   tasksync_p_text(one->remote_id),
						   tasksync_p_bool(one->state == TASKSYNC_REMOTE_HIDDEN)) > 0)
			/* its deletion waited for this */
			run->has_dirty |= tasksync_cell_bool(0, 1);
		run->found_dirty |= run->has_dirty;
	}
	tasksync_run_commit(run);
}

/*
 * What was read under the new id before anybody knew that it is an old one: a
 * second task here, which nobody has touched yet.  What hangs below it goes to
 * the first, and it gives its place up.
 */
static const char sql_adopt_children[] =
	"UPDATE tasksync.tasks c SET parent_id = o.hub_id"
	" FROM jsonb_to_recordset($4) r(old text, new text), tasksync.links o, tasksync.links n"
	" WHERE o.user_id = $1 AND o.account_id = $2 AND o.kind = 'task' AND o.remote_id = r.old"
	" AND n.user_id = $1 AND n.account_id = $2 AND n.kind = 'task' AND n.remote_id = r.new"
	" AND c.user_id = $1 AND c.parent_id = n.hub_id AND $3 IS NOT NULL";

static const char sql_drop_twins[] =
	"WITH twin AS (DELETE FROM tasksync.links n USING jsonb_to_recordset($4) r(old text, new text),"
	" tasksync.links o, tasksync.tasks t WHERE o.user_id = $1 AND o.account_id = $2"
	" AND o.kind = 'task' AND o.remote_id = r.old AND n.user_id = $1 AND n.account_id = $2"
	" AND n.kind = 'task' AND n.remote_id = r.new AND t.user_id = $1 AND t.id = n.hub_id"
	" AND t.version = 1 AND $3 IS NOT NULL RETURNING n.hub_id)"
	" DELETE FROM tasksync.tasks t USING twin WHERE t.user_id = $1 AND t.id = twin.hub_id";

/* it stays marked as missing: the next question asks what it is like under its new id */
static const char sql_relink[] =
	"UPDATE tasksync.links l SET remote_id = r.new, missing_since = now(), dirty = true"
	" FROM jsonb_to_recordset($4) r(old text, new text) WHERE l.user_id = $1"
	" AND l.account_id = $2 AND l.kind = 'task' AND l.remote_id = r.old AND $3 IS NOT NULL"
	" AND NOT EXISTS (SELECT FROM tasksync.links n WHERE n.user_id = $1 AND n.account_id = $2"
	"  AND n.kind = 'task' AND n.remote_id = r.new)";

/* the second one has been edited here meanwhile: two tasks they are, and the first is unlinked */
static const char sql_give_up[] =
	"UPDATE tasksync.links l SET state = 'detached', dirty = false, missing_since = NULL"
	" FROM jsonb_to_recordset($4) r(old text, new text) WHERE l.user_id = $1"
	" AND l.account_id = $2 AND l.kind = 'task' AND l.remote_id = r.old AND $3 IS NOT NULL";

/* what the search found alive under its old id, in whichever container */
static void
record_alive(TasksyncRun *run, TasksyncAnswer *answer)
{
	TasksyncObservation **items =
		palloc(sizeof(TasksyncObservation *) * Max(answer->nobservations, 1));
	json_t *ids = json_array();
	int count = 0;
	uint64 rows;

	for (int i = 0; i < answer->nobservations; i++)
		if (answer->observations[i].state == TASKSYNC_REMOTE_LIVE)
		{
			const char *id = answer->observations[i].remote_id;

			items[count++] = &answer->observations[i];
			json_array_append_new(ids, json_string(id));
			remember(run, &run->alive, id);
		}
	if (count == 0)
		return;
	run->has_dirty = false;
	tasksync_pull_observations(run, TASKSYNC_TASK, count, items);
	run->found_dirty |= run->has_dirty;
	rows = tasksync_query("UPDATE tasksync.links SET missing_since = NULL WHERE user_id = $1"
						  " AND account_id = $2 AND kind = 'task' AND missing_since IS NOT NULL"
						  " AND $3 ? remote_id RETURNING dirty",
						  "uuj", tasksync_p_uuid(run->user_id), tasksync_p_uuid(run->account_id),
						  tasksync_p_text(tasksync_json_text(ids)));
	/* deletions that waited for this */
	for (uint64 row = 0; row < rows; row++)
		run->has_dirty |= tasksync_cell_bool(row, 1);
	run->found_dirty |= run->has_dirty;
}

static bool
contains(List *ids, const char *id)
{
	ListCell *cell;

	foreach(cell, ids)
		if (strcmp(lfirst(cell), id) == 0)
			return true;
	return false;
}

static const char *
new_id_of(const TasksyncAnswer *answer, const char *id)
{
	for (int i = 0; i < answer->nobservations; i++)
		if (answer->observations[i].state == TASKSYNC_REMOTE_MOVED_ID &&
			strcmp(answer->observations[i].remote_id, id) == 0)
			return answer->observations[i].new_remote_id;
	return NULL;
}

/* those that live on under a new id are linked to it; the others are deletions now */
static void
judge_gone(TasksyncRun *run, TasksyncAnswer *answer)
{
	json_t *moved = json_array();
	TasksyncObservation *gone = palloc0(sizeof(TasksyncObservation) * list_length(run->gone));
	int ngone = 0;
	ListCell *cell;

	foreach(cell, run->gone)
	{
		const char *new_id = new_id_of(answer, lfirst(cell));

		if (contains(run->alive, lfirst(cell)))
			continue;
		if (new_id)
			json_array_append_new(moved, json_pack("{s:s, s:s}", "old", (char *) lfirst(cell),
												   "new", new_id));
		else
		{
			gone[ngone].kind = TASKSYNC_TASK;
			gone[ngone].remote_id = lfirst(cell);
			gone[ngone++].state = TASKSYNC_REMOTE_GONE;
		}
	}
	tasksync_batch(sql_adopt_children, run, moved);
	tasksync_batch(sql_drop_twins, run, moved);
	tasksync_batch(sql_relink, run, moved);
	tasksync_batch(sql_give_up, run, moved);
	/* an edit that wins over the deletion makes it anew, in this run still */
	run->has_dirty = false;
	tasksync_pull_deletions(run, ngone, gone);
	run->found_dirty |= run->has_dirty;
	if (json_array_size(moved) > 0)
		run->last_probed = NULL;
}

/* the search may take several requests: nobody is dead before its end */
static void
settle_gone(TasksyncRun *run, TasksyncAnswer *answer)
{
	tasksync_run_begin(run, "record");
	if (run->refs == NULL)
		tasksync_refs_load(run);
	record_alive(run, answer);
	if (!answer->has_more)
		judge_gone(run, answer);
	tasksync_run_commit(run);
	run->page_cursor = answer->has_more && answer->cursor
						   ? MemoryContextStrdup(run->cxt, answer->cursor)
						   : NULL;
	if (run->page_cursor == NULL)
		run->gone = run->alive = NIL;
}

void
tasksync_absence_answer(TasksyncRun *run, TasksyncAnswer *answer)
{
	TasksyncObservation **items;

	switch (run->call.type)
	{
		case TASKSYNC_CALL_COMPLETED:
			items = palloc(sizeof(TasksyncObservation *) * Max(answer->nobservations, 1));
			for (int i = 0; i < answer->nobservations; i++)
				items[i] = &answer->observations[i];
			tasksync_run_begin(run, "record");
			if (run->refs == NULL)
				tasksync_refs_load(run);
			tasksync_pull_observations(run, TASKSYNC_TASK, answer->nobservations, items);
			tasksync_run_commit(run);
			run->page_cursor = answer->has_more && answer->cursor
								   ? MemoryContextStrdup(run->cxt, answer->cursor)
								   : NULL;
			if (run->page_cursor == NULL)
			{
				run->ask_completed = false;
				run->phase = TASKSYNC_PHASE_PROBE;
			}
			break;
		case TASKSYNC_CALL_POINT_READ:
			observed_point(run, answer);
			break;
		default:
			settle_gone(run, answer);
			break;
	}
}
