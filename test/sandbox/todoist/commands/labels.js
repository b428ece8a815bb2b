// Labels. Tasks carry names, so a rename or a deletion rewrites tasks.

import { invalidArgument } from '../errors.js';
import { isColor, newLabel } from '../objects.js';
import { lastOrder } from './context.js';

const NAME = 60;

const byName = (account, name) => account.living('label')
	.find((record) => record.data.name === name);

// Every task that carries the name gets the list that `rewrite` makes of its own.
function rewriteTasks(account, name, rewrite) {
	for (const item of account.living('item'))
		if (item.data.labels.includes(name))
			account.change(item, { labels: [...new Set(rewrite(item.data.labels))] });
}

const replaceName = (from, to) => (labels) => labels.map((name) => (name === from ? to : name));
const dropName = (gone) => (labels) => labels.filter((name) => name !== gone);

function fields(cx) {
	const { args } = cx;
	const out = {};
	if (cx.has('color')) {
		if (!isColor(args.color))
			throw invalidArgument('color', 'unknown color');
		out.color = args.color;
	}
	if (cx.has('item_order'))
		out.item_order = cx.integer('item_order', -(2 ** 31), 2 ** 31);
	if (cx.has('is_favorite'))
		out.is_favorite = cx.flag('is_favorite');
	return out;
}

function add(cx) {
	const { account } = cx;
	const name = cx.text('name', NAME, { required: true });
	const there = byName(account, name);
	if (there && cx.switches.label_add_duplicate === 'existing')
		return there.data.id;
	if (there)
		throw invalidArgument('name', 'Label with this name already exists');
	const others = account.living('label');
	cx.checkCount('label', others.length, cx.switches.labels_per_user);
	const record = account.create('label', newLabel(account,
		{ item_order: lastOrder(others, 'item_order'), ...fields(cx), name }));
	cx.emit('label:added', record);
	return record.data.id;
}

function update(cx, args) {
	const { account } = cx;
	const record = cx.record('label', args.id);
	const values = fields(cx);
	const old = record.data.name;
	if (cx.has('name')) {
		values.name = cx.text('name', NAME, { required: true });
		const there = byName(account, values.name);
		if (there && there !== record)
			throw invalidArgument('name', 'Label with this name already exists');
	}
	account.change(record, values);
	if (values.name !== undefined && values.name !== old && cx.switches.label_update_propagates)
		rewriteTasks(account, old, replaceName(old, values.name));
	cx.emit('label:updated', record);
}

function rename(cx) {
	const from = cx.text('name_old', NAME, { required: true });
	const to = cx.text('name_new', NAME, { required: true });
	rewriteTasks(cx.account, from, replaceName(from, to));
}

function remove(cx, args) {
	const { account } = cx;
	const record = cx.record('label', args.id);
	const cascade = args.cascade ?? 'all';
	if (!['all', 'none'].includes(cascade))
		throw invalidArgument('cascade', 'all or none');
	account.change(record, { is_deleted: true });
	if (cascade === 'all')
		rewriteTasks(account, record.data.name, dropName(record.data.name));
	cx.emit('label:deleted', record);
}

function removeOccurrences(cx) {
	const name = cx.text('name', NAME, { required: true });
	rewriteTasks(cx.account, name, dropName(name));
}

function updateOrders(cx, args) {
	for (const [id, order] of Object.entries(args.id_order_mapping ?? {}))
		cx.account.change(cx.record('label', id), { item_order: order });
}

export const labelCommands = {
	label_add: { run: add },
	label_update: { run: update },
	label_rename: { run: rename },
	label_delete: { run: remove, scope: 'data:delete' },
	label_delete_occurrences: { run: removeOccurrences, scope: 'data:delete' },
	label_update_orders: { run: updateOrders },
};
