/*
 * breaker.c
 *	  Two engines that undo each other.
 *
 * Within one hub nothing goes round: a value is judged once.  But somebody may
 * have joined two of the accounts by other means, too, and if that engine has
 * another opinion of a value, each takes the other's correction for an edit.
 * A change that undoes the last one, which undid the one before, between two
 * values and from different origins, is taken for such a loop: the hub keeps
 * what it has, the field is frozen, and a person is asked (rule loop).
 *
 * Asks the journal, and only about fields that an observation changes; a run
 * that changes nothing asks nothing.  Sync worker only, inside a transaction of
 * a run.
 */
#include "postgres.h"

#include "base/guc.h"
#include "base/json.h"
#include "sync/breaker.h"

/* fields that follow from others, or are never sent */
#define NOT_LOOPING \
	(TASKSYNC_FIELD_BIT(TASKSYNC_F_COMPLETED_AT) | TASKSYNC_FIELD_BIT(TASKSYNC_F_POSITION))

#define LAST_CHANGE(offset)                                                                     \
	" CROSS JOIN LATERAL (SELECT j.before -> r.field AS was, j.after -> r.field AS became,"     \
	"  j.origin_account_id AS origin, j.changed_at FROM tasksync.journal j WHERE j.user_id = $1" \
	"  AND j.hub_id = r.hub_id AND j.op = 'update' AND j.after ? r.field"                        \
	"  ORDER BY j.version DESC OFFSET " offset " LIMIT 1)"

static const char sql_loops[] =
	"SELECT r.n, r.field FROM jsonb_to_recordset($3)"
	" r(n integer, hub_id uuid, field text, value jsonb)" LAST_CHANGE("0") " last" LAST_CHANGE(
		"1") " before"
			 " WHERE r.value = last.was AND last.became = before.was AND before.became = last.was"
			 " AND last.origin IS DISTINCT FROM $2"
			 " AND before.changed_at > clock_timestamp() - $4 * interval '1 millisecond'";

/* the fields that mean nothing without this one */
static uint32
unit_of(TasksyncField field)
{
	uint32 bit = TASKSYNC_FIELD_BIT(field);

	if (bit & TASKSYNC_DUE_FIELDS)
		return TASKSYNC_DUE_FIELDS;
	if (bit & TASKSYNC_PLACE_FIELDS)
		return TASKSYNC_PLACE_FIELDS;
	if (field == TASKSYNC_F_STATUS)
		return bit | TASKSYNC_FIELD_BIT(TASKSYNC_F_COMPLETED_AT);
	return bit;
}

static void
stop_loop(TasksyncRun *run, TasksyncHubChange *change, TasksyncField field)
{
	TasksyncLink *link = change->link;
	uint32 unit = unit_of(field);

	if (change->conflicts == NULL)
		change->conflicts = json_array();
	json_array_append_new(change->conflicts,
						  json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:s, s:s}", "kind",
									tasksync_kind_name(link->kind), "hub_id", link->hub_id, "field",
									tasksync_field_name(field), "hub",
									tasksync_field_to_json(link->hub_before, field), "remote",
									tasksync_field_to_json(link->hub, field), "result",
									tasksync_field_to_json(link->hub_before, field), "rule", "loop",
									"status", "open"));
	tasksync_record_take(link->hub, link->hub_before, unit);
	link->frozen |= unit;
	link->dirty = link->dirty && tasksync_link_out(run, link)->present != 0;
	change->updates = tasksync_record_diff(link->hub, link->hub_before) != 0;
}

/* the fields of a change that the hub would take, as questions to the journal */
static void
add_questions(json_t *rows, int n, const TasksyncHubChange *change)
{
	const TasksyncLink *link = change->link;
	uint32 changed = tasksync_record_diff(link->hub, link->hub_before) & ~NOT_LOOPING;

	for (int f = 0; f < TASKSYNC_NFIELDS; f++)
		if (changed & TASKSYNC_FIELD_BIT(f))
			json_array_append_new(rows, json_pack("{s:i, s:s, s:s, s:o}", "n", n, "hub_id",
												  link->hub_id, "field", tasksync_field_name(f),
												  "value", tasksync_field_to_json(link->hub, f)));
}

void
tasksync_breaker_check(TasksyncRun *run, int count, TasksyncHubChange *changes)
{
	json_t *rows = json_array();
	uint64 found;

	if (tasksync_loop_window_ms == 0)
		return;
	for (int i = 0; i < count; i++)
		if (changes[i].updates && changes[i].link->hub_before)
			add_questions(rows, i, &changes[i]);
	if (json_array_size(rows) == 0)
		return;
	found = tasksync_query(sql_loops, "uuji", tasksync_p_uuid(run->user_id),
						   tasksync_p_uuid(run->account_id),
						   tasksync_p_text(tasksync_json_text(rows)),
						   tasksync_p_int(tasksync_loop_window_ms));
	for (uint64 row = 0; row < found; row++)
	{
		TasksyncField field;

		if (tasksync_field_from_name(tasksync_cell_text(row, 2), &field))
			stop_loop(run, &changes[tasksync_cell_long(row, 1, 0)], field);
	}
}
