/*
 * notion_schema.h
 *	  What is kept of a data source's schema.  Pure.
 *
 * {"name": …, "database": id, "properties": [{"id", "name", "type",
 *  "options": [{"id", "name"}], "groups": [{"id", "name", "options": [id]}],
 *  "self": true}], "mapping": as proposed}
 *
 * "options" of select, multi_select and status, "groups" of status, "self" of
 * relations of two properties that point back into the same data source.
 */
#ifndef TASKSYNC_NOTION_SCHEMA_H
#define TASKSYNC_NOTION_SCHEMA_H

#include "postgres.h"

#include "base/json.h"

/* all but "mapping" */
extern json_t *tasksync_notion_schema(const json_t *data_source);
/* a property of a schema by id, or NULL */
extern const json_t *tasksync_notion_schema_property(const json_t *schema, const char *id);
/* a property by id or else by its present name */
extern const json_t *tasksync_notion_schema_find(const json_t *schema, const char *word);
/* an option of a property by id or else by name, whatever its case */
extern const json_t *tasksync_notion_option(const json_t *property, const char *word);
/* id of the status group in which an option is, or NULL */
extern const char *tasksync_notion_group_of(const json_t *property, const char *option_id);
/* a name for a message: not longer than a line */
extern const char *tasksync_notion_short_name(const char *name);

#endif							/* TASKSYNC_NOTION_SCHEMA_H */
