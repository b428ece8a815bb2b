/*
 * deletion.c
 *	  Deletions at the provider: judged, held, carried out here.
 *
 * A deletion has a proof (a tombstone, or a point read after a full read lacked
 * the object) and still meets three judges: the guard against mass deletions,
 * the edits that the hub made meanwhile, and the route's rule.
 *
 * Sync worker only, inside a transaction of a run.
 */
#include "postgres.h"

#include "base/json.h"
#include "sync/deletion.h"

static const char sql_bury[] =
	"WITH dead AS (DELETE FROM tasksync.links l"
	"  USING jsonb_to_recordset($4) r(hub_id uuid, proof text)"
	" WHERE l.user_id = $1 AND l.account_id = $2 AND l.hub_id = r.hub_id"
	" RETURNING l.hub_id, l.kind, l.remote_id, r.proof)"
	" INSERT INTO tasksync.graves (user_id, account_id, remote_id, kind, hub_id, proof, run_id)"
	" SELECT $1, $2, remote_id, kind, hub_id, proof, $3 FROM dead WHERE remote_id IS NOT NULL"
	" ON CONFLICT (user_id, account_id, kind, remote_id) DO NOTHING";

/* the object is made anew: the old id is dead, the link waits for a new one */
static const char sql_recreate[] =
	"WITH old AS (SELECT l.hub_id, l.kind, l.remote_id FROM tasksync.links l"
	"  JOIN jsonb_to_recordset($4) r(hub_id uuid) ON r.hub_id = l.hub_id"
	"  WHERE l.user_id = $1 AND l.account_id = $2 AND l.remote_id IS NOT NULL),"
	" settled AS (UPDATE tasksync.held_changes h SET status = 'obsolete', decided_at = now()"
	"  FROM old WHERE h.user_id = $1 AND h.account_id = $2 AND h.hub_id = old.hub_id"
	"  AND h.direction = 'in' AND h.status = 'held'),"
	" buried AS (INSERT INTO tasksync.graves (user_id, account_id, remote_id, kind, hub_id, proof, run_id)"
	"  SELECT $1, $2, remote_id, kind, hub_id, 'recreated', $3 FROM old"
	"  ON CONFLICT (user_id, account_id, kind, remote_id) DO NOTHING)"
	" UPDATE tasksync.links l SET remote_id = NULL, state = 'pending_create', base = '{}',"
	"  memo = NULL, raw = NULL, dirty = true, missing_since = NULL FROM old"
	" WHERE l.user_id = $1 AND l.account_id = $2 AND l.hub_id = old.hub_id";

static const char sql_hold[] =
	"WITH held AS (UPDATE tasksync.links l SET state = CASE WHEN r.direction = 'in' THEN 'held' ELSE l.state END,"
	"  dirty = false, missing_since = NULL"
	"  FROM jsonb_to_recordset($4) r(hub_id uuid, direction text) WHERE l.user_id = $1"
	"  AND l.account_id = $2 AND l.hub_id = r.hub_id RETURNING l.hub_id)"
	" INSERT INTO tasksync.held_changes (user_id, account_id, run_id, direction, change, kind, hub_id,"
	"  remote_id, proof, reason)"
	" SELECT $1, $2, $3, r.direction, 'delete', r.kind, r.hub_id, r.remote_id, r.proof, r.reason"
	" FROM jsonb_to_recordset($4) r(hub_id uuid, direction text, kind text, remote_id text, proof text,"
	"  reason text) JOIN held USING (hub_id)"
	" ON CONFLICT (user_id, account_id, hub_id, direction, change) WHERE status = 'held' DO NOTHING";

static const char sql_edited[] =
	"INSERT INTO tasksync.conflicts (user_id, account_id, run_id, kind, hub_id, field, hub, result, rule, status)"
	" SELECT $1, $2, $3, r.kind, r.hub_id, 'deleted', r.hub,"
	"  CASE r.rule WHEN 'edit_wins' THEN r.hub END, r.rule, 'settled'"
	" FROM jsonb_to_recordset($4) r(kind text, hub_id uuid, hub jsonb, rule text)";


