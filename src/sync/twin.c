/*
 * twin.c
 *	  The first run of an account after a start: the hub may be older than what
 *	  the provider has seen of it.
 *
 * A server that was restored from a backup does not know what it created after
 * it.  Every account then shows the same new tasks; the first one to be read
 * brings them in, and creating them at the others would make them there twice.
 * So in its first run an account is read before anything is created there, and
 * what it shows is taken for the tasks that wait to be created there, where they
 * are alike to the letter.
 *
 * In later runs two equal tasks stay two: then somebody has made them twice.
 *
 * Sync worker only.
 */
#include "postgres.h"

#include "utils/hsearch.h"
#include "utils/memutils.h"

#include "base/json.h"
#include "sync/canonical.h"
#include "sync/chunk.h"
#include "sync/match.h"
#include "sync/twin.h"

static HTAB *ended = NULL;

/* what waits to be created there, under one of these titles */
static const char sql_waiting[] =
	"SELECT l.hub_id::text, tasksync.task_record(t)::text FROM tasksync.links l"
	" JOIN tasksync.tasks t ON t.user_id = $1 AND t.id = l.hub_id"
	" WHERE l.user_id = $1 AND l.account_id = $2 AND l.kind = 'task' AND l.dirty"
	"  AND l.state = 'pending_create' AND l.remote_id IS NULL AND $3 ? t.title"
	"  AND NOT EXISTS (SELECT FROM tasksync.intents i WHERE i.user_id = $1"
	"   AND i.account_id = $2 AND i.hub_id = l.hub_id)";

static const char sql_adopt[] =
	"UPDATE tasksync.links l SET remote_id = r.remote_id, state = 'live', base = '{}', dirty = false"
	" FROM jsonb_to_recordset($4) r(hub_id uuid, remote_id text)"
	" WHERE l.user_id = $1 AND l.account_id = $2 AND l.hub_id = r.hub_id AND l.remote_id IS NULL"
	" AND $3 IS NOT NULL";

bool
tasksync_twin_is_first_run(const char *account_id)
{
	char key[TASKSYNC_UUID_LEN] = {0};

	strlcpy(key, account_id, sizeof(key));
	return ended == NULL || hash_search(ended, key, HASH_FIND, NULL) == NULL;
}

void
tasksync_twin_run_ended(const char *account_id)
{
	char key[TASKSYNC_UUID_LEN] = {0};

	if (ended == NULL)
	{
		HASHCTL ctl = {0};

		ctl.keysize = ctl.entrysize = TASKSYNC_UUID_LEN;
		ctl.hcxt = TopMemoryContext;
		ended =
			hash_create("tasksync accounts seen", 256, &ctl, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	}
	strlcpy(key, account_id, sizeof(key));
	hash_search(ended, key, HASH_ENTER, NULL);
}

/* the same project, and alike in all that tells tasks apart */
static const char *
likeness(const TasksyncRecord *record, const char *project_id)
{
	TasksyncRecord *bare = tasksync_record_share(record);

	tasksync_record_drop(bare, TASKSYNC_PLACE_FIELDS);
	tasksync_canonicalize(bare);
	return psprintf("%s %s %s", project_id, tasksync_fingerprint(bare),
					bare->value[TASKSYNC_F_STATUS] ? bare->value[TASKSYNC_F_STATUS] : "");
}

/* likeness -> array of hub ids */
static json_t *
load_waiting(TasksyncRun *run, json_t *titles)
{
	json_t *waiting = json_object();
	uint64 rows = tasksync_query(sql_waiting, "uuj", tasksync_p_uuid(run->user_id),
								 tasksync_p_uuid(run->account_id),
								 tasksync_p_text(tasksync_json_text(titles)));

	for (uint64 row = 0; row < rows; row++)
	{
		const char *text = tasksync_cell_text(row, 2);
		const char *error;
		TasksyncRecord *record =
			tasksync_record_from_json(TASKSYNC_TASK,
									  tasksync_json_parse(text, strlen(text), &error), &error);
		const char *project = record ? record->value[TASKSYNC_F_PROJECT] : NULL;
		const char *key;

		if (project == NULL)
			continue;
		key =
			likeness(tasksync_lens_project(tasksync_refs_lens(run, TASKSYNC_TASK, project), record),
					 project);
		if (json_object_get(waiting, key) == NULL)
			json_object_set_new(waiting, key, json_array());
		json_array_append_new(json_object_get(waiting, key),
							  json_string(tasksync_cell_text(row, 1)));
	}
	return waiting;
}

static bool
is_candidate(const TasksyncObservation *observation)
{
	return observation->kind == TASKSYNC_TASK && observation->state == TASKSYNC_REMOTE_LIVE &&
		   observation->record->value[TASKSYNC_F_TITLE] != NULL;
}

static json_t *
known_ids(TasksyncRun *run, int count, TasksyncObservation **observations)
{
	json_t *ids = json_array();
	json_t *known = json_object();
	TasksyncLink **links;
	int nlinks;

	for (int i = 0; i < count; i++)
		if (is_candidate(observations[i]))
			json_array_append_new(ids, json_string(observations[i]->remote_id));
	links = tasksync_links_find(run, TASKSYNC_TASK, ids, &nlinks);
	for (int i = 0; i < nlinks; i++)
		json_object_set_new(known, links[i]->remote_id, json_true());
	return known;
}

void
tasksync_twin_adopt(TasksyncRun *run, int count, TasksyncObservation **observations)
{
	json_t *titles = json_array();
	json_t *pairs = json_array();
	json_t *waiting;
	json_t *known;

	for (int i = 0; i < count; i++)
		if (is_candidate(observations[i]))
			json_array_append_new(titles,
								  json_string(observations[i]->record->value[TASKSYNC_F_TITLE]));
	if (json_array_size(titles) == 0)
		return;
	waiting = load_waiting(run, titles);
	if (json_object_size(waiting) == 0)
		return;
	known = known_ids(run, count, observations);
	for (int i = 0; i < count; i++)
	{
		const char *project;
		json_t *alike;

		if (!is_candidate(observations[i]) || json_object_get(known, observations[i]->remote_id))
			continue;
		project = tasksync_refs_hub(run, TASKSYNC_PROJECT,
									observations[i]->record->value[TASKSYNC_F_PROJECT]);
		alike =
			project ? json_object_get(waiting, likeness(observations[i]->record, project)) : NULL;
		if (json_array_size(alike) == 0)
			continue;
		json_array_append_new(pairs, json_pack("{s:O, s:s}", "hub_id", json_array_get(alike, 0),
											   "remote_id", observations[i]->remote_id));
		json_array_remove(alike, 0);
	}
	tasksync_batch(sql_adopt, run, pairs);
}
