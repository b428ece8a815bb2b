/*
 * pull.c
 *	  Inbound: a whole answer recorded.
 *
 * A large answer is merged in several transactions, parents before children;
 * sync_progress moves with each of them.  The cursor moves in the last one
 * only, so that a crash in between repeats what it already did and finds
 * nothing to change.
 *
 * Sync worker only.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "base/json.h"
#include "base/testpoint.h"
#include "sync/absence.h"
#include "sync/ack.h"
#include "sync/breaker.h"
#include "sync/chunk.h"
#include "sync/deletion.h"
#include "sync/first_link.h"
#include "sync/late.h"
#include "sync/observe.h"
#include "sync/pull.h"
#include "sync/reorder.h"
#include "sync/seen.h"

/* snapshots from the past that one run follows up */
#define MAX_STALE_READS 2

static const char sql_containers[] =
	"INSERT INTO tasksync.containers (user_id, account_id, remote_id, title, parent_remote_id,"
	" is_inbox, is_archived, config)"
	" SELECT $1, $2, r.remote_id, r.title, r.parent, r.is_inbox, r.is_archived,"
	" nullif(r.config, 'null')"
	" FROM jsonb_to_recordset($4) r(remote_id text, title text, parent text, is_inbox boolean,"
	" is_archived boolean, config jsonb) WHERE $3 IS NOT NULL"
	" ON CONFLICT (user_id, account_id, remote_id) DO UPDATE SET title = excluded.title,"
	" parent_remote_id = excluded.parent_remote_id, is_inbox = excluded.is_inbox,"
	" is_archived = excluded.is_archived, config = coalesce(excluded.config, containers.config),"
	" seen_at = now()";

static const char sql_observation[] =
	"INSERT INTO tasksync.observations (user_id, run_id, seq, account_id, requested_at, coverage,"
	" is_stale, items) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";

/* what the provider has, linked or not: list_containers() shows it */
static void
record_containers(TasksyncRun *run, int count, TasksyncObservation **projects)
{
	json_t *rows = json_array();
	json_t *dead = json_array();

	for (int i = 0; i < count; i++)
	{
		TasksyncObservation *project = projects[i];
		const char *archived;

		if (project->state == TASKSYNC_REMOTE_DELETED)
			json_array_append_new(dead, json_pack("{s:s}", "remote_id", project->remote_id));
		if (project->state != TASKSYNC_REMOTE_LIVE ||
			project->record->value[TASKSYNC_F_NAME] == NULL)
			continue;
		archived = project->record->value[TASKSYNC_F_ARCHIVED];
		json_array_append_new(rows, json_pack("{s:s, s:s, s:s?, s:b, s:b, s:O?}", "remote_id",
											  project->remote_id, "title",
											  project->record->value[TASKSYNC_F_NAME], "parent",
											  project->record->value[TASKSYNC_F_PARENT], "is_inbox",
											  project->is_inbox, "is_archived",
											  archived && strcmp(archived, "true") == 0, "config",
											  project->raw));
	}
	tasksync_batch(sql_containers, run, rows);
	tasksync_batch(
		"DELETE FROM tasksync.containers c USING jsonb_to_recordset($4) r(remote_id text)"
		" WHERE c.user_id = $1 AND c.account_id = $2 AND c.remote_id = r.remote_id"
		" AND $3 IS NOT NULL",
		run, dead);
}

/* observations of one kind, the later of two for the same object, parents first */
typedef struct Sorted
{
	TasksyncObservation **items;
	int count;
	json_t *index_of; /* remote id -> position in the answer */
	bool *placed;
} Sorted;

