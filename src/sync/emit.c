/*
 * emit.c
 *	  From one dirty link to the intents that make its counterpart equal.
 *
 * An object is sent after what it refers to, within the same request where the
 * provider has temporary ids; what it refers to and this account cannot show
 * is left out of the reference.  Sync worker only, inside a transaction of a
 * run; writes nothing itself.
 */
#include "postgres.h"

#include "base/json.h"
#include "base/testpoint.h"
#include "sync/ack.h"
#include "sync/canonical.h"
#include "sync/deletion.h"
#include "sync/emit.h"

static const TasksyncField places[] = {TASKSYNC_F_PROJECT, TASKSYNC_F_SECTION, TASKSYNC_F_PARENT};

static const char sql_refs[] =
	"SELECT hub_id::text, remote_id, CASE WHEN error_code IS NOT NULL AND state = 'pending_create'"
	" THEN 'refused' ELSE state END FROM tasksync.links"
	" WHERE user_id = $1 AND account_id = $2 AND hub_id IN"
	" (SELECT x::uuid FROM jsonb_array_elements_text($3) x)";

/* where the objects stand that the patches of these candidates refer to */
void
tasksync_load_references(TasksyncBatchPlan *plan)
{
	json_t *ids = json_array();
	uint64 rows;

	plan->remote_of = json_object();
	plan->link_state_of = json_object();
	plan->candidate_of = json_object();
	for (int i = 0; i < plan->ncandidates; i++)
	{
		TasksyncRecord *hub = plan->candidates[i].link->hub;
		TasksyncRecord *base = plan->candidates[i].link->base;

		json_object_set_new(plan->candidate_of, plan->candidates[i].link->hub_id, json_integer(i));
		for (int f = 0; hub && f < (int) lengthof(places); f++)
			if (hub->value[places[f]])
				json_array_append_new(ids, json_string(hub->value[places[f]]));
		/* where it is there, which may be a project that is gone here */
		if (base && base->value[TASKSYNC_F_PROJECT])
			json_array_append_new(ids, json_string(base->value[TASKSYNC_F_PROJECT]));
	}
	if (json_array_size(ids) == 0)
		return;
	rows = tasksync_query(sql_refs, "uuj", tasksync_p_uuid(plan->run->user_id),
						  tasksync_p_uuid(plan->run->account_id),
						  tasksync_p_text(tasksync_json_text(ids)));
	for (uint64 row = 0; row < rows; row++)
	{
		const char *hub_id = tasksync_cell_text(row, 1);
		const char *remote_id = tasksync_cell_text(row, 2);

		if (remote_id)
			json_object_set_new(plan->remote_of, hub_id, json_string(remote_id));
		json_object_set_new(plan->link_state_of, hub_id, json_string(tasksync_cell_text(row, 3)));
	}
}

json_t *
tasksync_emit_hub_id_row(const TasksyncLink *link)
{
	return json_pack("{s:s, s:I}", "hub_id", link->hub_id, "version", (json_int_t) link->version);
}

/*
 * From the top of the hub's tree down: what is moved below something that has
 * reached its own place cannot make a ring on the way, as it could the other
 * way round where two tasks change places.
 */
static bool
moves_later(const TasksyncCandidate *target)
{
	return target && target->out && (target->out->present & TASKSYNC_PLACE_FIELDS) != 0 &&
		   !target->emitted;
}

/* the provider's id, or the temp id of its create, for one hub id */
static TasksyncReference
resolve_reference(TasksyncBatchPlan *plan, const char *hub_id, const char **remote_id)
{
	const char *state = tasksync_json_string(plan->link_state_of, hub_id);
	json_t *index = json_object_get(plan->candidate_of, hub_id);
	TasksyncCandidate *target = index ? &plan->candidates[json_integer_value(index)] : NULL;

	*remote_id = tasksync_json_string(plan->remote_of, hub_id);
	if (state == NULL || strcmp(state, "detached") == 0 || strcmp(state, "held") == 0)
		return TASKSYNC_REF_INVISIBLE;
	if (*remote_id == NULL && strcmp(state, "refused") == 0)
		return TASKSYNC_REF_REFUSED;
	if (*remote_id == NULL && (!plan->run->provider->caps.temp_ids || target == NULL))
		return TASKSYNC_REF_LATER;
	if (target && !target->settled && !target->visiting)
		tasksync_emit_candidate(plan, target);
	if (*remote_id != NULL)
		return moves_later(target) ? TASKSYNC_REF_LATER : TASKSYNC_REF_RESOLVED;
	if (target->temp_id == NULL)
		return TASKSYNC_REF_LATER;
	*remote_id = target->temp_id;
	return TASKSYNC_REF_RESOLVED;
}

