/*
 * text_diff.h
 *	  Which tokens of one sequence stand, in order, in another.  Pure.
 */
#ifndef TASKSYNC_TEXT_DIFF_H
#define TASKSYNC_TEXT_DIFF_H

#include "postgres.h"

typedef struct TasksyncTokenTable TasksyncTokenTable;

extern TasksyncTokenTable *tasksync_token_table(void);
/* equal bytes get equal numbers, from 0; the bytes are not copied */
extern int tasksync_token_id(TasksyncTokenTable *table, const char *bytes, int length);

/*
 * For each element of a the index of its partner in b, or -1; partners are
 * equal and in rising order.  The match is long, not always the longest: the
 * work is bounded by a constant times the length.
 */
extern int *tasksync_text_diff(const int *a, int na, const int *b, int nb);

#endif /* TASKSYNC_TEXT_DIFF_H */