static void
place_with_parents(Sorted *sorted, TasksyncAnswer *answer, int n, int depth)
{
	TasksyncObservation *item = &answer->observations[n];
	const char *parent;

	if (sorted->placed[n])
		return;
	sorted->placed[n] = true;
	parent = item->record ? item->record->value[TASKSYNC_F_PARENT] : NULL;
	/* the depth bound is for nonsense only: providers nest four or five levels */
	if (parent && depth < 100)
	{
		json_t *above = json_object_get(sorted->index_of, parent);

		if (above)
			place_with_parents(sorted, answer, (int) json_integer_value(above), depth + 1);
	}
	sorted->items[sorted->count++] = item;
}

static void
sort_kind(TasksyncAnswer *answer, TasksyncKind kind, Sorted *sorted)
{
	memset(sorted, 0, sizeof(*sorted));
	sorted->items = palloc(sizeof(TasksyncObservation *) * Max(answer->nobservations, 1));
	sorted->placed = palloc0(Max(answer->nobservations, 1));
	sorted->index_of = json_object();
	for (int i = 0; i < answer->nobservations; i++)
	{
		TasksyncObservation *item = &answer->observations[i];
		json_t *earlier;

		if (item->kind != kind)
			continue;
		earlier = json_object_get(sorted->index_of, item->remote_id);
		if (earlier)
			sorted->placed[json_integer_value(earlier)] = true;
		json_object_set_new(sorted->index_of, item->remote_id, json_integer(i));
	}
	for (int i = 0; i < answer->nobservations; i++)
		if (answer->observations[i].kind == kind)
			place_with_parents(sorted, answer, i, 0);
}

/*
 * The remote ids of tombstoned tasks that may live on under another id: the
 * same answer brought a task that looks like them.
 */
static json_t *
perhaps_moved(TasksyncRun *run, TasksyncKind kind, int count, TasksyncObservation *observations,
			  json_t *dead)
{
	json_t *alive = json_array();

	if (kind != TASKSYNC_TASK || json_array_size(dead) == 0)
		return json_object();
	for (int i = 0; i < count; i++)
		if (observations[i].kind == kind && observations[i].state == TASKSYNC_REMOTE_LIVE)
			json_array_append_new(alive, json_string(observations[i].remote_id));
	return json_array_size(alive) > 0 ? tasksync_absence_suspect(run, dead, alive) : json_object();
}

/* one kind's dead among the observations: their links, to be judged by deletion.c */
static void
record_dead(TasksyncRun *run, TasksyncKind kind, int count, TasksyncObservation *observations,
			TasksyncRemoteState state, const char *proof)
{
	json_t *ids = json_array();
	json_t *moved;
	List *links = NIL;
	TasksyncLink **found;
	int nfound;

	for (int i = 0; i < count; i++)
		if (observations[i].kind == kind && observations[i].state == state)
			json_array_append_new(ids, json_string(observations[i].remote_id));
	moved = perhaps_moved(run, kind, count, observations, ids);
	found = tasksync_links_find(run, kind, ids, &nfound);
	for (int i = 0; i < nfound; i++)
		if (found[i]->state != 'h' && json_object_get(moved, found[i]->remote_id) == NULL)
			links = lappend(links, found[i]);
	if (links == NIL)
		return;
	if (!run->row_written)
		tasksync_run_progress(run, "pull", 0, 0);
	tasksync_deletion_record(run, kind, links, proof);
}

/*
 * tasksync_pull_deletions runs after everything alive of the same answer is
 * merged: a task that left a deleted section or parent in time must not die
 * with it.
 */
void
tasksync_pull_deletions(TasksyncRun *run, int count, TasksyncObservation *observations)
{
	static const TasksyncKind order[] = {TASKSYNC_TASK, TASKSYNC_SECTION, TASKSYNC_LABEL,
										 TASKSYNC_PROJECT};

	for (int i = 0; i < (int) lengthof(order); i++)
	{
		record_dead(run, order[i], count, observations, TASKSYNC_REMOTE_DELETED,
					"remote_tombstone");
		record_dead(run, order[i], count, observations, TASKSYNC_REMOTE_GONE, "point_read");
	}
}