/*
 * Puts remote ids in place of hub ids into `remote_patch` and takes references
 * that this account cannot show out of both.
 */
TasksyncReference
tasksync_resolve_places(TasksyncBatchPlan *plan, TasksyncRecord *hub_patch,
						TasksyncRecord *remote_patch)
{
	for (int i = 0; i < (int) lengthof(places); i++)
	{
		const char *hub_id = hub_patch->value[places[i]];
		const char *remote_id;
		TasksyncReference outcome;

		if (!tasksync_record_has(hub_patch, places[i]) || hub_id == NULL)
			continue;
		outcome = resolve_reference(plan, hub_id, &remote_id);
		if (outcome == TASKSYNC_REF_RESOLVED)
			tasksync_record_set(remote_patch, places[i], remote_id);
		else if (outcome == TASKSYNC_REF_INVISIBLE)
		{
			tasksync_record_set(hub_patch, places[i], NULL);
			tasksync_record_set(remote_patch, places[i], NULL);
		}
		else
			return outcome;
	}
	return TASKSYNC_REF_RESOLVED;
}

/*
 * Where the provider has a task now, or gets it.  The project of a task that is
 * to be deleted there may be gone here, with its route; its link is not.
 */
static void
set_container(const TasksyncBatchPlan *plan, const TasksyncLink *link, const TasksyncRecord *patch,
			  TasksyncIntent *intent)
{
	const TasksyncRecord *record = intent->op == TASKSYNC_OP_CREATE ? patch : link->base;
	const char *project_id = record->value[TASKSYNC_F_PROJECT];
	const TasksyncRoute *route;

	if (link->kind != TASKSYNC_TASK || project_id == NULL || plan->run->routes == NULL)
		return;
	route = tasksync_refs_route(plan->run, project_id);
	intent->container_id = route && route->container_id
							   ? route->container_id
							   : tasksync_json_string(plan->remote_of, project_id);
	intent->config = route ? route->config : NULL;
}

#ifdef TASKSYNC_TESTING
/* the mutant's: the same content, the same key */
static const char *
uuid_of_content(const TasksyncLink *link, TasksyncOp op, const TasksyncRecord *patch)
{
	const char *digest = tasksync_fingerprint(patch);

	return psprintf("%.8s-%.4s-%04x-%.4s-%.12s", link->hub_id, digest, (int) op, digest + 4,
					digest + 8);
}
#endif

void
tasksync_emit_intent(TasksyncBatchPlan *plan, const TasksyncLink *link, TasksyncOp op,
					 TasksyncRecord *hub_patch, TasksyncRecord *remote_patch, const char *temp_id)
{
	TasksyncIntent *intent = &plan->intents[plan->nintents];
	const char *key = tasksync_ack_late_key(plan->late, link->hub_id, op);

	intent->id = key ? key : tasksync_uuid_new();
#ifdef TASKSYNC_TESTING
	if (TASKSYNC_MUTANT("uuid per content") && key == NULL)
		intent->id = uuid_of_content(link, op, hub_patch);
#endif
	intent->is_resend = key != NULL;
	intent->temp_id = temp_id;
	intent->kind = link->kind;
	intent->op = op;
	intent->hub_id = link->hub_id;
	intent->remote_id = link->remote_id;
	intent->patch = remote_patch;
	intent->before = op == TASKSYNC_OP_CREATE ? NULL : link->base;
	intent->raw = link->raw;
	set_container(plan, link, hub_patch, intent);
	json_array_append_new(plan->intent_rows,
						  json_pack("{s:s, s:i, s:s, s:s, s:s, s:s?, s:s?, s:o, s:I}", "id",
									intent->id, "seq", plan->nintents, "kind",
									tasksync_kind_name(link->kind), "hub_id", link->hub_id, "op",
									tasksync_op_name(op), "temp_id", temp_id, "remote_id",
									link->remote_id, "patch", tasksync_record_to_json(hub_patch),
									"lease_token", (json_int_t) plan->run->lease_token));
	plan->nintents++;
}

