/*
 * todoist.h
 *	  The provider "todoist".
 */
#ifndef TASKSYNC_TODOIST_H
#define TASKSYNC_TODOIST_H

#include "provider/provider.h"

extern const TasksyncProvider tasksync_todoist;

#endif							/* TASKSYNC_TODOIST_H */
