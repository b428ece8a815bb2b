/*
 * text_merge.h
 *	  Three-way merge of a text: by lines, and by words inside an overlapping
 *	  hunk.  Pure.
 */
#ifndef TASKSYNC_TEXT_MERGE_H
#define TASKSYNC_TEXT_MERGE_H

#include "postgres.h"

/* which side wins where both changed the same words */
typedef enum TasksyncSide
{
	TASKSYNC_OURS,
	TASKSYNC_THEIRS,
} TasksyncSide;

/* merged text, palloc'd, never with markers; *clean is false if a hunk overlapped */
extern char *tasksync_merge_text(const char *base, const char *ours, const char *theirs,
								 TasksyncSide winner, bool *clean);

#endif /* TASKSYNC_TEXT_MERGE_H */
