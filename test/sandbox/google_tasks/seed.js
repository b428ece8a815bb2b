// Fills an account: lists, and tasks with subtasks, notes, due dates, completed and hidden ones. The
// same world seed gives the same account.

import { placeLast, takeOut } from './siblings.js';
import { DAY, dateOf } from './time.js';

const VERBS = ['Buy', 'Call', 'Write', 'Read', 'Repair', 'Plan', 'Clean', 'Review', 'Book', 'Send',
	'Prepare', 'Check', 'Paint', 'Order', 'Return', 'Renew'];
const THINGS = ['milk', 'the dentist', 'a letter to Zoë', 'the manual', 'the bicycle', 'the trip',
	'the kitchen', 'chapter 3', 'two tickets', 'the invoice', 'dinner 🍝', 'the contract', 'the fence',
	'seeds', 'the parcel', 'the passport', 'größere Schuhe', 'A & B <draft>'];
const LISTS = ['Home', 'Work', 'Garden', 'Travel', 'Reading', 'Health', 'Family', 'Errands', 'Studies',
	'Side project', 'Finance', 'Music'];

const listTitle = (i) => LISTS[i % LISTS.length] + (i < LISTS.length ? '' : ` ${1 + Math.floor(i / LISTS.length)}`);

function addTask(account, list, number, { subtasks, tops }) {
	const { random } = account;
	const parent = tops.length > 0 && random.chance(subtasks) ? random.pick(tops) : null;
	const stamp = { at: account.now(), etagAt: account.now() };
	const task = account.newTask(list, {
		title: `${random.pick(VERBS)} ${random.pick(THINGS)} (${number})`,
		notes: random.chance(0.25)
			? `Notes for task ${number}.\n\n- first\n- second, see page ${random.below(90)}` : '',
		due: random.chance(0.6) ? dateOf(account.now() + (random.below(120) - 20) * DAY) : null,
		parent: parent?.id ?? null,
	}, stamp);
	placeLast(list, task);
	if (!parent)
		tops.push(task);
	if (tops.length > 50)
		tops.shift();
	return task;
}

// Completed so long ago that nobody waits for it; `hidden` ones as the apps leave them.
function complete(account, task, hidden) {
	const list = account.lists.get(task.listId);
	if (hidden)
		takeOut(list, task);
	Object.assign(task, { status: 'completed', hidden,
		completed: account.now() - account.random.below(30 * DAY) });
}

export function seedAccount(account, { tasks = 300, lists, subtasks = 0.2, completed = 0, hidden = 0 } = {}) {
	const { random } = account;
	const count = lists ?? Math.max(3, Math.ceil(tasks / 250));
	const made = [];
	for (let i = 0; i < count; i++)
		made.push({ list: account.addList(listTitle(i), account.stamp()), tops: [] });
	const all = [];
	for (let i = 0; i < tasks && count > 0; i++) {
		const { list, tops } = made[i % count];
		all.push(addTask(account, list, i + 1, { subtasks, tops }));
	}
	const parents = new Set(all.map((task) => task.parent).filter(Boolean));
	const open = all.filter((task) => !parents.has(task.id));
	for (let i = 0; i < completed + hidden && open.length > 0; i++) {
		const [task] = open.splice(random.below(open.length), 1);
		complete(account, task, i >= completed);
	}
	return { lists: made.map(({ list }) => list.id), tasks: all.length,
		subtasks: all.filter((task) => task.parent).length, completed, hidden };
}
