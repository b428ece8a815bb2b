/*
 * canonical.h
 *	  Normal form (nu): one spelling for every value, so that comparing is
 *	  comparing bytes.  Idempotent.  Pure.
 */
#ifndef TASKSYNC_CANONICAL_H
#define TASKSYNC_CANONICAL_H

#include "base/record.h"

/* NFC, CRLF to LF, no trailing blanks, labels sorted and single …; in place */
extern void tasksync_canonicalize(TasksyncRecord *record);
extern char *tasksync_canonical_text(const char *text, bool single_line);
/* equal title, notes, due, parent and container: how a lost create is recognised; palloc'd hex */
extern char *tasksync_fingerprint(const TasksyncRecord *record);

#endif							/* TASKSYNC_CANONICAL_H */
