/*
 * notion_cursor.h
 *	  Where a read of all linked data sources stands.  Pure.
 *
 * The cursor is a JSON object:
 *
 * {"looked": instant,                       when it was last asked which there are
 *  "in": {id: {"v": version, "at": instant, "swept": instant, "bad": code}},
 *  "todo": [step, …]}                       what this read still has to do
 *
 * A step is an object, the first one is the next request:
 *
 * {"do": "search", "page": cursor}
 * {"do": "schema", "id", "ends": true}      "ends": confirms a read that found nothing
 * {"do": "database", "id"}                  is it the id of a database?
 * {"do": "read", "id", "all": true, "from": instant, "page": cursor,
 *  "start": instant, "newest": instant, "last": instant, "rows": n, "again": n}
 * {"do": "bodies", "id", "pages": [id, …]}
 */
#ifndef TASKSYNC_NOTION_CURSOR_H
#define TASKSYNC_NOTION_CURSOR_H

#include "provider/provider.h"

/* the state at this call, with at least one step to do */
extern json_t *tasksync_notion_plan(const TasksyncCall *call);
extern json_t *tasksync_notion_step(const json_t *state);
extern void tasksync_notion_drop_step(json_t *state);
/* puts a step before all others */
extern void tasksync_notion_add_step(json_t *state, json_t *step);
/* takes away what is still to be done for this container */
extern void tasksync_notion_drop_steps_of(json_t *state, const char *id);
/* what is remembered of a container; made if it is not there */
extern json_t *tasksync_notion_place(json_t *state, const char *id);
extern TimestampTz tasksync_notion_time(const json_t *object, const char *key);
extern void tasksync_notion_set_time(json_t *object, const char *key, TimestampTz instant);
/* the cursor of the answer, and whether the read goes on */
extern void tasksync_notion_set_cursor(const json_t *state, TasksyncAnswer *answer);

#endif							/* TASKSYNC_NOTION_CURSOR_H */
