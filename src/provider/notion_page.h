/*
 * notion_page.h
 *	  Pages of a data source as tasks, data sources as projects.  Pure.
 */
#ifndef TASKSYNC_NOTION_PAGE_H
#define TASKSYNC_NOTION_PAGE_H

#include "provider/provider.h"

/* what is known of a linked container; NULL if it is not among those of the call */
extern const TasksyncContainer *tasksync_notion_container(const TasksyncCall *call,
														  const char *id);
/* an instant of Notion's, 0 if it is none */
extern TimestampTz tasksync_notion_instant(const json_t *object, const char *key);

/*
 * False if this is no whole page: nothing can be said about it then.  The
 * observation shares memory with `page`.
 */
extern bool tasksync_notion_read_page(const TasksyncCall *call, const json_t *page,
									  TasksyncObservation *observation);
/* a body as the description; false if it is none */
extern bool tasksync_notion_read_body(const json_t *json, TasksyncObservation *observation);
/*
 * A data source; `raw` is its schema with the mapping that `config` has, or
 * else a proposal.
 */
extern bool tasksync_notion_read_data_source(const json_t *data_source, const json_t *config,
											 TasksyncObservation *observation);

#endif							/* TASKSYNC_NOTION_PAGE_H */
