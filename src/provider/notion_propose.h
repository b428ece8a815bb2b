/*
 * notion_propose.h
 *	  A mapping that is guessed from a data source's schema.  Pure.
 */
#ifndef TASKSYNC_NOTION_PROPOSE_H
#define TASKSYNC_NOTION_PROPOSE_H

#include "postgres.h"

#include "base/json.h"

/* a mapping in normal form; roles for which nothing fits are left out */
extern json_t *tasksync_notion_propose(const json_t *schema);
/* the options or groups of one property that mean done: ids, perhaps none */
extern json_t *tasksync_notion_propose_done(const json_t *property);
/* {"4": option id, …} by the names of the options; empty if they are no priorities */
extern json_t *tasksync_notion_propose_priorities(const json_t *property);

#endif							/* TASKSYNC_NOTION_PROPOSE_H */
