/*
 * json.h
 *	  jansson, with its memory in PostgreSQL's contexts.
 *
 * tasksync_json_init() makes jansson allocate by palloc, so that a json_t dies
 * with the context it was made in and an error can jump over it without a
 * leak.  Consequence: a json_t must not outlive its context, and nobody calls
 * json_decref() for memory's sake.
 */
#ifndef TASKSYNC_JSON_H
#define TASKSYNC_JSON_H

#include "postgres.h"

/*
 * The server has a function json_object() too, and a call from this library
 * would reach that one.  So the name is taken away, and json_object() means
 * ours, which asks jansson in another way.  Server headers that know the name
 * (utils/builtins.h) must come before this one.
 */
#define json_object jansson_json_object
#include <jansson.h>
#undef json_object
#define json_object() tasksync_json_object()

extern void tasksync_json_init(void);

/* a new empty object; written as json_object() */
extern json_t *tasksync_json_object(void);

/*
 * Strict parse of foreign bytes: UTF-8, no \u0000, bounded depth.  NULL and a
 * message without any of the text on failure.
 */
extern json_t *tasksync_json_parse(const char *bytes, size_t length, const char **error);

/*
 * The same for services that pass on what PostgreSQL cannot store: \u0000 and
 * halves of a surrogate pair become U+FFFD, so that one odd character costs
 * itself and not the whole answer.
 */
extern json_t *tasksync_json_parse_mended(const char *bytes, size_t length, const char **error);

/* compact text, keys sorted, palloc'd */
extern char *tasksync_json_text(const json_t *json);

/* member as string / integer / boolean, or the default if absent, null or of another type */
extern const char *tasksync_json_string(const json_t *object, const char *key);
extern int64 tasksync_json_int(const json_t *object, const char *key, int64 otherwise);
extern bool tasksync_json_bool(const json_t *object, const char *key, bool otherwise);
/* an id that may come as string or as integer; NULL if neither */
extern const char *tasksync_json_id(const json_t *object, const char *key);

#endif							/* TASKSYNC_JSON_H */
