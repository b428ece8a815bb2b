// One person's lists and tasks: what is kept, what a change stamps, and the steps that API and apps
// share. Rules about what may be asked for are in tasks.js and placing.js.

import { decodedId, etagOf } from './ids.js';
import { place, placeLast, positionOf, takeOut } from './siblings.js';
import { DAY, iso, wholeSeconds } from './time.js';

const WEB = 'https://www.googleapis.com/tasks/v1';

export class Account {
	constructor(fields) {
		// id, email, name, token, clock, config, ids, random
		Object.assign(this, fields);
		this.lists = new Map();
		this.tasks = new Map();
		this.originals = new Map();       // assigned task → what it stands for in Docs or Chat
		this.instances = [];              // recurrences still to come: {at, task}
		this.listsAt = this.now();
		this.window = null;
		const list = this.addList('My Tasks', this.stamp(), this.ids.defaultList());
		this.defaultListId = list.id;
	}

	now() {
		return this.clock.now();
	}

	// The time of one operation; everything it changes carries the same.
	stamp() {
		const at = this.now();
		const skew = this.config.values.etag_skew ? this.random.below(1400) - 100 : 0;
		return { at, etagAt: at + skew };
	}

	addList(title, stamp, id = this.ids.object()) {
		const list = { id, title, updated: stamp.at, etagAt: stamp.etagAt, created: this.lists.size,
			members: new Set(), groups: new Map(), ghosts: new Map(), sorted: null };
		this.lists.set(id, list);
		this.listsAt = stamp.etagAt;
		return list;
	}

	removeList(list) {
		for (const id of list.members)
			this.forget(this.tasks.get(id));
		this.lists.delete(list.id);
		this.listsAt = this.stamp().etagAt;
		if (list.id === this.defaultListId)
			this.defaultListId = this.lists.keys().next().value
				?? this.addList('My Tasks', this.stamp()).id;
	}

	touchList(list, stamp) {
		list.updated = stamp.at;
		list.etagAt = stamp.etagAt;
		this.listsAt = stamp.etagAt;
	}

	touch(task, stamp) {
		task.updated = stamp.at;
		task.etagAt = stamp.etagAt;
		this.changed(task);
	}

	changed(task) {
		this.lists.get(task.listId).sorted = null;
	}

	// A task as the API first knows it; the caller places it.
	newTask(list, fields, stamp, id = this.ids.object()) {
		const task = {
			id, listId: list.id, title: '', notes: '', status: 'needsAction', due: null, completed: null,
			deleted: false, deletedAt: null, hidden: false, parent: null, links: [], assignment: null,
			repeat: null, lastPosition: null, updated: stamp.at, etagAt: stamp.etagAt, ...fields,
		};
		this.tasks.set(id, task);
		list.members.add(id);
		list.sorted = null;
		return task;
	}

	// Living subtasks, hidden ones included.
	childrenOf(task) {
		const out = [];
		for (const id of this.lists.get(task.listId).members) {
			const other = this.tasks.get(id);
			if (other.parent === task.id && !other.deleted)
				out.push(other);
		}
		return out;
	}

	// Gone without a trace.
	forget(task) {
		const list = this.lists.get(task.listId);
		takeOut(list, task);
		list.members.delete(task.id);
		list.sorted = null;
		this.tasks.delete(task.id);
		if (task.assignment && this.originals.has(task.id))
			this.originals.get(task.id).deleted = true;
	}

	// A tombstone; the subtasks leave with or without one.
	remove(task, stamp) {
		const list = this.lists.get(task.listId);
		for (const child of this.childrenOf(task))
			if (this.config.values.child_tombstones)
				this.remove(child, stamp);
			else
				this.forgetTree(child);
		task.lastPosition = positionOf(list, task);
		takeOut(list, task);
		Object.assign(task, { deleted: true, deletedAt: stamp.at });
		this.touch(task, stamp);
		if (task.assignment)
			this.originals.get(task.id).deleted = true;
	}

