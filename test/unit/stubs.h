/*
 * stubs.h
 *	  What pure files need of the server, for programs that run without one.
 *
 * Linked into the unit programs and the fuzz targets.  Memory comes from one
 * arena that stubs_reset() empties; an ERROR jumps to PG_TRY as in the server
 * and ends the program if there is none.
 */
#ifndef TASKSYNC_STUBS_H
#define TASKSYNC_STUBS_H

#include "postgres.h"

/* forgets all that was palloc'd since stubs_init(); call between cases */
extern void stubs_reset(void);
extern void stubs_init(void);

/* the last ERROR that was raised */
extern int	stubs_sqlstate;
extern char stubs_message[1024];

#endif							/* TASKSYNC_STUBS_H */
