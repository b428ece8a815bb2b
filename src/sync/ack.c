/*
 * ack.c
 *	  What became of the intents that were sent.
 *
 * The base of a link moves only here (an acknowledgement) and in observe.c (an
 * observation).  An acknowledgement says that the provider took what was sent;
 * what it made of it is told by the echo, which the same answer usually
 * carries and observe.c compares with what is remembered here.
 *
 * Sync worker only.
 */
#include "postgres.h"

#include "utils/hsearch.h"
#include "utils/memutils.h"

#include "base/json.h"
#include "base/testpoint.h"
#include "sync/ack.h"
#include "sync/deletion.h"
#include "sync/link.h"
#include "sync/reorder.h"

/* ---- what was acknowledged and not seen yet ---- */

static TasksyncSent *
sent_entry(TasksyncRun *run, const char *hub_id, HASHACTION action)
{
	char key[TASKSYNC_UUID_LEN] = {0};
	bool found;
	TasksyncSent *sent;

	if (run->sent == NULL)
	{
		HASHCTL ctl = {0};

		ctl.keysize = TASKSYNC_UUID_LEN;
		ctl.entrysize = sizeof(TasksyncSent);
		ctl.hcxt = run->cxt;
		run->sent = hash_create("tasksync sent", 128, &ctl, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	}
	strlcpy(key, hub_id, sizeof(key));
	sent = hash_search(run->sent, key, action, &found);
	if (action == HASH_ENTER && !found)
	{
		sent->record = NULL;
		sent->closed = false;
		sent->was_unknown = false;
	}
	return sent;
}

TasksyncSent *
tasksync_ack_sent(TasksyncRun *run, const char *hub_id)
{
	return run->sent ? sent_entry(run, hub_id, HASH_FIND) : NULL;
}

void
tasksync_ack_seen(TasksyncRun *run, const char *hub_id)
{
	if (run->sent)
		sent_entry(run, hub_id, HASH_REMOVE);
}

void
tasksync_ack_remember(TasksyncRun *run, const char *hub_id, const TasksyncRecord *record,
					  bool closed, bool was_unknown)
{
	TasksyncSent *sent = sent_entry(run, hub_id, HASH_ENTER);
	MemoryContext old = MemoryContextSwitchTo(run->cxt);

	if (sent->record == NULL)
		sent->record = tasksync_record_new(record->kind);
	tasksync_record_take(sent->record, tasksync_record_copy(record), record->present);
	sent->closed |= closed;
	sent->was_unknown |= was_unknown;
	MemoryContextSwitchTo(old);
}

/* ---- acknowledgements ---- */

/* what an answer settles, collected before anything is written */
typedef struct AckBatch
{
	TasksyncRun *run;
	json_t *done;     /* {"id"} of intents to delete */
	json_t *unknown;  /* {"id"} of intents to send again */
	json_t *unmapped; /* {"id"}: accepted, but only a read can tell the rest */
	json_t *refused;  /* {"hub_id", "code", "message"} */
	json_t *gone;     /* {"hub_id"}: look what happened to it */
	json_t *deleted;  /* {"hub_id"} */
	json_t *closed;   /* {"hub_id"} of completed tasks */
	json_t *labels;   /* {"old", "new"} */
	json_t *touched;  /* {"hub_id"} of links whose base moves */
	json_t *created;  /* {"hub_id", "remote_id"} */
	json_t *moved;    /* {"hub_id", "kind", "old", "new"} */
	bool containers;  /* some of the created ones are */
} AckBatch;

static json_t *
intent_row(const TasksyncIntent *intent)
{
	return json_pack("{s:s}", "id", intent->id);
}

/* accepted, but the answer alone does not say what the object is now */
static void
ack_unmapped(AckBatch *batch, const TasksyncIntent *intent)
{
	json_array_append_new(batch->unmapped, intent_row(intent));
	batch->run->has_inherited = true;
}

static bool
completes_occurrence(const TasksyncIntent *intent)
{
	return intent->op == TASKSYNC_OP_CLOSE && intent->before &&
		   intent->before->value[TASKSYNC_F_RECURRENCE] != NULL;
}

static void
ack_ok(AckBatch *batch, const TasksyncIntent *intent, const TasksyncAck *ack,
	   const TasksyncRecord *hub_patch)
{
	TasksyncRun *run = batch->run;

	run->counts.pushed++;
	if (intent->op == TASKSYNC_OP_CREATE && ack->remote_id == NULL)
	{
		ack_unmapped(batch, intent);
		return;
	}
	if (completes_occurrence(intent))
	{
		/* one occurrence is done, not the task: only the echo can tell the next date */
		tasksync_ack_remember(run, intent->hub_id, tasksync_record_new(intent->kind), true, false);
		ack_unmapped(batch, intent);
		return;
	}
	json_array_append_new(batch->done, intent_row(intent));
	if (intent->op == TASKSYNC_OP_DELETE)
	{
		json_array_append_new(batch->deleted, json_pack("{s:s}", "hub_id", intent->hub_id));
		return;
	}
	if (intent->op == TASKSYNC_OP_CREATE)
	{
		json_array_append_new(batch->created, json_pack("{s:s, s:s, s:s}", "hub_id", intent->hub_id,
														"kind", tasksync_kind_name(intent->kind),
														"remote_id", ack->remote_id));
		batch->containers |= intent->kind != TASKSYNC_TASK;
	}
	if (intent->op == TASKSYNC_OP_MOVE && ack->remote_id &&
		strcmp(ack->remote_id, intent->remote_id) != 0)
		json_array_append_new(batch->moved,
							  json_pack("{s:s, s:s, s:s, s:s}", "hub_id", intent->hub_id, "kind",
										tasksync_kind_name(intent->kind), "old", intent->remote_id,
										"new", ack->remote_id));
	if (intent->kind == TASKSYNC_LABEL && intent->op == TASKSYNC_OP_UPDATE && intent->before &&
		tasksync_record_has(hub_patch, TASKSYNC_F_NAME) && intent->before->value[TASKSYNC_F_NAME])
		json_array_append_new(batch->labels,
							  json_pack("{s:s, s:s}", "old", intent->before->value[TASKSYNC_F_NAME],
										"new", hub_patch->value[TASKSYNC_F_NAME]));
	if (intent->op == TASKSYNC_OP_CLOSE)
		json_array_append_new(batch->closed, json_pack("{s:s}", "hub_id", intent->hub_id));
	tasksync_ack_remember(run, intent->hub_id, hub_patch, false, intent->is_resend);
	json_array_append_new(batch->touched, json_pack("{s:s}", "hub_id", intent->hub_id));
}

static void
ack_one(AckBatch *batch, TasksyncAnswer *answer, const TasksyncIntent *intent,
		const TasksyncAck *ack, const TasksyncRecord *hub_patch)
{
	if (tasksync_reorder_acked(batch->run, intent, ack->outcome))
	{
		json_array_append_new(batch->done, intent_row(intent));
		return;
	}
	switch (ack->outcome)
	{
		case TASKSYNC_ACK_OK:
			ack_ok(batch, intent, ack, hub_patch);
			break;
		case TASKSYNC_ACK_GONE:
			if (intent->op == TASKSYNC_OP_DELETE)
			{
				ack_ok(batch, intent, ack, hub_patch);
				break;
			}
			json_array_append_new(batch->gone, json_pack("{s:s}", "hub_id", intent->hub_id));
			json_array_append_new(batch->done, intent_row(intent));
			batch->run->has_missing = true;
			break;
		case TASKSYNC_ACK_BLOCKED:
			json_array_append_new(batch->done, intent_row(intent));
			json_array_append_new(batch->refused,
								  json_pack("{s:s, s:s, s:s}", "hub_id", intent->hub_id, "code",
											"blocked", "message",
											"waits for what it belongs to, which the provider does not have any more"));
			break;
		case TASKSYNC_ACK_REFUSED:
			batch->run->counts.refused++;
			json_array_append_new(batch->done, intent_row(intent));
			json_array_append_new(batch->refused,
								  json_pack("{s:s, s:s, s:s?}", "hub_id", intent->hub_id, "code",
											ack->code ? ack->code : "refused", "message",
											ack->message));
			break;
		case TASKSYNC_ACK_LATER:
			/* sent before: that first sending is not what this is about */
			json_array_append_new(intent->is_resend ? batch->unknown : batch->done,
								  intent_row(intent));
			tasksync_run_stop(batch->run, ack->code ? ack->code : "rate_limited",
							  ack->message ? ack->message : "the provider asked to come back later",
							  answer->retry_after_ms);
			break;
		case TASKSYNC_ACK_REPLAN:
			json_array_append_new(batch->done, intent_row(intent));
			break;
		case TASKSYNC_ACK_UNKNOWN:
			json_array_append_new(batch->unknown, intent_row(intent));
			batch->run->has_inherited = true;
			break;
	}
}

/* the patches as they were committed: in hub terms */
static TasksyncRecord **
load_hub_patches(TasksyncRun *run)
{
	TasksyncRecord **patches = palloc0(sizeof(TasksyncRecord *) * (run->call.nintents + 1));
	json_t *ids = json_array();
	uint64 rows;

	for (int i = 0; i < run->call.nintents; i++)
		json_array_append_new(ids, json_string(run->call.intents[i].id));
	rows = tasksync_query("SELECT x.n::integer - 1, i.patch::text"
						  " FROM jsonb_array_elements_text($3) WITH ORDINALITY x(id, n)"
						  " JOIN tasksync.intents i ON i.user_id = $1 AND i.account_id = $2"
						  "  AND i.id = x.id::uuid",
						  "uuj", tasksync_p_uuid(run->user_id), tasksync_p_uuid(run->account_id),
						  tasksync_p_text(tasksync_json_text(ids)));
	for (uint64 row = 0; row < rows; row++)
	{
		int n = (int) tasksync_cell_long(row, 1, 0);
		const char *text = tasksync_cell_text(row, 2);
		const char *error;

		patches[n] =
			tasksync_record_from_json(run->call.intents[n].kind,
									  tasksync_json_parse(text, strlen(text), &error), &error);
	}
	return patches;
}

static void
settle_intents(AckBatch *batch)
{
	TasksyncRun *run = batch->run;

	tasksync_batch("DELETE FROM tasksync.intents i USING jsonb_to_recordset($4) r(id uuid)"
				   " WHERE i.user_id = $1 AND i.account_id = $2 AND i.id = r.id AND $3 IS NOT NULL",
				   run, batch->done);
	tasksync_batch("UPDATE tasksync.intents i SET state = 'unknown'"
				   " FROM jsonb_to_recordset($4) r(id uuid) WHERE i.user_id = $1"
				   " AND i.account_id = $2 AND i.id = r.id AND $3 IS NOT NULL",
				   run, batch->unknown);
	tasksync_batch("UPDATE tasksync.intents i SET state = 'unmapped'"
				   " FROM jsonb_to_recordset($4) r(id uuid) WHERE i.user_id = $1"
				   " AND i.account_id = $2 AND i.id = r.id AND $3 IS NOT NULL",
				   run, batch->unmapped);
}

static void
drop_row(json_t *rows, const char *hub_id)
{
	for (size_t i = json_array_size(rows); i-- > 0;)
		if (strcmp(tasksync_json_string(json_array_get(rows, i), "hub_id"), hub_id) == 0)
			json_array_remove(rows, i);
}

/*
 * A read may have shown what we made before its creation was acknowledged, with
 * edits that kept it from being recognised; then it was taken for new.  That
 * twin gives way to the object that was here first, which gets the edits with a
 * whole read.  A container's twin may hold what a person put there since: it
 * stays, and the older one is a dead letter for a person to decide about.
 */
static void
remove_twins(AckBatch *batch)
{
	TasksyncRun *run = batch->run;
	json_t *twins = json_array();
	uint64 rows = 0;

	if (json_array_size(batch->created) > 0)
		rows =
			tasksync_query("SELECT r.hub_id::text, l.hub_id::text, l.kind, r.remote_id"
						   " FROM jsonb_to_recordset($3) r(hub_id uuid, kind text, remote_id text)"
						   " JOIN tasksync.links l ON l.user_id = $1 AND l.account_id = $2"
						   " AND l.kind = r.kind AND l.remote_id = r.remote_id"
						   " AND l.hub_id <> r.hub_id",
						   "uuj", tasksync_p_uuid(run->user_id), tasksync_p_uuid(run->account_id),
						   tasksync_p_text(tasksync_json_text(batch->created)));
	if (rows == 0)
		return;
	for (uint64 row = 0; row < rows; row++)
	{
		const char *hub_id = tasksync_cell_text(row, 1);
		bool is_task = strcmp(tasksync_cell_text(row, 3), "task") == 0;

		if (is_task)
			json_array_append_new(twins, json_pack("{s:s, s:s}", "hub_id", hub_id, "twin",
												   tasksync_cell_text(row, 2)));
		else
			json_array_append_new(batch->refused,
								  json_pack("{s:s, s:s, s:s}", "hub_id", hub_id, "code",
											"exists_twice", "message",
											"the provider's object belongs to another one here"));
		if (!is_task)
		{
			drop_row(batch->created, hub_id);
			drop_row(batch->touched, hub_id);
		}
	}
	tasksync_batch("UPDATE tasksync.tasks t SET parent_id = r.hub_id"
				   " FROM jsonb_to_recordset($4) r(hub_id uuid, twin uuid)"
				   " WHERE t.user_id = $1 AND t.parent_id = r.twin"
				   " AND $2 IS NOT NULL AND $3 IS NOT NULL",
				   run, twins);
	tasksync_batch("DELETE FROM tasksync.links l USING jsonb_to_recordset($4) r(twin uuid)"
				   " WHERE l.user_id = $1 AND l.account_id = $2 AND l.hub_id = r.twin"
				   " AND $3 IS NOT NULL",
				   run, twins);
	tasksync_batch("DELETE FROM tasksync.tasks t USING jsonb_to_recordset($4) r(twin uuid)"
				   " WHERE t.user_id = $1 AND t.id = r.twin AND $2 IS NOT NULL AND $3 IS NOT NULL",
				   run, twins);
	if (json_array_size(twins) == 0)
		return;
	tasksync_query("UPDATE tasksync.accounts SET needs_full_read = true"
				   " WHERE user_id = $1 AND id = $2",
				   "uu", tasksync_p_uuid(run->user_id), tasksync_p_uuid(run->account_id));
	tasksync_query("INSERT INTO tasksync.hints (user_id, account_id) VALUES ($1, $2)", "uu",
				   tasksync_p_uuid(run->user_id), tasksync_p_uuid(run->account_id));
}

/* links of what was created, refused, found gone or deleted */
static void
settle_links(AckBatch *batch)
{
	TasksyncRun *run = batch->run;

	tasksync_batch(TASKSYNC_SQL_REFUSE, run, batch->refused);
	tasksync_batch("UPDATE tasksync.links l SET missing_since = coalesce(l.missing_since, now())"
				   " FROM jsonb_to_recordset($4) r(hub_id uuid) WHERE l.user_id = $1"
				   " AND l.account_id = $2 AND l.hub_id = r.hub_id AND $3 IS NOT NULL",
				   run, batch->gone);
	/* one that was deleted at the hub meanwhile stays pending_delete: now it has an id to delete */
	tasksync_batch("UPDATE tasksync.links l SET remote_id = r.remote_id,"
				   " state = CASE l.state WHEN 'pending_create' THEN 'live' ELSE l.state END"
				   " FROM jsonb_to_recordset($4) r(hub_id uuid, remote_id text)"
				   " WHERE l.user_id = $1 AND l.account_id = $2 AND l.hub_id = r.hub_id"
				   " AND l.remote_id IS NULL AND $3 IS NOT NULL",
				   run, batch->created);
	/* and if its link is gone altogether, it gets one */
	tasksync_batch(
		"INSERT INTO tasksync.links (user_id, account_id, kind, hub_id, remote_id, state, dirty)"
		" SELECT $1, $2, r.kind, r.hub_id, r.remote_id, 'pending_delete', true"
		" FROM jsonb_to_recordset($4) r(hub_id uuid, kind text, remote_id text)"
		" WHERE $3 IS NOT NULL ON CONFLICT DO NOTHING",
		run, batch->created);
	tasksync_batch("UPDATE tasksync.project_links p SET remote_id = r.remote_id,"
				   " matched_at = now(), updated_at = now()"
				   " FROM jsonb_to_recordset($4) r(hub_id uuid, remote_id text)"
				   " WHERE p.user_id = $1 AND p.account_id = $2 AND p.project_id = r.hub_id"
				   " AND $3 IS NOT NULL",
				   run, batch->created);
	tasksync_links_renumber(run, batch->moved);
	/* what waited for a refused parent may try again once that parent exists */
	tasksync_batch(
		"UPDATE tasksync.links l SET dirty = true, error_code = NULL, error_message = NULL"
		" FROM jsonb_to_recordset($4) r(hub_id uuid, remote_id text), tasksync.tasks t"
		" WHERE l.user_id = $1 AND l.account_id = $2 AND l.error_code IS NOT NULL"
		" AND (l.error_code = 'blocked' OR l.state = 'pending_create')"
		" AND t.user_id = $1 AND t.id = l.hub_id"
		" AND r.hub_id IN (t.parent_id, t.project_id, t.section_id) AND $3 IS NOT NULL",
		run, batch->created);
	tasksync_deletion_done(run, batch->deleted);
}

/* a renamed label is renamed in every base of this account: nobody need send the tasks */
static void
rename_in_bases(AckBatch *batch)
{
	tasksync_batch("UPDATE tasksync.links l SET base = jsonb_set(l.base, '{labels}',"
				   " (SELECT coalesce(jsonb_agg(q.name ORDER BY q.name COLLATE \"C\"), '[]') FROM"
				   "  (SELECT DISTINCT CASE WHEN x = r.old THEN r.new ELSE x END AS name"
				   "   FROM jsonb_array_elements_text(l.base -> 'labels') x) q))"
				   " FROM jsonb_to_recordset($4) r(old text, new text)"
				   " WHERE l.user_id = $1 AND l.account_id = $2 AND l.kind = 'task'"
				   " AND l.base -> 'labels' ? r.old AND $3 IS NOT NULL",
				   batch->run, batch->labels);
}

static const char sql_below[] =
	"WITH RECURSIVE below AS ("
	" SELECT r.hub_id FROM jsonb_to_recordset($3) r(hub_id uuid)"
	" UNION SELECT l.hub_id FROM below b JOIN tasksync.links l ON l.user_id = $1"
	"  AND l.account_id = $2 AND l.kind = 'task' AND l.base ->> 'parent_id' = b.hub_id::text)"
	" SELECT hub_id::text FROM below"
	" EXCEPT SELECT r.hub_id::text FROM jsonb_to_recordset($3) r(hub_id uuid)";

json_t *
tasksync_ack_below(TasksyncRun *run, json_t *rows)
{
	json_t *below = json_array();
	uint64 found = 0;

	if (json_array_size(rows) > 0)
		found = tasksync_query(sql_below, "uuj", tasksync_p_uuid(run->user_id),
							   tasksync_p_uuid(run->account_id),
							   tasksync_p_text(tasksync_json_text(rows)));
	for (uint64 row = 0; row < found; row++)
		json_array_append_new(below,
							  json_pack("{s:s}", "hub_id", tasksync_cell_text(row, 1)));
	return below;
}

/*
 * The provider completes what hangs below a completed task.  It follows from
 * what we sent, so it goes into the bases like what we sent: taken for an edit
 * there, it would complete again what was reopened here meanwhile.
 */
static void
close_subtasks(AckBatch *batch)
{
	TasksyncRecord *done = tasksync_record_new(TASKSYNC_TASK);
	json_t *below;
	size_t i;
	json_t *row;

	if (!batch->run->provider->caps.closes_descendants)
		return;
	tasksync_record_set(done, TASKSYNC_F_STATUS, "done");
	below = tasksync_ack_below(batch->run, batch->closed);
	json_array_foreach(below, i, row)
	{
		tasksync_ack_remember(batch->run, tasksync_json_string(row, "hub_id"), done, false,
							  false);
		json_array_append(batch->touched, row);
	}
}

/* bases of the touched links become what was sent */
static void
move_bases(AckBatch *batch)
{
	TasksyncRun *run = batch->run;
	List *moved = NIL;
	int count;
	TasksyncLink **links = tasksync_links_read(run, batch->touched, &count);

	for (int i = 0; i < count; i++)
	{
		TasksyncSent *sent = tasksync_ack_sent(run, links[i]->hub_id);

		if (sent == NULL || sent->record == NULL)
			continue;
		tasksync_plan_ack(tasksync_link_lens(run, links[i]), sent->record, NULL, links[i]->base,
						  &links[i]->memo);
		links[i]->error_code = NULL;
		if (links[i]->hub)
			links[i]->dirty = tasksync_link_out(run, links[i])->present != 0;
		moved = lappend(moved, links[i]);
	}
	tasksync_links_write(run, moved);
}

/*
 * tasksync_ack_record records what the answer says of the intents of this call.
 */
void
tasksync_ack_record(TasksyncRun *run, TasksyncAnswer *answer)
{
	AckBatch batch = {.run = run, .done = json_array(), .unknown = json_array(),
					  .unmapped = json_array(), .refused = json_array(), .gone = json_array(),
					  .deleted = json_array(), .closed = json_array(), .labels = json_array(),
					  .touched = json_array(), .created = json_array(), .moved = json_array()};
	TasksyncRecord **patches;

	if (run->call.nintents == 0)
		return;
	patches = load_hub_patches(run);
	for (int i = 0; i < run->call.nintents; i++)
		if (patches[i])
			ack_one(&batch, answer, &run->call.intents[i], &answer->acks[i], patches[i]);
	settle_intents(&batch);
	remove_twins(&batch);
	settle_links(&batch);
	if (batch.containers)
		tasksync_refs_load(run);
	rename_in_bases(&batch);
	close_subtasks(&batch);
	move_bases(&batch);
	if (answer->coverage == TASKSYNC_COVERS_NOTHING)
		run->wrote_unseen = true;
	run->stalled =
		json_array_size(batch.done) + json_array_size(batch.unmapped) > 0 ? 0 : run->stalled + 1;
	TASKSYNC_TEST_POINT("acks-written");
}
