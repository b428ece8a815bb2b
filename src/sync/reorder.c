/*
 * reorder.c
 *	  The order of tasks among their siblings, in both directions.
 *
 * Siblings are the open tasks of one project, section and parent.  The numbers
 * of two sides say the same order in different scales, so numbers are never
 * compared with numbers and never copied: what is compared is the order that
 * they make, and what differs is put right with the fewest moves (order.c).
 *
 * The base of a link holds the number that the provider was last known to have.
 * Numbers that differ and were found to say the same are kept as its memo.  So
 * a place changed at the hub shows as a number without a memo, and one changed
 * at the provider as a number that is not the base's.
 *
 * If siblings were reordered here and there, the hub's order stands.  An order
 * that the provider refuses is given up until somebody changes it: nobody's
 * work is lost with it.
 *
 * Sync worker only, inside a transaction of a run.
 */
#include "postgres.h"

#include "base/json.h"
#include "sync/order.h"
#include "sync/reorder.h"

/* what a chunk tells of a place */
#define NOTE_THERE "there"   /* changed at the provider */
#define NOTE_BOTH "both"     /* and at the hub, or the hub does not listen */
#define NOTE_PLACED "placed" /* put there by us */

#define SIBLINGS_OF(t, g)                                      \
	t ".project_id = " g ".project_id"                         \
	" AND " t ".section_id IS NOT DISTINCT FROM " g ".section_id" \
	" AND " t ".parent_id IS NOT DISTINCT FROM " g ".parent_id"

static const char sql_siblings[] =
	"WITH g AS MATERIALIZED (SELECT DISTINCT t.project_id, t.section_id, t.parent_id"
	"  FROM jsonb_array_elements_text($3) x"
	"  JOIN tasksync.tasks t ON t.user_id = $1 AND t.id = x::uuid)"
	" SELECT dense_rank() OVER (ORDER BY g.project_id, g.section_id, g.parent_id), l.hub_id::text,"
	" l.remote_id, g.project_id::text, t.position::text,"
	" dense_rank() OVER (PARTITION BY g.project_id, g.section_id, g.parent_id ORDER BY t.position),"
	" l.base ->> 'position', l.memo #>> '{sent,position}', l.memo #>> '{echo,position}'"
	" FROM g JOIN tasksync.tasks t ON t.user_id = $1 AND " SIBLINGS_OF("t", "g")
	" JOIN tasksync.links l ON l.user_id = $1 AND l.account_id = $2 AND l.hub_id = t.id"
	" WHERE t.status = 'open' AND l.state = 'live' AND l.missing_since IS NULL"
	" AND l.error_code IS NULL AND l.base ->> 'position' IS NOT NULL"
	" AND coalesce(l.base ->> 'status', 'open') = 'open'"
	" ORDER BY 1, t.position, t.id";

/* where numbers say the same in two scales, an equal number does not say much */
static const char sql_placed[] =
	"WITH r AS MATERIALIZED (SELECT t.id, t.position, t.project_id, t.section_id, t.parent_id"
	"  FROM jsonb_array_elements_text($3) x"
	"  JOIN tasksync.tasks t ON t.user_id = $1 AND t.id = x::uuid),"
	" g AS MATERIALIZED (SELECT DISTINCT s.project_id, s.section_id, s.parent_id"
	"  FROM tasksync.links o JOIN tasksync.tasks s ON s.user_id = $1 AND s.id = o.hub_id"
	"  WHERE o.user_id = $1 AND o.account_id = $2 AND o.kind = 'task'"
	"  AND o.memo -> 'sent' ? 'position')"
	" UPDATE tasksync.links l SET dirty = true, memo = jsonb_build_object("
	"  'sent', coalesce(l.memo -> 'sent', '{}') || jsonb_build_object('position', r.position),"
	"  'echo', coalesce(l.memo -> 'echo', '{}') - 'position')"
	" FROM r JOIN g ON " SIBLINGS_OF("r", "g")
	" WHERE l.user_id = $1 AND l.account_id = $2 AND l.hub_id = r.id RETURNING 1";

