/*
 * deletion_out.c
 *	  Deletions at the hub on their way to a provider.
 *
 * The proof is the hub's own journal, and the guard is that of deletions which
 * come in.  Sync worker only, inside a transaction of a run.
 */
#include "postgres.h"

#include "base/json.h"
#include "sync/ack.h"
#include "sync/deletion.h"

/*
 * Pending deletions that nobody approved and that no other account has already
 * proved, and the tasks that would remain.
 */
static const char sql_out_counts[] =
	"SELECT count(*) FILTER (WHERE l.state = 'pending_delete' AND NOT EXISTS"
	"  (SELECT FROM tasksync.held_changes h WHERE h.user_id = $1 AND h.account_id = $2"
	"   AND h.hub_id = l.hub_id AND h.remote_id = l.remote_id AND h.direction = 'out'"
	"   AND h.status = 'approved')"
	"  AND NOT EXISTS (SELECT FROM tasksync.graves g JOIN tasksync.accounts a"
	"   ON a.user_id = g.user_id AND a.id = g.account_id"
	"   WHERE g.user_id = $1 AND g.hub_id = l.hub_id AND g.account_id <> $2"
	"   AND g.proof <> 'hub_delete'))::integer,"
	" count(*) FILTER (WHERE l.state = 'live')::integer"
	" FROM tasksync.links l WHERE l.user_id = $1 AND l.account_id = $2 AND l.kind = 'task'";

static const char sql_approved[] =
	"SELECT h.hub_id::text FROM tasksync.held_changes h WHERE h.user_id = $1 AND h.account_id = $2"
	" AND h.direction = 'out' AND h.status = 'approved' AND EXISTS (SELECT FROM tasksync.links l"
	"  WHERE l.user_id = $1 AND l.account_id = $2 AND l.hub_id = h.hub_id"
	"  AND l.remote_id = h.remote_id)";

/* something alive still hangs below it at the provider, as far as we know */
static const char sql_needed[] =
	"SELECT DISTINCT r.hub_id::text FROM jsonb_to_recordset($3) r(hub_id uuid)"
	" JOIN tasksync.links l ON l.user_id = $1 AND l.account_id = $2 AND l.state = 'live'"
	" AND r.hub_id::text IN (l.base ->> 'parent_id', l.base ->> 'section_id', l.base ->> 'project_id')";

/* all that nobody approved, not only what this request looked at */
static const char sql_hold_pending[] =
	"WITH held AS (UPDATE tasksync.links l SET dirty = false WHERE l.user_id = $1"
	"  AND l.account_id = $2 AND l.state = 'pending_delete' AND l.remote_id IS NOT NULL"
	"  AND NOT EXISTS (SELECT FROM tasksync.held_changes h WHERE h.user_id = $1"
	"   AND h.account_id = $2 AND h.hub_id = l.hub_id AND h.remote_id = l.remote_id"
	"   AND h.direction = 'out' AND h.status = 'approved') RETURNING l.kind, l.hub_id, l.remote_id)"
	" INSERT INTO tasksync.held_changes (user_id, account_id, run_id, direction, change, kind,"
	"  hub_id, remote_id, proof, reason)"
	" SELECT $1, $2, $3, 'out', 'delete', kind, hub_id, remote_id, 'hub_delete',"
	"  'many tasks were deleted at the hub at once; approve to delete them at the provider too'"
	" FROM held ON CONFLICT (user_id, account_id, hub_id, direction, change)"
	"  WHERE status = 'held' DO NOTHING";

static void
hold_pending(TasksyncRun *run)
{
	run->counts.held +=
		(int) tasksync_query(sql_hold_pending, "uuu", tasksync_p_uuid(run->user_id),
							 tasksync_p_uuid(run->account_id), tasksync_p_uuid(run->run_id));
	tasksync_deletion_say_held(run);
}

static json_t *
id_set(uint64 rows)
{
	json_t *set = json_object();

	for (uint64 row = 0; row < rows; row++)
		json_object_set_new(set, tasksync_cell_text(row, 1), json_true());
	return set;
}

/* containers after what they contain, parents after their children */
static int
by_kind_downwards(const ListCell *a, const ListCell *b)
{
	return (int) ((TasksyncLink *) lfirst(b))->kind - (int) ((TasksyncLink *) lfirst(a))->kind;
}

/* a subtask goes with its parent; should it stay there after all, the next request names it */
static List *
without_subtasks(List *links)
{
	json_t *named = json_object();
	List *top = NIL;
	ListCell *cell;

	foreach(cell, links)
		json_object_set_new(named, ((TasksyncLink *) lfirst(cell))->hub_id, json_true());
	foreach(cell, links)
	{
		TasksyncLink *link = lfirst(cell);
		const char *parent = link->base->value[TASKSYNC_F_PARENT];

		if (link->kind != TASKSYNC_TASK || parent == NULL ||
			json_object_get(named, parent) == NULL)
			top = lappend(top, link);
	}
	return top;
}

