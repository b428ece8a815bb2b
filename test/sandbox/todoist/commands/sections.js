// Sections. Archiving one completes its tasks into the archive; deleting one deletes them.

import { forbidden } from '../errors.js';
import { newSection } from '../objects.js';
import { lastOrder } from './context.js';
import { buryItem } from './items.js';
import { completeTree } from './items-done.js';

const NAME = 2048;

const inProject = (account, projectId) => account.living('section')
	.filter((record) => record.data.project_id === projectId);

const tasksOf = (account, record) => account.itemsIn(record.data.project_id)
	.filter((item) => item.data.section_id === record.data.id);

function add(cx, args) {
	const { account } = cx;
	const name = cx.text('name', NAME, { required: true });
	const project = cx.record('project', args.project_id, 'project_id');
	cx.checkWritable(project);
	const others = inProject(account, project.data.id);
	cx.checkCount('section', others.length, cx.switches.sections_per_project);
	const record = account.create('section', newSection(account, {
		project_id: project.data.id, name,
		description: cx.has('description') ? cx.text('description', 16383, { empty: null }) : null,
		section_order: cx.has('section_order') ? cx.integer('section_order', -(2 ** 31), 2 ** 31)
			: lastOrder(others, 'section_order'),
	}));
	cx.emit('section:added', record);
	return record.data.id;
}

function update(cx, args) {
	const record = cx.record('section', args.id);
	const values = {};
	if (cx.has('name'))
		values.name = cx.text('name', NAME, { required: true });
	if (cx.has('description'))
		values.description = cx.text('description', 16383, { empty: null });
	if (cx.has('is_collapsed'))
		values.is_collapsed = cx.flag('is_collapsed');
	cx.account.change(record, values);
	cx.emit('section:updated', record);
}

function move(cx, args) {
	const { account } = cx;
	const record = cx.record('section', args.id);
	const project = cx.record('project', args.project_id, 'project_id');
	const items = tasksOf(account, record);
	if (project.data.id !== record.data.project_id)
		cx.checkRoom(project.data.id, items.filter(({ data }) => !data.checked).length);
	account.change(record, { project_id: project.data.id,
		section_order: lastOrder(inProject(account, project.data.id), 'section_order') });
	for (const item of items)
		account.change(item, { project_id: project.data.id },
			{ silent: !cx.switches.moved_subtask_rows });
	cx.emit('section:updated', record);
}

function reorder(cx, args) {
	const found = (args.sections ?? []).map((entry) => [cx.record('section', entry.id), entry]);
	for (const [record, entry] of found)
		cx.account.change(record, { section_order: entry.section_order });
}

function archive(cx, args) {
	const { account } = cx;
	const record = cx.record('section', args.id);
	const at = account.clock.micros();
	for (const item of tasksOf(account, record))
		if (!item.data.checked && item.data.parent_id === null)
			completeTree(cx, item, at);
	account.change(record, { is_archived: true, archived_at: at });
	cx.emit('section:archived', record);
}

function unarchive(cx, args) {
	const record = cx.record('section', args.id);
	if (!record.data.is_archived)
		throw forbidden('Section is not archived');
	cx.account.change(record, { is_archived: false, archived_at: null });
	cx.emit('section:unarchived', record);
}

function remove(cx, args) {
	const { account, switches } = cx;
	const record = cx.record('section', args.id);
	for (const item of tasksOf(account, record))
		if (!item.data.is_deleted)
			buryItem(cx, item, { shown: switches.descendant_tombstones });
	account.change(record, { is_deleted: true });
	cx.emit('section:deleted', record);
}

export const sectionCommands = {
	section_add: { run: add },
	section_update: { run: update },
	section_move: { run: move },
	section_reorder: { run: reorder },
	section_archive: { run: archive },
	section_unarchive: { run: unarchive },
	section_delete: { run: remove, scope: 'data:delete' },
};