void
tasksync_deletion_say_held(TasksyncRun *run)
{
	run->error_code = "changes_held";
	run->error_message =
		"more deletions at once than the guard lets through; see held_changes, then call approve_held() or reject_held()";
}

static void
hold(TasksyncRun *run, List *links, const char *direction, const char *proof, const char *reason)
{
	json_t *rows = json_array();
	ListCell *cell;

	foreach(cell, links)
	{
		TasksyncLink *link = lfirst(cell);

		json_array_append_new(rows, json_pack("{s:s, s:s, s:s, s:s?, s:s?, s:s}", "hub_id",
											  link->hub_id, "direction", direction, "kind",
											  tasksync_kind_name(link->kind), "remote_id",
											  link->remote_id, "proof", proof, "reason", reason));
	}
	tasksync_batch(sql_hold, run, rows);
	run->counts.held += list_length(links);
	tasksync_deletion_say_held(run);
}

void
tasksync_deletion_bury(TasksyncRun *run, List *links, const char *proof)
{
	json_t *rows = json_array();
	ListCell *cell;

	foreach(cell, links)
		json_array_append_new(rows,
							  json_pack("{s:s, s:s}", "hub_id",
										((TasksyncLink *) lfirst(cell))->hub_id, "proof", proof));
	tasksync_batch(sql_bury, run, rows);
}

/* tasks below the given ones: deleted along with them by the provider, or there unseen by it */
static const char sql_subtree[] =
	"WITH RECURSIVE below AS ("
	" SELECT t.id FROM jsonb_to_recordset($4) r(hub_id uuid)"
	"  JOIN tasksync.tasks t ON t.user_id = $1 AND t.parent_id = r.hub_id"
	" UNION SELECT t.id FROM below b JOIN tasksync.tasks t ON t.user_id = $1 AND t.parent_id = b.id)"
	" SELECT b.id::text FROM below b WHERE $2 IS NOT NULL AND $3 IS NOT NULL";

static const char sql_members[] =
	"SELECT t.id::text FROM jsonb_to_recordset($4) r(hub_id uuid)"
	" JOIN tasksync.tasks t ON t.user_id = $1 AND r.hub_id IN (t.project_id, t.section_id)"
	" WHERE $2 IS NOT NULL AND $3 IS NOT NULL";

/* a container's tasks or a task's descendants, with their links in this account */
static List *
links_below(TasksyncRun *run, const char *sql, List *links)
{
	json_t *ids = json_array();
	List *below = NIL;
	TasksyncLink **found;
	uint64 rows;
	int count;

	rows = tasksync_query(sql, "uuuj", tasksync_p_uuid(run->user_id),
						  tasksync_p_uuid(run->account_id), tasksync_p_uuid(run->run_id),
						  tasksync_p_text(tasksync_json_text(tasksync_links_ids(links))));
	for (uint64 row = 0; row < rows; row++)
		json_array_append_new(ids, json_pack("{s:s}", "hub_id", tasksync_cell_text(row, 1)));
	found = tasksync_links_read(run, ids, &count);
	for (int i = 0; i < count; i++)
		below = lappend(below, found[i]);
	return below;
}

static bool
contains(List *links, const char *hub_id)
{
	ListCell *cell;

	foreach(cell, links)
		if (strcmp(((TasksyncLink *) lfirst(cell))->hub_id, hub_id) == 0)
			return true;
	return false;
}

static TasksyncDeleteVerdict
judge(TasksyncRun *run, TasksyncLink *link)
{
	const TasksyncRoute *route;
	TasksyncDeleteVerdict verdict;

	if (link->state == 'c')
		return TASKSYNC_DELETE_LOSES; /* made here since: a new child is an edit */
	if (link->state == 'h')
		return TASKSYNC_DELETE_LOSES; /* nobody approved it: its container goes without it */
	route = tasksync_refs_route(run, link->hub->value[TASKSYNC_F_PROJECT]);
	verdict = tasksync_plan_delete(route ? &route->policy : &run->policy,
								   tasksync_link_out(run, link)->present);
	/* an approval is the answer that the rule "ask" asks for */
	return verdict == TASKSYNC_DELETE_WAITS && run->approving ? TASKSYNC_DELETE_BOTH : verdict;
}

