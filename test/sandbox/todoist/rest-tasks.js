// REST: tasks, their completed history, activity. Same data and same commands as the sync endpoint,
// but nothing here is idempotent: a repeated POST makes a second task, a repeated close advances a
// recurring task twice.

import { runOne } from './commands/index.js';
import { invalidArgument, missingScope, notFound } from './errors.js';
import { compileFilter } from './filter.js';
import { understand } from './recurrence.js';
import { render } from './objects.js';
import { page } from './paging.js';
import { has as hasScope } from './scopes.js';
import { today } from './zones.js';

export const run = (x, type, args) => runOne(x.account, type, args, { scopes: x.scopes });

export function demandRead(x) {
	if (!hasScope(x.scopes, 'data:read'))
		throw missingScope('data:read');
}

export function required(x, kind, id, noun) {
	demandRead(x);
	const record = x.account.find(kind, id);
	if (!record)
		throw notFound(noun);
	return record;
}

const showItem = (x) => (record) => render(x.account, record);

const isActive = (x) => ({ data }) => !data.checked && !x.account.isHidden(data.project_id);

function dueOf(body) {
	const { due_string: string, due_date: date, due_datetime: datetime, due_lang: lang } = body;
	if (date !== undefined && datetime !== undefined && date !== null && datetime !== null)
		throw invalidArgument('due_date', 'due_date and due_datetime exclude each other');
	const when = date ?? datetime;
	if (string === undefined && when === undefined)
		return undefined;
	if ((string === null || string === undefined) && when === null)
		return null;
	if (string === 'no date' || string === '')
		return null;
	return { ...(string ? { string } : {}), ...(when ? { date: when } : {}), ...(lang ? { lang } : {}),
		...(string && when ? { is_recurring: true } : {}) };
}

// The REST spelling of a task's fields to command arguments.
function itemArgs(body) {
	const out = {};
	for (const name of ['content', 'description', 'labels', 'priority', 'is_collapsed', 'day_order',
		'child_order'])
		if (body[name] !== undefined)
			out[name] = body[name];
	if (body.order !== undefined && body.order !== null)
		out.child_order = body.order;
	if (body.assignee_id !== undefined)
		out.responsible_uid = body.assignee_id === null ? null : String(body.assignee_id);
	const due = dueOf(body);
	if (due !== undefined)
		out.due = due;
	if (body.deadline_date !== undefined)
		out.deadline = body.deadline_date === null ? null : { date: body.deadline_date };
	if (body.duration !== undefined || body.duration_unit !== undefined)
		out.duration = body.duration === null ? null
			: { amount: body.duration, unit: body.duration_unit };
	return out;
}

function addTask(x) {
	const { body } = x;
	const id = run(x, 'item_add', { ...itemArgs(body), project_id: body.project_id ?? undefined,
		section_id: body.section_id ?? undefined, parent_id: body.parent_id ?? undefined });
	return showItem(x)(x.account.find('item', id));
}

// "Buy milk tomorrow p1 @Food #Home": dates, priority, labels and project are taken out of the text.
function quickAdd(x) {
	const { account } = x;
	let text = String(x.body.text ?? '');
	const args = {};
	text = text.replace(/(?:^|\s)p([1-4])(?=\s|$)/i, (whole, n) => {
		args.priority = 5 - Number(n);
		return '';
	});
	args.labels = [...text.matchAll(/(?:^|\s)@(\S+)/g)].map((found) => found[1]);
	text = text.replace(/(?:^|\s)@\S+/g, '');
	text = text.replace(/(?:^|\s)#(\S+)/, (whole, name) => {
		const project = account.living('project').find(({ data }) => data.name === name);
		args.project_id = project?.data.id;
		return project ? '' : whole;
	});
	const words = text.trim().split(/\s+/);
	for (let at = 1; at < words.length; at++) {
		const tail = words.slice(at).join(' ');
		if (understand(tail, today(account.timezone, account.now()))?.date) {
			args.due = { string: tail };
			words.length = at;
		}
	}
	const id = run(x, 'item_add', { ...args, content: words.join(' ') });
	return showItem(x)(account.find('item', id));
}