bool
tasksync_pull_observations(TasksyncRun *run, TasksyncKind kind, int count,
						   TasksyncObservation **observations)
{
	TasksyncHubChange *changes;
	int nchanges;

	if (count == 0)
		return false;
	if (kind == TASKSYNC_PROJECT)
		record_containers(run, count, observations);
	nchanges = tasksync_observe(run, kind, count, observations, &changes);
	if (nchanges == 0)
		return false;
	if (!run->row_written)
		tasksync_run_progress(run, "pull", 0, 0);
	tasksync_breaker_check(run, nchanges, changes);
	tasksync_hub_apply(run, kind, nchanges, changes);
	tasksync_reorder_hub(run);
	/* containers that were just linked are referred to by what follows */
	if (kind != TASKSYNC_TASK)
		tasksync_refs_load(run);
	return true;
}

/* run->cursor is always one whose read is recorded; between pages another one is carried */
static void
keep_cursor(TasksyncRun *run, const TasksyncAnswer *answer)
{
	run->paging = answer->has_more;
	if (answer->cursor == NULL)
		return;
	if (run->page_cursor)
		pfree(run->page_cursor);
	run->page_cursor = answer->has_more ? MemoryContextStrdup(run->cxt, answer->cursor) : NULL;
	if (!answer->has_more)
		run->cursor = MemoryContextStrdup(run->cxt, answer->cursor);
}

/*
 * What the hub makes of a change may concern this account as well: a subtask
 * that is opened there opens the task above it here.
 */
static void
look_for_dirty(TasksyncRun *run)
{
	if (run->row_written && !run->has_dirty)
		run->has_dirty =
			tasksync_query("SELECT 1 FROM tasksync.links WHERE user_id = $1 AND account_id = $2"
						   " AND dirty AND state <> 'held' LIMIT 1",
						   "uu", tasksync_p_uuid(run->user_id),
						   tasksync_p_uuid(run->account_id)) > 0;
}

/* everything that belongs to the end of a read: in its last transaction */
static void
finish_read(TasksyncRun *run, TasksyncAnswer *answer)
{
	keep_cursor(run, answer);
	if (run->row_written && answer->nobservations > 0)
		tasksync_query(sql_observation, "uuiuTtbi", tasksync_p_uuid(run->user_id),
					   tasksync_p_uuid(run->run_id), tasksync_p_int(++run->observation_seq),
					   tasksync_p_uuid(run->account_id), tasksync_p_time(run->requested_at),
					   tasksync_p_text(answer->coverage == TASKSYNC_COVERS_ALL ? "complete"
																			   : "delta"),
					   tasksync_p_bool(answer->is_stale), tasksync_p_int(answer->nobservations));
	if (answer->has_more)
		return;
	look_for_dirty(run);
	tasksync_query("UPDATE tasksync.schedules SET cursor = $3, last_read_at = $4"
				   " WHERE user_id = $1 AND account_id = $2",
				   "uutT", tasksync_p_uuid(run->user_id), tasksync_p_uuid(run->account_id),
				   tasksync_p_text(run->cursor), tasksync_p_time(run->read_began_at));
	if (answer->coverage == TASKSYNC_COVERS_ALL || run->complete != NIL)
		tasksync_absence_record(run, answer->is_stale);
	tasksync_seen_forget(run);
	if (run->has_inherited || run->has_late)
		tasksync_ack_settle_inherited(run);
	/* the hub's rules may have changed more than was read: they mark it, nobody tells us */
	run->has_dirty |=
		tasksync_query("SELECT 1 FROM tasksync.links WHERE user_id = $1 AND account_id = $2"
					   " AND dirty LIMIT 1",
					   "uu", tasksync_p_uuid(run->user_id), tasksync_p_uuid(run->account_id)) > 0;
	run->last_read_at = run->read_began_at;
	run->read_done = true;
	/* a snapshot from the past: what happened since comes with the next read, or the one after */
	run->wrote_unseen =
		(answer->is_stale && ++run->stale_reads <= MAX_STALE_READS) || run->adopted_edited;
	run->adopted_edited = false;
}