/* what the provider should show of it */
static TasksyncRecord *
shown_of(const TasksyncBatchPlan *plan, const TasksyncLink *link)
{
	return tasksync_lens_project(tasksync_link_lens(plan->run, link), link->hub);
}

/* false: not now */
static bool
emit_create(TasksyncBatchPlan *plan, TasksyncCandidate *candidate)
{
	TasksyncLink *link = candidate->link;
	TasksyncRecord *hub_patch = shown_of(plan, link);
	TasksyncRecord *remote_patch;
	TasksyncReference outcome;

	tasksync_record_drop(hub_patch, TASKSYNC_FIELD_BIT(TASKSYNC_F_COMPLETED_AT));
	remote_patch = tasksync_record_copy(hub_patch);
	outcome = tasksync_resolve_places(plan, hub_patch, remote_patch);
	if (outcome == TASKSYNC_REF_REFUSED)
		json_array_append_new(plan->blocked_rows, tasksync_emit_hub_id_row(link));
	if (outcome != TASKSYNC_REF_RESOLVED || plan->room < 1)
		return false;
	candidate->temp_id = tasksync_uuid_new();
	tasksync_emit_intent(plan, link, TASKSYNC_OP_CREATE, hub_patch, remote_patch,
						 candidate->temp_id);
	plan->room--;
	return true;
}

/* the fields of `out` that travel in an UPDATE */
static uint32
update_fields(const TasksyncRun *run, const TasksyncRecord *out)
{
	uint32 fields = 0;

	for (int f = 0; f < TASKSYNC_NFIELDS; f++)
	{
		TasksyncOp carrier = run->provider->caps.op_of_field[f];

		if (out->kind != TASKSYNC_TASK)
			carrier = (TASKSYNC_PLACE_FIELDS & TASKSYNC_FIELD_BIT(f)) ? TASKSYNC_OP_MOVE
																	  : TASKSYNC_OP_UPDATE;
		if (tasksync_record_has(out, f) && carrier == TASKSYNC_OP_UPDATE)
			fields |= TASKSYNC_FIELD_BIT(f);
	}
	return fields;
}

/* the place is one value: a move names all of it.  False: it has to wait. */
static bool
emit_move(TasksyncBatchPlan *plan, TasksyncLink *link)
{
	TasksyncRecord *projected = shown_of(plan, link);
	TasksyncRecord *hub_patch = tasksync_record_new(link->kind);
	TasksyncRecord *remote_patch;

	tasksync_record_take(hub_patch, projected, TASKSYNC_PLACE_FIELDS);
	remote_patch = tasksync_record_copy(hub_patch);
	if (tasksync_resolve_places(plan, hub_patch, remote_patch) != TASKSYNC_REF_RESOLVED)
		return false;
	if (tasksync_record_diff(hub_patch, link->base) & TASKSYNC_PLACE_FIELDS)
	{
		tasksync_emit_intent(plan, link, TASKSYNC_OP_MOVE, hub_patch, remote_patch, NULL);
		plan->room--;
	}
	return true;
}