static const char sql_settle[] =
	"UPDATE tasksync.links l SET base = l.base || r.there, memo = nullif(jsonb_build_object("
	"  'sent', (coalesce(l.memo -> 'sent', '{}') - 'position') || r.sent,"
	"  'echo', (coalesce(l.memo -> 'echo', '{}') - 'position') || r.echo),"
	"  '{\"sent\": {}, \"echo\": {}}')"
	" FROM jsonb_to_recordset($4) r(hub_id uuid, sent jsonb, echo jsonb, there jsonb)"
	" WHERE l.user_id = $1 AND l.account_id = $2 AND l.hub_id = r.hub_id AND $3 IS NOT NULL";

/* what an application moved since it was read stays where that put it */
static const char sql_positions[] =
	"UPDATE tasksync.tasks t SET position = r.position"
	" FROM jsonb_to_recordset($4) r(hub_id uuid, position numeric, was numeric)"
	" WHERE t.user_id = $1 AND t.id = r.hub_id AND t.position = r.was"
	" AND $2 IS NOT NULL AND $3 IS NOT NULL";

static const char sql_dirty[] =
	"UPDATE tasksync.links l SET dirty = true FROM jsonb_to_recordset($4) r(hub_id uuid)"
	" WHERE l.user_id = $1 AND l.account_id = $2 AND l.hub_id = r.hub_id AND $3 IS NOT NULL";

typedef struct Sibling
{
	int group;
	const char *hub_id;
	const char *remote_id;
	const char *project_id;
	const char *here; /* as the hub has it, digit by digit */
	double position;
	int rank; /* of its position among its siblings' */
	double there;
	bool agreed; /* the two numbers were compared before, or are the same */
	TasksyncOrderItem order;
} Sibling;

/* ---- siblings ---- */

/* as a record would have it */
static double
number(const char *text)
{
	return strtod(tasksync_order_text(strtod(text, NULL)), NULL);
}

static bool
is_number(const char *text, double value)
{
	return text && number(text) == value;
}

static Sibling **
load_siblings(TasksyncRun *run, json_t *hub_ids, int *count)
{
	uint64 rows = tasksync_query(sql_siblings, "uuj", tasksync_p_uuid(run->user_id),
								 tasksync_p_uuid(run->account_id),
								 tasksync_p_text(tasksync_json_text(hub_ids)));
	Sibling **siblings = palloc(sizeof(Sibling *) * Max(rows, 1));

	for (uint64 row = 0; row < rows; row++)
	{
		Sibling *one = palloc0(sizeof(Sibling));
		const char *sent = tasksync_cell_text(row, 8);
		const char *echo = tasksync_cell_text(row, 9);

		one->group = (int) tasksync_cell_long(row, 1, 0);
		one->hub_id = tasksync_cell_text(row, 2);
		one->remote_id = tasksync_cell_text(row, 3);
		one->project_id = tasksync_cell_text(row, 4);
		one->here = tasksync_cell_text(row, 5);
		one->position = number(one->here);
		one->rank = (int) tasksync_cell_long(row, 6, 0);
		one->there = number(tasksync_cell_text(row, 7));
		one->agreed = sent ? is_number(sent, one->position) && is_number(echo, one->there)
						   : one->position == one->there;
		one->order.placed = true;
		siblings[row] = one;
	}
	*count = (int) rows;
	return siblings;
}

static int
end_of_group(int count, Sibling **siblings, int first)
{
	int end = first;

	while (end < count && siblings[end]->group == siblings[first]->group)
		end++;
	return end;
}

