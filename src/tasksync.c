/*
 * tasksync.c
 *	  Where the library begins: what the postmaster or a backend does when it
 *	  loads it.
 *
 * Allocates and registers, nothing more: no curl, no sodium, no file is read.
 * Whatever a process needs of those is set up when it first needs it, so that a
 * missing key or certificate never keeps a server from starting.
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"

#include "base/compat.h"
#include "base/guc.h"
#include "base/json.h"
#include "worker/hooks.h"
#include "worker/launcher.h"
#include "worker/shmem.h"

TASKSYNC_MODULE_MAGIC("1.0");

extern PGDLLEXPORT void _PG_init(void);

void
_PG_init(void)
{
	tasksync_guc_define();
	tasksync_json_init();

	/*
	 * pg_upgrade starts the servers only to move catalogs; a worker there would
	 * sync from a half-moved database.  Without shared_preload_libraries there
	 * is no shared memory and no worker, and what needs them says so.
	 */
	if (IsBinaryUpgrade || !process_shared_preload_libraries_in_progress)
		return;
	tasksync_shmem_init_hooks();
	tasksync_hooks_install();
	tasksync_launcher_register();
}
