/*
 * lens.h
 *	  What a provider can show of a task, and how its view is put back.
 *
 * project(H) is what the provider would show of H; put_back(R, H) is H after
 * the provider's view became R.  Laws: put_back(project(H), H) = H;
 * project(put_back(R, H)) = R for every R the provider can produce; project
 * is idempotent.  A field outside the lens is never taken from that provider.
 * Table-driven: one TasksyncLens per provider.  Pure.
 */
#ifndef TASKSYNC_LENS_H
#define TASKSYNC_LENS_H

#include "base/record.h"

typedef struct TasksyncLens TasksyncLens;

extern const TasksyncLens *tasksync_lens_find(const char *provider);
/* the fields of a kind that the provider can show at all */
extern uint32 tasksync_lens_fields(const TasksyncLens *lens, TasksyncKind kind);
/* normal form (nu) then projection (pi); only fields inside the lens are present */
extern TasksyncRecord *tasksync_lens_project(const TasksyncLens *lens, const TasksyncRecord *hub);
/*
 * The fields of `mask` as they become at the hub when the provider changes its
 * view from `base` to `remote`; `hub` is the present hub value.
 */
extern void tasksync_lens_put_back(const TasksyncLens *lens, const TasksyncRecord *base,
								   const TasksyncRecord *remote, const TasksyncRecord *hub,
								   uint32 mask, TasksyncRecord *out);

#endif							/* TASKSYNC_LENS_H */
