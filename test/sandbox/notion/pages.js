// Pages: create, read, update, trash and restore, move, and one property in pages.

import { demand, demandLive, demandRoom, required } from './access.js';
import { addBlocks, readBlocks } from './blocks.js';
import { ApiError, invalid, missing, wrong } from './errors.js';
import { fromMarkdown } from './markdown.js';
import { archive, bodyEdited, createPage, editPage, movePage, restore, trash } from './operations.js';
import { pageOf, readPageSize } from './paging.js';
import { NEWEST, showPage } from './render.js';
import { plainText, richText } from './rich-text.js';
import { findInPath, wantedProperties } from './schema.js';
import { readValue, writeValues } from './values.js';
import { asyncAnswer } from './async-tasks.js';

const CREATE_KEYS = new Set(['parent', 'properties', 'children', 'content', 'markdown', 'icon',
	'cover', 'template', 'position', 'allow_async']);
const UPDATE_KEYS = new Set(['properties', 'icon', 'cover', 'is_locked', 'in_trash', 'archived',
	'is_archived', 'template', 'erase_content']);

function checkKeys(body, known) {
	for (const key of Object.keys(body))
		if (!known.has(key))
			throw wrong(`body.${key}`, 'not present', body[key]);
}

// The data source or page that a `parent` names. A database with one data source stands for it.
function parentOf(x, parent) {
	if (typeof parent !== 'object' || parent === null)
		throw missing('body.parent');
	if (parent.data_source_id !== undefined)
		return required(x, parent.data_source_id, 'body.parent.data_source_id', 'data source',
			'data_source');
	if (parent.database_id !== undefined) {
		const database = required(x, parent.database_id, 'body.parent.database_id', 'database',
			'database');
		const sources = x.workspace.sourcesOf(database);
		if (sources.length !== 1)
			throw invalid('Databases with multiple data sources are not supported in this API version.',
				{ error_type: 'multiple_data_sources_for_database', database_id: database.id,
					child_data_source_ids: sources.map((source) => source.id),
					minimum_api_version: '2025-09-03' });
		return sources[0];
	}
	if (parent.page_id !== undefined)
		return required(x, parent.page_id, 'body.parent.page_id', 'page', 'page');
	throw wrong('body.parent', 'a data_source_id or a page_id', Object.keys(parent));
}

// The body of a new page, checked: a tree of blocks and, from markdown, perhaps a title.
function bodyOf(x) {
	const { body } = x;
	if (body.markdown !== undefined) {
		if (body.children !== undefined || body.content !== undefined)
			throw invalid('body.markdown excludes children and content.');
		return fromMarkdown(String(body.markdown));
	}
	const children = body.children ?? body.content;
	return children === undefined ? [] : readBlocks(x, children, 'body.children');
}

function create(x) {
	demand(x, 'insert_content');
	const { workspace, bot, body } = x;
	checkKeys(body, CREATE_KEYS);
	const parent = parentOf(x, body.parent);
	demandLive(x, parent);
	demandRoom(x);
	const props = parent.object === 'data_source' ? parent.props : workspace.propertiesOf({
		object: 'page', parent: { type: 'page_id' } });
	const wanted = wantedProperties(x, props);
	const most = x.world.config.values.rows_per_data_source;
	if (parent.object === 'data_source' && most !== null && parent.rows.size >= most)
		throw new ApiError(409, 'row_limit_exceeded', 'This data source has reached its row limit.');
	let tree = bodyOf(x);
	const values = writeValues(x, props, body.properties ?? {});
	if (body.markdown !== undefined && values.title === undefined
		&& tree[0]?.type === 'heading_1') {
		values.title = richText(plainText(tree[0].content.rich_text));
		tree = tree.slice(1);
	}
	const page = createPage(workspace, parent, values, bot,
		{ icon: body.icon ?? null, cover: body.cover ?? null });
	noteOptions(x, parent);
	addBlocks(workspace, page, tree, bot);
	x.committed = { committed_resource_id: page.id };
	const answer = showPage(x, page, wanted);
	return body.allow_async && body.markdown !== undefined
		? asyncAnswer(x, 'POST /v1/pages', answer) : answer;
}

// New select options changed the schema.
function noteOptions(x, source) {
	if (!(x.newOptions?.length > 0))
		return;
	x.workspace.note('data_source.schema_updated', source, x.bot, { schema:
		[...new Set(x.newOptions.map(({ property }) => property))].map((property) =>
			({ id: property.id, name: property.name, action: 'updated' })) });
}

