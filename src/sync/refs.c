/*
 * refs.c
 *	  Containers of one account, remote id to hub id, and how projects are
 *	  routed, for the length of a run.
 *
 * Projects, sections and labels are few, so they are loaded once and kept;
 * tasks are looked up per chunk (observe.c).  Keys are case-sensitive:
 * providers' ids may differ by case alone.  Sync worker only.
 */
#include "postgres.h"

#include "utils/hsearch.h"
#include "utils/memutils.h"

#include "base/json.h"
#include "sync/filter.h"
#include "sync/run.h"

typedef struct RefKey
{
	TasksyncKind kind;
	char remote_id[TASKSYNC_REMOTE_ID_LEN];
} RefKey;

typedef struct Ref
{
	RefKey key;
	char hub_id[TASKSYNC_UUID_LEN];
	bool dying; /* deleted at the hub, and not yet there */
} Ref;

static void
make_key(RefKey *key, TasksyncKind kind, const char *remote_id)
{
	memset(key, 0, sizeof(*key));
	key->kind = kind;
	strlcpy(key->remote_id, remote_id, sizeof(key->remote_id));
}

void
tasksync_refs_add(TasksyncRun *run, TasksyncKind kind, const char *remote_id, const char *hub_id)
{
	RefKey key;
	Ref *ref;

	make_key(&key, kind, remote_id);
	ref = hash_search(run->refs, &key, HASH_ENTER, NULL);
	strlcpy(ref->hub_id, hub_id, sizeof(ref->hub_id));
	ref->dying = false;
}

const char *
tasksync_refs_hub(TasksyncRun *run, TasksyncKind kind, const char *remote_id)
{
	RefKey key;
	Ref *ref;

	if (remote_id == NULL)
		return NULL;
	make_key(&key, kind, remote_id);
	ref = hash_search(run->refs, &key, HASH_FIND, NULL);
	return ref ? ref->hub_id : NULL;
}

bool
tasksync_refs_is_dying(TasksyncRun *run, TasksyncKind kind, const char *remote_id)
{
	RefKey key;
	Ref *ref;

	if (remote_id == NULL)
		return false;
	make_key(&key, kind, remote_id);
	ref = hash_search(run->refs, &key, HASH_FIND, NULL);
	return ref && ref->dying;
}

const TasksyncRoute *
tasksync_refs_route(TasksyncRun *run, const char *project_id)
{
	char key[TASKSYNC_UUID_LEN] = {0};

	if (project_id == NULL)
		return NULL;
	strlcpy(key, project_id, sizeof(key));
	return hash_search(run->routes, key, HASH_FIND, NULL);
}

/* an object whose project is not linked is carried by no link, and is no matter of filters */
bool
tasksync_refs_carries(TasksyncRun *run, const TasksyncRecord *record)
{
	const TasksyncRoute *route = NULL;

	if (record->kind == TASKSYNC_TASK && run->routes != NULL)
		route = tasksync_refs_route(run, record->value[TASKSYNC_F_PROJECT]);
	return route == NULL || tasksync_filter_matches(route->filter, record);
}

/* the version of a scope: it changes with the link, its filter and its mapping */
static const char sql_routes[] =
	"SELECT p.project_id::text, p.direction, p.policy::text, p.on_remote_delete, p.remote_id,"
	" jsonb_strip_nulls(jsonb_build_object('known', c.config, 'mapping', p.mapping))::text,"
	" hashtext(p.id::text || ' ' || p.scope_version),"
	" p.matched_at IS NULL AND p.remote_id IS NOT NULL,"
	" p.matched_at IS NULL AND p.remote_id IS NOT NULL AND EXISTS ("
	"  SELECT FROM tasksync.tasks t WHERE t.user_id = p.user_id AND t.project_id = p.project_id"
	"  AND NOT EXISTS (SELECT FROM tasksync.links l WHERE l.user_id = t.user_id"
	"   AND l.hub_id = t.id AND l.account_id = p.account_id AND l.remote_id IS NOT NULL)),"
	" p.created_at, p.filter::text"
	" FROM tasksync.project_links p LEFT JOIN tasksync.containers c ON c.user_id = p.user_id"
	"  AND c.account_id = p.account_id AND c.remote_id = p.remote_id"
	" WHERE p.user_id = $1 AND p.account_id = $2 ORDER BY p.remote_id COLLATE \"C\"";

/* what the container can show is the provider's to say: it knows how its fields are mapped */
static const TasksyncLens *
container_lens(const TasksyncRun *run, const json_t *config)
{
	if (run->provider == NULL || run->provider->task_fields == NULL || config == NULL)
		return run->lens;
	return tasksync_lens_restrict(run->lens, TASKSYNC_TASK, run->provider->task_fields(config));
}