/* in the wanted order afterwards, as the items are */
static int
plan_group(int count, Sibling **group, TasksyncOrderItem ***items)
{
	*items = palloc(sizeof(TasksyncOrderItem *) * count);
	for (int i = 0; i < count; i++)
		(*items)[i] = &group[i]->order;
	return tasksync_order_plan(count, *items);
}

static Sibling *
sibling_of(TasksyncOrderItem *item)
{
	return (Sibling *) ((char *) item - offsetof(Sibling, order));
}

static json_t *
position_json(const char *text)
{
	TasksyncRecord *record = tasksync_record_new(TASKSYNC_TASK);

	tasksync_record_set(record, TASKSYNC_F_POSITION, text);
	return tasksync_record_to_json(record);
}

/* these two numbers say the same; `there` becomes the base's */
static json_t *
settle_row(const char *hub_id, const char *here, const char *there)
{
	bool same = number(here) == number(there);
	const char *spelled = tasksync_order_text(number(here));

	return json_pack("{s:s, s:o, s:o, s:o}", "hub_id", hub_id, "sent",
					 same ? json_object() : position_json(spelled), "echo",
					 same ? json_object() : position_json(there), "there", position_json(there));
}

static void
settle(json_t *rows, const Sibling *sibling, double position)
{
	json_array_append_new(rows, settle_row(sibling->hub_id, tasksync_order_text(position),
										   tasksync_order_text(sibling->there)));
}

void
tasksync_reorder_settle(TasksyncRun *run, json_t *rows)
{
	tasksync_batch(sql_settle, run, rows);
}

/* ---- from the provider ---- */

static void
note(TasksyncRun *run, const char *hub_id, const char *what)
{
	if (run->reordered == NULL)
		run->reordered = json_object();
	json_object_set_new(run->reordered, hub_id, json_string(what));
}

/*
 * Where a move or a creation put it among its siblings is no wish of anybody's,
 * and may not be where the hub has it.
 */
static void
placed_by_us(TasksyncRun *run, TasksyncLink *link)
{
	uint32 bit = TASKSYNC_FIELD_BIT(TASKSYNC_F_POSITION);

	tasksync_record_drop(link->memo.sent, bit);
	tasksync_record_drop(link->memo.echo, bit);
	if (tasksync_field_equal(link->hub, link->base, TASKSYNC_F_POSITION))
		note(run, link->hub_id, NOTE_PLACED);
	else
		tasksync_record_take(link->memo.sent, link->hub, bit);
}

void
tasksync_reorder_observed(TasksyncRun *run, TasksyncLink *link, const TasksyncLink *before,
						  const TasksyncSent *sent, TasksyncRecord *hub_patch)
{
	TasksyncField f = TASKSYNC_F_POSITION;
	uint32 bit = TASKSYNC_FIELD_BIT(TASKSYNC_F_POSITION);
	const TasksyncRoute *route;
	bool here;

	if (link->kind != TASKSYNC_TASK)
		return;
	tasksync_record_drop(hub_patch, bit);
	if (!tasksync_record_has(link->base, f))
		return;
	if (sent && sent->record && tasksync_record_has(sent->record, TASKSYNC_F_PROJECT))
	{
		placed_by_us(run, link);
		return;
	}
	if (tasksync_record_has(before->base, f) && tasksync_field_equal(before->base, link->base, f))
		return;
	/* a pair that was just found: two orders that nobody ever said should be one */
	if (before->base->present == 0)
	{
		tasksync_record_take(link->memo.sent, link->hub, bit);
		tasksync_record_take(link->memo.echo, link->base, bit);
		return;
	}
	route = tasksync_refs_route(run, link->hub->value[TASKSYNC_F_PROJECT]);
	here = tasksync_record_has(tasksync_link_out(run, before), f);
	note(run, link->hub_id, here || (route && !route->pulls) ? NOTE_BOTH : NOTE_THERE);
	link->reordered = true;
}

