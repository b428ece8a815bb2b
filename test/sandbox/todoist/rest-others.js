// REST: projects, sections, labels, comments, user, and the look-ups of old ids.

import { invalidArgument } from './errors.js';
import { render, renderLabelRest } from './objects.js';
import { page } from './paging.js';
import { demandRead, required, run } from './rest-tasks.js';

const show = (x) => (record) => render(x.account, record);

// The five calls every kind has; `prefix` is the command's name, `noun` the error's.
function crud(add, { path, kind, prefix, noun, list, showOne = show, addArgs, updateArgs }) {
	const one = (x) => showOne(x)(required(x, kind, x.params.id, noun));

	add('GET', `/api/v1/${path}`, list);
	add('POST', `/api/v1/${path}`, (x) => {
		const id = run(x, `${prefix}_add`, addArgs(x.body));
		const owner = x.account.find(kind, id);
		return showOne(x)(owner ?? x.account.find('project_note', id));
	});
	add('GET', `/api/v1/${path}/:id`, one);
	add('POST', `/api/v1/${path}/:id`, (x) => {
		run(x, `${prefix}_update`, { id: x.params.id, ...(updateArgs ?? addArgs)(x.body) });
		return one(x);
	});
	add('DELETE', `/api/v1/${path}/:id`, (x) => {
		run(x, `${prefix}_delete`, { id: x.params.id });
		return null;
	});
}

function archiving(add, path, kind, prefix, noun) {
	for (const verb of ['archive', 'unarchive'])
		add('POST', `/api/v1/${path}/:id/${verb}`, (x) => {
			required(x, kind, x.params.id, noun);
			run(x, `${prefix}_${verb}`, { id: x.params.id });
			return show(x)(x.account.find(kind, x.params.id));
		});
}

const pick = (names) => (body) => Object.fromEntries(
	names.filter((name) => body[name] !== undefined && body[name] !== null)
		.map((name) => [name, body[name]]));

function projects(add) {
	const listed = (archived) => (x) => {
		demandRead(x);
		return page(x, x.account.living('project')
			.filter(({ data }) => data.is_archived === archived), show(x));
	};
	add('GET', '/api/v1/projects/archived', listed(true));
	crud(add, {
		path: 'projects', kind: 'project', prefix: 'project', noun: 'Project', list: listed(false),
		addArgs: pick(['name', 'parent_id', 'color', 'is_favorite', 'view_style', 'description',
			'child_order']),
	});
	add('GET', '/api/v1/projects/:id/collaborators', (x) => {
		required(x, 'project', x.params.id, 'Project');
		return page(x, [], show(x));
	});
	add('GET', '/api/v1/projects/:id/full', (x) => {
		const project = required(x, 'project', x.params.id, 'Project');
		const { account } = x;
		const inIt = ({ data }) => data.project_id === project.data.id;
		return {
			project: show(x)(project), comments_count: 0,
			tasks: account.itemsIn(project.data.id).filter(({ data }) => !data.checked).map(show(x)),
			sections: account.living('section').filter(inIt).map(show(x)),
			collaborators: [],
			notes: account.living('project_note').filter(inIt).map(show(x)),
		};
	});
	archiving(add, 'projects', 'project', 'project', 'Project');
}

function sections(add) {
	crud(add, {
		path: 'sections', kind: 'section', prefix: 'section', noun: 'Section',
		list(x) {
			demandRead(x);
			return page(x, x.account.living('section').filter(({ data }) => !data.is_archived
				&& (!x.query.project_id || data.project_id === x.query.project_id)), show(x));
		},
		addArgs: (body) => ({ ...pick(['name', 'project_id', 'description'])(body),
			...(Number.isInteger(body.order) ? { section_order: body.order } : {}) }),
	});
	archiving(add, 'sections', 'section', 'section', 'Section');
}

