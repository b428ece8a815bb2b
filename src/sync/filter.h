/*
 * filter.h
 *	  Which tasks a link carries.  Pure.
 *
 *	  {"labels": {"any": […], "all": […], "none": […]}, "min_priority": 1..4,
 *	   "has_due": true | false}
 *
 * All keys are optional; a task has to meet every one that is there.  The
 * status is no key on purpose: a completion would cut the link that has to
 * carry it.
 */
#ifndef TASKSYNC_FILTER_H
#define TASKSYNC_FILTER_H

#include "base/record.h"

/*
 * The filter in normal form (labels as the hub spells them, keys without
 * meaning left out); JSON null if it lets everything through.  NULL and *error
 * if it is not understood.
 */
extern json_t *tasksync_filter_normal(const json_t *filter, const char **error);

/*
 * Does the link carry this task?  The filter is in normal form; NULL or null
 * carries all.  A field that the record does not have counts as empty.
 */
extern bool tasksync_filter_matches(const json_t *filter, const TasksyncRecord *task);

#endif /* TASKSYNC_FILTER_H */
