/*
 * lens.h
 *	  What a provider can show of a task, and how its view is put back.
 *
 * project(H) is what the provider would show of H; put_back(R, H) is H after
 * the provider's view became R.  Laws: put_back(project(H), H) = H;
 * project(put_back(R, H)) = R for every R the provider can produce; project
 * is idempotent.  A field outside the lens is never taken from that provider.
 * Table-driven: one TasksyncLens per provider.  Pure.
 *
 * One exception to the second law, wanted: where the hub holds more than the
 * provider can show (a text beyond its limit, more labels than it takes), the
 * part it never saw stays at the hub and may move into view.
 *
 * NULL in place of a lens means: everything can be shown, as it is.
 */
#ifndef TASKSYNC_LENS_H
#define TASKSYNC_LENS_H

#include "base/record.h"

typedef struct TasksyncLens TasksyncLens;

extern const TasksyncLens *tasksync_lens_find(const char *provider);
/* names of all lenses, for messages: "google_tasks, notion, todoist" */
extern const char *tasksync_lens_names(void);
/* the fields of a kind that the provider can show at all */
extern uint32 tasksync_lens_fields(const TasksyncLens *lens, TasksyncKind kind);
/* the lens of a container that shows only these fields of its objects; in the current context */
extern const TasksyncLens *tasksync_lens_restrict(const TasksyncLens *lens, TasksyncKind kind,
												  uint32 fields);
/* levels of subtasks below a task; the caller, who knows the ancestors, keeps to it */
extern int tasksync_lens_depth(const TasksyncLens *lens);
/* normal form (nu) then projection (pi); only fields inside the lens are present */
extern TasksyncRecord *tasksync_lens_project(const TasksyncLens *lens, const TasksyncRecord *hub);
/*
 * The fields of `mask` as they become at the hub when the provider changes its
 * view from `base` to `remote`; `hub` is the present hub value.  Fields that
 * follow from them (no time without a date, no section in another project) are
 * set in `out` too.
 */
extern void tasksync_lens_put_back(const TasksyncLens *lens, const TasksyncRecord *base,
								   const TasksyncRecord *remote, const TasksyncRecord *hub,
								   uint32 mask, TasksyncRecord *out);

/* longer than what the lens would send?  Then the provider shows more than we thought */
extern bool tasksync_lens_exceeds(const TasksyncLens *lens, TasksyncKind kind, TasksyncField field,
								  const char *text);
/*
 * What the provider does not see of the hub's text, beginning with the blanks
 * that the cut took along; "" if it sees all.
 */
extern const char *tasksync_lens_hidden(const TasksyncLens *lens, const TasksyncRecord *hub,
										const TasksyncRecord *remote, TasksyncField field);
/*
 * Did the change from `base` to `remote` touch the place where the hub's text
 * was cut off?  False if nothing of it was cut off.
 */
extern bool tasksync_lens_cut_touched(const TasksyncLens *lens, const TasksyncRecord *base,
									  const TasksyncRecord *remote, const TasksyncRecord *hub,
									  TasksyncField field);

#endif /* TASKSYNC_LENS_H */
