/*
 * wait.h
 *	  The one place where the worker waits.
 */
#ifndef TASKSYNC_WAIT_H
#define TASKSYNC_WAIT_H

#include "postgres.h"

/* once per process: the latch, the postmaster and this descriptor */
extern void tasksync_wait_init(int fd);

/*
 * Returns when the latch was set, the descriptor is readable or the time is
 * over (-1 = no end).  Interrupts and reloads are dealt with before it returns;
 * true = the configuration was read again.  Must not be called in a transaction.
 */
extern bool tasksync_wait(long timeout_ms);

/* between two pieces of work: everything but a cancel, for which there is nothing to cancel */
extern void tasksync_serve_interrupts(void);

#endif							/* TASKSYNC_WAIT_H */