void
tasksync_reorder_new(TasksyncRun *run, const TasksyncLink *link)
{
	const TasksyncRoute *route;

	if (link->kind != TASKSYNC_TASK || link->state != 'l' ||
		!tasksync_record_has(link->base, TASKSYNC_F_POSITION))
		return;
	/* on a first read nothing else is there, and its numbers are the hub's */
	route = tasksync_refs_route(run, link->hub->value[TASKSYNC_F_PROJECT]);
	if (run->previous_read_at != 0 || (route && route->needs_match))
		note(run, link->hub_id, NOTE_THERE);
}

/* did somebody move one of them at the hub, which the provider has not been told yet? */
static bool
hub_stands(TasksyncRun *run, int count, Sibling **group)
{
	const TasksyncRoute *route = tasksync_refs_route(run, group[0]->project_id);

	if (route && !route->pushes)
		return false;
	for (int i = 0; i < count; i++)
	{
		const char *what = tasksync_json_string(run->reordered, group[i]->hub_id);

		if (what ? strcmp(what, NOTE_BOTH) == 0 : !group[i]->agreed)
			return true;
	}
	return false;
}

typedef struct HubRows
{
	json_t *positions;
	json_t *settled;
	json_t *dirty;
} HubRows;

static void
take_group(TasksyncRun *run, int count, Sibling **group, HubRows *rows)
{
	TasksyncOrderItem **items;

	if (hub_stands(run, count, group))
	{
		for (int i = 0; i < count; i++)
			if (json_object_get(run->reordered, group[i]->hub_id))
				json_array_append_new(rows->dirty, json_pack("{s:s}", "hub_id", group[i]->hub_id));
		return;
	}
	for (int i = 0; i < count; i++)
	{
		group[i]->order.want = group[i]->there;
		group[i]->order.have = group[i]->position;
		group[i]->order.loose = json_object_get(run->reordered, group[i]->hub_id) != NULL;
	}
	plan_group(count, group, &items);
	tasksync_order_place(count, items, false);
	for (int i = 0; i < count; i++)
	{
		Sibling *one = sibling_of(items[i]);

		if (one->order.place != one->position)
			json_array_append_new(rows->positions,
								  json_pack("{s:s, s:s, s:s}", "hub_id", one->hub_id, "position",
											tasksync_order_text(one->order.place), "was",
											one->here));
		if (one->order.place != one->position || !one->agreed)
			settle(rows->settled, one, one->order.place);
	}
}

static void
take_orders(TasksyncRun *run, json_t *hub_ids)
{
	HubRows rows = {json_array(), json_array(), json_array()};
	int count;
	int end;
	Sibling **siblings = load_siblings(run, hub_ids, &count);

	for (int i = 0; i < count; i = end)
	{
		end = end_of_group(count, siblings, i);
		take_group(run, end - i, siblings + i, &rows);
	}
	tasksync_links_lock(run, rows.positions);
	tasksync_batch(sql_positions, run, rows.positions);
	tasksync_reorder_settle(run, rows.settled);
	tasksync_batch(sql_dirty, run, rows.dirty);
	run->counts.updated += (int) json_array_size(rows.positions);
	run->has_dirty |= json_array_size(rows.dirty) > 0;
}

void
tasksync_reorder_hub(TasksyncRun *run)
{
	json_t *placed = json_array();
	json_t *told = json_array();
	const char *hub_id;
	json_t *what;

	if (run->reordered == NULL)
		return;
	json_object_foreach(run->reordered, hub_id, what)
	{
		json_array_append_new(strcmp(json_string_value(what), NOTE_PLACED) == 0 ? placed : told,
							  json_string(hub_id));
	}
	if (json_array_size(told) > 0)
		take_orders(run, told);
	if (json_array_size(placed) > 0)
		run->has_dirty |= tasksync_query(sql_placed, "uuj", tasksync_p_uuid(run->user_id),
										 tasksync_p_uuid(run->account_id),
										 tasksync_p_text(tasksync_json_text(placed))) > 0;
	run->reordered = NULL;
}

