/*
 * extension.h
 *	  Is the extension here, at our version, and is this database its home?
 */
#ifndef TASKSYNC_EXTENSION_H
#define TASKSYNC_EXTENSION_H

#include "postgres.h"

/* what tasksync.api_version() of the install script must answer */
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
/* for the error of a function that needs another status; NULL when READY */
extern const char *tasksync_extension_hint(TasksyncExtensionStatus status);

/* of the extension as seen by this transaction, InvalidOid when it is absent */
extern Oid	tasksync_extension_oid(void);
extern Oid	tasksync_extension_owner(void);

/* raises TS004 with a hint unless the script's API number is the library's */
extern void tasksync_extension_check_version(void);

/* do triggers act?  Not while restoring, and not in a copy that is not the home; cached */
extern bool tasksync_hub_is_active(void);
/* has any database claimed the rows?  False until the first create_user() */
extern bool tasksync_home_is_claimed(void);

/*
 * Who is writing: set by the store around its writes, read by the triggers.
 * NULL for an id = none.  Ends with the transaction in any case.
 */
extern void tasksync_origin_set(const char *account_id, const char *run_id);
extern void tasksync_origin_clear(void);
/* false = a local edit */
extern bool tasksync_origin_is_set(void);

#endif							/* TASKSYNC_EXTENSION_H */
