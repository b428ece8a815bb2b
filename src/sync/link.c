/*
 * link.c
 *	  One link: a hub object, its counterpart in an account, and what both are
 *	  known to share.
 *
 * Reads and writes rows of tasksync.links together with the hub row.  The
 * names of the states are translated here and nowhere else.  Sync worker only.
 */
#include "postgres.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/jsonb.h"
#include "sync/link.h"

static const struct
{
	char letter;
	const char *name;
} states[] = {
	{'c', "pending_create"}, {'l', "live"}, {'d', "pending_delete"},
	{'x', "detached"},       {'h', "held"},
};

static json_t *
cell_json(uint64 row, int column)
{
	const char *text = tasksync_cell_text(row, column);
	const char *error;

	return text ? tasksync_json_parse(text, strlen(text), &error) : NULL;
}

/* {"sent": {…}, "echo": {…}} */
static void
memo_from_json(TasksyncKind kind, const json_t *json, TasksyncMemo *memo)
{
	const char *error;

	memo->sent = memo->echo = NULL;
	if (json)
	{
		memo->sent = tasksync_record_from_json(kind, json_object_get(json, "sent"), &error);
		memo->echo = tasksync_record_from_json(kind, json_object_get(json, "echo"), &error);
	}
	if (memo->sent == NULL || memo->echo == NULL)
	{
		memo->sent = tasksync_record_new(kind);
		memo->echo = tasksync_record_new(kind);
	}
}

/* {"title": "2026-…Z", …} */
static void
edits_from_json(const json_t *json, TasksyncEdits *edits)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *) json, key, value)
	{
		TasksyncField field;
		TimestampTz at;

		if (tasksync_field_from_name(key, &field) && json_is_string(value) &&
			tasksync_parse_instant(json_string_value(value), &at))
			edits->lo[field] = edits->hi[field] = at;
	}
}

static uint32
fields_from_json(const json_t *json)
{
	uint32 fields = 0;
	size_t i;
	json_t *value;

	json_array_foreach((json_t *) json, i, value)
	{
		TasksyncField field;

		if (json_is_string(value) && tasksync_field_from_name(json_string_value(value), &field))
			fields |= TASKSYNC_FIELD_BIT(field);
	}
	return fields;
}

/* tasksync_link_from_row reads a row selected by TASKSYNC_LINK_COLUMNS. */
TasksyncLink *
tasksync_link_from_row(uint64 row)
{
	TasksyncLink *link = palloc0(sizeof(TasksyncLink));
	const char *state = tasksync_cell_text(row, 4);
	const char *error = NULL;
	json_t *hub;

	if (!tasksync_kind_from_name(tasksync_cell_text(row, 1), &link->kind))
		elog(ERROR, "unknown kind in tasksync.links");
	link->hub_id = tasksync_cell_text(row, 2);
	link->remote_id = tasksync_cell_text(row, 3);
	for (int i = 0; i < (int) lengthof(states); i++)
		if (strcmp(states[i].name, state) == 0)
			link->state = states[i].letter;
	link->dirty = tasksync_cell_bool(row, 5);
	link->base = tasksync_record_from_json(link->kind, cell_json(row, 6), &error);
	if (link->base == NULL)
		link->base = tasksync_record_new(link->kind);
	memo_from_json(link->kind, cell_json(row, 7), &link->memo);
	link->raw = cell_json(row, 8);
	link->remote_edited_at = tasksync_cell_time(row, 9);
	link->missing = tasksync_cell_bool(row, 10);
	link->error_code = tasksync_cell_text(row, 11);
	hub = cell_json(row, 12);
	if (hub)
	{
		link->hub = tasksync_record_from_json(link->kind, hub, &error);
		if (link->hub == NULL)
			elog(ERROR, "hub row of kind %s does not read back: %s", tasksync_kind_name(link->kind),
				 error);
	}
	link->version = tasksync_cell_long(row, 13, 0);
	edits_from_json(cell_json(row, 14), &link->hub_edits);
	link->frozen = fields_from_json(cell_json(row, 15));
	return link;
}

static TasksyncParam
memo_param(const TasksyncMemo *memo)
{
	if (memo->sent == NULL || memo->sent->present == 0)
		return tasksync_p_null();
	return tasksync_p_datum('j', tasksync_jsonb(json_pack("{s:o, s:o}", "sent",
														  tasksync_record_to_json(memo->sent),
														  "echo",
														  tasksync_record_to_json(memo->echo))));
}

static const char *
state_name(const TasksyncLink *link)
{
	for (int i = 0; i < (int) lengthof(states); i++)
		if (states[i].letter == link->state)
			return states[i].name;
	elog(ERROR, "unknown state of a link");
}

