// The official client drives the stand-in: whatever it parses, it parses with its own schemas.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { createCommand } from '@doist/todoist-sdk';

import { sandbox } from './helpers.mjs';

let box;
before(async () => { box = await sandbox(); });
after(() => box.close());

test('tasks: add, read, update, close, reopen, move, delete', async () => {
	const { sdk } = await box.user({ timezone: 'Europe/Berlin' });
	const task = await sdk.addTask({ content: 'Buy milk', description: 'semi-skimmed', priority: 4,
		labels: ['Food'], dueString: 'tomorrow at 12', duration: 15, durationUnit: 'minute',
		deadlineDate: '2027-01-31' });
	assert.deepEqual([task.priority, task.labels, task.duration, task.deadline.date],
		[4, ['Food'], { amount: 15, unit: 'minute' }, '2027-01-31']);
	assert.match(task.due.date, /T12:00:00$/);
	assert.ok(task.addedAt instanceof Date);
	const updated = await sdk.updateTask(task.id, { content: 'Buy oat milk', dueString: null });
	assert.deepEqual([updated.content, updated.due], ['Buy oat milk', null]);
	assert.equal(await sdk.closeTask(task.id), true);
	assert.equal((await sdk.getTask(task.id)).checked, true);
	assert.equal(await sdk.reopenTask(task.id), true);
	const project = await sdk.addProject({ name: 'Home' });
	const moved = await sdk.moveTask(task.id, { projectId: project.id });
	assert.equal(moved.projectId, project.id);
	assert.equal(await sdk.deleteTask(task.id), true);
	await assert.rejects(sdk.getTask(task.id), (error) => error.httpStatusCode === 404
		&& error.responseData.error_tag === 'NOT_FOUND');
});

test('moveTasks sends commands and reads the moved tasks from the same answer', async () => {
	const { sdk } = await box.user();
	const project = await sdk.addProject({ name: 'Target' });
	const tasks = [await sdk.addTask({ content: 'a' }), await sdk.addTask({ content: 'b' })];
	const moved = await sdk.moveTasks(tasks.map((task) => task.id), { projectId: project.id });
	assert.deepEqual(moved.map((task) => task.projectId), [project.id, project.id]);
	await assert.rejects(sdk.moveTasks([tasks[0].id], { projectId: '6XXXXXXXXXXXXXXX' }),
		(error) => error.httpStatusCode === 404);
});

test('sync: full, commands with temp ids, incremental', async () => {
	const { sdk } = await box.user();
	const first = await sdk.sync({ syncToken: '*',
		resourceTypes: ['items', 'projects', 'sections', 'notes', 'user', 'user_plan_limits',
			'completed_info'] });
	assert.equal(first.fullSync, true);
	assert.equal(first.user.inboxProjectId, first.projects[0].id);
	assert.equal(first.userPlanLimits.current.max_tasks ?? first.userPlanLimits.current.maxTasks, 300);
	const answer = await sdk.sync({
		syncToken: first.syncToken, resourceTypes: ['items', 'projects', 'sections', 'notes'],
		commands: [
			createCommand('project_add', { name: 'Work' }, 'p'),
			createCommand('section_add', { name: 'Later', projectId: 'p' }, 's'),
			createCommand('item_add', { content: 'Report', sectionId: 's',
				due: { string: 'every monday' }, deadline: { date: '2027-02-01' },
				duration: { amount: 1, unit: 'day' } }, 't'),
			createCommand('note_add', { itemId: 't', content: 'see mail' }, 'n'),
		],
	});
	assert.equal(answer.fullSync, false);
	assert.deepEqual(Object.keys(answer.tempIdMapping).sort(), ['n', 'p', 's', 't']);
	assert.equal(answer.items[0].due.isRecurring, true);
	assert.equal(answer.notes[0].content, 'see mail');
	const id = answer.tempIdMapping.t;
	const next = await sdk.sync({ syncToken: answer.syncToken, resourceTypes: ['items'],
		commands: [createCommand('item_update_date_complete',
			{ id, due: { date: '2027-02-08', string: 'every monday' }, isForward: true }),
		createCommand('item_reorder', { items: [{ id, childOrder: 4 }] })] });
	assert.deepEqual([next.items[0].due.date, next.items[0].checked, next.items[0].childOrder],
		['2027-02-08', false, 4]);
	await assert.rejects(sdk.sync({ commands: [createCommand('item_delete', { id: 'nope' })] }),
		(error) => error.httpStatusCode === 404);
});