/* ---- to the provider ---- */

/*
 * The lowest priority of a run: nothing waits for it.  Where whole numbers are
 * sent it goes along with changes that leave everybody's place alone.
 */
static bool
may_go_along(const TasksyncBatchPlan *plan)
{
	if (plan->nintents > 0 && plan->run->provider->caps.orders_by_previous)
		return false;
	for (int i = 0; i < plan->nintents; i++)
		if (plan->intents[i].op != TASKSYNC_OP_UPDATE)
			return false;
	return plan->may_patch && !plan->run->tasks_wait;
}

static TasksyncCandidate *
candidate_of(const TasksyncBatchPlan *plan, const Sibling *sibling)
{
	json_t *index = json_object_get(plan->candidate_of, sibling->hub_id);

	return index ? &plan->candidates[json_integer_value(index)] : NULL;
}

static void
add_rank(TasksyncIntent *intent, TasksyncRank *ranks, const Sibling *sibling, double place)
{
	TasksyncRank *rank = &ranks[intent->nranks++];

	rank->hub_id = sibling->hub_id;
	rank->remote_id = sibling->remote_id;
	rank->position = sibling->here;
	rank->rank = tasksync_order_text(place);
}

/* the intent's row keeps what is sent */
static void
write_ranks(TasksyncBatchPlan *plan, const TasksyncIntent *intent)
{
	json_t *row = json_array_get(plan->intent_rows, json_array_size(plan->intent_rows) - 1);
	json_t *ranks = json_object();

	for (int i = 0; i < intent->nranks; i++)
		json_object_set_new(ranks, intent->ranks[i].remote_id, json_string(intent->ranks[i].rank));
	json_object_set_new(json_object_get(row, "patch"), "ranks", ranks);
}

/* the place fields as the provider knows them; false: not now */
static bool
name_place(TasksyncBatchPlan *plan, const TasksyncLink *link, TasksyncRecord *hub_patch,
		   TasksyncRecord *remote_patch)
{
	TasksyncRecord *shown =
		tasksync_lens_project(tasksync_link_lens(plan->run, link), link->hub);

	tasksync_record_take(hub_patch, shown, TASKSYNC_PLACE_FIELDS);
	tasksync_record_take(remote_patch, shown, TASKSYNC_PLACE_FIELDS);
	return tasksync_resolve_places(plan, hub_patch, remote_patch) == TASKSYNC_REF_RESOLVED;
}

/*
 * One intent for all of them, with the numbers that change; or for the first
 * one that has to move, after the sibling before it, which has moved already or
 * need not.
 */
static void
emit_group(TasksyncBatchPlan *plan, int count, TasksyncOrderItem **items, TasksyncLink *anchor)
{
	bool by_previous = plan->run->provider->caps.orders_by_previous;
	TasksyncRank *ranks = palloc(sizeof(TasksyncRank) * count);
	TasksyncRecord *hub_patch = tasksync_record_new(TASKSYNC_TASK);
	TasksyncRecord *remote_patch = tasksync_record_new(TASKSYNC_TASK);
	TasksyncIntent *intent = &plan->intents[plan->nintents];
	int first = 0;

	while (!items[first]->moves)
		first++;
	/* of the link only what all siblings have in common is used */
	anchor->hub_id = sibling_of(items[first])->hub_id;
	anchor->remote_id = sibling_of(items[first])->remote_id;
	anchor->raw = NULL;
	tasksync_record_set(hub_patch, TASKSYNC_F_POSITION, tasksync_order_text(items[first]->place));
	tasksync_record_set(remote_patch, TASKSYNC_F_POSITION, hub_patch->value[TASKSYNC_F_POSITION]);
	if (by_previous && !name_place(plan, anchor, hub_patch, remote_patch))
		return;
	tasksync_emit_intent(plan, anchor, TASKSYNC_OP_ORDER, hub_patch, remote_patch, NULL);
	for (int i = 0; i < count; i++)
	{
		Sibling *one = sibling_of(items[i]);
		double place = by_previous && i > first ? one->order.have : one->order.place;

		if (place != one->there)
			add_rank(intent, ranks, one, place);
	}
	plan->room--;
	intent->ranks = ranks;
	if (by_previous && first > 0)
		intent->previous = sibling_of(items[first - 1])->remote_id;
	write_ranks(plan, intent);
}

