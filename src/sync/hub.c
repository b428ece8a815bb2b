/*
 * hub.c
 *	  The engine's writes to the hub's own tables.
 *
 * Whole rows go in, one statement per table and chunk; the hub's triggers see
 * the engine as the origin, write the journal and make the other accounts'
 * links dirty.  Sync worker only, inside a transaction of a run.
 */
#include "postgres.h"

#include "access/xact.h"
#include "utils/memutils.h"
#include "utils/resowner.h"

#include "base/json.h"
#include "base/jsonb.h"
#include "sync/hub.h"

#define ALL_PARAMETERS " $2 IS NOT NULL AND $3 IS NOT NULL"

/* values beside the record's own: id, edited, created_at, is_inbox */
#define OTHER_COLUMNS 4

static const char *const tables[TASKSYNC_NKINDS] = {
	[TASKSYNC_PROJECT] = "projects",
	[TASKSYNC_SECTION] = "sections",
	[TASKSYNC_LABEL] = "labels",
	[TASKSYNC_TASK] = "tasks",
};

static const char *const sql_insert[TASKSYNC_NKINDS] = {
	[TASKSYNC_PROJECT] =
		"INSERT INTO tasksync.projects (user_id, id, name, color, parent_id, position, is_inbox,"
		" is_archived, edited, created_at)"
		" SELECT $1, r.id, r.name, r.color, r.parent_id, coalesce(r.position, 0),"
		" coalesce(r.is_inbox, false), coalesce(r.is_archived, false), r.edited,"
		" coalesce(r.created_at, now()) FROM unnest($4) r WHERE" ALL_PARAMETERS,
	[TASKSYNC_SECTION] =
		"INSERT INTO tasksync.sections (user_id, id, project_id, name, position, edited, created_at)"
		" SELECT $1, r.id, r.project_id, r.name, coalesce(r.position, 0), r.edited,"
		" coalesce(r.created_at, now()) FROM unnest($4) r WHERE" ALL_PARAMETERS,
	[TASKSYNC_LABEL] =
		"INSERT INTO tasksync.labels (user_id, id, name, color, position, edited, created_at)"
		" SELECT $1, r.id, r.name, r.color, coalesce(r.position, 0), r.edited,"
		" coalesce(r.created_at, now()) FROM unnest($4) r WHERE" ALL_PARAMETERS,
	[TASKSYNC_TASK] =
		"INSERT INTO tasksync.tasks (user_id, id, project_id, section_id, parent_id, title, description,"
		" status, completed_at, priority, due_date, due_time, due_timezone, recurrence, labels, position,"
		" edited, created_at)"
		" SELECT $1, r.id, r.project_id, r.section_id, r.parent_id, r.title, coalesce(r.description, ''),"
		" coalesce(r.status, 'open'), r.completed_at, coalesce(r.priority, 0), r.due_date, r.due_time,"
		" r.due_timezone, r.recurrence, coalesce(r.labels, '{}'), r.position, r.edited,"
		" coalesce(r.created_at, now()) FROM unnest($4) r WHERE" ALL_PARAMETERS,
};

