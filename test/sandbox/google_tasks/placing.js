// Where a task may be put: the rules of insert and move.

import { badRequest, limitExceeded, notFound } from './errors.js';
import { place, placeLast, siblingsOf, takeOut } from './siblings.js';

// Stale neighbours: insert answers 404, move answers 400.
function neighbour(account, list, id, missing) {
	const task = account.tasks.get(id);
	if (!task || task.deleted || task.listId !== list.id)
		throw missing();
	if (task.hidden)
		throw badRequest();
	return task;
}

function checkPlace(account, list, { parent, previous, child = null }, missing) {
	if (parent !== null) {
		const above = neighbour(account, list, parent, missing);
		if (above.assignment || above.repeat || child?.assignment || child?.repeat)
			throw badRequest();
		for (let up = above; up; up = account.tasks.get(up.parent))
			if (up === child)
				throw badRequest();
		const { max_depth: depth } = account.config.values;
		if (depth !== null && (above.parent || (child && account.childrenOf(child).length > 0)))
			throw badRequest();
		const { subtasks_per_task: most } = account.config.values;
		if (most !== null && siblingsOf(list, parent).length >= most && child?.parent !== parent)
			throw storageFull(account);
	}
	if (previous !== null) {
		const before = neighbour(account, list, previous, missing);
		if (before === child || (before.parent ?? null) !== parent)
			throw badRequest();
	}
}

const storageFull = (account) =>
	limitExceeded('quotaExceeded', { http: account.config.values.storage_status });

function checkRoom(account, list) {
	const { tasks_per_list: perList, tasks_per_user: perUser } = account.config.values;
	if (perUser !== null && account.tasks.size >= perUser)
		throw storageFull(account);
	if (perList === null || list.members.size < perList)
		return;
	const visible = [...list.members].filter((id) => {
		const task = account.tasks.get(id);
		return !task.hidden && !task.deleted;
	});
	if (visible.length >= perList)
		throw storageFull(account);
}

export function checkRoomForList(account) {
	const { lists_per_user: most } = account.config.values;
	if (most !== null && account.lists.size >= most)
		throw storageFull(account);
}

export function checkInsert(account, list, { parent = null, previous = null }) {
	checkRoom(account, list);
	checkPlace(account, list, { parent, previous }, notFound);
}

// Moves the subtasks of a task that changes its list, as the switch has it.
function bringChildren(account, task, from, to, stamp) {
	for (const child of account.childrenOf(task)) {
		switch (account.config.values.move_takes_children) {
			case 'move':
				bringChildren(account, child, from, to, stamp);
				changeList(account, child, { from, to, stamp, parent: task.id });
				if (!child.hidden)
					placeLast(to, child);
				if (account.config.values.move_bumps_children)
					account.touch(child, stamp);
				break;
			case 'promote':
				takeOut(from, child);
				child.parent = null;
				if (!child.hidden)
					placeLast(from, child);
				account.changed(child);
				break;
			default:
		}
	}
}

function changeList(account, task, { from, to, stamp, parent }) {
	if (account.config.values.move_leaves_tombstone)
		from.ghosts.set(task.id, { ...account.taskJson(task, from), deleted: true,
			updated: new Date(stamp.at).toISOString() });
	takeOut(from, task);
	from.members.delete(task.id);
	from.sorted = null;
	Object.assign(task, { listId: to.id, parent });
	to.members.add(task.id);
	to.ghosts.delete(task.id);
	to.sorted = null;
}

export function move(account, from, task, { parent = null, previous = null, to = from }) {
	if (task.hidden && (parent !== null || previous !== null))
		throw badRequest();
	if (task.repeat && to !== from)
		throw badRequest();
	if (to !== from)
		checkRoom(account, to);
	checkPlace(account, to, { parent, previous, child: task }, badRequest);
	const stamp = account.stamp();
	if (to !== from) {
		bringChildren(account, task, from, to, stamp);
		changeList(account, task, { from, to, stamp, parent });
		account.touchList(from, stamp);
	} else {
		takeOut(from, task);
		task.parent = parent;
	}
	if (!task.hidden)
		place(to, task, previous);
	if (account.config.values.move_bumps_updated)
		account.touch(task, stamp);
	else
		account.changed(task);
	account.touchList(to, stamp);
}