/* what the engine changes of a link, as rows */
static TasksyncRowset *
rows_of_links(List *links)
{
	static const char *const columns[] = {
		"kind", "hub_id", "remote_id", "state", "dirty", "base", "memo",
		"raw", "remote_edited_at", "missing_since", "error_code", NULL,
	};
	TasksyncRowset *rows = tasksync_rowset_new("links", columns);
	ListCell *cell;

	foreach(cell, links)
	{
		const TasksyncLink *link = lfirst(cell);
		bool has_raw = link->raw != NULL && !json_is_null(link->raw);

		tasksync_rowset_add(
			rows, (const TasksyncParam[]){
					  tasksync_p_text(tasksync_kind_name(link->kind)),
					  tasksync_p_uuid(link->hub_id),
					  tasksync_p_text(link->remote_id),
					  tasksync_p_text(state_name(link)),
					  tasksync_p_bool(link->dirty),
					  tasksync_p_datum('j', tasksync_record_to_jsonb(link->base)),
					  memo_param(&link->memo),
					  has_raw ? tasksync_p_datum('j', tasksync_jsonb(link->raw))
							  : tasksync_p_null(),
					  tasksync_p_time(link->remote_edited_at),
					  /* any time: the statement keeps the one that the row has */
					  tasksync_p_time(link->missing ? tasksync_now() : 0),
					  tasksync_p_text(link->error_code),
				  });
	}
	return rows;
}

#define LOCK_HUB(table)                                                                \
	"SELECT 1 FROM tasksync." table " t WHERE t.user_id = $1 AND t.id IN"              \
	" (SELECT r.hub_id FROM jsonb_to_recordset($4) r(hub_id uuid)) AND $2 IS NOT NULL" \
	" AND $3 IS NOT NULL ORDER BY t.id FOR NO KEY UPDATE"

void
tasksync_links_lock(TasksyncRun *run, json_t *rows)
{
	tasksync_batch(LOCK_HUB("projects"), run, rows);
	tasksync_batch(LOCK_HUB("sections"), run, rows);
	tasksync_batch(LOCK_HUB("labels"), run, rows);
	tasksync_batch(LOCK_HUB("tasks"), run, rows);
}

json_t *
tasksync_links_ids(List *links)
{
	json_t *rows = json_array();
	ListCell *cell;

	foreach(cell, links)
		json_array_append_new(rows, json_pack("{s:s}", "hub_id",
											  ((TasksyncLink *) lfirst(cell))->hub_id));
	return rows;
}

TasksyncLink **
tasksync_links_read(TasksyncRun *run, json_t *rows, int *count)
{
	TasksyncLink **links;
	uint64 found;

	*count = 0;
	if (json_array_size(rows) == 0)
		return NULL;
	tasksync_links_lock(run, rows);
	found =
		tasksync_query("SELECT " TASKSYNC_LINK_COLUMNS " FROM jsonb_to_recordset($3) r(hub_id uuid)"
					   " JOIN tasksync.links l ON l.user_id = $1 AND l.account_id = $2"
					   "  AND l.hub_id = r.hub_id" TASKSYNC_HUB_JOIN,
					   "uuj", tasksync_p_uuid(run->user_id), tasksync_p_uuid(run->account_id),
					   tasksync_p_datum('j', tasksync_jsonb(rows)));
	links = palloc(sizeof(TasksyncLink *) * Max(found, 1));
	for (uint64 row = 0; row < found; row++)
		links[row] = tasksync_link_from_row(row);
	*count = (int) found;
	return links;
}

/*
 * tasksync_links_write writes links back.  The hub rows are locked, so nobody
 * else makes these links dirty meanwhile.
 */
void
tasksync_links_write(TasksyncRun *run, List *links)
{
	tasksync_batch_rows(
		"UPDATE tasksync.links l SET remote_id = r.remote_id, state = r.state,"
		" dirty = r.dirty, base = r.base, memo = r.memo, raw = r.raw,"
		" remote_edited_at = r.remote_edited_at, observed_at = now(),"
		" missing_since = CASE WHEN r.missing_since IS NOT NULL"
		"  THEN coalesce(l.missing_since, now()) END,"
		" error_code = r.error_code,"
		" error_message = CASE WHEN r.error_code IS NULL THEN NULL ELSE l.error_message END,"
		" failures = 0, retry_at = NULL"
		" FROM unnest($4) r WHERE l.user_id = $1 AND l.account_id = $2 AND l.hub_id = r.hub_id"
		" AND $3 IS NOT NULL",
		run, rows_of_links(links));
}