static const char *const sql_update[TASKSYNC_NKINDS] = {
	[TASKSYNC_PROJECT] =
		/* the name of the inbox does not travel */
		"UPDATE tasksync.projects t SET name = coalesce(r.name, t.name), color = r.color,"
		" parent_id = r.parent_id,"
		" position = coalesce(r.position, t.position), is_archived = coalesce(r.is_archived, false),"
		" edited = t.edited || r.edited"
		" FROM unnest($4) r WHERE t.user_id = $1 AND t.id = r.id AND" ALL_PARAMETERS,
	[TASKSYNC_SECTION] =
		"UPDATE tasksync.sections t SET name = r.name, project_id = r.project_id,"
		" position = coalesce(r.position, t.position), edited = t.edited || r.edited"
		" FROM unnest($4) r WHERE t.user_id = $1 AND t.id = r.id AND" ALL_PARAMETERS,
	[TASKSYNC_LABEL] =
		"UPDATE tasksync.labels t SET name = r.name, color = r.color,"
		" position = coalesce(r.position, t.position), edited = t.edited || r.edited"
		" FROM unnest($4) r WHERE t.user_id = $1 AND t.id = r.id AND" ALL_PARAMETERS,
	[TASKSYNC_TASK] =
		"UPDATE tasksync.tasks t SET project_id = r.project_id, section_id = r.section_id,"
		" parent_id = r.parent_id, title = r.title, description = r.description, status = r.status,"
		" completed_at = r.completed_at, priority = r.priority, due_date = r.due_date,"
		" due_time = r.due_time, due_timezone = r.due_timezone, recurrence = r.recurrence,"
		" labels = r.labels, position = coalesce(r.position, t.position),"
		" edited = t.edited || r.edited FROM unnest($4) r"
		" WHERE t.user_id = $1 AND t.id = r.id AND" ALL_PARAMETERS,
};

static const char sql_route[] =
	"INSERT INTO tasksync.project_links (user_id, account_id, project_id, remote_id, matched_at)"
	" SELECT $1, $2, r.id, r.remote_id, CASE WHEN NOT EXISTS (SELECT FROM tasksync.tasks t"
	"  WHERE t.user_id = $1 AND t.project_id = r.id) THEN now() END"
	" FROM jsonb_to_recordset($4) r(id uuid, remote_id text) WHERE $3 IS NOT NULL"
	" ON CONFLICT (user_id, account_id, project_id) DO UPDATE SET remote_id = excluded.remote_id";

/* what a project held here before it met its counterpart is to be created there */
static const char sql_attach[] =
	"SELECT tasksync.attach_project($1, $2, r.id, true) FROM jsonb_to_recordset($4) r(id uuid)"
	" WHERE $3 IS NOT NULL";

/*
 * A question that is still open is brought up to date, not asked twice.  Each
 * account asks its own: two of them may hold two values.
 */
static const char sql_conflicts[] =
	"WITH r AS (SELECT * FROM jsonb_to_recordset($4) r(kind text, hub_id uuid, field text,"
	"  base jsonb, hub jsonb, remote jsonb, result jsonb, rule text, status text)),"
	" again AS (UPDATE tasksync.conflicts c SET hub = r.hub, remote = r.remote, result = r.result,"
	"  run_id = $3 FROM r WHERE c.user_id = $1 AND c.hub_id = r.hub_id"
	"  AND c.account_id = $2 AND c.field = r.field AND c.status = 'open' AND r.status = 'open'"
	"  RETURNING c.hub_id, c.field)"
	" INSERT INTO tasksync.conflicts (user_id, account_id, run_id, kind, hub_id, field, base, hub,"
	" remote, result, rule, status)"
	" SELECT $1, $2, $3, r.kind, r.hub_id, r.field, r.base, r.hub, r.remote, r.result, r.rule,"
	" r.status FROM r WHERE NOT EXISTS"
	" (SELECT FROM again a WHERE a.hub_id = r.hub_id AND a.field = r.field)";

/* the provider came to say what the hub says; what was frozen meanwhile goes on to the others */
static const char sql_answered[] =
	"WITH answered AS (UPDATE tasksync.conflicts c SET status = 'resolved', choice = 'hub',"
	"  result = r.result, resolved_at = now()"
	"  FROM jsonb_to_recordset($4) r(hub_id uuid, field text, result jsonb)"
	"  WHERE c.user_id = $1 AND c.account_id = $2 AND c.hub_id = r.hub_id AND c.field = r.field"
	"  AND c.status = 'open' AND $3 IS NOT NULL RETURNING c.hub_id)"
	" SELECT tasksync.mark_dirty($1, array_agg(DISTINCT hub_id)) FROM answered HAVING count(*) > 0";

static TasksyncParam
field_param(const TasksyncRecord *record, TasksyncField field)
{
	if (!tasksync_record_has(record, field))
		return tasksync_p_null();
	if (field == TASKSYNC_F_LABELS)
		return tasksync_p_texts(record->labels.count, record->labels.names);
	return tasksync_p_text(record->value[field]);
}

