/*
 * machine_case.h
 *	  One case of the convergence machine: a task that the hub and up to three
 *	  providers shared, and what each of them made of it since.
 *
 * Everything is perturbed from one task, because tasks made independently
 * would never collide.  A case holds only values, so it can be drawn from a
 * seed, shown, and made smaller while it still fails.
 */
#ifndef TASKSYNC_MACHINE_CASE_H
#define TASKSYNC_MACHINE_CASE_H

#include "sync/plan.h"
#include "unit.h"

#define MACHINE_MAX_SIDES 3

/* what a provider does to a value that it is told */
typedef enum MachineHabit
{
	HABIT_NONE,
	HABIT_CUTS_TITLES,
	HABIT_CAPITALS,
	HABIT_NO_TIMES,
	HABIT_ONE_LABEL,
} MachineHabit;

#define MACHINE_NHABITS (HABIT_ONE_LABEL + 1)

typedef struct MachineSide
{
	const TasksyncLens *lens;
	MachineHabit habit;
	bool		echoes;			/* a write's answer holds what became of it; else the next read */
	bool		unlinked;		/* never shared anything */
	TasksyncRecord *remote;		/* what its person made of the task; see through lens and habit */
	TasksyncEdits *edits;		/* NULL: no clock */
} MachineSide;

typedef struct MachineCase
{
	uint64		order;			/* decides about orders and about writes that fail */
	TasksyncPolicy policy;
	TasksyncRecord *start;
	TasksyncRecord *hub;
	TasksyncEdits *hub_edits;
	int			nsides;
	MachineSide side[MACHINE_MAX_SIDES];
} MachineCase;

extern void machine_draw(Random *random, MachineCase *drawn);
extern const char *machine_text(const MachineCase *c);

/* what the provider holds after it was told the fields of this record */
extern TasksyncRecord *machine_coerced(const MachineSide *side, const TasksyncRecord *told);

/*
 * Makes the case smaller as long as `fails` says that it still does: sides
 * first, then odd lenses and habits, then field by field.
 */
extern void machine_shrink(MachineCase *c, bool (*fails) (const MachineCase *c));

#endif							/* TASKSYNC_MACHINE_CASE_H */
