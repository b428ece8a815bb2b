// Databases, data sources, and the search that finds them.

import { demand, demandLive, required } from './access.js';
import { invalid, wrong } from './errors.js';
import { listAnswer, pageOf } from './paging.js';
import { query } from './query.js';
import { NEWEST, showDatabase, showPage, showSource } from './render.js';
import { plainText, writeRichText } from './rich-text.js';
import { patchSchema, showSchema } from './schema.js';
import { restore, schemaEdited, trash } from './operations.js';

const showSourceWhole = (x, source) => showSource(x, source,
	showSchema(x.workspace, x.bot, source));

const sourceOf = (x) => required(x, x.params.id, 'path.data_source_id', 'data source', 'data_source');

function patchTrash(x, record) {
	const { body, version } = x;
	if (body.archived !== undefined && version === NEWEST)
		throw wrong('body.archived', 'not present', body.archived);
	const gone = body.in_trash ?? body.archived;
	if (gone !== false)
		demandLive(x, record);
	if (gone === true)
		trash(x.workspace, record, x.bot);
	else if (gone === false)
		restore(x.workspace, record, x.bot);
}

function patchSource(x) {
	demand(x, 'update_content');
	const { workspace, bot, body } = x;
	const source = sourceOf(x);
	patchTrash(x, source);
	if (body.title !== undefined) {
		const title = writeRichText(body.title, 'body.title', x.world.config.values);
		workspace.change(source, bot, { title, name: plainText(title) });
	}
	if (body.properties !== undefined) {
		schemaEdited(workspace, source, bot,
			patchSchema(workspace, source, body.properties, x.world.config.values));
	}
	x.committed = {};
	return showSourceWhole(x, source);
}

function querySource(x) {
	demand(x, 'read_content');
	const source = sourceOf(x);
	if (x.workspace.inTrash(source))
		throw invalid('Could not query a data source that is in the trash.');
	return query(x, source);
}

function getDatabase(x) {
	demand(x, 'read_content');
	return showDatabase(x, required(x, x.params.id, 'path.database_id', 'database', 'database'));
}

function titleOf(record) {
	return record.object === 'page' ? plainText(record.values.title ?? []) : record.name;
}

// When the index learned of an object: when it was made, or shared with this bot.
function indexedAt(x, record) {
	for (let at = record; at; at = x.workspace.parentOf(at))
		if (x.bot.roots.has(at.id))
			return Math.max(record.created, x.bot.roots.get(at.id));
	return record.created;
}

function search(x) {
	demand(x, 'read_content');
	const { workspace, bot, body } = x;
	const { query: text = '', filter = {}, sort } = body;
	if (filter.property !== undefined && filter.property !== 'object')
		throw wrong('body.filter.property', '`"object"`', filter.property);
	if (filter.value !== undefined && !['page', 'data_source'].includes(filter.value))
		throw wrong('body.filter.value', '`"page"` or `"data_source"`', filter.value);
	const kinds = filter.value ? [filter.value] : ['page', 'data_source'];
	const then = x.world.clock.now() - x.world.config.values.search_lag_s * 1000;
	const words = String(text).toLowerCase();
	const rows = [...workspace.objects.values()].filter((record) => kinds.includes(record.object)
		&& workspace.visible(bot, record) && !workspace.purged(record)
		&& workspace.inTrash(record) === (filter.in_trash ?? false)
		&& titleOf(record).toLowerCase().includes(words)
		&& (x.world.config.values.search_lag_s <= 0 || indexedAt(x, record) <= then));
	const sign = sort?.direction === 'ascending' ? 1 : -1;
	const key = sort?.timestamp === 'created_time' ? 'created' : 'edited';
	rows.sort((a, b) => (a[key] - b[key]) * sign || (a.id < b.id ? -1 : 1));
	const page = pageOf(x, rows, { size: body.page_size, cursor: body.start_cursor,
		basis: [text, filter, sort] });
	page.results = page.results.map((record) => (record.object === 'page' ? showPage(x, record)
		: showSourceWhole(x, record)));
	return listAnswer('page_or_data_source', page);
}

export function containerRoutes(add) {
	add('GET', '/v1/databases/:id', getDatabase);
	add('PATCH', '/v1/databases/:id', (x) => {
		demand(x, 'update_content');
		const database = required(x, x.params.id, 'path.database_id', 'database', 'database');
		patchTrash(x, database);
		if (x.body.title !== undefined)
			x.workspace.change(database, x.bot, { title: writeRichText(x.body.title, 'body.title',
				x.world.config.values) });
		return showDatabase(x, database);
	});
	add('GET', '/v1/data_sources/:id', (x) => {
		demand(x, 'read_content');
		return showSourceWhole(x, sourceOf(x));
	});
	add('PATCH', '/v1/data_sources/:id', patchSource);
	add('POST', '/v1/data_sources/:id/query', querySource);
	add('POST', '/v1/search', search);
}
