/*
 * jsonb.h
 *	  From jansson and from records to jsonb without the way through text.
 */
#ifndef TASKSYNC_JSONB_H
#define TASKSYNC_JSONB_H

#include "postgres.h"

#include "base/json.h"
#include "base/record.h"

/* an object or an array, its strings UTF-8; palloc'd */
extern Datum tasksync_jsonb(const json_t *json);
/* the same as of tasksync_record_to_json() */
extern Datum tasksync_record_to_jsonb(const TasksyncRecord *record);

#endif							/* TASKSYNC_JSONB_H */
