// Work that is answered with 202 and a task to poll. It is done at once; the task says so after a
// while, by the stand-in's clock, and passes through the states on the way.

import { notFound } from './errors.js';
import { uuidOf } from './access.js';
import { json } from '../lib/wire.js';

const QUEUED_MS = 1000;
const RUNNING_MS = 2000;

function show(x, task) {
	const age = x.world.clock.now() - task.at;
	const base = { object: 'async_task', id: task.id, created_time: new Date(task.at).toISOString(),
		status_url: `${x.origin}/v1/async_tasks/${task.id}`,
		operation: { surface: 'rest', name: task.name } };
	if (age < QUEUED_MS)
		return { ...base, status: 'queued', poll_after_seconds: 2 };
	if (age < RUNNING_MS)
		return { ...base, status: 'running', poll_after_seconds: 1 };
	return task.error ? { ...base, status: 'failed', error: task.error }
		: { ...base, status: 'succeeded', result: task.result };
}

export function asyncAnswer(x, name, result) {
	const task = { id: x.workspace.ids.uuid(), at: x.world.clock.now(), name, result, bot: x.bot };
	x.workspace.tasks.set(task.id, task);
	return json(202, show(x, task));
}

export function asyncTaskRoutes(add) {
	add('GET', '/v1/async_tasks/:id', (x) => {
		const id = uuidOf(x.params.id, 'path.task_id');
		const task = x.workspace.tasks.get(id);
		if (!task || task.bot !== x.bot)
			throw notFound(id, 'async task');
		return show(x, task);
	});
}