static void
emit_siblings(TasksyncBatchPlan *plan, int count, Sibling **group)
{
	bool whole = !plan->run->provider->caps.orders_by_previous;
	TasksyncOrderItem **items;
	TasksyncLink anchor = {0};

	for (int i = 0; i < count; i++)
	{
		group[i]->order.want = group[i]->rank;
		group[i]->order.have = group[i]->there;
		group[i]->order.loose = !group[i]->agreed;
	}
	if (plan_group(count, group, &items) > 0)
	{
		for (int i = 0; i < count && anchor.hub == NULL; i++)
			if (candidate_of(plan, group[i]))
				anchor = *candidate_of(plan, group[i])->link;
		tasksync_order_place(count, items, whole);
		if (anchor.hub && plan->room > 0)
			emit_group(plan, count, items, &anchor);
		return;
	}
	for (int i = 0; i < count; i++)
	{
		TasksyncCandidate *candidate = candidate_of(plan, group[i]);

		if (!group[i]->agreed)
			settle(plan->order_rows, group[i], group[i]->position);
		if (candidate && candidate->out &&
			candidate->out->present == TASKSYNC_FIELD_BIT(TASKSYNC_F_POSITION))
			json_array_append_new(plan->clean_rows, tasksync_emit_hub_id_row(candidate->link));
	}
}

void
tasksync_reorder_emit(TasksyncBatchPlan *plan)
{
	json_t *hub_ids = json_array();
	ListCell *cell;
	Sibling **siblings;
	int count;
	int end;

	if (plan->reordered == NIL || !may_go_along(plan))
		return;
	foreach(cell, plan->reordered)
		json_array_append_new(hub_ids,
							  json_string(((TasksyncCandidate *) lfirst(cell))->link->hub_id));
	siblings = load_siblings(plan->run, hub_ids, &count);
	for (int i = 0; i < count; i = end)
	{
		end = end_of_group(count, siblings, i);
		emit_siblings(plan, end - i, siblings + i);
	}
}

/* the two orders stay as they are until somebody changes one of them */
static void
give_up(TasksyncRun *run, const TasksyncIntent *intent, json_t *rows)
{
	json_t *hub_ids = json_array();
	Sibling **siblings;
	int count;

	json_array_append_new(hub_ids, json_string(intent->hub_id));
	siblings = load_siblings(run, hub_ids, &count);
	for (int i = 0; i < count; i++)
		if (!siblings[i]->agreed)
			settle(rows, siblings[i], siblings[i]->position);
}

bool
tasksync_reorder_acked(TasksyncRun *run, const TasksyncIntent *intent, TasksyncAckOutcome outcome)
{
	json_t *rows = json_array();

	if (intent->op != TASKSYNC_OP_ORDER || intent->nranks == 0)
		return false;
	if (outcome == TASKSYNC_ACK_OK)
	{
		for (int i = 0; i < intent->nranks; i++)
			json_array_append_new(rows,
								  settle_row(intent->ranks[i].hub_id, intent->ranks[i].position,
											 intent->ranks[i].rank));
		run->counts.pushed++;
	}
	else if (outcome == TASKSYNC_ACK_GONE || outcome == TASKSYNC_ACK_BLOCKED ||
			 outcome == TASKSYNC_ACK_REFUSED)
		give_up(run, intent, rows);
	else
		return false;
	tasksync_reorder_settle(run, rows);
	return true;
}
