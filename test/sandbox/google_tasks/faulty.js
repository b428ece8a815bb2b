// What each kind of fault does to Google's answers. The kinds that need no knowledge of the service
// are in ../lib/spoil.js.

import { alteredText, byteKinds, errorPage, rowKinds, spoilAnswer, WIRE_KINDS, wireOrders }
	from '../lib/spoil.js';
import { errorOf, invalidParameter } from './errors.js';

// {kind:"status", status, reason?, retry_after?, html?, body?, applied?}
export function statusAnswer(fault, shape) {
	const { status, reason } = fault;
	const place = fault.retry_after_in ?? 'header';
	const headers = {};
	if (fault.retry_after !== undefined && place !== 'none')
		headers['retry-after'] = String(fault.retry_after);
	if (fault.body !== undefined)
		return { status, headers: { 'content-type': fault.content_type ?? 'text/plain', ...headers },
			body: fault.body };
	if (fault.html ?? (reason === undefined && (status === 502 || status === 504)))
		return { status, headers: { 'content-type': 'text/html; charset=UTF-8', ...headers },
			body: errorPage(status) };
	const answer = shape(errorOf(status, reason));
	return { ...answer, headers: { ...answer.headers, ...headers } };
}

const { rowsOf, kinds: ROWS } = rowKinds({ resource: 'items', key: 'nextPageToken',
	fields: ['position', 'links', 'webViewLink', 'selfLink'] });

const OBJECT = {
	...ROWS,
	// 200 with nothing in it, as after an outage: absence must not be read as deletion.
	empty_list(answer) {
		answer.items = [];
		delete answer.nextPageToken;
	},
	unknown_enum(answer) {
		for (const row of answer.items ?? [])
			Object.assign(row, { status: 'snoozed', kind: 'tasks#hologram',
				assignmentInfo: { surfaceType: 'MAIL_MERGE' } });
	},
	nul_text(answer, fault) {
		for (const row of rowsOf(answer, fault))
			row[fault.field ?? 'title'] = `before\u0000after ${row.id}`;
	},
	bare_tombstones(answer) {
		if (Array.isArray(answer.items))
			answer.items = answer.items.map((row) => (row.deleted
				? { kind: row.kind, id: row.id, deleted: true } : row));
	},
	// The token of this page once more, as in May 2019: a client must notice that it goes in circles.
	repeat_page_token(answer, fault, x) {
		answer.nextPageToken = x.query.pageToken ?? answer.nextPageToken;
	},
};

const BYTES = byteKinds('title');

export const KINDS = [...WIRE_KINDS, 'reject_token_400', 'reject_updated_min_400', 'downgrade_to_full',
	'stale_full_sync', 'command_error', 'alter_content', 'partial_batch', 'ui_edit',
	...Object.keys(OBJECT), ...Object.keys(BYTES)];

// Which requests a kind can do something to: it waits for one of them instead of being used up by
// another. A test's own conditions come on top.
const READS = ['empty_list', 'duplicate_items', 'set_field', 'missing_keys', 'unknown_enum', 'nul_text',
	'drop_rows', 'drop_key', 'bare_tombstones', 'invalid_utf8', 'stale_full_sync'];
const CONDITIONS = {
	reject_token_400: { query: 'pageToken=' },
	repeat_page_token: { query: 'pageToken=' },
	reject_updated_min_400: { sync: 'delta' },
	downgrade_to_full: { sync: 'delta' },
	command_error: { writes: true },
	alter_content: { writes: true },
	partial_batch: { sync: 'batch' },
	...Object.fromEntries(READS.map((kind) => [kind, { reads: true }])),
};

export const conditionsOf = (kind) => CONDITIONS[kind] ?? {};

export function ordersOf(faults) {
	const find = (kind) => faults.find((fault) => fault.kind === kind);
	return {
		...wireOrders(faults),
		rejectPage: Boolean(find('reject_token_400')),
		rejectMin: Boolean(find('reject_updated_min_400')),
		downgrade: Boolean(find('downgrade_to_full')),
		past: find('stale_full_sync')?.snapshots,
		partialBatch: find('partial_batch'),
		refusal: find('command_error'),
		alters: faults.filter((fault) => fault.kind === 'alter_content'),
		edits: faults.filter((fault) => fault.kind === 'ui_edit'),
		object: faults.filter((fault) => OBJECT[fault.kind]),
		bytes: faults.filter((fault) => BYTES[fault.kind]),
	};
}

// {kind:"command_error", status, reason} or {error: reason}; the status follows from the reason.
const STATUS_OF = { authError: 401, notFound: 404, invalid: 400, badRequest: 400, conflict: 409,
	deleted: 410, conditionNotMet: 412, backendError: 503, internalError: 500, rateLimitExceeded: 429 };

// Before a method runs: what the faults refuse or change about the request.
export function prepare(x) {
	const { refusal, rejectPage, rejectMin, alters } = x.orders;
	if (refusal) {
		const reason = refusal.reason ?? refusal.error;
		throw errorOf(refusal.status ?? STATUS_OF[reason] ?? (reason ? 403 : 400), reason);
	}
	if (rejectPage)
		throw invalidParameter('pageToken', 'Invalid page token');
	if (rejectMin)
		throw invalidParameter('updatedMin', 'Invalid value for: updatedMin');
	for (const fault of alters) {
		const field = fault.field ?? 'title';
		if (typeof x.body[field] === 'string')
			x.body = { ...x.body, [field]: alteredText(fault, x.body[field]) };
	}
}

export function spoil(answer, orders, x) {
	const object = Object.fromEntries(Object.entries(OBJECT)
		.map(([kind, act]) => [kind, (value, fault) => act(value, fault, x)]));
	return spoilAnswer(answer, orders, object, BYTES);
}