/* nothing was sent and nothing came: the common case costs no transaction */
static bool
is_silent(const TasksyncRun *run, const TasksyncAnswer *answer)
{
	return run->call.nintents == 0 && answer->nobservations == 0 && answer->ncomplete == 0 &&
		   answer->ntroubles == 0 && answer->coverage != TASKSYNC_COVERS_ALL &&
		   (answer->has_more ||
			(run->dead == NIL && run->complete == NIL && run->late == NIL)) &&
		   !run->has_inherited && !run->has_late;
}

static void
record_tasks(TasksyncRun *run, TasksyncAnswer *answer)
{
	Sorted sorted;
	int size;
	int done = 0;

	sort_kind(answer, TASKSYNC_TASK, &sorted);
	size = Min(Max(sorted.count / 10, TASKSYNC_CHUNK_MIN), TASKSYNC_CHUNK_MAX);
	for (;;)
	{
		int chunk = Min(size, sorted.count - done);

		tasksync_pull_observations(run, TASKSYNC_TASK, chunk, sorted.items + done);
		done += chunk;
		if (run->row_written && sorted.count > 0)
			tasksync_run_progress(run, "pull", done, sorted.count);
		if (done >= sorted.count)
			return;
		tasksync_run_commit(run);
		TASKSYNC_TEST_POINT("chunk-committed");
		/* a preview's transaction is still the same one */
		if (!run->pretending)
			tasksync_engine_statistics();
		tasksync_run_begin(run, "record");
	}
}

/* does it place something in a project that this account never told of? */
static bool
names_unknown_project(TasksyncRun *run, const TasksyncAnswer *answer)
{
	json_t *told = json_object();
	json_t *asked = json_array();

	for (int i = 0; i < answer->nobservations; i++)
		if (answer->observations[i].kind == TASKSYNC_PROJECT)
			json_object_set_new(told, answer->observations[i].remote_id, json_true());
	for (int i = 0; i < answer->nobservations; i++)
	{
		const TasksyncObservation *item = &answer->observations[i];
		const char *project = item->record ? item->record->value[TASKSYNC_F_PROJECT] : NULL;

		if (project == NULL || json_object_get(told, project) ||
			tasksync_refs_hub(run, TASKSYNC_PROJECT, project))
			continue;
		json_object_set_new(told, project, json_true());
		json_array_append_new(asked, json_string(project));
	}
	return json_array_size(asked) > 0 &&
		   tasksync_query("SELECT 1 FROM jsonb_array_elements_text($3) x"
						  " WHERE NOT EXISTS (SELECT FROM tasksync.containers c"
						  "  WHERE c.user_id = $1 AND c.account_id = $2 AND c.remote_id = x)"
						  " LIMIT 1",
						  "uuj", tasksync_p_uuid(run->user_id), tasksync_p_uuid(run->account_id),
						  tasksync_p_text(tasksync_json_text(asked))) > 0;
}

/*
 * A change that refers to an unknown project says that we missed something, or
 * that the answer is wrong.  Taking it as a move out of scope would detach the
 * task for good, so nothing of it counts and everything is read again.
 */
static void
read_all_again(TasksyncRun *run)
{
	tasksync_query("UPDATE tasksync.schedules SET cursor = NULL WHERE user_id = $1"
				   " AND account_id = $2",
				   "uu", tasksync_p_uuid(run->user_id), tasksync_p_uuid(run->account_id));
	run->cursor = NULL;
	tasksync_seen_forget(run);
	run->wrote_unseen = true;
	run->error_code = "unknown_project";
	run->error_message =
		"the provider placed something in a project that it never told of; everything was read again";
}

