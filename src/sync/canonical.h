/*
 * canonical.h
 *	  Normal form (nu): one spelling for every value, so that comparing is
 *	  comparing bytes.  Idempotent.  Pure.
 */
#ifndef TASKSYNC_CANONICAL_H
#define TASKSYNC_CANONICAL_H

#include "base/record.h"

/*
 * In place: NFC, line ends as LF, blanks at the ends cut off, labels sorted
 * and single, "" or null by field, no time without a date, no zone without a
 * time, no completed_at on an open task.  Only fields that are present are
 * looked at, and only their values decide.
 */
extern void tasksync_canonicalize(TasksyncRecord *record);

/*
 * The text rule alone; palloc'd, NULL counts as "".  single_line: blanks cut off on both sides
 * and each line break becomes a space.
 */
extern char *tasksync_canonical_text(const char *text, bool single_line);

/* equal title, notes, due, parent and container: how a lost create is recognised; palloc'd hex */
extern char *tasksync_fingerprint(const TasksyncRecord *record);

#endif /* TASKSYNC_CANONICAL_H */
