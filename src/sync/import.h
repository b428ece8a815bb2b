/*
 * import.h
 *	  Objects that the provider shows and no link knows; see import.c.
 */
#ifndef TASKSYNC_IMPORT_H
#define TASKSYNC_IMPORT_H

#include "sync/chunk.h"

extern void tasksync_import(TasksyncChunk *chunk, const TasksyncObservation *observation);
/* where an object goes at the hub whose container or parent there was deleted here */
extern void tasksync_import_place(TasksyncChunk *chunk, TasksyncLink *link,
								  const TasksyncObservation *observation,
								  const TasksyncRecord *record);

#endif /* TASKSYNC_IMPORT_H */
