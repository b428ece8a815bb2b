// What each kind of fault does to a Notion request. The general kinds are in ../lib/spoil.js.

import { alteredText, byteKinds, errorPage, rowKinds, spoilAnswer, WIRE_KINDS, wireOrders }
	from '../lib/spoil.js';
import { json } from '../lib/wire.js';
import { ApiError, archived, conflict, invalid, notFound, rateLimited, restricted, unauthorized }
	from './errors.js';

const { rowsOf, kinds: ROWS } = rowKinds({ resource: 'results', fields: ['properties', 'parent'],
	key: 'has_more' });

const ID = '00000000-0000-4000-8000-000000000000';

// Every text in an answer: an object's `plain_text` and `content` follow each other.
function eachText(value, change) {
	if (Array.isArray(value))
		for (const one of value)
			eachText(one, change);
	else if (typeof value === 'object' && value !== null)
		for (const [key, inner] of Object.entries(value))
			if (typeof inner === 'string' && (key === 'plain_text' || key === 'content'))
				value[key] = change(inner);
			else
				eachText(inner, change);
}

const OBJECT = {
	...ROWS,
	// 200 with nothing in it: absence must not be read as deletion.
	empty_list(answer) {
		if (Array.isArray(answer.results))
			Object.assign(answer, { results: [], has_more: false, next_cursor: null });
	},
	// The list ends early although the service has more rows.
	cut_list(answer, fault) {
		if (Array.isArray(answer.results))
			Object.assign(answer, { results: answer.results.slice(0, fault.keep_rows ?? 1),
				has_more: false, next_cursor: null });
	},
	incomplete(answer) {
		Object.assign(answer, { has_more: false, next_cursor: null, request_status:
			{ type: 'incomplete', incomplete_reason: 'query_result_limit_reached' } });
	},
	partial_pages(answer, fault) {
		for (const row of rowsOf(answer, fault))
			for (const key of Object.keys(row))
				if (key !== 'object' && key !== 'id')
					delete row[key];
	},
	unknown_enum(answer, fault) {
		for (const row of rowsOf(answer, fault)) {
			row.parent = { type: 'orbit_id', orbit_id: 'x' };
			for (const property of Object.values(row.properties ?? {}))
				if (property.type === 'checkbox' || property.type === 'date') {
					delete property[property.type];
					Object.assign(property, { type: 'hologram', hologram: { depth: 3 } });
				}
		}
	},
	nul_text(answer, fault) {
		eachText(fault.id_is ? rowsOf(answer, fault) : answer, (text) => `before\u0000after ${text}`);
	},
	lone_surrogate(answer, fault) {
		eachText(fault.id_is ? rowsOf(answer, fault) : answer, (text) => `${text}\ud83d`);
	},
	drop_property(answer, fault) {
		for (const row of answer.results ? rowsOf(answer, fault) : [answer])
			delete row.properties?.[fault.property];
	},
};

const BYTES = byteKinds('plain_text');
const OTHER = [...WIRE_KINDS, 'alter_content', 'ignore_write'];

export const KINDS = [...OTHER, ...Object.keys(OBJECT), ...Object.keys(BYTES)];

// Which requests a kind can do something to: it waits for one of them.
const LISTS = ['empty_list', 'cut_list', 'incomplete', 'partial_pages', 'unknown_enum',
	'duplicate_items', 'set_field', 'missing_keys', 'drop_rows', 'nul_text', 'lone_surrogate',
	'invalid_utf8'];

export function conditionsOf(kind) {
	if (kind === 'alter_content' || kind === 'ignore_write')
		return { writes: true };
	return LISTS.includes(kind) ? { reads: true } : {};
}

const GUIDANCE = { read: ['Retry the request later.', 'Reduce page_size.', 'Narrow the filters.'],
	saved: ['Read the object again before you decide what to do.', 'Do not repeat the write.'] };

// 503: told apart by whether the write was saved. `committed: false` leaves the ids out.
function unavailable(fault, x, answer) {
	const additional = { retry_guidance: answer ? GUIDANCE.saved : GUIDANCE.read,
		elapsed_ms: '60001', deadline_ms: '55000' };
	if (answer && fault.committed !== false)
		Object.assign(additional, x.committed);
	if (!answer)
		additional.notion_error_name = 'DatastoreInfraError';
	if (fault.bare || (answer === null && !fault.guidance))
		return new ApiError(503, fault.code ?? 'service_unavailable',
			'Notion is unavailable. Please try again later.');
	return new ApiError(503, fault.code ?? 'service_unavailable',
		'Notion is unavailable. Please try again later.', additional);
}

function limited(fault) {
	const place = fault.retry_after_in ?? 'both';
	const error = rateLimited(fault.retry_after ?? 12, fault.reason);
	if (place === 'header' || place === 'none')
		delete error.additional.retry_after;
	if (place === 'body' || place === 'none')
		error.headers = {};
	return error;
}

const CODES = { 500: 'internal_server_error', 502: 'bad_gateway', 504: 'gateway_timeout',
	529: 'service_overload' };

function errorFor(fault, x, answer) {
	switch (fault.status) {
		case 400: return fault.archived ? archived() : invalid(fault.message ?? 'refused by a test');
		case 401: return unauthorized();
		case 403: return fault.block_limit
			? restricted('This workspace has reached its block limit.',
				{ block_limit: 'block_creation' }) : restricted(fault.message);
		case 404: return notFound(x.params?.id ?? ID);
		case 409: return fault.code === 'row_limit_exceeded'
			? new ApiError(409, 'row_limit_exceeded', 'This data source has reached its row limit.')
			: conflict();
		case 429: return limited(fault);
		case 503: return unavailable(fault, x, answer);
		default: return new ApiError(fault.status, CODES[fault.status] ?? 'internal_server_error',
			'Unexpected error occurred.');
	}
}

// {kind: "status", status, code?, retry_after?, retry_after_in?, reason?, block_limit?, html?, body?,
//  applied?, committed?, guidance?}
export function statusAnswer(fault, x, answer) {
	const { status } = fault;
	const headers = {};
	if (fault.retry_after !== undefined && status !== 429
		&& !['body', 'none'].includes(fault.retry_after_in))
		headers['retry-after'] = String(fault.retry_after);
	if (fault.body !== undefined)
		return { status, body: fault.body,
			headers: { 'content-type': fault.content_type ?? 'text/plain', ...headers } };
	if (fault.html ?? status === 502)
		return { status, body: errorPage(status), headers: { 'content-type': 'text/html',
			'cf-ray': '8c0ffee00c0ffee0-FRA', server: 'cloudflare', ...headers } };
	const error = errorFor(fault, x, answer);
	if (fault.code)
		error.code = fault.code;
	if (fault.additional_data)
		error.additional = fault.additional_data;
	return json(status, error.body(x.requestId), { ...headers, ...error.headers });
}

// Rich text of a write, changed on its way in.
function alter(faults) {
	return (body) => {
		for (const fault of faults)
			eachText(body, (text) => (fault.match.content === undefined
				|| text.includes(fault.match.content) ? alteredText(fault, text) : text));
	};
}

export function ordersOf(faults) {
	const alters = faults.filter((fault) => fault.kind === 'alter_content');
	return {
		...wireOrders(faults),
		alter: alters.length > 0 ? alter(alters) : null,
		ignore: faults.find((fault) => fault.kind === 'ignore_write')?.properties ?? null,
		object: faults.filter((fault) => OBJECT[fault.kind]),
		bytes: faults.filter((fault) => BYTES[fault.kind]),
	};
}

export const spoil = (answer, orders) => spoilAnswer(answer, orders, OBJECT, BYTES);
