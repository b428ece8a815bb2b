// Blocks: the tree below a page, written by append, update, delete, and read one level at a time.

import { demand, demandLive, demandRoom, required, uuidOf } from './access.js';
import { invalid, missing, wrong } from './errors.js';
import { bodyEdited, pageOfBlock, restore, trash } from './operations.js';
import { listAnswer, pageOf } from './paging.js';
import { liveChildren, NEWEST, showBlock } from './render.js';
import { plainText, writeRichText } from './rich-text.js';

const TEXT_TYPES = ['paragraph', 'heading_1', 'heading_2', 'heading_3', 'bulleted_list_item',
	'numbered_list_item', 'to_do', 'quote', 'toggle', 'callout', 'code'];
const EMPTY_TYPES = ['divider', 'breadcrumb'];
const URL_TYPES = ['bookmark', 'embed'];
export const WRITABLE = [...TEXT_TYPES, ...EMPTY_TYPES, ...URL_TYPES];

const typeOf = (value) => value.type ?? WRITABLE.find((name) => value[name] !== undefined);

function contentOf(x, type, value, path, old = null) {
	if (EMPTY_TYPES.includes(type))
		return {};
	if (URL_TYPES.includes(type)) {
		if (typeof value.url !== 'string' && old === null)
			throw missing(`${path}.url`);
		return { url: value.url ?? old.url, caption: [] };
	}
	const text = value.rich_text === undefined && old ? old.rich_text
		: writeRichText(value.rich_text, `${path}.rich_text`, x.world.config.values);
	const out = { rich_text: text };
	if (type === 'code')
		return { ...out, caption: [], language: value.language ?? old?.language ?? 'plain text' };
	out.color = value.color ?? old?.color ?? 'default';
	if (type === 'to_do')
		out.checked = value.checked ?? old?.checked ?? false;
	return out;
}

// A tree of block requests, checked: [{type, content, children}].
export function readBlocks(x, list, path, depth = 1, count = { blocks: 0 }) {
	if (!Array.isArray(list))
		throw wrong(path, 'an array', list);
	const most = x.world.config.values.array_elements;
	if (most !== null && list.length > most)
		throw wrong(`${path}.length`, `≤ \`${most}\``, list.length);
	return list.map((value, i) => {
		const here = `${path}[${i}]`;
		const type = value && typeOf(value);
		if (!WRITABLE.includes(type) || value[type] === undefined)
			throw invalid(`body failed validation: ${here} should be a block of a known type.`);
		if (++count.blocks > 1000)
			throw invalid('body failed validation: a request may hold 1000 blocks.');
		const inner = value[type].children ?? value.children;
		if (inner?.length > 0 && depth > 2)
			throw wrong(`${here}.${type}.children`, 'not present', inner.length);
		return { type, content: contentOf(x, type, value[type], `${here}.${type}`),
			children: inner ? readBlocks(x, inner, `${here}.children`, depth + 1, count) : [] };
	});
}

// Puts a checked tree below a page or block; the new ids of the first level.
export function addBlocks(workspace, parent, tree, actor, at = parent.children.length) {
	const ids = tree.map((entry) => {
		const block = workspace.create('block', { type: entry.type, content: entry.content,
			children: [], parent: { type: parent.object === 'page' ? 'page_id' : 'block_id',
				id: parent.id } }, actor);
		addBlocks(workspace, block, entry.children, actor);
		return block.id;
	});
	parent.children.splice(at, 0, ...ids);
	return ids;
}

function forgetTree(workspace, block) {
	for (const id of block.children ?? []) {
		const child = workspace.objects.get(id);
		if (child?.object === 'block')
			forgetTree(workspace, child);
	}
	workspace.forget(block);
}

// Takes the blocks out of a page; pages and databases in it stay.
export function clearBlocks(workspace, page) {
	const isBlock = (id) => workspace.objects.get(id)?.object === 'block';
	for (const id of page.children.filter(isBlock))
		forgetTree(workspace, workspace.objects.get(id));
	page.children = page.children.filter((id) => workspace.objects.has(id));
}