static void
emit_update(TasksyncBatchPlan *plan, TasksyncLink *link, const TasksyncRecord *out, uint32 fields)
{
	TasksyncRecord *patch = tasksync_record_new(link->kind);

	/* a due date is sent whole: its parts mean nothing alone */
	if (fields & TASKSYNC_DUE_FIELDS)
		tasksync_record_take(patch, shown_of(plan, link), TASKSYNC_DUE_FIELDS);
	tasksync_record_take(patch, out, fields);
	if (TASKSYNC_MUTANT("PUT instead of PATCH"))
		tasksync_record_take(patch, tasksync_lens_project(tasksync_link_lens(plan->run, link),
														  link->hub),
							 TASKSYNC_FIELD_BIT(TASKSYNC_F_TITLE) |
								 TASKSYNC_FIELD_BIT(TASKSYNC_F_DESCRIPTION));
	tasksync_emit_intent(plan, link, TASKSYNC_OP_UPDATE, patch, patch, NULL);
	plan->room--;
}

static void
emit_status(TasksyncBatchPlan *plan, const TasksyncCandidate *candidate, TasksyncOp op)
{
	TasksyncLink *link = candidate->link;
	TasksyncRecord *patch = tasksync_record_new(link->kind);
	TasksyncRecord *remote_patch;

	tasksync_record_take(patch, candidate->out, TASKSYNC_FIELD_BIT(TASKSYNC_F_STATUS));
	remote_patch = tasksync_record_copy(patch);
	/* the due date names the occurrence of a recurring task that is completed */
	tasksync_record_take(remote_patch, link->base, TASKSYNC_DUE_FIELDS);
	tasksync_emit_intent(plan, link, op, patch, remote_patch, NULL);
}

/*
 * A parent that moves itself goes first: until it has left, it may hang below
 * its new child there, and the provider would refuse the ring.
 */
static void
emit_parent_first(TasksyncBatchPlan *plan, const TasksyncLink *link)
{
	const char *parent = link->hub->value[TASKSYNC_F_PARENT];
	json_t *index = parent ? json_object_get(plan->candidate_of, parent) : NULL;
	TasksyncCandidate *above = index ? &plan->candidates[json_integer_value(index)] : NULL;

	if (above && !above->settled && !above->visiting && above->link->state == 'l')
		tasksync_emit_candidate(plan, above);
}

/*
 * A subtask whose parent is completed by the same request and that has nothing
 * else to say needs no command of its own; ack.c takes the consequence for
 * granted once the parent's completion is acknowledged.  A series stays out of
 * it: what becomes of one is the provider's secret.
 */
static bool
closes_along(TasksyncBatchPlan *plan, const TasksyncCandidate *candidate)
{
	const TasksyncRecord *base = candidate->link->base;
	const char *parent = base->value[TASKSYNC_F_PARENT];
	json_t *index = parent ? json_object_get(plan->candidate_of, parent) : NULL;
	TasksyncCandidate *above = index ? &plan->candidates[json_integer_value(index)] : NULL;

	if (!plan->run->provider->caps.closes_descendants || above == NULL ||
		candidate->out->present != TASKSYNC_FIELD_BIT(TASKSYNC_F_STATUS) ||
		base->value[TASKSYNC_F_RECURRENCE] != NULL)
		return false;
	if (!above->settled && !above->visiting)
		tasksync_emit_candidate(plan, above);
	return above->closes;
}

/* true if something of it goes out now */
static bool
emit_changes(TasksyncBatchPlan *plan, TasksyncCandidate *candidate)
{
	TasksyncLink *link = candidate->link;
	TasksyncRecord *out = candidate->out;
	/* where a completion is no command of its own, the status is a field like others */
	bool closes = plan->run->provider->caps.op_of_field[TASKSYNC_F_STATUS] == TASKSYNC_OP_CLOSE;
	const char *status = closes && tasksync_record_has(out, TASKSYNC_F_STATUS)
							 ? out->value[TASKSYNC_F_STATUS]
							 : NULL;
	bool done = status && strcmp(status, "done") == 0;
	bool moves = (out->present & TASKSYNC_PLACE_FIELDS) != 0;
	uint32 fields = update_fields(plan->run, out);
	int before;
	bool waits = tasksync_record_has(out, TASKSYNC_F_POSITION);

	/* no other command does harm when the provider has gone on meanwhile: see what is due first */
	if (done && link->base->value[TASKSYNC_F_RECURRENCE] && !plan->run->read_done)
		return false;
	if (done && closes_along(plan, candidate))
	{
		candidate->closes = true;
		return false;
	}
	if (moves)
		emit_parent_first(plan, link);
	/* every op of one link in one request, or none of them */
	if (plan->room < (status != NULL) + moves + (fields != 0))
		return false;
	before = plan->room;
	if (status && !done)
	{
		emit_status(plan, candidate, TASKSYNC_OP_REOPEN);
		plan->room--;
	}
	if (moves)
		waits |= !emit_move(plan, link);
	if (fields)
		emit_update(plan, link, out, fields);
	if (done)
	{
		plan->closes = lappend(plan->closes, candidate);
		plan->room--;
		candidate->closes = link->base->value[TASKSYNC_F_RECURRENCE] == NULL;
	}
	if (plan->room == before && !waits)
		json_array_append_new(plan->clean_rows, tasksync_emit_hub_id_row(link));
	return plan->room < before;
}

