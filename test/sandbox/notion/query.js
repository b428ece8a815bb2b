// POST /v1/data_sources/{id}/query.

import { invalid, wrong } from './errors.js';
import { compileFilter, sortKey } from './filter.js';
import { listAnswer, pageOf } from './paging.js';
import { showPage } from './render.js';
import { findInBody, wantedProperties } from './schema.js';

const KNOWN = new Set(['filter', 'sorts', 'start_cursor', 'page_size', 'result_type', 'is_archived',
	'in_trash', 'archived']);

function compileSorts(x, props, sorts) {
	if (sorts === undefined)
		return [];
	if (!Array.isArray(sorts))
		throw wrong('body.sorts', 'an array', sorts);
	return sorts.map((sort, i) => {
		const { timestamp, property: name, direction } = sort;
		if (direction !== 'ascending' && direction !== 'descending')
			throw wrong(`body.sorts[${i}].direction`, '`"ascending"` or `"descending"`', direction);
		const property = timestamp !== undefined ? { type: timestamp }
			: findInBody(props, name, x.world.config.values);
		if (!property || (timestamp !== undefined
			&& !['created_time', 'last_edited_time'].includes(timestamp)))
			throw invalid(`Could not find sort property with name or id: ${name ?? timestamp}`);
		return { key: sortKey(x, property), sign: direction === 'ascending' ? 1 : -1 };
	});
}

// Rows that tie, and all rows without sorts, come in the order of their ids: no useful one.
function compare(sorts) {
	return (a, b) => {
		for (let i = 0; i < sorts.length; i++) {
			const [one, other] = [a.keys[i], b.keys[i]];
			if (one !== other)
				return (one < other ? -1 : 1) * sorts[i].sign;
		}
		return a.page.id < b.page.id ? -1 : 1;
	};
}

// The rows as the index has them: with lag, as they were some seconds ago.
function indexed(x, source) {
	const lag = x.world.config.values.query_lag_s * 1000;
	const rows = x.workspace.rowsOf(source);
	if (lag <= 0)
		return rows;
	const then = x.world.clock.now() - lag;
	const seen = new Set(rows);
	for (const record of x.workspace.objects.values())
		if (record.object === 'page' && record.history.some(({ shot }) =>
			shot.parent.id === source.id))
			seen.add(record);
	return [...seen].filter((page) => page.created <= then)
		.map((page) => page.history.find(({ until }) => until > then)?.shot ?? page)
		.filter((page) => page.parent.id === source.id);
}

// Filtered and sorted rows. They are kept until something changes: reading ten thousand rows in a
// hundred pages must not sort them a hundred times.
function rowsFor(x, source, body) {
	const { workspace, bot } = x;
	const basis = JSON.stringify([bot.id, body.filter, body.sorts, body.is_archived ?? false]);
	const stamp = `${workspace.version} ${x.world.config.epoch()}`;
	const lagging = x.world.config.values.query_lag_s > 0;
	const test = body.filter === undefined ? () => true
		: compileFilter(x, source.props, body.filter);
	const sorts = compileSorts(x, source.props, body.sorts);
	// Relative dates move with the clock, and so does what a lag shows.
	const relative = lagging || /"(today|tomorrow|yesterday|one_|this_|past_|next_)/.test(basis);
	const kept = source.cache;
	if (!relative && kept?.basis === basis && kept.stamp === stamp)
		return { rows: kept.rows, basis };
	const denied = bot.denied.size > 0;
	const wanted = body.is_archived ?? false;
	const rows = indexed(x, source)
		.filter((page) => !page.in_trash && page.is_archived === wanted
			&& !(denied && bot.denied.has(page.id)) && test(page))
		.map((page) => ({ page, keys: sorts.map((sort) => sort.key(page)) }))
		.sort(compare(sorts)).map(({ page }) => page);
	source.cache = { basis, stamp, rows };
	return { rows, basis };
}

export function query(x, source) {
	const { body } = x;
	const switches = x.world.config.values;
	for (const name of Object.keys(body))
		if (!KNOWN.has(name))
			throw wrong(`body.${name}`, 'not present', body[name]);
	for (const name of ['in_trash', 'archived'])
		if (body[name] !== undefined && switches.trash_parameters === 'reject')
			throw wrong(`body.${name}`, 'not present', body[name]);
	if (body.result_type !== undefined && !['page', 'data_source'].includes(body.result_type))
		throw wrong('body.result_type', '`"page"` or `"data_source"`', body.result_type);
	const wanted = wantedProperties(x, source.props);
	const { rows, basis } = body.result_type === 'data_source' ? { rows: [], basis: 'none' }
		: rowsFor(x, source, body);
	const cap = switches.query_cap ?? Infinity;
	const page = pageOf(x, rows, { size: body.page_size, cursor: body.start_cursor, basis,
		end: Math.min(rows.length, cap), short: switches.short_pages });
	const capped = rows.length > cap;
	const status = capped
		? { type: 'incomplete', incomplete_reason: 'query_result_limit_reached' }
		: switches.request_status_complete ? { type: 'complete' } : undefined;
	page.results = page.results.map((row) => showPage(x, row, wanted));
	return listAnswer('page_or_data_source', page, status ? { request_status: status } : {});
}