test('projects, sections, labels, comments', async () => {
	const { sdk } = await box.user();
	const project = await sdk.addProject({ name: 'Home', color: 'blue', viewStyle: 'board' });
	assert.deepEqual([project.color, project.viewStyle], ['blue', 'board']);
	const child = await sdk.addProject({ name: 'Garden', parentId: project.id });
	assert.equal(child.parentId, project.id);
	assert.equal((await sdk.updateProject(child.id, { name: 'Yard' })).name, 'Yard');
	assert.equal((await sdk.archiveProject(child.id)).isArchived, true);
	assert.equal((await sdk.getArchivedProjects()).results[0].id, child.id);
	assert.equal((await sdk.unarchiveProject(child.id)).isArchived, false);
	const section = await sdk.addSection({ name: 'Later', projectId: project.id });
	assert.equal((await sdk.getSections({ projectId: project.id })).results[0].id, section.id);
	assert.equal((await sdk.updateSection(section.id, { name: 'Soon' })).name, 'Soon');
	const label = await sdk.addLabel({ name: 'Food', color: 'red' });
	assert.equal((await sdk.updateLabel(label.id, { name: 'Meals' })).name, 'Meals');
	assert.deepEqual((await sdk.getLabels()).results.map((entry) => entry.name), ['Meals']);
	const task = await sdk.addTask({ content: 'x', sectionId: section.id, labels: ['odd'] });
	assert.deepEqual((await sdk.getSharedLabels()).results, ['Meals', 'odd']);
	await sdk.renameSharedLabel({ name: 'odd', newName: 'even' });
	assert.deepEqual((await sdk.getTask(task.id)).labels, ['even']);
	const comment = await sdk.addComment({ taskId: task.id, content: 'first' });
	assert.equal((await sdk.getComments({ taskId: task.id })).results[0].id, comment.id);
	assert.equal((await sdk.updateComment(comment.id, { content: 'second' })).content, 'second');
	assert.equal(await sdk.deleteComment(comment.id), true);
	assert.equal(await sdk.deleteSection(section.id), true);
	assert.equal(await sdk.deleteLabel(label.id), true);
	assert.equal(await sdk.deleteProject(project.id), true);
	assert.deepEqual((await sdk.getProjects()).results.map((entry) => entry.name), ['Inbox']);
});

test('lists, filter, history, activity, quick add, user, ids', async () => {
	const ann = await box.user({ email: 'ann@example.com' });
	const { sdk } = ann;
	await box.control('POST', 'seed', { token: ann.token, tasks: 120, completed: 10 });
	let cursor = null;
	const seen = new Set();
	do {
		const page = await sdk.getTasks({ limit: 40, cursor });
		page.results.forEach((task) => seen.add(task.id));
		cursor = page.nextCursor;
	} while (cursor);
	assert.equal(seen.size, 110, 'every kind of seeded task passes the client\'s schema');
	const urgent = await sdk.getTasksByFilter({ query: 'p1', limit: 200 });
	assert.ok(urgent.results.every((task) => task.priority === 4));
	const since = new Date(Date.now() - 864e5).toISOString();
	const until = new Date(Date.now() + 864e5).toISOString();
	assert.equal((await sdk.getCompletedTasksByCompletionDate({ since, until })).items.length, 10);
	const quick = await sdk.quickAddTask({ text: 'Call Bob today p1 @phone' });
	assert.deepEqual([quick.content, quick.priority, quick.labels], ['Call Bob', 4, ['phone']]);
	const log = await sdk.getActivityLogs({ objectEventTypes: 'task:added' });
	assert.equal(log.results[0].objectId, quick.id);
	const user = await sdk.getUser();
	assert.deepEqual([user.email, user.inboxProjectId], ['ann@example.com', ann.inbox_project_id]);
	const [pair] = await sdk.getIdMappings({ objName: 'tasks', objIds: [quick.id] });
	assert.equal(pair.newId, quick.id);
	const { new_id: id } = await box.control('POST', 'reidentify', { token: ann.token, id: quick.id });
	assert.deepEqual(await sdk.getMovedIds({ objName: 'tasks', oldIds: [quick.id] }),
		[{ oldId: quick.id, newId: id }]);
});