/* true: its container was never read whole */
static bool
route_from_row(TasksyncRun *run, uint64 row)
{
	char key[TASKSYNC_UUID_LEN] = {0};
	const char *direction = tasksync_cell_text(row, 2);
	const char *policy = tasksync_cell_text(row, 3);
	const char *config = tasksync_cell_text(row, 6);
	const char *filter = tasksync_cell_text(row, 11);
	const char *error;
	TasksyncRoute *route;
	TasksyncContainer *container;

	strlcpy(key, tasksync_cell_text(row, 1), sizeof(key));
	route = hash_search(run->routes, key, HASH_ENTER, NULL);
	route->pulls = strcmp(direction, "push") != 0;
	route->pushes = strcmp(direction, "pull") != 0;
	if (policy == NULL ||
		!tasksync_policy_parse(tasksync_json_parse(policy, strlen(policy), &error), &route->policy,
							   &error))
		route->policy = run->policy;
	route->filter = filter ? tasksync_json_parse(filter, strlen(filter), &error) : NULL;
	route->linked_at = tasksync_cell_time(row, 10);
	route->on_remote_delete = tasksync_cell_text(row, 4)[0];
	route->container_id = tasksync_cell_text(row, 5);
	route->config = config ? tasksync_json_parse(config, strlen(config), &error) : NULL;
	route->lens = container_lens(run, route->config);
	route->unread = tasksync_cell_bool(row, 8);
	route->needs_match = tasksync_cell_bool(row, 9);
	if (route->container_id == NULL || !run->provider->caps.reads_containers)
		return route->unread;
	container = &run->containers[run->ncontainers++];
	container->remote_id = route->container_id;
	container->config = route->config;
	container->version = (int) tasksync_cell_long(row, 7, 0);
	return route->unread;
}

/* routes and what they point to live until the next load */
static void
load_routes(TasksyncRun *run)
{
	HASHCTL ctl = {0};
	MemoryContext old;
	bool unread = false;
	uint64 rows;

	ctl.keysize = TASKSYNC_UUID_LEN;
	ctl.entrysize = sizeof(TasksyncRoute);
	ctl.hcxt = run->refs_cxt;
	run->routes = hash_create("tasksync routes", 64, &ctl, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	rows = tasksync_query(sql_routes, "uu", tasksync_p_uuid(run->user_id),
						  tasksync_p_uuid(run->account_id));
	old = MemoryContextSwitchTo(run->refs_cxt);
	run->ncontainers = 0;
	run->containers = palloc(sizeof(TasksyncContainer) * Max(rows, 1));
	for (uint64 row = 0; row < rows; row++)
		unread |= route_from_row(run, row);
	MemoryContextSwitchTo(old);
	run->has_links = rows > 0;
	/* where one read covers the account, it has to be a whole one for a container never read */
	if (unread && !run->provider->caps.reads_containers && !run->paging && !run->read_done)
		run->cursor = NULL;
}

const TasksyncLens *
tasksync_refs_lens(const TasksyncRun *run, TasksyncKind kind, const char *project_id)
{
	const TasksyncRoute *route = kind == TASKSYNC_TASK && run->routes
									 ? tasksync_refs_route((TasksyncRun *) run, project_id)
									 : NULL;

	return route ? route->lens : run->lens;
}

void
tasksync_refs_need(TasksyncRun *run)
{
	if (run->refs != NULL)
		return;
	tasksync_run_begin_look(run, "load routes");
	tasksync_refs_load(run);
	tasksync_run_commit(run);
}

void
tasksync_refs_load(TasksyncRun *run)
{
	HASHCTL ctl = {0};
	uint64 rows;

	ctl.keysize = sizeof(RefKey);
	ctl.entrysize = sizeof(Ref);
	if (run->refs_cxt == NULL)
		run->refs_cxt = AllocSetContextCreate(run->cxt, "tasksync routes", ALLOCSET_SMALL_SIZES);
	else
		MemoryContextReset(run->refs_cxt);
	ctl.hcxt = run->refs_cxt;
	run->refs = hash_create("tasksync refs", 256, &ctl, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	rows =
		tasksync_query("SELECT kind, remote_id, hub_id::text, state = 'pending_delete'"
					   " FROM tasksync.links"
					   " WHERE user_id = $1 AND account_id = $2 AND kind <> 'task'"
					   " AND remote_id IS NOT NULL AND state IN ('live', 'pending_delete', 'held')",
					   "uu", tasksync_p_uuid(run->user_id), tasksync_p_uuid(run->account_id));
	for (uint64 row = 0; row < rows; row++)
	{
		TasksyncKind kind;
		RefKey key;

		if (!tasksync_kind_from_name(tasksync_cell_text(row, 1), &kind))
			continue;
		tasksync_refs_add(run, kind, tasksync_cell_text(row, 2), tasksync_cell_text(row, 3));
		make_key(&key, kind, tasksync_cell_text(row, 2));
		((Ref *) hash_search(run->refs, &key, HASH_FIND, NULL))->dying = tasksync_cell_bool(row, 4);
	}
	load_routes(run);
}