/* a survivor keeps its ancestors: without them it would hang in the air */
static List *
spare_ancestors(List *doomed, List *survivors)
{
	ListCell *cell;

	foreach(cell, survivors)
	{
		TasksyncLink *link = lfirst(cell);
		ListCell *other;

		foreach(other, doomed)
		{
			TasksyncLink *above = lfirst(other);

			if (link->hub->value[TASKSYNC_F_PARENT] &&
				strcmp(above->hub_id, link->hub->value[TASKSYNC_F_PARENT]) == 0)
			{
				doomed = foreach_delete_current(doomed, other);
				survivors = lappend(survivors, above);
			}
		}
	}
	return doomed;
}

void
tasksync_deletion_recreate(TasksyncRun *run, List *links)
{
	tasksync_batch(sql_recreate, run, tasksync_links_ids(links));
	run->has_dirty |= links != NIL;
}

/* what was edited here and deleted there: somebody can read about it, whoever won */
static void
note_edited(TasksyncRun *run, List *links, const char *rule)
{
	json_t *rows = json_array();
	ListCell *cell;

	foreach(cell, links)
	{
		TasksyncLink *link = lfirst(cell);

		json_array_append_new(rows,
							  json_pack("{s:s, s:s, s:o, s:s}", "kind",
										tasksync_kind_name(link->kind), "hub_id", link->hub_id,
										"hub", tasksync_record_to_json(link->hub), "rule",
										rule));
	}
	tasksync_batch(sql_edited, run, rows);
	run->counts.conflicts += list_length(links);
}

static void
edit_wins(TasksyncRun *run, List *survivors)
{
	note_edited(run, survivors, "edit_wins");
	tasksync_deletion_recreate(run, survivors);
}

/* what the route says of a deletion at the provider */
static bool
apply_route_rule(TasksyncRun *run, TasksyncLink *link)
{
	const TasksyncRoute *route = tasksync_refs_route(run, link->hub->value[TASKSYNC_F_PROJECT]);

	if (route == NULL || (route->pulls && route->on_remote_delete == 'p'))
		return false;
	if (route->pulls && route->on_remote_delete == 'c')
		tasksync_query("UPDATE tasksync.tasks SET status = 'done', completed_at = now()"
					   " WHERE user_id = $1 AND id = $2 AND status = 'open'",
					   "uu", tasksync_p_uuid(run->user_id), tasksync_p_uuid(link->hub_id));
	return true;
}

/*
 * with_subtrees adds the tasks that the provider took along with those that it
 * deleted.  What hangs below them at the hub alone was moved there since: the
 * provider still has it, and a child that came is an edit of its parent.
 */
static List *
with_subtrees(TasksyncRun *run, List *links, List **moved_in)
{
	List *dead = list_copy(links);
	ListCell *cell;

	*moved_in = NIL;
	foreach(cell, links_below(run, sql_subtree, links))
	{
		TasksyncLink *link = lfirst(cell);
		const char *parent = link->base->value[TASKSYNC_F_PARENT];

		if (link->state != 'l' || contains(links, link->hub_id) || link->hub == NULL ||
			(parent && contains(dead, parent)))
			dead = lappend(dead, link);
		else if (tasksync_record_has(link->base, TASKSYNC_F_PARENT))
			*moved_in = lappend(*moved_in, link);
	}
	return dead;
}

