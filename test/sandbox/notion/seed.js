// Fills a workspace with task databases. The same world seed and the same calls give the same
// workspace. Variants of the schema are those that a field mapping has to cope with.

import { createPage, trash } from './operations.js';
import { addBlocks } from './blocks.js';
import { fromMarkdown } from './markdown.js';
import { richText } from './rich-text.js';
import { addDualRelation, newOption, newProperty, statusConfig } from './schema.js';

const VERBS = ['Buy', 'Call', 'Write', 'Read', 'Repair', 'Plan', 'Clean', 'Review', 'Book', 'Send',
	'Prepare', 'Check', 'Paint', 'Order', 'Return', 'Renew'];
const THINGS = ['milk', 'the dentist', 'a letter to Zoë', 'the manual', 'the bicycle', 'the trip',
	'the kitchen', 'chapter 3', 'two tickets', 'the invoice', 'dinner 🍝', 'the contract', 'the fence',
	'seeds', 'the parcel', 'the passport', 'größere Schuhe', 'bold ideas', 'the docs'];
const LABELS = [['food', 'green'], ['phone', 'blue'], ['urgent', 'red'], ['reading', 'purple'],
	['errand', 'orange'], ['home office', 'gray'], ['waiting', 'yellow'], ['five minutes', 'pink']];
const PRIORITIES = [['Low', 'gray'], ['Medium', 'yellow'], ['High', 'orange'], ['Urgent', 'red']];
const STATUSES = [['Not started', 'default', 0], ['In progress', 'blue', 1],
	['Blocked', 'red', 1], ['Done', 'green', 2], ['Dropped', 'gray', 2]];
const STAGES = [['To do', 'default'], ['Doing', 'blue'], ['Done', 'green']];

const DEFAULTS = {
	title: 'Tasks', tasks: 300, done: 'status', due: true, priority: true, labels: true,
	description: true, subitems: true, extra: false, sync_id: false, sources: 1, body: 0,
	trashed: 0, archived: 0,
};

const options = (workspace, list) =>
	list.map(([name, color]) => newOption(workspace, name, color));

function addDone(workspace, source, form) {
	switch (form) {
		case 'status': return newProperty(workspace, 'Status', 'status',
			statusConfig(workspace, STATUSES));
		case 'checkbox': return newProperty(workspace, 'Done', 'checkbox');
		case 'select': return newProperty(workspace, 'Stage', 'select',
			{ options: options(workspace, STAGES) });
		case 'none': return null;
		default: throw new Error('done must be status, checkbox, select or none');
	}
}

const EXTRA = [['Effort', 'number'], ['Link', 'url'], ['Contact', 'email'],
	['Phone', 'phone_number'], ['Assignee', 'people'], ['Created', 'created_time'],
	['Edited', 'last_edited_time'], ['Author', 'created_by'], ['Editor', 'last_edited_by'],
	['Number', 'unique_id', { prefix: 'TASK' }], ['Length', 'formula'], ['Count', 'rollup'],
	['Files', 'files']];

// A data source with its properties. `roles` tells which property is which.
export function addSource(workspace, database, name, what, actor) {
	const plan = { ...DEFAULTS, ...what };
	const source = workspace.create('data_source', { name, title: richText(name), props: [],
		rows: new Set(), lastNumber: 0, parent: { type: 'database_id', id: database.id } }, actor);
	const roles = { title: newProperty(workspace, 'Name', 'title'),
		done: addDone(workspace, source, plan.done) };
	if (plan.due)
		roles.due = newProperty(workspace, 'Due', 'date');
	if (plan.priority)
		roles.priority = newProperty(workspace, 'Priority', 'select',
			{ options: options(workspace, PRIORITIES) });
	if (plan.labels)
		roles.labels = newProperty(workspace, 'Labels', 'multi_select',
			{ options: options(workspace, LABELS) });
	if (plan.description)
		roles.description = newProperty(workspace, 'Description', 'rich_text');
	if (plan.sync_id)
		roles.sync_id = newProperty(workspace, 'Sync ID', 'rich_text');
	for (const [name_, type, config] of plan.extra ? EXTRA : [])
		roles[type] = newProperty(workspace, name_, type, config ?? {});
	source.props.push(...Object.values(roles).filter(Boolean));
	if (plan.subitems) {
		[roles.parent, roles.children] = addDualRelation(workspace, source, 'Parent item', source,
			'Sub-item');
		source.subItems = roles.children.id;
	}
	database.sources.push(source.id);
	source.roles = roles;
	return source;
}

