/*
 * testpoint.h
 *	  Named places where a test can stop, break or kill the process.
 *
 * Only in builds with -DTASKSYNC_TESTING (make TASKSYNC_TESTING=1); elsewhere
 * the macro is empty and the settings do not exist.
 *
 * Armed by the superuser setting tasksync.test_points, a comma-separated list
 * of NAME:ACTION[:COUNT].  With COUNT it acts at the COUNTth pass in a process
 * only, counted from the last change of the setting.  NAME "any" (or "step")
 * is every point, counted together.  Actions:
 *	 log	   one line per pass, with the name and the running number
 *	 error	   an error
 *	 wait	   until the setting no longer lists the entry
 *	 crash	   SIGKILL to the process itself
 *	 shutdown  immediate shutdown of the server
 * crash and shutdown happen once: the entry is written to the file
 * tasksync_test_points.fired in the data directory first, and entries listed
 * there are dead until a test removes the file.
 *
 * A mutant is a bug built in on purpose, to show that a test catches it: code
 * asks TASKSYNC_MUTANT("name"), which is true in a test build while the
 * superuser setting tasksync.mutant names it, and the constant false elsewhere.
 * The names are in test/t/092_mutants.pl.
 */
#ifndef TASKSYNC_TESTPOINT_H
#define TASKSYNC_TESTPOINT_H

#include "postgres.h"

#ifdef TASKSYNC_TESTING

/* tasksync.test_clock_shift: what tasksync_now() adds to the clock, in seconds */
extern int	tasksync_test_clock_shift_s;

extern void tasksync_testpoint_define(void);
extern void tasksync_testpoint_pass(const char *name);
#define TASKSYNC_TEST_POINT(name) tasksync_testpoint_pass(name)
extern bool tasksync_mutant_is(const char *name);
#define TASKSYNC_MUTANT(name) tasksync_mutant_is(name)

#else

#define TASKSYNC_TEST_POINT(name) ((void) 0)
#define TASKSYNC_MUTANT(name) false

#endif

#endif							/* TASKSYNC_TESTPOINT_H */