void
tasksync_links_insert(TasksyncRun *run, List *links)
{
	tasksync_batch_rows(
		"INSERT INTO tasksync.links (user_id, account_id, kind, hub_id, remote_id, state,"
		" dirty, base, memo, raw, remote_edited_at, observed_at)"
		" SELECT $1, $2, r.kind, r.hub_id, r.remote_id, r.state, r.dirty, r.base,"
		" r.memo, r.raw, r.remote_edited_at, now() FROM unnest($4) r WHERE $3 IS NOT NULL"
		" ON CONFLICT (user_id, hub_id, account_id) DO UPDATE SET"
		" remote_id = excluded.remote_id, state = excluded.state, dirty = excluded.dirty,"
		" base = excluded.base, memo = excluded.memo, raw = excluded.raw,"
		" remote_edited_at = excluded.remote_edited_at, observed_at = excluded.observed_at",
		run, rows_of_links(links));
}

/*
 * tasksync_links_renumber: a move gave these another id, {"hub_id", "kind",
 * "old", "new"}.  The old one is dead and must not come back as a new object.
 */
void
tasksync_links_renumber(TasksyncRun *run, json_t *rows)
{
	tasksync_batch("WITH moved AS (UPDATE tasksync.links l SET remote_id = r.new"
				   " FROM jsonb_to_recordset($4) r(hub_id uuid, kind text, old text, new text)"
				   " WHERE l.user_id = $1 AND l.account_id = $2 AND l.hub_id = r.hub_id"
				   " RETURNING l.hub_id, r.kind, r.old)"
				   " INSERT INTO tasksync.graves (user_id, account_id, remote_id, kind, hub_id,"
				   "  proof, run_id) SELECT $1, $2, old, kind, hub_id, 'recreated', $3 FROM moved"
				   " ON CONFLICT (user_id, account_id, kind, remote_id) DO NOTHING",
				   run, rows);
}

const TasksyncLens *
tasksync_link_lens(const TasksyncRun *run, const TasksyncLink *link)
{
	const TasksyncRecord *record = link->hub ? link->hub : link->base;

	return tasksync_refs_lens(run, link->kind, record->value[TASKSYNC_F_PROJECT]);
}

/*
 * Does the order of this task's siblings have to be looked at?  Numbers of two
 * sides do not compare; what counts is that this pair of them was looked at
 * before, which its memo says.  A memo without an echo: it was placed there by
 * us, and where that put it among its siblings is not known yet.
 */
static bool
is_out_of_order(TasksyncRun *run, const TasksyncLink *link, bool differs)
{
	TasksyncField f = TASKSYNC_F_POSITION;
	const char *status = link->hub->value[TASKSYNC_F_STATUS];

	if (link->kind != TASKSYNC_TASK ||
		run->provider->caps.op_of_field[TASKSYNC_F_POSITION] != TASKSYNC_OP_ORDER ||
		!tasksync_record_has(link->base, f) || (status && strcmp(status, "done") == 0))
		return false;
	return differs || (link->memo.sent && tasksync_record_has(link->memo.sent, f) &&
					   !tasksync_record_has(link->memo.echo, f));
}

/*
 * tasksync_link_out is what this account should see and does not see yet.
 *
 * POSITION among it is no value to send but a reason to look at the order of
 * the siblings: reorder.c.
 */
TasksyncRecord *
tasksync_link_out(TasksyncRun *run, const TasksyncLink *link)
{
	TasksyncRecord *out;
	bool differs;

	out = tasksync_plan_out(tasksync_link_lens(run, link), link->hub, link->base, &link->memo,
							link->frozen);
	differs = tasksync_record_has(out, TASKSYNC_F_POSITION);
	tasksync_record_drop(out, TASKSYNC_FIELD_BIT(TASKSYNC_F_POSITION) |
								  TASKSYNC_FIELD_BIT(TASKSYNC_F_COMPLETED_AT));
	if (!link->reordered && is_out_of_order(run, link, differs))
		tasksync_record_take(out, link->hub, TASKSYNC_FIELD_BIT(TASKSYNC_F_POSITION));
	return out;
}

/* tasksync_link_raw_after is what must survive, as of this observation. */
const json_t *
tasksync_link_raw_after(const TasksyncLink *link, const TasksyncObservation *observation)
{
	json_t *raw;

	if (!observation->is_part)
		return observation->raw;
	if (observation->raw == NULL || link->raw == NULL)
		return link->raw != NULL ? link->raw : observation->raw;
	raw = json_copy((json_t *) link->raw);
	json_object_update(raw, (json_t *) observation->raw);
	return raw;
}

/* it is sent back with the next change, so it must not be an old one */
bool
tasksync_link_same_raw(const json_t *a, const json_t *b)
{
	return a == NULL || b == NULL ? a == b : json_equal(a, b);
}
