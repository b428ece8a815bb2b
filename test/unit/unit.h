/*
 * unit.h
 *	  A test program without a server: TAP lines, random values that can be
 *	  replayed, records to play with.
 *
 * SEED=n CASE=k ./test_x repeats exactly the case that a failure names;
 * FACTOR=100 ./test_x tries a hundred times as many.
 */
#ifndef TASKSYNC_UNIT_H
#define TASKSYNC_UNIT_H

#include "postgres.h"

#include "base/record.h"
#include "stubs.h"
#include "sync/lens.h"

/* ---- TAP ---- */

extern void unit_start(void);
extern bool unit_ok(bool condition, const char *format,...) pg_attribute_printf(2, 3);
extern void unit_is(const char *got, const char *expected, const char *name);
extern void unit_note(const char *format,...) pg_attribute_printf(1, 2);
extern int	unit_done(void);
extern double unit_seconds(void);

/* ---- random values ---- */

typedef struct Random
{
	uint64		state;
} Random;

extern uint64 random_next(Random *random);
/* 0 .. n - 1 */
extern int	random_below(Random *random, int n);
extern bool random_chance(Random *random, int percent);

/*
 * One generated case: true = holds.  A failed one leaves its reason with
 * unit_reason().  The arena is emptied before each case.
 */
typedef bool (*Property) (Random *random);
extern void unit_property(const char *name, int cases, Property property);
extern bool unit_reason(const char *format,...) pg_attribute_printf(1, 2);	/* returns false */

/* ---- records ---- */

/* small domains on purpose: collisions are what the tests are about */
extern TasksyncRecord *random_record(Random *random, TasksyncKind kind);
/* another value for some fields, each with this chance */
extern TasksyncRecord *random_change(Random *random, const TasksyncRecord *record, int percent);
extern const TasksyncLens *random_lens(Random *random);
extern const char *lens_name(const TasksyncLens *lens);
/* text of `points` code points: emoji sequences, combining marks, right to left, Hangul */
extern char *random_wild_text(Random *random, int points);

extern TasksyncRecord *task_from(const char *json);
extern const char *show(const TasksyncRecord *record);
extern bool same_fields(const TasksyncRecord *a, const TasksyncRecord *b, uint32 mask);
extern TasksyncRecord *patched(const TasksyncRecord *record, const TasksyncRecord *patch);

#endif							/* TASKSYNC_UNIT_H */
