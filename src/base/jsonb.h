/*
 * jsonb.h
 *	  From jansson to jsonb without the way through text.
 */
#ifndef TASKSYNC_JSONB_H
#define TASKSYNC_JSONB_H

#include "postgres.h"

#include "base/json.h"

/* an object or an array, its strings UTF-8; palloc'd */
extern Datum tasksync_jsonb(const json_t *json);

#endif							/* TASKSYNC_JSONB_H */
