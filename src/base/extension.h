/*
 * extension.h
 *	  Is the extension here, at our version, and is this database its home?
 */
#ifndef TASKSYNC_EXTENSION_H
#define TASKSYNC_EXTENSION_H

#include "postgres.h"

#define TASKSYNC_API_VERSION 1

typedef enum TasksyncExtensionStatus
{
	TASKSYNC_EXTENSION_ABSENT,
	TASKSYNC_EXTENSION_WRONG_VERSION,
	TASKSYNC_EXTENSION_RESTORING,
	TASKSYNC_EXTENSION_NOT_HOME,
	TASKSYNC_EXTENSION_READY,
} TasksyncExtensionStatus;

/*
 * Locks the extension object (AccessShare) until the end of the transaction,
 * so that DROP EXTENSION waits for this transaction and no longer, and says
 * what was found.  Call at the start of every transaction of the worker.
 */
extern TasksyncExtensionStatus tasksync_extension_enter(void);
extern Oid	tasksync_extension_owner(void);

/* do triggers act?  False while restoring and in a copy that is not the home; cached per transaction */
extern bool tasksync_hub_is_active(void);

/* who is writing: set by the store around its writes, read by the triggers */
extern void tasksync_origin_set(const char *account_id, const char *run_id);
extern void tasksync_origin_clear(void);

#endif							/* TASKSYNC_EXTENSION_H */
