/*
 * current_user.h
 *	  Which person this session acts for.
 */
#ifndef TASKSYNC_CURRENT_USER_H
#define TASKSYNC_CURRENT_USER_H

#include "postgres.h"

#include "utils/uuid.h"

/* NULL = nobody: row-level security then shows an application no row at all */
extern const pg_uuid_t *tasksync_current_user(void);
extern void tasksync_current_user_set(const pg_uuid_t *user_id);

#endif							/* TASKSYNC_CURRENT_USER_H */