function listTasks(x) {
	demandRead(x);
	const { query, account } = x;
	const ids = query.ids ? new Set(query.ids.split(',')) : null;
	const pool = query.project_id ? account.itemsIn(query.project_id) : account.living('item');
	const found = pool.filter(isActive(x)).filter(({ data }) => (!ids || ids.has(data.id))
		&& (!query.section_id || data.section_id === query.section_id)
		&& (!query.parent_id || data.parent_id === query.parent_id)
		&& (!query.label || data.labels.includes(query.label)));
	return page(x, found, showItem(x));
}

function filterTasks(x) {
	demandRead(x);
	const test = compileFilter(x.query.query, x.account);
	return page(x, x.account.living('item').filter(isActive(x)).filter(test), showItem(x));
}

function windowOf(x, days) {
	const [since, until] = [Date.parse(x.query.since), Date.parse(x.query.until)];
	if (Number.isNaN(since))
		throw invalidArgument('since', 'Required argument is missing');
	if (Number.isNaN(until))
		throw invalidArgument('until', 'Required argument is missing');
	if (until - since > days * 86400000)
		throw invalidArgument('until', 'the window is too long');
	return { since, until };
}

// Completions of recurring tasks are not here: such a task was never completed.
function completed(field, days) {
	return (x) => {
		demandRead(x);
		const { since, until } = windowOf(x, days);
		const { query, account } = x;
		const test = query.filter_query ? compileFilter(query.filter_query, account) : () => true;
		const found = account.living('item').filter((record) => {
			const { data } = record;
			const at = Date.parse(field === 'due' ? data.due?.date : data.completed_at);
			return data.checked && at >= since && at < until && test(record)
				&& (!query.project_id || data.project_id === query.project_id)
				&& (!query.section_id || data.section_id === query.section_id)
				&& (!query.parent_id || data.parent_id === query.parent_id);
		});
		return page(x, found, showItem(x), 'items');
	};
}

function activities(x) {
	demandRead(x);
	const { query, account } = x;
	const wanted = query.object_event_types ? JSON.parse(query.object_event_types) : null;
	const found = account.activity.filter((event) => {
		const name = `${event.object_type}:${event.event_type}`;
		const day = event.event_date.slice(0, 10);
		return (!wanted || [wanted].flat().some((one) => one === name || one === `${event.object_type}:`))
			&& (!query.parent_project_id || event.parent_project_id === query.parent_project_id)
			&& (!query.initiator_id || event.initiator_id === query.initiator_id)
			&& (!query.date_from || day >= query.date_from.slice(0, 10))
			&& (!query.date_to || day < query.date_to.slice(0, 10));
	});
	return page(x, found.reverse(), (event) => event);
}

export function taskRoutes(add) {
	const one = (x) => showItem(x)(required(x, 'item', x.params.id, 'Task'));
	const command = (type) => (x) => {
		run(x, type, { id: x.params.id });
		return null;
	};

	add('GET', '/api/v1/tasks', listTasks);
	add('GET', '/api/v1/tasks/filter', filterTasks);
	add('POST', '/api/v1/tasks', addTask);
	add('POST', '/api/v1/tasks/quick', quickAdd);
	add('GET', '/api/v1/tasks/completed/by_completion_date', completed('completed', 93));
	add('GET', '/api/v1/tasks/completed/by_due_date', completed('due', 42));
	add('GET', '/api/v1/tasks/:id', one);
	add('POST', '/api/v1/tasks/:id', (x) => {
		run(x, 'item_update', { id: x.params.id, ...itemArgs(x.body) });
		return one(x);
	});
	add('POST', '/api/v1/tasks/:id/move', (x) => {
		const { project_id, section_id, parent_id } = x.body;
		run(x, 'item_move', { id: x.params.id, project_id, section_id, parent_id });
		return one(x);
	});
	add('POST', '/api/v1/tasks/:id/close', command('item_close'));
	add('POST', '/api/v1/tasks/:id/reopen', command('item_uncomplete'));
	add('DELETE', '/api/v1/tasks/:id', command('item_delete'));
	add('GET', '/api/v1/activities', activities);
}
