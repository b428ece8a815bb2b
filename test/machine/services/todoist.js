// A person with Todoist: what they do in the app, and what they see there.

import { startServer } from '../../sandbox/todoist/server.js';

export const name = 'todoist';
export const start = startServer;
export const settings = (url) => ({ 'tasksync.todoist_url': url, 'tasksync.todoist_oauth_url': `${url}/oauth` });

// longer than the engine waits (tasksync.request_timeout of the test)
const SLOW_MS = 3500;

// The kinds of trouble that a request can meet, for both reading and writing.
export const faults = [
	{ kind: 'cut_before' }, { kind: 'cut_after_commit' }, { kind: 'cut_mid_body' },
	{ kind: 'status', status: 500 }, { kind: 'status', status: 500, applied: true },
	{ kind: 'status', status: 503, retry_after: 1 }, { kind: 'status', status: 429 },
	{ kind: 'status', status: 429, retry_after: 1 }, { kind: 'status', status: 401 },
	{ kind: 'ok_without_mapping' }, { kind: 'partial_batch' }, { kind: 'partial_batch', drop: 1000 },
	{ kind: 'truncate_json' }, { kind: 'garbage' }, { kind: 'commands_only' }, { kind: 'empty_list' },
	{ kind: 'duplicate_items' }, { kind: 'reject_token_400' }, { kind: 'downgrade_to_full' },
	{ kind: 'alter_content', mode: 'trim' }, { kind: 'slow_ms', ms: SLOW_MS, when: 'after' },
	{ kind: 'slow_ms', ms: SLOW_MS, when: 'before' },
];

const alive = (list) => list.filter((object) => !object.is_deleted);
const byName = (a, b) => (a < b ? -1 : Number(a > b));

export class Side {
	constructor(server, email) {
		this.server = server;
		this.provider = name;
		const made = server.control('POST', 'users', { email, timezone: 'Europe/Lisbon' });
		this.ready = made.then((user) => { this.token = user.token; });
	}

	async state() {
		return this.server.control('GET', 'state', {}, { token: this.token });
	}

	// false when the service refuses it: then it is no edit
	async command(type, args) {
		const answer = await this.server.control('POST', 'edit',
			{ token: this.token, commands: [{ type, args, temp_id: 'new' }] });
		const [status] = Object.values(answer.sync_status);
		return status === 'ok' ? answer.temp_id_mapping.new ?? true : false;
	}

	async begin({ projects, tasks }) {
		const made = [null];
		for (const project of projects)
			made.push(await this.command('project_add', { name: project }));
		for (const task of tasks)
			await this.command('item_add', { content: task.title, ...(made[task.project]
				? { project_id: made[task.project] } : {}) });
	}

