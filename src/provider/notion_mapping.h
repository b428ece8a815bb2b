/*
 * notion_mapping.h
 *	  Which property of a data source holds which field of a task.  Pure.
 *
 * In normal form every role that is mapped is an object:
 *
 * {"status": {"property": id, "type": "status", "done": [option or group ids],
 *             "open": option id, "close": option id},
 *  "due": {"property", "type"}, "labels": {"property", "type", "create": true},
 *  "priority": {"property", "type", "options": {"4": option id, …}},
 *  "description": {"property", "type"} or {"body": true},
 *  "parent": {"property", "type"}, "sync_id": {"property", "type"}}
 *
 * "open" and "close" say to which option reopening and completing go, and are
 * optional.  The title is always the title.
 */
#ifndef TASKSYNC_NOTION_MAPPING_H
#define TASKSYNC_NOTION_MAPPING_H

#include "provider/provider.h"

/* as TasksyncProvider.map_fields */
extern json_t *tasksync_notion_map(const json_t *known, const json_t *mapping, const char **error);
/* as TasksyncProvider.task_fields */
extern uint32 tasksync_notion_task_fields(const json_t *config);

/* the mapping that holds for a container: as set, else as proposed; NULL if there is none */
extern const json_t *tasksync_notion_mapping_of(const json_t *config);
/* the entry of a role, or NULL */
extern const json_t *tasksync_notion_role(const json_t *config, const char *role);
/* the property's id of a role, or NULL */
extern const char *tasksync_notion_role_property(const json_t *config, const char *role);
/* the property of a role in the kept schema, or NULL */
extern const json_t *tasksync_notion_role_schema(const json_t *config, const char *role);
/*
 * A property's id as the key of a JSON body.  Whether that is the id as it is
 * told, percent-encoded, or with its percent signs resolved is not promised;
 * the schema's member "ids" says what was found out ("decoded", or "encoded").
 */
extern const char *tasksync_notion_key(const json_t *config, const char *id);
/* does any id that is mapped look different in the two forms? */
extern bool tasksync_notion_has_two_forms(const json_t *config);

/* does the description live in the page's body? */
extern bool tasksync_notion_body_is_description(const json_t *config);

/* does this option mean that the task is done? */
extern bool tasksync_notion_option_is_done(const json_t *entry, const json_t *property,
										   const char *option_id);
/* to which option completing or reopening goes; NULL = there is none */
extern const char *tasksync_notion_status_target(const json_t *entry, const json_t *property,
												 bool done);
/* the option for a priority 1..4: its own, else the nearest below, else above; NULL for none */
extern const char *tasksync_notion_priority_option(const json_t *entry, char priority);

/*
 * Does the mapping still fit the schema?  If not, the code and the sentence of
 * the container's trouble.
 */
extern bool tasksync_notion_mapping_holds(const json_t *schema, const json_t *mapping,
										  const char **code, const char **message);

#endif							/* TASKSYNC_NOTION_MAPPING_H */
