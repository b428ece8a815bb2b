/*
 * budget.h
 *	  Queries of the day, for providers that count them for all accounts of an
 *	  app together; see budget.c.
 */
#ifndef TASKSYNC_BUDGET_H
#define TASKSYNC_BUDGET_H

#include "provider/provider.h"

/* so many queries leave now */
extern void tasksync_budget_count(const TasksyncProvider *provider, int queries);
/* a polling delay that what is left of the day can bear */
extern int64 tasksync_budget_poll_ms(const TasksyncProvider *provider, int64 delay_ms);
/* is there something to write that has waited long enough? */
extern bool tasksync_budget_is_due(void);
/* in a transaction: adds what was counted to the table and reads how much that makes */
extern void tasksync_budget_flush(void);

#endif /* TASKSYNC_BUDGET_H */
