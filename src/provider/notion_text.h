/*
 * notion_text.h
 *	  Rich text: arrays of formatted pieces, read as plain text and written so
 *	  that what was not changed keeps its form.  Pure.
 */
#ifndef TASKSYNC_NOTION_TEXT_H
#define TASKSYNC_NOTION_TEXT_H

#include "postgres.h"

#include "base/json.h"

/* what the pieces say, one behind the other; NULL if this is no array of them */
extern const char *tasksync_notion_plain_text(const json_t *rich);
/*
 * What must be known to change a part of the text without losing the form of
 * the rest: {"parts": [{"t": text, "e": piece as it is written}], "cut": true}.
 * NULL if it has no form.  "cut": the service may not have shown all of it.
 */
extern json_t *tasksync_notion_keep_text(const json_t *rich);
extern bool tasksync_notion_text_is_cut(const json_t *kept);
/* the array to write, at most 100 pieces of at most 2,000 UTF-16 units; kept may be NULL */
extern json_t *tasksync_notion_write_text(const char *text, const json_t *kept);

#endif							/* TASKSYNC_NOTION_TEXT_H */