static TasksyncRowset *
new_rows(TasksyncKind kind)
{
	const char **columns = palloc(sizeof(char *) * (TASKSYNC_NFIELDS + OTHER_COLUMNS + 1));
	int n = 0;

	for (int f = 0; f < TASKSYNC_NFIELDS; f++)
		if ((tasksync_kind_fields(kind) & TASKSYNC_FIELD_BIT(f)) != 0)
			columns[n++] = tasksync_field_name((TasksyncField) f);
	columns[n++] = "id";
	columns[n++] = "edited";
	columns[n++] = "created_at";
	if (kind == TASKSYNC_PROJECT)
		columns[n++] = "is_inbox";
	columns[n] = NULL;
	return tasksync_rowset_new(tables[kind], columns);
}

/* in the order of new_rows() */
static void
add_row(TasksyncRowset *rows, const TasksyncHubChange *change)
{
	const TasksyncRecord *record = change->link->hub;
	TasksyncParam values[TASKSYNC_NFIELDS + OTHER_COLUMNS];
	int n = 0;

	for (int f = 0; f < TASKSYNC_NFIELDS; f++)
		if ((tasksync_kind_fields(record->kind) & TASKSYNC_FIELD_BIT(f)) != 0)
			values[n++] = field_param(record, (TasksyncField) f);
	values[n++] = tasksync_p_uuid(change->link->hub_id);
	values[n++] = tasksync_p_datum('j', tasksync_jsonb(change->edited ? change->edited
																	  : json_object()));
	values[n++] = tasksync_p_time(change->created_at);
	if (record->kind == TASKSYNC_PROJECT)
		values[n++] = tasksync_p_bool(change->is_inbox);
	tasksync_rowset_add(rows, values);
}

static void
apply_all(TasksyncRun *run, TasksyncKind kind, int count, TasksyncHubChange *changes)
{
	TasksyncRowset *inserts = new_rows(kind);
	TasksyncRowset *updates = new_rows(kind);
	json_t *routes = json_array();
	json_t *met = json_array();
	List *new_links = NIL;
	List *links = NIL;
	json_t *conflicts = json_array();
	json_t *answered = json_array();

	for (int i = 0; i < count; i++)
	{
		TasksyncHubChange *change = &changes[i];

		if (change->inserts)
			add_row(inserts, change);
		else if (change->updates)
			add_row(updates, change);
		if (change->container_id)
			json_array_append_new(routes, json_pack("{s:s, s:s}", "id", change->link->hub_id,
													"remote_id", change->container_id));
		if (change->container_id && !change->inserts)
			json_array_append_new(met, json_pack("{s:s}", "id", change->link->hub_id));
		if (change->inserts_link)
			new_links = lappend(new_links, change->link);
		else
			links = lappend(links, change->link);
		if (change->conflicts)
			json_array_extend(conflicts, change->conflicts);
		if (change->answered)
			json_array_extend(answered, change->answered);
	}
	/* first: what the hub's own rules change in these rows makes their links dirty again */
	tasksync_links_insert(run, new_links);
	tasksync_links_write(run, links);
	tasksync_batch_rows(sql_insert[kind], run, inserts);
	tasksync_batch(sql_route, run, routes);
	tasksync_batch(sql_attach, run, met);
	run->has_dirty |= json_array_size(met) > 0;
	tasksync_batch_rows(sql_update[kind], run, updates);
	run->has_dirty |= tasksync_rowset_count(updates) > 0;
	tasksync_batch(sql_conflicts, run, conflicts);
	tasksync_batch(sql_answered, run, answered);
	run->counts.created += tasksync_rowset_count(inserts);
	run->counts.updated += tasksync_rowset_count(updates);
	run->counts.conflicts += (int) json_array_size(conflicts);
	tasksync_statistics_note(count);
}

/*
 * Runs apply_all() in a subtransaction; on an error of the hub's own rules
 * returns a message instead of raising it.  Trouble of the server (memory,
 * locks, cancel, disk) is raised: it says nothing about the change.
 */
