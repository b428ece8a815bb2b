/*
 * notion_kit.h
 *	  Calls, pages and data sources for the tests of the Notion provider.
 */
#ifndef TASKSYNC_NOTION_KIT_H
#define TASKSYNC_NOTION_KIT_H

#include "provider_kit.h"

/* two data sources, and pages by number */
#define SOURCE_A "aaaaaaaa-0000-4000-8000-00000000000a"
#define SOURCE_B "bbbbbbbb-0000-4000-8000-00000000000b"

extern const char *notion_page_id(int n);
extern TimestampTz notion_time(const char *text);

/* properties of a data source of every mapped kind, as the service tells them */
extern const char *notion_properties_text(void);
/* a data source object with these properties */
extern const char *notion_source(const char *id, const char *title, const char *properties);
/* {"known": …} as the engine hands it back after reading such a data source */
extern json_t *notion_config(const char *id, const char *properties);
/* the same with a mapping that a person set; fails the test if it is refused */
extern json_t *notion_mapped(json_t *config, const char *mapping);

/* a page of SOURCE_A with these members of "properties" and of the page itself */
extern const char *notion_page(int n, const char *properties, const char *more);
/* one property of a page: "'Name':{'id':…,'type':…,TYPE:VALUE}" */
extern const char *notion_title(const char *text);
extern const char *notion_value(const char *name, const char *id, const char *type,
								const char *value);
extern const char *notion_list(const char *results, const char *more);
extern const char *notion_error(int status, const char *code, const char *details);

/* a read or a write with the two data sources linked; now is 2026-11-22T10:00:00Z */
extern TasksyncCall notion_sync(const char *cursor);
extern TasksyncCall notion_push(TasksyncIntent *intent);
/* of a call's `containers`: config of SOURCE_A */
extern void notion_set_config(TasksyncCall *call, json_t *config);
/* a cursor in which both data sources were read whole and looked at just now */
extern const char *notion_cursor(void);

/* the observation that a page becomes, in a query of SOURCE_A with this config */
extern const TasksyncObservation *notion_read(const char *page, json_t *config);
/* an intent on a page of SOURCE_A */
extern TasksyncIntent notion_intent(TasksyncOp op, const char *patch, const char *before,
									const char *raw, json_t *config);
/* "METHOD path body" of the write that it becomes */
extern const char *notion_written(TasksyncIntent intent);
extern const char *notion_request_text(const TasksyncHttpRequest *request);
extern const char *notion_record_text(const TasksyncObservation *observation);
extern const char *notion_raw_text(const TasksyncObservation *observation);

#endif							/* TASKSYNC_NOTION_KIT_H */
