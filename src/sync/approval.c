/*
 * approval.c
 *	  Carries out the deletions that approve_held() let pass.
 *
 * They become ordinary deletions again and go the way of all others, without
 * the guard: what was edited since they were held, or is not named by an
 * approval, survives.  Doing it in approve_held() itself would need these
 * rules a second time, in SQL.
 *
 * Sync worker only, between two requests of a run.
 */
#include "postgres.h"

#include "base/json.h"
#include "sync/chunk.h"
#include "sync/deletion.h"

/* the remote id binds an approval to this deletion: a later one of the same task is another */
static const char sql_take[] =
	"UPDATE tasksync.links l SET state = 'live' FROM tasksync.held_changes h"
	" WHERE l.user_id = $1 AND l.account_id = $2 AND l.state = 'held' AND h.user_id = $1"
	" AND h.account_id = $2 AND h.hub_id = l.hub_id AND h.remote_id = l.remote_id"
	" AND h.direction = 'in' AND h.change = 'delete' AND h.status = 'approved'"
	" RETURNING l.kind, l.remote_id";

/* those of one kind that the deletion of their container has not settled already */
static void
carry_out(TasksyncRun *run, TasksyncKind kind, json_t *remote_ids)
{
	List *links = NIL;
	TasksyncLink **found;
	int count;

	found = tasksync_links_find(run, kind, remote_ids, &count);
	for (int i = 0; i < count; i++)
		links = lappend(links, found[i]);
	if (links != NIL)
		tasksync_deletion_record(run, kind, links, "approved");
}

/*
 * tasksync_deletion_approved runs before the first request of a run, so that
 * what survives is made anew by the same run.
 */
void
tasksync_deletion_approved(TasksyncRun *run)
{
	static const TasksyncKind order[] = {TASKSYNC_PROJECT, TASKSYNC_SECTION, TASKSYNC_LABEL,
										 TASKSYNC_TASK};
	json_t *remote_ids[TASKSYNC_NKINDS];
	bool guard_in = run->guard_in;
	uint64 rows;

	for (int i = 0; i < TASKSYNC_NKINDS; i++)
		remote_ids[i] = json_array();
	tasksync_run_begin(run, "approve");
	tasksync_run_progress(run, "pull", 0, 0);
	tasksync_refs_load(run);
	rows = tasksync_query(sql_take, "uu", tasksync_p_uuid(run->user_id),
						  tasksync_p_uuid(run->account_id));
	for (uint64 row = 0; row < rows; row++)
	{
		TasksyncKind kind;

		if (tasksync_kind_from_name(tasksync_cell_text(row, 1), &kind))
			json_array_append_new(remote_ids[kind], json_string(tasksync_cell_text(row, 2)));
	}
	run->approving = true;
	run->guard_in = false;
	for (int i = 0; i < (int) lengthof(order); i++)
		carry_out(run, order[i], remote_ids[order[i]]);
	run->guard_in = guard_in;
	run->approving = false;
	run->has_approved = false;
	tasksync_run_commit(run);
}
