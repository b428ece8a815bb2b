/*
 * notion.h
 *	  The provider "notion".
 */
#ifndef TASKSYNC_NOTION_H
#define TASKSYNC_NOTION_H

#include "provider/provider.h"

extern const TasksyncProvider tasksync_notion;

#endif							/* TASKSYNC_NOTION_H */
