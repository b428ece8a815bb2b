/*
 * google_tasks.h
 *	  The provider "google_tasks".
 */
#ifndef TASKSYNC_GOOGLE_TASKS_H
#define TASKSYNC_GOOGLE_TASKS_H

#include "provider/provider.h"

extern const TasksyncProvider tasksync_google_tasks;

#endif							/* TASKSYNC_GOOGLE_TASKS_H */