/* deletes hub tasks whose links say that nothing speaks against it */
static void
delete_tasks(TasksyncRun *run, List *links, const char *proof)
{
	List *doomed = NIL;
	List *survivors = NIL;
	List *gone = NIL;
	List *asked = NIL;
	List *dropped = NIL;
	List *moved_in;
	int nmoved;
	ListCell *cell;

	foreach(cell, with_subtrees(run, links, &moved_in))
	{
		TasksyncLink *link = lfirst(cell);
		TasksyncDeleteVerdict verdict;

		if (contains(doomed, link->hub_id) || contains(survivors, link->hub_id) ||
			contains(asked, link->hub_id) || link->state == 'x' || link->state == 'h')
			continue;
		if (link->hub == NULL || apply_route_rule(run, link))
			gone = lappend(gone, link);
		else if ((verdict = judge(run, link)) == TASKSYNC_DELETE_BOTH)
			doomed = lappend(doomed, link);
		else if (verdict == TASKSYNC_DELETE_WAITS)
			asked = lappend(asked, link);
		else
			survivors = lappend(survivors, link);
	}
	doomed = spare_ancestors(doomed, survivors);
	doomed = spare_ancestors(doomed, asked);
	nmoved = list_length(moved_in);
	doomed = spare_ancestors(doomed, moved_in);
	survivors = list_concat(survivors, list_copy_tail(moved_in, nmoved));
	tasksync_deletion_bury(run, gone, proof);
	if (asked != NIL)
		hold(run, asked, "in", proof,
			 "the provider deleted what was edited here; approve to delete it here too");
	foreach(cell, doomed)
		if (tasksync_plan_delete_costs(tasksync_link_out(run, lfirst(cell))->present))
			dropped = lappend(dropped, lfirst(cell));
	note_edited(run, dropped, "delete_wins");
	tasksync_deletion_bury(run, doomed, proof);
	edit_wins(run, survivors);
	/* what hangs below and is not part of this lives on one level higher */
	tasksync_batch(
		"UPDATE tasksync.tasks t SET parent_id = NULL"
		" FROM jsonb_to_recordset($4) r(hub_id uuid) WHERE t.user_id = $1"
		" AND t.parent_id = r.hub_id AND $2 IS NOT NULL AND $3 IS NOT NULL"
		" AND NOT EXISTS (SELECT FROM jsonb_to_recordset($4) x(hub_id uuid) WHERE x.hub_id = t.id)",
		run, tasksync_links_ids(doomed));
	tasksync_batch(
		"DELETE FROM tasksync.tasks t USING jsonb_to_recordset($4) r(hub_id uuid)"
		" WHERE t.user_id = $1 AND t.id = r.hub_id AND $2 IS NOT NULL AND $3 IS NOT NULL",
		run, tasksync_links_ids(doomed));
	run->counts.deleted += list_length(doomed);
}

/* live tasks of one project in this account */
static int
live_in_project(TasksyncRun *run, const char *project_id)
{
	tasksync_query(
		"SELECT count(*)::integer FROM tasksync.tasks t JOIN tasksync.links l"
		" ON l.user_id = $1 AND l.account_id = $2 AND l.hub_id = t.id AND l.state = 'live'"
		" WHERE t.user_id = $1 AND t.project_id = $3",
		"uuu", tasksync_p_uuid(run->user_id), tasksync_p_uuid(run->account_id),
		tasksync_p_uuid(project_id));
	return (int) tasksync_cell_long(0, 1, 0);
}

/* splits by project; a project from which too much goes at once is held */
static void
guard_tasks(TasksyncRun *run, List *links, const char *proof)
{
	List *free_to_go = NIL;

	while (links != NIL)
	{
		TasksyncLink *first = linitial(links);
		const char *project = first->hub ? first->hub->value[TASKSYNC_F_PROJECT] : NULL;
		List *same = NIL;
		List *rest = NIL;
		ListCell *cell;

		foreach(cell, links)
		{
			TasksyncLink *link = lfirst(cell);
			const char *other = link->hub ? link->hub->value[TASKSYNC_F_PROJECT] : NULL;

			if ((project == NULL && other == NULL) ||
				(project && other && strcmp(project, other) == 0))
				same = lappend(same, link);
			else
				rest = lappend(rest, link);
		}
		if (project && run->guard_in &&
			tasksync_plan_guard(list_length(same), live_in_project(run, project)))
			hold(
				run, same, "in", proof,
				"the provider deleted many tasks of this project at once; approve to delete them here too");
		else
			free_to_go = list_concat(free_to_go, same);
		links = rest;
	}
	if (free_to_go != NIL)
		delete_tasks(run, free_to_go, proof);
}

