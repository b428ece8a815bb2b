/*
 * bucket.h
 *	  How many requests an account may still make in the provider's window.
 */
#ifndef TASKSYNC_BUCKET_H
#define TASKSYNC_BUCKET_H

#include "provider/provider.h"

/* 0: a request may leave now */
extern int tasksync_bucket_wait_ms(const char *account_id, const TasksyncCaps *caps);
extern void tasksync_bucket_take(const char *account_id, const TasksyncCaps *caps);

#endif /* TASKSYNC_BUCKET_H */
