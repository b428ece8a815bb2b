/*
 * notion_date.h
 *	  Date properties as due dates, both ways.  Pure.
 */
#ifndef TASKSYNC_NOTION_DATE_H
#define TASKSYNC_NOTION_DATE_H

#include "base/json.h"
#include "base/record.h"

/* sets date, time and zone; nothing at all if the value cannot be understood */
extern void tasksync_notion_read_date(const json_t *date, TasksyncRecord *record);
/* what of a date must survive though it is no field: its end and its zone; NULL = nothing */
extern json_t *tasksync_notion_keep_date(const json_t *date);
/* the value to write; null clears.  `zone` is where floating times are meant, or NULL */
extern json_t *tasksync_notion_write_date(const TasksyncRecord *patch,
										  const TasksyncRecord *before, const json_t *kept,
										  const char *zone);

#endif							/* TASKSYNC_NOTION_DATE_H */