/*
 * What remains of a dead project moves to the inbox: tasks that were edited
 * here, that it does not know, or that it has somewhere else, where they are
 * still alive.
 */
static const char sql_rescue[] =
	"UPDATE tasksync.tasks t SET project_id = i.id, section_id = NULL, parent_id = NULL"
	" FROM tasksync.projects i, jsonb_to_recordset($4) r(project_id uuid, doomed uuid[])"
	" WHERE i.user_id = $1 AND i.is_inbox AND t.user_id = $1 AND t.project_id = r.project_id"
	" AND t.id <> ALL (r.doomed) AND t.project_id <> i.id AND $2 IS NOT NULL AND $3 IS NOT NULL";

static void
rescue_rest(TasksyncRun *run, TasksyncLink *project, List *doomed)
{
	json_t *ids = json_array();
	json_t *rows = json_array();
	ListCell *cell;

	foreach(cell, doomed)
		json_array_append_new(ids, json_string(((TasksyncLink *) lfirst(cell))->hub_id));
	json_array_append_new(rows, json_pack("{s:s, s:o}", "project_id", project->hub_id, "doomed",
										  ids));
	tasksync_batch(sql_rescue, run, rows);
}

/* in the container here, but as far as we know not there */
static bool
is_elsewhere(const TasksyncLink *link, TasksyncField container, const char *hub_id)
{
	const char *base = link->base->value[container];

	return link->state == 'x' || (link->state == 'l' && (!base || strcmp(base, hub_id) != 0));
}

/* the route was given up at the provider: both sides keep what they have */
static void
unlink_project(TasksyncRun *run, TasksyncLink *project, List *members, List *elsewhere)
{
	ListCell *cell;

	tasksync_deletion_bury(run, lappend(list_copy(members), project), "container_deleted");
	foreach(cell, elsewhere)
	{
		TasksyncLink *link = lfirst(cell);

		link->state = 'x';
		link->dirty = false;
	}
	tasksync_links_write(run, elsewhere);
	tasksync_query("DELETE FROM tasksync.project_links WHERE user_id = $1 AND account_id = $2"
				   " AND project_id = $3",
				   "uuu", tasksync_p_uuid(run->user_id), tasksync_p_uuid(run->account_id),
				   tasksync_p_uuid(project->hub_id));
}

static void
delete_project(TasksyncRun *run, TasksyncLink *project, const char *proof)
{
	const TasksyncRoute *route = tasksync_refs_route(run, project->hub_id);
	List *members = NIL;
	List *elsewhere = NIL;
	List *edited = NIL;
	List *doomed = NIL;
	ListCell *cell;

	foreach(cell, links_below(run, sql_members, list_make1(project)))
	{
		TasksyncLink *link = lfirst(cell);

		if (is_elsewhere(link, TASKSYNC_F_PROJECT, project->hub_id))
			elsewhere = lappend(elsewhere, link);
		else
			members = lappend(members, link);
	}
	if (run->guard_in && tasksync_plan_guard(list_length(members), list_length(members)))
	{
		hold(run, lappend(members, project), "in", proof,
			 "the provider deleted a project with several tasks; approve to delete them here too");
		return;
	}
	if (route && (!route->pulls || route->on_remote_delete != 'p'))
	{
		unlink_project(run, project, members, elsewhere);
		return;
	}
	foreach(cell, members)
	{
		TasksyncLink *link = lfirst(cell);

		if (link->hub && judge(run, link) != TASKSYNC_DELETE_BOTH)
			edited = lappend(edited, link);
		else
			doomed = lappend(doomed, link);
	}
	edit_wins(run, edited);
	rescue_rest(run, project, doomed);
	/* this account is the origin of the move and would not hear of it */
	tasksync_batch("UPDATE tasksync.links l SET dirty = true"
				   " FROM jsonb_to_recordset($4) r(hub_id uuid) WHERE l.user_id = $1"
				   " AND l.account_id = $2 AND l.hub_id = r.hub_id AND l.state = 'live'"
				   " AND $3 IS NOT NULL",
				   run, tasksync_links_ids(elsewhere));
	run->has_dirty |= elsewhere != NIL;
	tasksync_deletion_bury(run, doomed, "container_deleted");
	tasksync_deletion_bury(run, list_make1(project), proof);
	tasksync_query("DELETE FROM tasksync.projects WHERE user_id = $1 AND id = $2", "uu",
				   tasksync_p_uuid(run->user_id), tasksync_p_uuid(project->hub_id));
	run->counts.deleted += list_length(doomed) + 1;
}

