/*
 * match.h
 *	  Two populated sides that are linked for the first time: which task there
 *	  is which task here.
 *
 * Pairs are one to one and found in tiers, from what is sure to what is
 * likely.  Where several could be meant nothing is guessed: they are proposed
 * for review.  Pure.
 */
#ifndef TASKSYNC_MATCH_H
#define TASKSYNC_MATCH_H

#include "base/record.h"

typedef enum TasksyncMatchTier
{
	TASKSYNC_MATCH_NONE,
	TASKSYNC_MATCH_MARKER,       /* the provider keeps the hub's id of it */
	TASKSYNC_MATCH_TITLE_DUE,    /* title, date and the task above it */
	TASKSYNC_MATCH_TITLE_PARENT, /* title and the task above it */
	TASKSYNC_MATCH_TITLE,
} TasksyncMatchTier;

typedef struct TasksyncMatchItem
{
	const char *id;
	const char *marker;           /* remote side: the hub's id, or NULL */
	const char *parent;           /* title of the task above it; NULL = none */
	const TasksyncRecord *record; /* in normal form and as the provider can show it */

	/* the result */
	TasksyncMatchTier tier;
	int other;   /* index on the other side, -1 = none */
	bool review; /* several could be meant: a proposal only */
} TasksyncMatchItem;

/* as in held_changes.proof and in previews */
extern const char *tasksync_match_tier_name(TasksyncMatchTier tier);
extern void tasksync_match(int nhub, TasksyncMatchItem *hub, int nremote,
						   TasksyncMatchItem *remote);

#endif /* TASKSYNC_MATCH_H */