/* what waited for the end of the read, now that it is known which of it the hub has already */
static void
record_first_links(TasksyncRun *run, const TasksyncAnswer *answer)
{
	TasksyncAnswer *deferred = tasksync_first_link_settle(run);

	if (deferred)
		record_tasks(run, deferred);
	if (answer->coverage == TASKSYNC_COVERS_ALL || run->complete != NIL)
		tasksync_first_link_done(run, run->complete);
}

/* containers that cannot be read, or can be again */
static void
record_troubles(TasksyncRun *run, const TasksyncAnswer *answer)
{
	json_t *rows = json_array();

	for (int i = 0; i < answer->ntroubles; i++)
		json_array_append_new(rows, json_pack("{s:s, s:s?, s:s?}", "remote_id",
											  answer->troubles[i].remote_id, "code",
											  answer->troubles[i].code, "message",
											  answer->troubles[i].message));
	tasksync_batch("UPDATE tasksync.containers c SET error_code = r.code, error_message = r.message"
				   " FROM jsonb_to_recordset($4) r(remote_id text, code text, message text)"
				   " WHERE c.user_id = $1 AND c.account_id = $2 AND c.remote_id = r.remote_id"
				   " AND c.error_code IS DISTINCT FROM r.code AND $3 IS NOT NULL",
				   run, rows);
}

/* what the provider made of what was written: no read, so nothing else follows from it */
static void
record_echoes(TasksyncRun *run, TasksyncAnswer *answer)
{
	Sorted sorted;

	run->full_read = false;
	for (int i = 0; i < TASKSYNC_NKINDS; i++)
	{
		sort_kind(answer, (TasksyncKind) i, &sorted);
		tasksync_pull_observations(run, (TasksyncKind) i, sorted.count, sorted.items);
	}
	tasksync_pull_deletions(run, answer->nobservations, answer->observations);
	look_for_dirty(run);
}

/*
 * tasksync_pull_record records a whole answer of the sync phase.
 */
void
tasksync_pull_record(TasksyncRun *run, TasksyncAnswer *answer)
{
	static const TasksyncKind containers[] = {TASKSYNC_PROJECT, TASKSYNC_SECTION, TASKSYNC_LABEL};
	Sorted sorted;

	if (!run->paging)
		run->read_began_at = run->requested_at;
	if (is_silent(run, answer))
	{
		keep_cursor(run, answer);
		if (answer->has_more)
			return;
		tasksync_seen_forget(run);
		run->last_read_at = run->read_began_at;
		run->read_done |= answer->coverage != TASKSYNC_COVERS_NOTHING;
		run->wrote_unseen = false;
		return;
	}
	tasksync_run_begin(run, "record");
	if (run->refs == NULL)
		tasksync_refs_load(run);
	tasksync_ack_record(run, answer);
	record_troubles(run, answer);
	if (answer->coverage == TASKSYNC_COVERS_DELTA && names_unknown_project(run, answer))
		read_all_again(run);
	else if (answer->coverage == TASKSYNC_COVERS_POINT)
		record_echoes(run, answer);
	else if (answer->coverage != TASKSYNC_COVERS_NOTHING)
	{
		tasksync_seen_mark(run, answer);
		run->full_read = answer->coverage == TASKSYNC_COVERS_ALL || answer->is_whole;
		run->counts.read += answer->nobservations;
		run->more_follows = answer->has_more;
		if (!answer->has_more)
			tasksync_late_take(run, answer);
		for (int i = 0; i < (int) lengthof(containers); i++)
		{
			sort_kind(answer, containers[i], &sorted);
			tasksync_pull_observations(run, containers[i], sorted.count, sorted.items);
		}
		tasksync_first_link_defer(run, answer);
		record_tasks(run, answer);
		if (!answer->has_more && !answer->is_stale)
			record_first_links(run, answer);
		tasksync_seen_judge(run, answer);
		finish_read(run, answer);
	}
	tasksync_run_commit(run);
	TASKSYNC_TEST_POINT("answer-recorded");
}