	// One edit: r chooses the task, q the value. {what, id?, field?, replaced?, gone?} or null.
	async edit(what, r, q, token) {
		const state = await this.state();
		const named = new Map([...state.projects, ...state.items].map((one) => [one.id, one.name ?? one.content]));
		// by what can be seen: ids and the order of making are not the same in another run
		const look = (i) => [i.content, i.description, named.get(i.project_id), named.get(i.parent_id) ?? '',
			i.checked, i.priority, i.due?.date ?? '', i.labels.join(), String(i.child_order).padStart(6)].join('|');
		const looks = new Map(state.items.map((item) => [item, look(item)]));
		const items = alive(state.items).sort((a, b) => byName(looks.get(a), looks.get(b)));
		const projects = alive(state.projects).sort((a, b) => byName(a.name, b.name));
		const project = projects[Math.floor(q * projects.length)];
		const item = items[Math.floor(r * items.length)];
		const other = items[Math.floor(q * items.length)];
		const written = (field, id) => (id ? { what, id, field } : null);
		const done = (id) => (id ? { what, id } : null);

		if (what === 'add' || !item)
			return written('content', await this.command('item_add',
				{ content: `new ${token}`, project_id: project.id }));
		const { id } = item;
		const update = (fields) => this.command('item_update', { id, ...fields });
		switch (what) {
			case 'twin':
				return done(await this.command('item_add', { content: 'Milk', project_id: project.id }));
			case 'child':
				return written('content', await this.command('item_add',
					{ content: `new ${token}`, parent_id: id }));
			case 'title':
				return written('content', await update({ content: `there ${token}` }) && id);
			case 'same':
				return await update({ content: 'Milk' }) ? { what, id, replaces: 'content' } : null;
			case 'notes':
				return written('description', await update({ description: `there ${token}` }) && id);
			case 'append':
				return await update({ description: `${item.description}\nline ${token}` })
					? { what, id, field: 'description', keeps: item.description } : null;
			case 'due':
				return done(await update({ due: { date: `2030-01-0${1 + Math.floor(q * 5)}` } }) && id);
			case 'time':
				return done(await update({ due: { date: `2030-03-3${Math.floor(q * 2)}T01:30:00Z`,
					timezone: 'Europe/Lisbon' } }) && id);
			case 'undue':
				return done(await update({ due: null }) && id);
			case 'label':
				return done(await update({ labels: [...item.labels, q < 0.5 ? 'red' : 'green'] }) && id);
			case 'unlabel':
				return done(await update({ labels: item.labels.slice(1) }) && id);
			case 'priority':
				return done(await update({ priority: 1 + Math.floor(q * 4) }) && id);
			case 'complete':
				return done(await this.command('item_close', { id }) && id);
			case 'reopen':
				return done(await this.command('item_uncomplete', { id }) && id);
			case 'delete':
				return await this.command('item_delete', { id })
					? { what, id, gone: this.#below(items, id) } : null;
			case 'move':
				return done(await this.command('item_move', { id, project_id: project.id }) && id);
			case 'parent':
				return done(await this.command('item_move', { id, parent_id: other.id }) && id);
			case 'unparent':
				return done(await this.command('item_move', { id, project_id: item.project_id }) && id);
			case 'order':
				return done(await this.command('item_reorder',
					{ items: [{ id, child_order: 1 + Math.floor(q * 5) }] }) && id);
			case 'project':
				return written('name', await this.command('project_add', { name: `project ${token}` }));
			case 'rename':
				return project.inbox_project || project.id === state.inbox_project_id ? null
					: written('name', await this.command('project_update',
						{ id: project.id, name: `there ${token}` }) && project.id);
			default:
				throw new Error(`no edit "${what}"`);
		}
	}

	#below(items, id) {
		const found = [id];
		for (const above of found)
			found.push(...items.filter((item) => item.parent_id === above).map((item) => item.id));
		return found;
	}

	// What the person sees, a line for each thing. Of completed tasks only that they are.
	async lines() {
		const state = await this.state();
		const inbox = state.inbox_project_id;
		const named = new Map([...state.projects, ...state.sections, ...state.items]
			.map((object) => [object.id, object.id === inbox ? 'inbox' : object.name ?? object.content]));
		return [
			...alive(state.projects).map((p) => `project ${named.get(p.parent_id) ?? ''}/${named.get(p.id)}`),
			...alive(state.items).map((i) => (i.checked ? `task ${i.content} done`
				: ['task', i.content, i.description, i.priority, [...i.labels].sort().join(','),
					i.due ? [i.due.date, i.due.timezone, i.due.is_recurring ? i.due.string : null]
						.filter((part) => part !== null && part !== undefined).join(' ') : '',
					named.get(i.project_id), named.get(i.section_id) ?? '', named.get(i.parent_id) ?? '']
					.join('|'))),
		];
	}

	// What the person should see of the hub.
	static linesOf(hub) {
		return [
			...hub.projects.map((p) => `project ${p.parent ?? ''}/${p.inbox ? 'inbox' : p.name}`),
			...hub.tasks.map((t) => (t.done ? `task ${t.title} done`
				: ['task', t.title, t.description, Math.min(4, t.priority + 1), [...t.labels].sort().join(','),
					t.date ? [t.instant ?? (t.time ? `${t.date}T${t.time}` : t.date), t.zone, t.recurrence]
						.filter((part) => part !== null && part !== undefined).join(' ') : '',
					t.inbox ? 'inbox' : t.project, t.section ?? '', t.parent ?? ''].join('|'))),
		];
	}

	// [requests, commands] since the log was emptied
	async traffic() {
		const { requests } = await this.server.control('GET', 'log', {}, { token: this.token });
		return { requests: requests.length, writes: requests.reduce((sum, one) => sum + (one.commands ?? 0), 0),
			kinds: requests.map((one) => one.kind) };
	}

	async arm(fault) {
		await this.server.control('POST', 'faults', { ...fault, token: this.token });
	}
}
