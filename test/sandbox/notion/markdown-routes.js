// GET and PATCH /v1/pages/{id}/markdown. Declared for 2026-03-11 and later.

import { demand, demandLive, required } from './access.js';
import { asyncAnswer } from './async-tasks.js';
import { addBlocks, clearBlocks } from './blocks.js';
import { invalid, missing, wrong } from './errors.js';
import { fromMarkdown, toMarkdown } from './markdown.js';
import { bodyEdited, trash } from './operations.js';
import { liveChildren, NEWEST } from './render.js';

const BLOCKS = 20000;

function demandVersion(x) {
	if (x.version !== NEWEST)
		throw invalid(`This endpoint requires Notion-Version ${NEWEST} or later.`);
}

const visibleChildren = (x) => (record) => liveChildren(x.workspace, record)
	.filter((child) => x.workspace.visible(x.bot, child));

function show(x, page) {
	const { markdown, unknown } = toMarkdown(page, visibleChildren(x));
	const lines = markdown.split('\n');
	const truncated = lines.length > BLOCKS;
	return { object: 'page_markdown', id: page.id,
		markdown: truncated ? lines.slice(0, BLOCKS).join('\n') : markdown,
		truncated, unknown_block_ids: unknown };
}

// The new body takes the place of the old one. Pages and databases in it may only go on request;
// those that the text still names stay.
function replaceBody(x, page, text, allowDeleting) {
	const { workspace, bot } = x;
	const old = page.children.map((id) => workspace.objects.get(id)).filter(Boolean);
	const kept = old.filter((child) => child.object !== 'block'
		&& text.includes(child.id.replaceAll('-', '')));
	const lost = old.filter((child) => child.object !== 'block' && !child.in_trash
		&& !kept.includes(child));
	if (lost.length > 0 && !allowDeleting)
		throw invalid('This would delete child pages or databases; set allow_deleting_content to do so.');
	for (const child of lost)
		trash(workspace, child, bot);
	const tree = fromMarkdown(text.split('\n')
		.filter((line) => !/^\s*<(page|database) url=/.test(line)).join('\n'));
	clearBlocks(workspace, page);
	page.children = page.children.filter((id) => kept.some((child) => child.id === id));
	const ids = addBlocks(workspace, page, tree, bot);
	bodyEdited(workspace, page, bot, ids);
}

function occurrences(text, part) {
	let count = 0;
	for (let at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + part.length))
		count++;
	return count;
}

// Search and replace, in order; all of it or nothing.
function updated(x, markdown, updates) {
	if (!Array.isArray(updates) || updates.length === 0 || updates.length > 100)
		throw wrong('body.update_content.content_updates.length', 'between `1` and `100`',
			updates?.length);
	let text = markdown;
	updates.forEach(({ old_str: old, new_str: fresh, replace_all_matches: all }, i) => {
		const path = `body.update_content.content_updates[${i}]`;
		if (typeof old !== 'string' || old === '' || typeof fresh !== 'string')
			throw missing(`${path}.old_str`);
		const count = occurrences(text, old);
		if (count === 0)
			throw invalid(`${path}.old_str was not found in the page.`);
		if (count > 1 && !all && x.world.config.values.update_old_str_repeated === 'reject')
			throw invalid(`${path}.old_str matches ${count} times; set replace_all_matches or make it `
				+ 'unique.');
		text = all ? text.split(old).join(fresh) : text.replace(old, () => fresh);
	});
	return text;
}

function patch(x) {
	demandVersion(x);
	demand(x, 'update_content');
	const { body } = x;
	const page = required(x, x.params.id, 'path.page_id', 'page', 'page');
	demandLive(x, page);
	const { type } = body;
	const order = body[type];
	if (!['replace_content', 'update_content'].includes(type) || typeof order !== 'object')
		throw wrong('body.type', '`"replace_content"` or `"update_content"`', type);
	if (type === 'replace_content' && typeof order.new_str !== 'string')
		throw missing('body.replace_content.new_str');
	const text = type === 'replace_content' ? order.new_str
		: updated(x, show(x, page).markdown, order.content_updates);
	replaceBody(x, page, text, order.allow_deleting_content ?? false);
	x.committed = {};
	const answer = show(x, page);
	return body.allow_async
		? asyncAnswer(x, 'PATCH /v1/pages/:page_id/markdown', answer) : answer;
}

export function markdownRoutes(add) {
	add('GET', '/v1/pages/:id/markdown', (x) => {
		demandVersion(x);
		demand(x, 'read_content');
		return show(x, required(x, x.params.id, 'path.page_id', 'page', 'page'));
	});
	add('PATCH', '/v1/pages/:id/markdown', patch);
}
