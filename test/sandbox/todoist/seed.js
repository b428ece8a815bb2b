// Fills an account: projects, sections, labels, and tasks with subtasks and due dates of every kind.
// The same world seed gives the same account. The limit of tasks per project is not enforced here,
// only kept by the default number of projects.

import { normaliseDue } from './due.js';
import { newItem, newLabel, newNote, newProject, newSection } from './objects.js';

const VERBS = ['Buy', 'Call', 'Write', 'Read', 'Repair', 'Plan', 'Clean', 'Review', 'Book', 'Send',
	'Prepare', 'Check', 'Paint', 'Order', 'Return', 'Renew'];
const THINGS = ['milk', 'the dentist', 'a letter to Zoë', 'the manual', 'the bicycle', 'the trip',
	'the kitchen', 'chapter 3', 'two tickets', 'the invoice', 'dinner 🍝', 'the contract', 'the fence',
	'seeds', 'the parcel', 'the passport', 'größere Schuhe', '**bold** ideas', '[docs](https://example.com)'];
const PROJECTS = ['Home', 'Work', 'Garden', 'Travel', 'Reading', 'Health', 'Family', 'Errands',
	'Studies', 'Side project', 'Finance', 'Music'];
const SECTIONS = ['Later', 'This week', 'Waiting', 'Someday', 'Next'];
const LABELS = ['food', 'phone', 'urgent', 'reading', 'errand', 'home office', 'waiting', 'five minutes',
	'garden', 'computer', 'ideas', 'family'];
const COLORS = ['charcoal', 'red', 'blue', 'green', 'teal', 'grape', 'orange'];
const RULES = ['every day', 'every monday', 'every week', 'every month', 'every 3 days',
	'every workday', 'every 15th', 'every year'];

const pad = (n) => String(n).padStart(2, '0');

function dueFor(account, random) {
	const ms = account.now();
	const day = new Date(ms + (random.below(120) - 20) * 86400000).toISOString().slice(0, 10);
	const time = `${pad(6 + random.below(16))}:${pad(5 * random.below(12))}:00`;
	const roll = random.next();
	if (roll < 0.4)
		return null;
	let input;
	if (roll < 0.65)
		input = { date: day };
	else if (roll < 0.75)
		input = { date: `${day}T${time}` };
	else if (roll < 0.83)
		input = { date: `${day}T${time}Z`, timezone: random.pick([account.timezone, 'Asia/Jakarta']) };
	else if (roll < 0.95)
		input = { string: random.pick(RULES), date: day, is_recurring: true };
	else
		input = { string: `${random.pick(RULES)} at 9:00`, date: `${day}T09:00:00`, is_recurring: true };
	return normaliseDue(input, account, ms);
}

function addProjects(account, count, random) {
	const out = [];
	for (let i = 0; i < count; i++) {
		const round = Math.floor(i / PROJECTS.length);
		out.push(account.create('project', newProject(account, {
			name: PROJECTS[i % PROJECTS.length] + (round > 0 ? ` ${round + 1}` : ''),
			color: random.pick(COLORS), child_order: i + 1,
			parent_id: i % 5 === 4 ? out[i - 1].data.id : null,
		})));
	}
	return out;
}

function addTasks(account, count, { projects, sections, labels, random }) {
	const places = projects.map((project) => ({
		project, sections: sections.filter(({ data }) => data.project_id === project.data.id),
		tops: [], order: 0,
	}));
	for (let i = 0; i < count; i++) {
		const place = places[i % places.length];
		const parent = place.tops.length > 0 && random.chance(0.2) ? random.pick(place.tops) : null;
		const section = !parent && place.sections.length > 0 && random.chance(0.5)
			? random.pick(place.sections) : null;
		const due = dueFor(account, random);
		const record = account.create('item', newItem(account, {
			content: `${random.pick(VERBS)} ${random.pick(THINGS)} (${i + 1})`,
			description: random.chance(0.25)
				? `Notes for task ${i + 1}.\n\n- first\n- second, see *page ${random.below(90)}*` : '',
			priority: random.chance(0.3) ? 2 + random.below(3) : 1,
			labels: random.chance(0.35) && labels.length > 0
				? [...new Set([random.pick(labels), random.pick(labels)])] : [],
			due,
			duration: due?.date.includes('T') && random.chance(0.5)
				? { amount: 15 * (1 + random.below(8)), unit: 'minute' } : null,
			deadline: random.chance(0.05)
				? { date: new Date(account.now() + 864e7).toISOString().slice(0, 10), lang: account.lang }
				: null,
			project_id: place.project.data.id,
			section_id: parent ? parent.data.section_id : section?.data.id ?? null,
			parent_id: parent?.data.id ?? null,
			child_order: ++place.order,
			order_key: `a${place.order.toString(36).padStart(4, '0')}`,
		}));
		// At most three levels: a subtask of a top task may itself get children now and then.
		if (!parent || random.chance(0.3))
			place.tops.push(record);
		if (place.tops.length > 50)
			place.tops.shift();
	}
}

function complete(account, count, random) {
	const open = account.living('item').filter(({ data }) => !data.due?.is_recurring
		&& account.childrenOf(data.id).length === 0);
	for (let i = 0; i < count && open.length > 0; i++) {
		const [record] = open.splice(random.below(open.length), 1);
		account.change(record, { checked: true, completed_by_uid: account.id,
			completed_at: account.clock.micros() });
	}
}

export function seedAccount(account, { tasks = 300, projects, labels = 8, sections_per_project = 3,
	completed = 0, comments = 0 } = {}) {
	const random = account.random;
	const projectCount = projects ?? Math.max(3, Math.ceil(tasks / 250));
	const made = addProjects(account, projectCount, random);
	const sections = made.flatMap((project) => SECTIONS.slice(0, sections_per_project)
		.map((name, i) => account.create('section', newSection(account,
			{ name, project_id: project.data.id, section_order: i + 1 }))));
	const names = [];
	for (let i = 0; i < labels; i++) {
		names.push(LABELS[i % LABELS.length] + (i >= LABELS.length ? ` ${i + 1}` : ''));
		account.create('label', newLabel(account,
			{ name: names[i], item_order: i + 1, color: random.pick(COLORS) }));
	}
	addTasks(account, tasks, { projects: made, sections, labels: names, random });
	complete(account, completed, random);
	const items = account.living('item');
	for (let i = 0; i < comments && items.length > 0; i++)
		account.create('note', newNote(account,
			{ item_id: random.pick(items).data.id, content: `Comment ${i + 1}` }));
	return { projects: made.map(({ data }) => data.id), sections: sections.length,
		labels: names.length, tasks, completed };
}