function placeFor(x, parent) {
	const { body, version } = x;
	const after = (id, path) => {
		const at = parent.children.indexOf(uuidOf(id, path));
		if (at < 0)
			throw invalid(`${path}: the block is not a child of ${parent.id}.`);
		return at + 1;
	};
	if (body.after !== undefined) {
		if (version === NEWEST)
			throw wrong('body.after', 'not present', body.after);
		return after(body.after, 'body.after');
	}
	if (body.position === undefined)
		return parent.children.length;
	if (version !== NEWEST)
		throw wrong('body.position', 'not present', body.position.type);
	switch (body.position.type) {
		case 'start': return 0;
		case 'end': return parent.children.length;
		case 'after_block': return after(body.position.after_block?.id,
			'body.position.after_block.id');
		default: throw wrong('body.position.type', '`"start"`, `"end"` or `"after_block"`',
			body.position.type);
	}
}

const anyBlock = (x) => required(x, x.params.id, 'path.block_id', 'block', 'block', 'page',
	'database');

// Pages and databases appear among blocks, too.
export function showAny(x, record) {
	if (record.object === 'block')
		return showBlock(x, record);
	const title = record.object === 'page' ? plainText(record.values.title ?? [])
		: plainText(record.title);
	const type = record.object === 'page' ? 'child_page' : 'child_database';
	return showBlock(x, { ...record, object: 'block', type, content: { title } });
}

function append(x) {
	demand(x, 'insert_content');
	const { workspace, bot } = x;
	const parent = required(x, x.params.id, 'path.block_id', 'block', 'block', 'page');
	demandLive(x, parent);
	demandRoom(x);
	if (x.body.children === undefined)
		throw missing('body.children');
	const tree = readBlocks(x, x.body.children, 'body.children');
	const ids = addBlocks(workspace, parent, tree, bot, placeFor(x, parent));
	x.committed = { committed_resource_id: parent.id, committed_child_ids: ids };
	bodyEdited(workspace, pageOfBlock(workspace, parent), bot, ids);
	return listAnswer('block', { results: ids.map((id) => showBlock(x, workspace.objects.get(id))),
		next_cursor: null, has_more: false });
}

function update(x) {
	demand(x, 'update_content');
	const { workspace, bot, body, version } = x;
	const record = anyBlock(x);
	if (body.archived !== undefined && version === NEWEST)
		throw wrong('body.archived', 'not present', body.archived);
	const gone = body.in_trash ?? body.archived;
	if (gone === true)
		trash(workspace, record, bot);
	else if (gone === false)
		restore(workspace, record, bot);
	demandLive(x, gone === true ? workspace.parentOf(record) ?? record : record);
	const value = record.object === 'block' ? body[record.type] : undefined;
	const other = Object.keys(body).find((key) => WRITABLE.includes(key) && key !== record.type);
	if (other)
		throw invalid(`body failed validation: the type of a block cannot be changed to ${other}.`);
	if (value !== undefined)
		workspace.change(record, bot, { content: contentOf(x, record.type, value,
			`body.${record.type}`, record.content) });
	if (record.object === 'block')
		bodyEdited(workspace, pageOfBlock(workspace, record), bot, [record.id]);
	return showAny(x, record);
}

function remove(x) {
	demand(x, 'update_content');
	const record = anyBlock(x);
	demandLive(x, record);
	trash(x.workspace, record, x.bot, { cascade: record.object === 'page'
		&& x.world.config.values.trash_cascades_to_subitems });
	if (record.object === 'block')
		bodyEdited(x.workspace, pageOfBlock(x.workspace, record), x.bot, [record.id]);
	return showAny(x, record);
}

function children(x) {
	demand(x, 'read_content');
	const parent = anyBlock(x);
	// What this bot may not see is left out without a word.
	const rows = liveChildren(x.workspace, parent)
		.filter((child) => x.workspace.visible(x.bot, child));
	const page = pageOf(x, rows, { size: x.query.page_size, cursor: x.query.start_cursor,
		basis: 'children' });
	page.results = page.results.map((child) => showAny(x, child));
	return listAnswer('block', page);
}

export function blockRoutes(add) {
	add('GET', '/v1/blocks/:id', (x) => {
		demand(x, 'read_content');
		return showAny(x, anyBlock(x));
	});
	add('PATCH', '/v1/blocks/:id', update);
	add('DELETE', '/v1/blocks/:id', remove);
	add('GET', '/v1/blocks/:id/children', children);
	add('PATCH', '/v1/blocks/:id/children', append);
}