List *
tasksync_deletion_sendable(TasksyncRun *run, List *links)
{
	List *sendable = NIL;
	List *stopped = NIL;
	List *never_created = NIL;
	json_t *approved;
	json_t *needed;
	ListCell *cell;
	bool guarded = false;

	tasksync_query(sql_out_counts, "uu", tasksync_p_uuid(run->user_id),
				   tasksync_p_uuid(run->account_id));
	if (run->guard_out)
	{
		int deletes = (int) tasksync_cell_long(0, 1, 0);

		guarded = tasksync_plan_guard(deletes, deletes + (int) tasksync_cell_long(0, 2, 0));
	}
	approved = id_set(tasksync_query(sql_approved, "uu", tasksync_p_uuid(run->user_id),
									 tasksync_p_uuid(run->account_id)));
	needed = id_set(tasksync_query(sql_needed, "uuj", tasksync_p_uuid(run->user_id),
								   tasksync_p_uuid(run->account_id),
								   tasksync_p_text(tasksync_json_text(tasksync_links_ids(links)))));
	foreach(cell, links)
	{
		TasksyncLink *link = lfirst(cell);

		if (link->remote_id == NULL)
			never_created = lappend(never_created, link);
		else if (guarded && !json_object_get(approved, link->hub_id))
			stopped = lappend(stopped, link);
		else if (!json_object_get(needed, link->hub_id))
			sendable = lappend(sendable, link);
	}
	if (run->provider->caps.closes_descendants)
		sendable = without_subtasks(sendable);
	/* no create of it is under way any more, so there is nothing to delete there */
	tasksync_deletion_bury(run, never_created, "hub_delete");
	if (stopped != NIL)
		hold_pending(run);
	list_sort(sendable, by_kind_downwards);
	return sendable;
}

/*
 * tasksync_deletion_ours picks those of the links of deleted objects that a
 * deletion of ours, of which no answer came, has deleted: their hub objects
 * came back since, and nobody else wants them gone.
 */
List *
tasksync_deletion_ours(TasksyncRun *run, List *links)
{
	List *ours = NIL;
	json_t *sent;
	ListCell *cell;

	if (!run->has_inherited && !run->has_late)
		return NIL;
	sent = id_set(tasksync_query("DELETE FROM tasksync.intents i"
								 " USING jsonb_to_recordset($3) r(hub_id uuid)"
								 " WHERE i.user_id = $1 AND i.account_id = $2"
								 " AND i.hub_id = r.hub_id AND i.op = 'delete'"
								 " RETURNING i.hub_id::text",
								 "uuj", tasksync_p_uuid(run->user_id),
								 tasksync_p_uuid(run->account_id),
								 tasksync_p_text(tasksync_json_text(tasksync_links_ids(links)))));
	foreach(cell, links)
		if (json_object_get(sent, ((TasksyncLink *) lfirst(cell))->hub_id))
			ours = lappend(ours, lfirst(cell));
	return ours;
}

static bool
names(const json_t *rows, const char *hub_id)
{
	size_t i;
	json_t *row;

	json_array_foreach(rows, i, row)
		if (strcmp(tasksync_json_string(row, "hub_id"), hub_id) == 0)
			return true;
	return false;
}

static const char sql_lock_links[] =
	"SELECT FROM tasksync.links l JOIN jsonb_to_recordset($4) r(hub_id uuid) USING (hub_id)"
	" WHERE l.user_id = $1 AND l.account_id = $2 AND $3 IS NOT NULL"
	" ORDER BY l.hub_id FOR UPDATE OF l";

/*
 * tasksync_deletion_done takes in that deletions of ours, rows of "hub_id", were
 * carried out.  What came back to the hub meanwhile, by an edit at another
 * account or by an undo, is made there anew: its link says so, and is locked
 * because the transaction that brings it back may be under way.  So are
 * subtasks that went with their parents; those that did not come back wait for
 * their tombstones.
 */
void
tasksync_deletion_done(TasksyncRun *run, json_t *deleted)
{
	List *dead = NIL;
	List *reborn = NIL;
	TasksyncLink **links;
	json_t *along = json_array();
	int count;

	if (run->provider->caps.closes_descendants)
		along = tasksync_ack_below(run, deleted);
	json_array_extend(along, deleted);
	tasksync_batch(sql_lock_links, run, along);
	links = tasksync_links_read(run, along, &count);
	for (int i = 0; i < count; i++)
	{
		if (links[i]->state == 'd' || links[i]->state == 'x')
		{
			if (names(deleted, links[i]->hub_id))
				dead = lappend(dead, links[i]);
		}
		else
			reborn = lappend(reborn, links[i]);
	}
	tasksync_deletion_bury(run, dead, "hub_delete");
	tasksync_deletion_recreate(run, reborn);
}
