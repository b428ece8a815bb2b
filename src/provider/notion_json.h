/*
 * notion_json.h
 *	  Notion's ids, and members of its objects by them.  Pure.
 */
#ifndef TASKSYNC_NOTION_JSON_H
#define TASKSYNC_NOTION_JSON_H

#include "postgres.h"

#include "base/json.h"
#include "net/http.h"

/* longest id that the hub can keep; they have 36 characters */
#define NOTION_MAX_ID 200

/* the body of an answer; NULL and a message of our own if it is no JSON */
extern json_t *tasksync_notion_body(const TasksyncHttpResponse *response, const char **error);
/* an id in the form in which ids are compared: a UUID lowercase and with its dashes */
extern const char *tasksync_notion_normal_id(const char *id);
/* member as such an id, or NULL */
extern const char *tasksync_notion_id(const json_t *object, const char *key);
/* member that must be a string of this text */
extern bool tasksync_notion_says(const json_t *object, const char *key, const char *text);
/* do two ids of properties mean the same?  Percent signs may or may not be resolved. */
extern bool tasksync_notion_same_property(const char *a, const char *b);
/* an id of a property with its percent signs resolved; palloc'd */
extern char *tasksync_notion_decoded(const char *id);
/* the value of a page's property by its id; NULL if the page does not show it */
extern const json_t *tasksync_notion_page_property(const json_t *page, const char *id);
/* the element of an array of objects with this "id", or NULL */
extern const json_t *tasksync_notion_by_id(const json_t *array, const char *id);

#endif							/* TASKSYNC_NOTION_JSON_H */
