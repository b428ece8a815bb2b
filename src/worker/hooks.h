/*
 * hooks.h
 *	  The utility hook: commands that the worker must hear of.
 */
#ifndef TASKSYNC_HOOKS_H
#define TASKSYNC_HOOKS_H

#include "postgres.h"

/* called once, from _PG_init in the postmaster */
extern void tasksync_hooks_install(void);

#endif							/* TASKSYNC_HOOKS_H */
