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

#include "base/json.h"
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

static void
load_routes(TasksyncRun *run)
{
	HASHCTL ctl = {0};
	uint64 rows;

	ctl.keysize = TASKSYNC_UUID_LEN;
	ctl.entrysize = sizeof(TasksyncRoute);
	ctl.hcxt = run->cxt;
	if (run->routes)
		hash_destroy(run->routes);
	run->routes = hash_create("tasksync routes", 64, &ctl, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	rows = tasksync_query("SELECT project_id::text, direction, policy::text, on_remote_delete"
						  " FROM tasksync.project_links WHERE user_id = $1 AND account_id = $2",
						  "uu", tasksync_p_uuid(run->user_id), tasksync_p_uuid(run->account_id));
	for (uint64 row = 0; row < rows; row++)
	{
		char key[TASKSYNC_UUID_LEN] = {0};
		const char *direction = tasksync_cell_text(row, 2);
		const char *policy = tasksync_cell_text(row, 3);
		const char *error;
		TasksyncRoute *route;

		strlcpy(key, tasksync_cell_text(row, 1), sizeof(key));
		route = hash_search(run->routes, key, HASH_ENTER, NULL);
		route->pulls = strcmp(direction, "push") != 0;
		route->pushes = strcmp(direction, "pull") != 0;
		if (policy == NULL ||
			!tasksync_policy_parse(tasksync_json_parse(policy, strlen(policy), &error),
								   &route->policy, &error))
			route->policy = run->policy;
		route->on_remote_delete = tasksync_cell_text(row, 4)[0];
	}
	run->has_links = rows > 0;
}

void
tasksync_refs_load(TasksyncRun *run)
{
	HASHCTL ctl = {0};
	uint64 rows;

	ctl.keysize = sizeof(RefKey);
	ctl.entrysize = sizeof(Ref);
	ctl.hcxt = run->cxt;
	if (run->refs)
		hash_destroy(run->refs);
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
