/*
 * chunk.h
 *	  What is known before a chunk of observations is judged; see chunk.c.
 */
#ifndef TASKSYNC_CHUNK_H
#define TASKSYNC_CHUNK_H

#include "sync/hub.h"

typedef struct TasksyncChunk
{
	TasksyncRun *run;
	TasksyncKind kind;
	int nlinks;
	TasksyncLink **links;
	json_t *link_of;  /* remote id -> index into links */
	json_t *place_of; /* remote task id -> {"hub", "project": null once deleted at the hub} */
	json_t *graves;   /* remote ids that are dead */
	json_t *by_name;  /* name -> hub id, of projects and labels without a link here */
	List *open_intents;
	int nchanges;
	TasksyncHubChange *changes;
} TasksyncChunk;

/* links of these remote ids (array of strings), hub rows locked */
extern TasksyncLink **tasksync_links_find(TasksyncRun *run, TasksyncKind kind, json_t *remote_ids,
										  int *count);
extern void tasksync_chunk_load(TasksyncChunk *chunk, int count,
								TasksyncObservation **observations);
/* the record in hub terms and normal form; NULL if its container is not linked */
extern TasksyncRecord *tasksync_chunk_translate(TasksyncChunk *chunk,
												const TasksyncObservation *observation);

#ifdef TASKSYNC_TESTING
/* for a mutant: does the hub have a task of this title? */
extern bool tasksync_chunk_has_title(TasksyncChunk *chunk, const TasksyncRecord *record);
#endif

/* one more change of the chunk, empty but for the link */
extern TasksyncHubChange *tasksync_chunk_change(TasksyncChunk *chunk, TasksyncLink *link);
/* where an object is now: what follows in this chunk may refer to it */
extern void tasksync_chunk_remember(TasksyncChunk *chunk, const TasksyncObservation *observation,
									const char *hub_id, const char *project_id);

#endif /* TASKSYNC_CHUNK_H */