/* a renamed label is on its way: every task that carries it looks changed until it arrives */
static bool
is_label_rename(const TasksyncCandidate *candidate)
{
	return candidate->link->kind == TASKSYNC_LABEL && candidate->out &&
		   tasksync_record_has(candidate->out, TASKSYNC_F_NAME);
}

/* never before the first whole read: what the hub would create may be there */
static bool
waits_for_reading(const TasksyncBatchPlan *plan, const TasksyncLink *link)
{
	const TasksyncRoute *route;

	if (link->kind != TASKSYNC_TASK || plan->run->routes == NULL)
		return false;
	route = tasksync_refs_route(plan->run, link->hub->value[TASKSYNC_F_PROJECT]);
	return (route && route->unread) || (link->state == 'l' && link->base->present == 0);
}

bool
tasksync_emit_candidate(TasksyncBatchPlan *plan, TasksyncCandidate *candidate)
{
	TasksyncLink *link = candidate->link;
	bool emitted = false;

	candidate->visiting = true;
	/* a filter may be set while a task is written that it keeps out */
	if (link->hub == NULL || link->state == 'x' || !tasksync_refs_carries(plan->run, link->hub))
		json_array_append_new(plan->clean_rows, tasksync_emit_hub_id_row(link));
	else if (waits_for_reading(plan, link))
		emitted = false;
	else if (link->state == 'c')
		emitted = emit_create(plan, candidate);
	else if (link->state == 'l')
	{
		candidate->out = tasksync_link_out(plan->run, link);
		if (candidate->out->present == 0)
			json_array_append_new(plan->clean_rows, tasksync_emit_hub_id_row(link));
		else if (plan->may_patch && !(plan->run->tasks_wait && link->kind == TASKSYNC_TASK))
			emitted = emit_changes(plan, candidate);
		if (tasksync_record_has(candidate->out, TASKSYNC_F_POSITION))
			plan->reordered = lappend(plan->reordered, candidate);
		if (is_label_rename(candidate))
			plan->run->tasks_wait = true;
	}
	candidate->visiting = false;
	candidate->settled = true;
	candidate->emitted = emitted;
	return emitted;
}

void
tasksync_emit_closes(TasksyncBatchPlan *plan)
{
	ListCell *cell;

	foreach(cell, plan->closes)
		emit_status(plan, lfirst(cell), TASKSYNC_OP_CLOSE);
	plan->closes = NIL;
}

void
tasksync_emit_deletes(TasksyncBatchPlan *plan)
{
	List *links = NIL;
	ListCell *cell;

	for (int i = 0; i < plan->ncandidates; i++)
		if (plan->candidates[i].link->state == 'd')
			links = lappend(links, plan->candidates[i].link);
	if (links == NIL || !plan->may_patch)
		return;
	/* what may leave: not held, and nothing that is still needed sits below it */
	foreach(cell, tasksync_deletion_sendable(plan->run, links))
	{
		TasksyncLink *link = lfirst(cell);
		TasksyncRecord *nothing = tasksync_record_new(link->kind);

		if (plan->room < 1)
			break;
		tasksync_emit_intent(plan, link, TASKSYNC_OP_DELETE, nothing, nothing, NULL);
		plan->room--;
	}
}
