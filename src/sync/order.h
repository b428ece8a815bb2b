/*
 * order.h
 *	  Putting siblings into a wanted order with the fewest moves; see order.c.
 */
#ifndef TASKSYNC_ORDER_H
#define TASKSYNC_ORDER_H

#include "postgres.h"

typedef struct TasksyncOrderItem
{
	double want; /* the siblings' order as it shall be: equal numbers ask for nothing */
	double have; /* and as it is */
	bool placed; /* false: nobody knows its place, so it has to be given one */
	bool loose;  /* of two items one of which has to move, rather this one */
	/* results */
	bool moves;
	double place; /* the number that makes the order as wanted; `have` unless it has to change */
} TasksyncOrderItem;

/*
 * Sorts the items into the wanted order, sets `moves` and returns how many
 * move: all but those of a longest increasing subsequence.
 */
extern int tasksync_order_plan(int count, TasksyncOrderItem **items);

/*
 * After tasksync_order_plan(): sets `place`.  With `whole` the places are whole
 * numbers, and where there is no room between two of them the
 * following ones are shifted; otherwise fractions make room, and only if a
 * double has none left all of them get new numbers: `have` is numbered anew.
 */
extern void tasksync_order_place(int count, TasksyncOrderItem **items, bool whole);

/*
 * A place after `low` and before `high`, the plainest one there is; NaN = no
 * such neighbour.  False: there is no room.
 */
extern bool tasksync_order_between(double low, double high, int count, double *places);

/* as the records spell it: at most 15 digits */
extern const char *tasksync_order_text(double place);

#endif /* TASKSYNC_ORDER_H */
