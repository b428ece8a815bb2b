/*
 * provider.c
 *	  The registry of providers and the names of the operations.
 *
 * Called by the engine, in the worker and in backends.  A new provider is one
 * line here and a TasksyncProvider in a file of its own.  Pure.
 */
#include "postgres.h"

#include "provider/google_tasks.h"
#include "provider/notion.h"
#include "provider/provider.h"
#include "provider/todoist.h"

static const TasksyncProvider *const providers[] = {
	&tasksync_google_tasks,
	&tasksync_notion,
	&tasksync_todoist,
};

/* as in the column intents.op */
static const char *const op_names[] = {
	[TASKSYNC_OP_CREATE] = "create", [TASKSYNC_OP_UPDATE] = "update", [TASKSYNC_OP_MOVE] = "move",
	[TASKSYNC_OP_CLOSE] = "close", [TASKSYNC_OP_REOPEN] = "reopen", [TASKSYNC_OP_ORDER] = "order",
	[TASKSYNC_OP_DELETE] = "delete",
};

const char *
tasksync_op_name(TasksyncOp op)
{
	return op_names[op];
}

bool
tasksync_op_from_name(const char *name, TasksyncOp *op)
{
	for (int i = 0; name != NULL && i < (int) lengthof(op_names); i++)
	{
		if (strcmp(name, op_names[i]) == 0)
		{
			*op = (TasksyncOp) i;
			return true;
		}
	}
	return false;
}

const TasksyncProvider *
tasksync_provider_find(const char *name)
{
	for (int i = 0; name != NULL && i < (int) lengthof(providers); i++)
	{
		if (strcmp(name, providers[i]->name) == 0)
			return providers[i];
	}
	return NULL;
}