function update(x) {
	demand(x, 'update_content');
	const { workspace, bot, body, version } = x;
	checkKeys(body, UPDATE_KEYS);
	if (body.archived !== undefined && version === NEWEST)
		throw wrong('body.archived', 'not present', body.archived);
	const page = required(x, x.params.id, 'path.page_id', 'page', 'page');
	const gone = body.in_trash ?? body.archived;
	for (const key of ['in_trash', 'archived', 'is_archived', 'is_locked'])
		if (body[key] !== undefined && typeof body[key] !== 'boolean')
			throw wrong(`body.${key}`, 'a boolean', body[key]);
	// A page in the trash can be restored, and nothing else; a restored one may be edited at once.
	if (gone === undefined || (gone === true && page.in_trash && body.properties))
		demandLive(x, page);
	else if (workspace.parentOf(page))
		demandLive(x, workspace.parentOf(page));
	const props = workspace.propertiesOf(page);
	const wanted = wantedProperties(x, props);
	const values = body.properties === undefined ? {} : writeValues(x, props, body.properties);
	if (gone === false)
		restore(workspace, page, bot);
	editPage(workspace, page, values, bot);
	if (body.properties !== undefined)
		noteOptions(x, workspace.sourceOf(page));
	const fields = {};
	for (const key of ['icon', 'cover', 'is_locked'])
		if (body[key] !== undefined)
			fields[key] = body[key];
	if (Object.keys(fields).length > 0)
		workspace.change(page, bot, fields);
	if (fields.is_locked !== undefined)
		workspace.note(fields.is_locked ? 'page.locked' : 'page.unlocked', page, bot);
	if (body.is_archived !== undefined)
		archive(workspace, page, body.is_archived, bot);
	if (body.erase_content) {
		const ids = [...page.children];
		for (const id of ids)
			trash(workspace, workspace.objects.get(id), bot);
		page.children = [];
		bodyEdited(workspace, page, bot, ids);
	}
	if (gone === true)
		trash(workspace, page, bot,
			{ cascade: x.world.config.values.trash_cascades_to_subitems });
	x.committed = {};
	return showPage(x, page, wanted);
}

function move(x) {
	demand(x, 'update_content');
	const page = required(x, x.params.id, 'path.page_id', 'page', 'page');
	demandLive(x, page);
	const target = parentOf(x, x.body.parent);
	demandLive(x, target);
	for (let at = target; at; at = x.workspace.parentOf(at))
		if (at === page)
			throw invalid('A page cannot be moved into itself.');
	movePage(x.workspace, page, target, x.bot);
	return showPage(x, page);
}

const LISTS = new Set(['title', 'rich_text', 'people', 'relation']);

function propertyItem(x) {
	demand(x, 'read_content');
	const { workspace, bot, params, query } = x;
	const page = required(x, params.id, 'path.page_id', 'page', 'page');
	const property = findInPath(workspace.propertiesOf(page), params.property);
	if (!property)
		throw invalid(`${params.property} is not a property that exists.`);
	const { type } = property;
	const id = workspace.idShown(property);
	const value = readValue(workspace, bot, page, property);
	if (!LISTS.has(type))
		return { object: 'property_item', id, type, [type]: value };
	const part = pageOf(x, value, { size: query.page_size, cursor: query.start_cursor,
		basis: 'property' });
	const next = part.next_cursor === null ? null : `${x.origin}/v1/pages/${page.id}/properties/${id}`
		+ `?page_size=${readPageSize(query.page_size)}&start_cursor=${part.next_cursor}`;
	return { object: 'list', ...part, type: 'property_item',
		results: part.results.map((one) => ({ object: 'property_item', id, type, [type]: one })),
		property_item: { id, type, [type]: {}, next_url: next } };
}

export function pageRoutes(add) {
	add('POST', '/v1/pages', create);
	add('GET', '/v1/pages/:id', (x) => {
		demand(x, 'read_content');
		const page = required(x, x.params.id, 'path.page_id', 'page', 'page');
		return showPage(x, page, wantedProperties(x, x.workspace.propertiesOf(page)));
	});
	add('PATCH', '/v1/pages/:id', update);
	add('POST', '/v1/pages/:id/move', move);
	add('GET', '/v1/pages/:id/properties/:property', propertyItem);
}
