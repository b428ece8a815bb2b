/*
 * jsonb.h
 *	  Between jsonb and jansson or records; to jsonb without the way through text.
 */
#ifndef TASKSYNC_JSONB_H
#define TASKSYNC_JSONB_H

#include "postgres.h"

#include "utils/jsonb.h"

#include "base/json.h"
#include "base/record.h"

/* an object or an array, its strings UTF-8; palloc'd */
extern Datum tasksync_jsonb(const json_t *json);
/* the same as of tasksync_record_to_json() */
extern Datum tasksync_record_to_jsonb(const TasksyncRecord *record);

/* the other way; NULL and *error as tasksync_json_parse() */
extern json_t *tasksync_json_from_jsonb(Jsonb *value, const char **error);

#endif							/* TASKSYNC_JSONB_H */