	forgetTree(task) {
		for (const child of this.childrenOf(task))
			this.forgetTree(child);
		this.forget(task);
	}

	complete(task, stamp, { at = stamp.at, hide = false, cascade = false }) {
		const list = this.lists.get(task.listId);
		if (hide && !task.hidden)
			takeOut(list, task);
		Object.assign(task, { status: 'completed', completed: at, hidden: task.hidden || hide });
		this.touch(task, stamp);
		if (task.repeat && !task.repeat.done) {
			task.repeat.done = true;
			const from = task.due === null ? stamp.at : Date.parse(task.due);
			this.instances.push({ at: from + task.repeat.every_days * DAY, task: { ...task } });
		}
		if (cascade)
			for (const child of this.childrenOf(task))
				if (child.status !== 'completed')
					this.complete(child, stamp, { at, hide, cascade });
	}

	reopen(task, stamp) {
		const list = this.lists.get(task.listId);
		const wasHidden = task.hidden;
		Object.assign(task, { status: 'needsAction', completed: null, hidden: false });
		if (wasHidden)
			place(list, task, null);
		this.touch(task, stamp);
	}

	hide(task, stamp) {
		takeOut(this.lists.get(task.listId), task);
		task.hidden = true;
		this.changed(task);
		if (stamp)
			this.touch(task, stamp);
	}

	// The next one of a repeating task: a new id, and nothing says that it repeats.
	nextInstance(task, due) {
		const list = this.lists.get(task.listId) ?? this.lists.get(this.defaultListId);
		const stamp = this.stamp();
		const { title, notes, repeat } = task;
		const next = this.newTask(list, { title, notes, due,
			repeat: repeat && { ...repeat, done: false } }, stamp);
		placeLast(list, next);
		this.touchList(list, stamp);
		return next;
	}

	// What time alone does: recurrences come, tombstones go.
	catchUp() {
		const now = this.now();
		for (const entry of this.instances.filter(({ at }) => at <= now))
			this.nextInstance(entry.task, iso(entry.at).slice(0, 10));
		this.instances = this.instances.filter(({ at }) => at > now);
		const oldest = now - this.config.values.tombstone_days * DAY;
		if (this.lastSweep !== undefined && now - this.lastSweep < 60000)
			return;
		this.lastSweep = now;
		for (const task of this.tasks.values())
			if (task.deleted && task.deletedAt < oldest)
				this.forget(task);
	}

	listJson(list) {
		return { kind: 'tasks#taskList', id: list.id, etag: etagOf(list.etagAt), title: list.title,
			updated: iso(list.updated), selfLink: `${WEB}/users/@me/lists/${list.id}` };
	}

	updatedOf(task) {
		return this.config.values.updated === 'seconds' ? wholeSeconds(task.updated) : task.updated;
	}

	taskJson(task, list = this.lists.get(task.listId)) {
		return {
			kind: 'tasks#task', id: task.id, etag: etagOf(task.etagAt), title: task.title,
			updated: iso(this.updatedOf(task)), selfLink: `${WEB}/lists/${list.id}/tasks/${task.id}`,
			...(task.parent ? { parent: task.parent } : {}),
			position: positionOf(list, task),
			...(task.notes ? { notes: task.notes } : {}),
			status: task.status,
			...(task.due ? { due: `${task.due}T00:00:00.000Z` } : {}),
			...(task.completed !== null ? { completed: iso(wholeSeconds(task.completed)) } : {}),
			...(task.deleted ? { deleted: true } : {}),
			...(task.hidden ? { hidden: true } : {}),
			...(task.links.length > 0 || this.config.values.empty_links === 'list'
				? { links: task.links } : {}),
			...(task.deleted ? {} : { webViewLink: `https://tasks.google.com/task/${decodedId(task.id)}?sa=6` }),
			...(task.assignment ? { assignmentInfo: task.assignment } : {}),
		};
	}
}
