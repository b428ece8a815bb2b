// Comments on pages and blocks: append and list. They do not move last_edited_time.

import { demand, demandLive, required, uuidOf } from './access.js';
import { invalid, missing } from './errors.js';
import { pageOfBlock } from './operations.js';
import { listAnswer, pageOf } from './paging.js';
import { writeRichText } from './rich-text.js';
import { roundedTime } from './times.js';
import { showUser } from './values.js';

export function addComment(workspace, record, rich_text, actor, discussion) {
	const comment = { id: workspace.ids.uuid(), record, rich_text, author: actor,
		created: workspace.now(), discussion: discussion ?? workspace.ids.uuid() };
	workspace.comments.set(comment.id, comment);
	if (workspace.config.values.comments_bump_time)
		workspace.change(pageOfBlock(workspace, record), actor, {});
	workspace.note('comment.created', comment, actor,
		{ page: pageOfBlock(workspace, record), comment: true });
	return comment;
}

export function showComment(workspace, comment) {
	const { record, author } = comment;
	const at = roundedTime(comment.created, workspace.config.values);
	const kind = record.object === 'page' ? 'page_id' : 'block_id';
	return {
		object: 'comment', id: comment.id, parent: { type: kind, [kind]: record.id },
		discussion_id: comment.discussion, created_time: at, last_edited_time: at,
		created_by: showUser(workspace, author.id), rich_text: comment.rich_text,
		display_name: { type: author.type === 'bot' ? 'integration' : 'user',
			resolved_name: author.name },
	};
}

function create(x) {
	demand(x, 'insert_comments');
	const { workspace, bot, body } = x;
	let record;
	let discussion;
	if (body.discussion_id !== undefined) {
		const id = uuidOf(body.discussion_id, 'body.discussion_id');
		const first = [...workspace.comments.values()].find((one) => one.discussion === id);
		if (!first || !workspace.visible(bot, first.record))
			throw invalid(`Could not find discussion with ID: ${id}.`);
		({ record } = first);
		discussion = id;
	} else if (body.parent?.page_id !== undefined) {
		record = required(x, body.parent.page_id, 'body.parent.page_id', 'page', 'page');
	} else if (body.parent?.block_id !== undefined) {
		record = required(x, body.parent.block_id, 'body.parent.block_id', 'block', 'block', 'page');
	} else {
		throw missing('body.parent');
	}
	demandLive(x, record);
	if (body.rich_text === undefined)
		throw missing('body.rich_text');
	const text = writeRichText(body.rich_text, 'body.rich_text', x.world.config.values);
	const comment = addComment(workspace, record, text, bot, discussion);
	x.committed = { committed_resource_id: comment.id };
	return showComment(workspace, comment);
}

function list(x) {
	demand(x, 'read_comments');
	const record = required(x, x.query.block_id, 'query.block_id', 'block', 'block', 'page');
	const rows = [...x.workspace.comments.values()].filter((one) => one.record === record);
	const page = pageOf(x, rows, { size: x.query.page_size, cursor: x.query.start_cursor,
		basis: record.id });
	page.results = page.results.map((comment) => showComment(x.workspace, comment));
	return listAnswer('comment', page);
}

export function commentRoutes(add) {
	add('POST', '/v1/comments', create);
	add('GET', '/v1/comments', list);
}
