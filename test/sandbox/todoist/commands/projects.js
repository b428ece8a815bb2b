// Projects. Archiving and deleting take the projects below along.

import { forbidden, invalidArgument } from '../errors.js';
import { isColor, newProject } from '../objects.js';
import { lastOrder, orderKey } from './context.js';
import { buryItem } from './items.js';

const NAME = 120;
const VIEWS = ['list', 'board', 'calendar'];

function fields(cx) {
	const { args } = cx;
	const out = {};
	if (cx.has('name'))
		out.name = cx.text('name', NAME, { required: true });
	if (cx.has('description'))
		out.description = cx.text('description', 16383);
	if (cx.has('color')) {
		if (!isColor(args.color))
			throw invalidArgument('color', 'unknown color');
		out.color = args.color;
	}
	if (cx.has('is_favorite'))
		out.is_favorite = cx.flag('is_favorite');
	if (cx.has('is_collapsed'))
		out.is_collapsed = cx.flag('is_collapsed');
	if (cx.has('view_style')) {
		if (!VIEWS.includes(args.view_style))
			throw invalidArgument('view_style', 'unknown view style');
		out.view_style = args.view_style;
	}
	return out;
}

const below = (account, id) => account.living('project')
	.filter((record) => record.data.parent_id === id)
	.flatMap((record) => [record, ...below(account, record.data.id)]);

const siblings = (account, parentId) => account.living('project')
	.filter((record) => record.data.parent_id === parentId);

function add(cx, args) {
	const { account } = cx;
	cx.text('name', NAME, { required: true });
	const values = fields(cx);
	const parent = args.parent_id ? cx.record('project', args.parent_id, 'parent_id').data.id : null;
	const active = account.living('project').filter(({ data }) => !data.is_archived).length;
	cx.checkCount('project', active - 1, cx.switches.projects_per_user);
	const others = siblings(account, parent);
	const order = cx.has('child_order') ? cx.integer('child_order', -(2 ** 31), 2 ** 31)
		: lastOrder(others);
	const record = account.create('project', newProject(account, {
		...values, parent_id: parent, child_order: order,
		order_key: orderKey(others, order, args.order_key ?? null),
	}));
	cx.emit('project:added', record);
	return record.data.id;
}

function refuseInbox(record) {
	if (record.data.inbox_project)
		throw forbidden('The Inbox cannot be changed this way');
}

function update(cx, args) {
	const record = cx.record('project', args.id);
	const values = fields(cx);
	if ('name' in values)
		refuseInbox(record);
	cx.account.change(record, values);
	cx.emit('project:updated', record);
}

function move(cx, args) {
	const { account } = cx;
	const record = cx.record('project', args.id);
	refuseInbox(record);
	const parent = args.parent_id ? cx.record('project', args.parent_id, 'parent_id') : null;
	if (parent && (parent === record || below(account, record.data.id).includes(parent)))
		throw invalidArgument('parent_id', 'a project cannot be below itself');
	const parentId = parent?.data.id ?? null;
	account.change(record,
		{ parent_id: parentId, child_order: lastOrder(siblings(account, parentId)) });
	cx.emit('project:updated', record);
}

function reorder(cx, args) {
	const found = (args.projects ?? []).map((entry) => [cx.record('project', entry.id), entry]);
	for (const [record, entry] of found)
		cx.account.change(record, { child_order: entry.child_order });
}

function setArchived(archived) {
	return (cx, args) => {
		const { account } = cx;
		const record = cx.record('project', args.id);
		refuseInbox(record);
		for (const project of [record, ...(archived ? below(account, record.data.id) : [])]) {
			account.change(project, { is_archived: archived });
			// Unarchived tasks must come back in the delta; that archived ones are sent is a switch.
			if (!archived || cx.switches.archive_resends_items)
				for (const item of account.itemsIn(project.data.id))
					account.touch(item);
			cx.emit(archived ? 'project:archived' : 'project:unarchived', project);
		}
	};
}

function remove(cx, args) {
	const { account, switches } = cx;
	const record = cx.record('project', args.id);
	refuseInbox(record);
	for (const project of [...below(account, record.data.id).reverse(), record]) {
		for (const item of account.itemsIn(project.data.id))
			if (!item.data.is_deleted)
				buryItem(cx, item, { shown: switches.descendant_tombstones });
		for (const section of account.living('section'))
			if (section.data.project_id === project.data.id)
				account.change(section, { is_deleted: true },
					{ silent: !switches.descendant_tombstones });
		account.change(project, { is_deleted: true },
			{ silent: project !== record && !switches.descendant_tombstones });
		cx.emit('project:deleted', project);
	}
}

export const projectCommands = {
	project_add: { run: add },
	project_update: { run: update },
	project_move: { run: move },
	project_reorder: { run: reorder },
	project_archive: { run: setArchived(true) },
	project_unarchive: { run: setArchived(false) },
	project_delete: { run: remove, scope: 'project:delete' },
};
