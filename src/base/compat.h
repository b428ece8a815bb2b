/*
 * compat.h
 *	  The only place that knows PostgreSQL versions.
 *
 * Range: 15 to 18.  Each difference is bridged under the newest name, so that
 * a guard disappears together with the oldest version.  Included after
 * postgres.h by the files that need it; pure files need nothing of it.
 */
#ifndef TASKSYNC_COMPAT_H
#define TASKSYNC_COMPAT_H

#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "storage/latch.h"
#include "storage/proc.h"
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif
#if PG_VERSION_NUM >= 180000
#include "storage/waiteventset.h"
#endif

#if defined(PG_VERSION_NUM) && (PG_VERSION_NUM < 150000 || PG_VERSION_NUM >= 190000)
#error "tasksync supports PostgreSQL 15 to 18"
#endif

/*
 * Modules are built with -fvisibility=hidden on every version.  From 16 on the
 * macro exports the function itself, before it exports only the info record.
 */
#if PG_VERSION_NUM < 160000
#undef PG_FUNCTION_INFO_V1
#define PG_FUNCTION_INFO_V1(funcname) \
	extern PGDLLEXPORT Datum funcname(PG_FUNCTION_ARGS); \
	extern PGDLLEXPORT const Pg_finfo_record *CppConcat(pg_finfo_, funcname)(void); \
	const Pg_finfo_record *CppConcat(pg_finfo_, funcname)(void) \
	{ \
		static const Pg_finfo_record my_finfo = {1}; \
		return &my_finfo; \
	} \
	extern int no_such_variable
#endif

/* 16: files of relations are named by locators, ownership is asked by class */
#if PG_VERSION_NUM < 160000
#define RelFileLocator RelFileNode
#define RelationMapOidToFilenumber RelationMapOidToFilenode
#define object_ownercheck(class_id, object, role) pg_database_ownercheck(object, role)
#endif

/* 17: process numbers became a thing of their own */
#if PG_VERSION_NUM < 170000
#define MyProcNumber (MyProc->pgprocno)
#define INVALID_PROC_NUMBER InvalidBackendId
#endif

/* 17: the owner of a wait event set is a resource owner, no longer a memory context */
#if PG_VERSION_NUM >= 170000
#define TASKSYNC_WAIT_SET_OWNER CurrentResourceOwner
#else
#define TASKSYNC_WAIT_SET_OWNER CurrentMemoryContext
#endif

/* 17: extensions may name their wait events */
#if PG_VERSION_NUM >= 170000
#include "utils/wait_event.h"
#define tasksync_wait_event(name) WaitEventExtensionNew(name)
#else
#define tasksync_wait_event(name) PG_WAIT_EXTENSION
#endif

/* 18: the main loop's interrupt function was renamed */
#if PG_VERSION_NUM < 180000
#define ProcessMainLoopInterrupts HandleMainLoopInterrupts
#endif

/* 18: a module may say its name and version */
#if PG_VERSION_NUM >= 180000
#define TASKSYNC_MODULE_MAGIC(version) PG_MODULE_MAGIC_EXT(.name = "tasksync", .version = version)
#else
#define TASKSYNC_MODULE_MAGIC(version) PG_MODULE_MAGIC
#endif

#endif							/* TASKSYNC_COMPAT_H */