function labels(add) {
	const toRest = () => renderLabelRest;

	function sharedNames(account) {
		const names = new Set();
		for (const { data } of account.living('item'))
			if (!data.checked)
				data.labels.forEach((name) => names.add(name));
		return names;
	}
	add('GET', '/api/v1/labels/shared', (x) => {
		demandRead(x);
		const names = sharedNames(x.account);
		const personal = x.account.living('label').map(({ data }) => data.name);
		for (const name of personal)
			if (x.query.omit_personal === 'true')
				names.delete(name);
			else
				names.add(name);
		return page(x, [...names].sort(), (name) => name);
	});
	add('POST', '/api/v1/labels/shared/rename', (x) => {
		run(x, 'label_rename', { name_old: x.body.name, name_new: x.body.new_name });
		return null;
	});
	add('POST', '/api/v1/labels/shared/remove', (x) => {
		run(x, 'label_delete_occurrences', { name: x.body.name });
		return null;
	});
	crud(add, {
		path: 'labels', kind: 'label', prefix: 'label', noun: 'Label', showOne: toRest,
		list(x) {
			demandRead(x);
			return page(x, x.account.living('label'), renderLabelRest);
		},
		addArgs: (body) => ({ ...pick(['name', 'color', 'is_favorite'])(body),
			...(Number.isInteger(body.order) ? { item_order: body.order } : {}) }),
	});
}

function comments(add) {
	crud(add, {
		path: 'comments', kind: 'note', prefix: 'note', noun: 'Comment',
		list(x) {
			demandRead(x);
			const { task_id: task, project_id: project } = x.query;
			if (Boolean(task) === Boolean(project))
				throw invalidArgument('task_id', 'exactly one of task_id and project_id');
			const kind = task ? 'note' : 'project_note';
			required(x, task ? 'item' : 'project', task ?? project, task ? 'Task' : 'Project');
			return page(x, x.account.living(kind)
				.filter(({ data }) => (data.item_id ?? data.project_id) === (task ?? project)), show(x));
		},
		addArgs: (body) => ({ content: body.content,
			...(body.task_id ? { item_id: body.task_id } : {}),
			...(body.project_id ? { project_id: body.project_id } : {}),
			file_attachment: body.attachment ?? undefined }),
		updateArgs: (body) => ({ content: body.content }),
	});
}

const MAPPED = { tasks: 'item', projects: 'project', sections: 'section', comments: 'note',
	reminders: 'reminder' };

// Numeric ids of the API's past: every object has one here, so that the look-up can be tried.
function legacyId(account, id) {
	if (!account.legacy.has(id))
		account.legacy.set(id, String(900000000 + account.legacy.size));
	return account.legacy.get(id);
}

function idLookups(add) {
	add('GET', '/api/v1/id_mappings/:type/:ids', (x) => {
		const ids = x.params.ids.split(',');
		if (ids.length > 100)
			throw invalidArgument('obj_ids', 'at most 100 ids');
		const kind = MAPPED[x.params.type];
		if (!kind)
			throw invalidArgument('obj_name', 'unknown object');
		const out = [];
		for (const id of ids) {
			const old = [...x.account.legacy].find(([, number]) => number === id);
			if (x.account.objects[kind].has(id))
				out.push({ old_id: legacyId(x.account, id), new_id: id });
			else if (old && x.account.objects[kind].has(old[0]))
				out.push({ old_id: id, new_id: old[0] });
		}
		return out;
	});
	add('GET', '/api/v1/moved_ids/:type', (x) => {
		const wanted = x.query.old_ids ? x.query.old_ids.split(',') : null;
		return x.account.moved
			.filter((entry) => entry.type === x.params.type
				&& (!wanted || wanted.includes(entry.old_id)))
			.map(({ old_id, new_id }) => ({ old_id, new_id }));
	});
}

export function otherRoutes(add) {
	projects(add);
	sections(add);
	labels(add);
	comments(add);
	idLookups(add);
	add('GET', '/api/v1/user', (x) => {
		demandRead(x);
		return render(x.account, x.account.objects.user.get(x.account.id));
	});
}

// Gives an object a new id: the old one becomes a tombstone (or just vanishes), `moved_ids` knows.
export function reidentify(account, id, { tombstone = true } = {}) {
	const kinds = { item: 'tasks', section: 'sections', note: 'comments', reminder: 'reminders' };
	const kind = Object.keys(kinds).find((name) => account.find(name, id));
	if (!kind)
		throw new Error('no living task, section, comment or reminder has this id');
	const record = account.find(kind, id);
	const data = { ...record.data, id: account.ids.object() };
	const children = kind === 'item' ? account.childrenOf(id) : [];
	account.change(record, { is_deleted: true }, { silent: !tombstone });
	account.create(kind, data);
	for (const child of children)
		account.change(child, { parent_id: data.id });
	if (kind === 'section')
		for (const item of account.itemsIn(data.project_id))
			if (item.data.section_id === id)
				account.change(item, { section_id: data.id });
	account.moved.push({ type: kinds[kind], old_id: id, new_id: data.id });
	return data.id;
}