export function addDatabase(workspace, { title = 'Tasks', parent, ...what }, actor) {
	const database = workspace.create('database', { name: title, title: richText(title), sources: [],
		parent: parent ? { type: 'page_id', id: parent.id } : { type: 'workspace' } }, actor);
	parent?.children.push(database.id);
	const count = what.sources ?? 1;
	for (let i = 0; i < count; i++)
		addSource(workspace, database, count === 1 ? title : what.names?.[i] ?? `${title} ${i + 1}`,
			what, actor);
	return database;
}

const pad = (n) => String(n).padStart(2, '0');

function dueFor(workspace, random) {
	const day = new Date(workspace.now() + (random.below(120) - 20) * 86400000)
		.toISOString().slice(0, 10);
	const time = `${pad(6 + random.below(14))}:${pad(5 * random.below(12))}:00`;
	const roll = random.next();
	if (roll < 0.4)
		return null;
	if (roll < 0.75)
		return { start: day, end: null, time_zone: null };
	if (roll < 0.9)
		return { start: `${day}T${time}${random.pick(['Z', '+02:00', '-07:00'])}`, end: null,
			time_zone: null };
	if (roll < 0.95)
		return { start: `${day}T${time}`, end: null,
			time_zone: random.pick(['Europe/Berlin', 'America/Los_Angeles']) };
	return { start: day, end: new Date(Date.parse(day) + 3 * 86400000).toISOString().slice(0, 10),
		time_zone: null };
}

function doneValue(property, random) {
	if (property.type === 'checkbox')
		return random.chance(0.15);
	const { options: list } = property.config;
	return random.chance(0.7) ? list[0].id : random.pick(list).id;
}

function valuesFor(workspace, source, number, tops, random) {
	const { roles } = source;
	const values = { title: richText(`${random.pick(VERBS)} ${random.pick(THINGS)} (${number})`) };
	const set = (role, chance, make) => {
		if (roles[role] && random.chance(chance))
			values[roles[role].id] = make(roles[role]);
	};
	set('done', 1, (property) => doneValue(property, random));
	set('due', 1, () => dueFor(workspace, random));
	set('priority', 0.5, (property) => random.pick(property.config.options).id);
	set('labels', 0.35, (property) => [...new Set([random.pick(property.config.options).id,
		random.pick(property.config.options).id])]);
	set('description', 0.25, () => richText(`Notes for task ${number}.\n\n- first\n- second`));
	if (tops.length > 0)
		set('parent', 0.2, () => [random.pick(tops).id]);
	return values;
}

function fill(workspace, source, plan, actor) {
	const { random } = workspace;
	const tops = [];
	const made = [];
	for (let i = 1; i <= plan.tasks; i++) {
		const values = valuesFor(workspace, source, i, tops, random);
		const page = createPage(workspace, source, values, actor);
		// Spread over the past, so that not all share one minute.
		page.created -= (plan.tasks - i) * 61000 + 3600000;
		page.edited = page.created + random.below(3600000);
		made.push(page);
		if (source.roles.parent && !values[source.roles.parent.id]?.length)
			tops.push(page);
		if (tops.length > 50)
			tops.shift();
		if (random.chance(plan.body))
			addBlocks(workspace, page, fromMarkdown(`About **task** ${i}.\n- [ ] step one\n`
				+ '- [x] step two'), actor);
	}
	const take = (count, change) => {
		for (let i = 0; i < count && made.length > 0; i++)
			change(made.splice(random.below(made.length), 1)[0]);
	};
	take(plan.trashed, (page) => trash(workspace, page, actor));
	take(plan.archived, (page) => workspace.change(page, actor, { is_archived: true },
		{ bump: false }));
}

export function showRoles(workspace, source) {
	return Object.fromEntries(Object.entries(source.roles ?? {}).filter(([, property]) => property)
		.map(([role, property]) => [role, { id: workspace.idShown(property), name: property.name,
			type: property.type }]));
}

// {databases: [plan, …]} or one plan; returns the ids of what was made.
export function seedWorkspace(workspace, actor, body) {
	const plans = body.databases ?? [body];
	const databases = plans.map((given) => {
		const plan = { ...DEFAULTS, ...given };
		const database = addDatabase(workspace, { ...plan, parent: undefined }, actor);
		const sources = workspace.sourcesOf(database);
		for (const source of sources)
			fill(workspace, source, plan, actor);
		return { record: database, database_id: database.id, title: plan.title,
			data_sources: sources.map((source) => ({ data_source_id: source.id, name: source.name,
				properties: showRoles(workspace, source), pages: source.rows.size })) };
	});
	return databases;
}