/*
 * Tasks that still sit in a dead section, as far as both sides know, went with
 * it: the provider takes them along and need not say so one by one.
 */
static void
delete_section(TasksyncRun *run, TasksyncLink *section, const char *proof)
{
	List *members = NIL;
	ListCell *cell;

	foreach(cell, links_below(run, sql_members, list_make1(section)))
	{
		TasksyncLink *link = lfirst(cell);

		if (link->state == 'l' && !is_elsewhere(link, TASKSYNC_F_SECTION, section->hub_id))
			members = lappend(members, link);
	}
	if (members != NIL)
		guard_tasks(run, members, "container_deleted");
	tasksync_deletion_bury(run, list_make1(section), proof);
	tasksync_query("DELETE FROM tasksync.sections WHERE user_id = $1 AND id = $2", "uu",
				   tasksync_p_uuid(run->user_id), tasksync_p_uuid(section->hub_id));
	run->counts.deleted++;
}

static void
delete_label(TasksyncRun *run, TasksyncLink *label, const char *proof)
{
	tasksync_deletion_bury(run, list_make1(label), proof);
	tasksync_query("DELETE FROM tasksync.labels WHERE user_id = $1 AND id = $2", "uu",
				   tasksync_p_uuid(run->user_id), tasksync_p_uuid(label->hub_id));
	run->counts.deleted++;
}

/*
 * tasksync_deletion_record takes in that the provider deleted these objects.
 */
void
tasksync_deletion_record(TasksyncRun *run, TasksyncKind kind, List *links, const char *proof)
{
	List *alive = NIL;
	List *gone = NIL;
	List *ours;
	ListCell *cell;

	foreach(cell, links)
	{
		TasksyncLink *link = lfirst(cell);

		/* deleted on both sides, or out of scope: nothing is left to decide */
		if (link->hub == NULL || link->state == 'd' || link->state == 'x')
			gone = lappend(gone, link);
		else
			alive = lappend(alive, link);
	}
	tasksync_deletion_bury(run, gone, proof);
	ours = tasksync_deletion_ours(run, alive);
	tasksync_deletion_recreate(run, ours);
	alive = list_difference_ptr(alive, ours);
	if (kind == TASKSYNC_TASK && alive != NIL)
		guard_tasks(run, alive, proof);
	foreach(cell, alive)
	{
		if (kind == TASKSYNC_PROJECT)
			delete_project(run, lfirst(cell), proof);
		else if (kind == TASKSYNC_SECTION)
			delete_section(run, lfirst(cell), proof);
		else if (kind == TASKSYNC_LABEL)
			delete_label(run, lfirst(cell), proof);
	}
	if (kind != TASKSYNC_TASK)
		tasksync_refs_load(run);
	/* what was to go into one of these is somewhere else now, or its place is made anew */
	if (tasksync_query("UPDATE tasksync.links SET dirty = true, error_code = NULL,"
					   " error_message = NULL WHERE user_id = $1 AND account_id = $2"
					   " AND error_code = 'blocked'",
					   "uu", tasksync_p_uuid(run->user_id), tasksync_p_uuid(run->account_id)) > 0)
		run->has_dirty = true;
}