static const char *
try_apply(TasksyncRun *run, TasksyncKind kind, int count, TasksyncHubChange *changes)
{
	MemoryContext cxt = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	TasksyncCounts counts = run->counts;
	char *volatile message = NULL;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(cxt);
	PG_TRY();
	{
		apply_all(run, kind, count, changes);
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		ErrorData *error;
		int category;

		MemoryContextSwitchTo(cxt);
		error = CopyErrorData();
		category = ERRCODE_TO_CATEGORY(error->sqlerrcode);
		if (category != ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION &&
			category != ERRCODE_DATA_EXCEPTION)
			PG_RE_THROW();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		run->counts = counts;
		message = psprintf("the hub refused it (SQLSTATE %s)", unpack_sql_state(error->sqlerrcode));
	}
	PG_END_TRY();
	MemoryContextSwitchTo(cxt);
	CurrentResourceOwner = owner;
	return message;
}

/* keeps the object out of the hub but not out of sight */
static void
dead_letter(TasksyncRun *run, TasksyncHubChange *change, const char *message)
{
	TasksyncLink *link = change->link;
	json_t *rows = json_array();

	if (change->inserts_link)
	{
		link->state = 'x';
		tasksync_links_insert(run, list_make1(link));
	}
	json_array_append_new(rows, json_pack("{s:s, s:s, s:s}", "hub_id", link->hub_id, "code",
										  "hub_refused", "message", message));
	tasksync_batch(TASKSYNC_SQL_REFUSE, run, rows);
	run->counts.refused++;
}

/* a move that would make a cycle or cross projects: the hub's place stays and is sent back */
static void
note_refused_move(TasksyncRun *run, const TasksyncHubChange *change, const TasksyncRecord *wanted)
{
	const TasksyncRecord *kept = change->link->hub;
	json_t *rows = json_array();

	json_array_append_new(rows,
						  json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:s, s:s}", "kind",
									tasksync_kind_name(kept->kind), "hub_id", change->link->hub_id,
									"field", tasksync_field_name(TASKSYNC_F_PARENT), "hub",
									tasksync_field_to_json(kept, TASKSYNC_F_PARENT), "remote",
									tasksync_field_to_json(wanted, TASKSYNC_F_PARENT), "result",
									tasksync_field_to_json(kept, TASKSYNC_F_PARENT), "rule",
									"refused_move", "status", "settled"));
	tasksync_batch(sql_conflicts, run, rows);
	run->counts.conflicts++;
}

/*
 * The change without its new place, which is what can contradict other rows.
 * A known object's old place is sent back.  A new one's parent is not here: it
 * counts as not seen yet, and the object goes below it once it is.
 */
static void
drop_place(TasksyncRun *run, TasksyncHubChange *change)
{
	TasksyncLink *link = change->link;

	if (link->hub_before)
	{
		tasksync_record_take(link->hub, link->hub_before, TASKSYNC_PLACE_FIELDS);
		link->dirty = run->has_dirty = true;
		return;
	}
	tasksync_record_set(link->hub, TASKSYNC_F_PARENT, NULL);
	tasksync_record_set(link->base, TASKSYNC_F_PARENT, NULL);
}

void
tasksync_hub_apply(TasksyncRun *run, TasksyncKind kind, int count, TasksyncHubChange *changes)
{
	if (count == 0 || try_apply(run, kind, count, changes) == NULL)
		return;
	for (int i = 0; i < count; i++)
	{
		const char *message = try_apply(run, kind, 1, &changes[i]);
		TasksyncRecord *wanted;

		if (message == NULL)
			continue;
		wanted = tasksync_record_copy(changes[i].link->hub);
		drop_place(run, &changes[i]);
		if (try_apply(run, kind, 1, &changes[i]) != NULL)
			dead_letter(run, &changes[i], message);
		else if (changes[i].link->hub_before)
			note_refused_move(run, &changes[i], wanted);
	}
}
