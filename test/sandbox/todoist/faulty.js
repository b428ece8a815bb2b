// What each kind of fault does. A request's faults become one set of orders: things to do before the
// request is carried out, while it is, to the answer as an object, and to its bytes.

import { textOf } from '../lib/faults.js';
import { alteredText, byteKinds, errorPage, rowKinds, spoilAnswer, WIRE_KINDS, wireOrders }
	from '../lib/spoil.js';
import { ApiError, forbidden, invalidArgument, invalidTempId, maxItems, notFound, tooMany,
	unauthorized } from './errors.js';

const COMMAND_ERRORS = {
	INVALID_ARGUMENT: () => invalidArgument('content', 'refused by a test'),
	NOT_FOUND: () => notFound('Task'),
	MAX_ITEMS: () => maxItems({ max_count: 300 }),
	FORBIDDEN: () => forbidden('Not allowed to move objects out of a workspace'),
	LIMITS: (fault) => tooMany(fault.retry_after ?? 2),
	TEMP_ID: () => invalidTempId(),
	INTERNAL: () => new ApiError('INTERNAL_SERVER_ERROR', 0, 500, 'Internal server error'),
};

function errorFor(fault) {
	const { status } = fault;
	if (status === 401)
		return unauthorized();
	if (status === 403)
		return forbidden('Forbidden');
	if (status === 404)
		return notFound('Page');
	if (status === 429)
		return tooMany(typeof fault.retry_after === 'number' ? fault.retry_after : 66);
	if (status === 400)
		return invalidArgument('commands', 'refused by a test');
	return new ApiError('INTERNAL_SERVER_ERROR', 0, status, 'Internal server error');
}

// {kind:"status", status, retry_after?, retry_after_in?: header|body|both|none, html?, body?}
export function statusAnswer(fault, eventId) {
	const { status } = fault;
	const place = fault.retry_after_in ?? 'both';
	const headers = {};
	if (fault.retry_after !== undefined && (place === 'header' || place === 'both'))
		headers['retry-after'] = String(fault.retry_after);
	if (status === 401)
		headers['www-authenticate'] = 'Bearer error="invalid_token", '
			+ 'resource_metadata="/.well-known/oauth-protected-resource"';
	if (fault.body !== undefined)
		return { status, headers: { 'content-type': fault.content_type ?? 'text/plain', ...headers },
			body: fault.body };
	if (fault.html ?? (status === 502 || status === 504))
		return { status, headers: { 'content-type': 'text/html', ...headers }, body: errorPage(status) };
	const body = errorFor(fault).body(eventId);
	if (place === 'header' || place === 'none')
		delete body.error_extra.retry_after;
	return { status, headers: { 'content-type': 'application/json', ...headers },
		body: JSON.stringify(body) };
}

function commandMatches(fault, command) {
	const { match = {} } = fault;
	return (!match.command || match.command === command.type)
		&& (!match.content || textOf(command).includes(match.content))
		&& (!fault.id_is || fault.id_is === command.args?.id);
}

// Faults that change how commands run.
function hooksOf(faults) {
	const errors = faults.filter((fault) => fault.kind === 'command_error');
	const alters = faults.filter((fault) => fault.kind === 'alter_content');
	return {
		refuse(command) {
			const fault = errors.find((candidate) => commandMatches(candidate, command));
			if (!fault)
				return null;
			if (typeof fault.error === 'object')
				return new ApiError(fault.error.error_tag, fault.error.error_code,
					fault.error.http_code, fault.error.error, fault.error.error_extra);
			return (COMMAND_ERRORS[fault.error] ?? COMMAND_ERRORS.INVALID_ARGUMENT)(fault);
		},
		alter(command) {
			let { args } = command;
			for (const fault of alters) {
				const field = fault.field ?? 'content';
				if (commandMatches(fault, command) && typeof args?.[field] === 'string')
					args = { ...args, [field]: alteredText(fault, args[field]) };
			}
			return args;
		},
	};
}

const { rowsOf, kinds: ROWS } = rowKinds({ resource: 'items',
	fields: ['order_key', 'deadline', 'duration', 'note_count'], key: 'sync_token' });

// Kinds that change the answer while it is still an object.
const OBJECT = {
	...ROWS,
	ok_without_mapping(answer, fault) {
		for (const key of Object.keys(answer.temp_id_mapping ?? {}))
			if (!fault.temp_id || fault.temp_id === key)
				delete answer.temp_id_mapping[key];
	},
	partial_batch(answer, fault) {
		const keys = Object.keys(answer.sync_status ?? {});
		const gone = fault.uuids ?? keys.slice(keys.length - (fault.drop ?? Math.ceil(keys.length / 2)));
		for (const key of gone)
			delete answer.sync_status[key];
	},
	commands_only(answer) {
		for (const key of Object.keys(answer))
			if (Array.isArray(answer[key]) || key === 'user')
				delete answer[key];
		answer.full_sync = true;
	},
	// 200 with nothing in it, as after an outage: absence must not be read as deletion.
	empty_list(answer, fault) {
		for (const key of Object.keys(answer))
			if (Array.isArray(answer[key]) && (!fault.resource || fault.resource === key))
				answer[key] = [];
		answer.full_sync = fault.full_sync ?? true;
	},
	unknown_enum(answer) {
		for (const row of answer.items ?? [])
			Object.assign(row, { priority: 9, duration: { amount: 1, unit: 'fortnight' } });
		for (const row of answer.projects ?? [])
			Object.assign(row, { view_style: 'hologram', color: 'octarine' });
	},
	nul_text(answer, fault) {
		for (const row of rowsOf(answer, fault))
			row[fault.field ?? 'content'] = `before\u0000after ${row.id}`;
	},
	bare_tombstones(answer, fault) {
		const key = fault.resource ?? 'items';
		if (Array.isArray(answer[key]))
			answer[key] = answer[key].map((row) => (row.is_deleted
				? { id: row.id, is_deleted: true } : row));
	},
};

const BYTES = byteKinds('content');

const OTHER = [...WIRE_KINDS, 'reject_token_400', 'downgrade_to_full', 'stale_full_sync',
	'forget_uuids', 'command_error', 'alter_content'];

export const KINDS = [...OTHER, ...Object.keys(OBJECT), ...Object.keys(BYTES)];

// Which requests a kind can do something to: it waits for one of them instead of being used up by
// another. A test's own conditions come on top.
const WRITES = ['command_error', 'alter_content', 'ok_without_mapping', 'partial_batch',
	'forget_uuids'];
const READS = ['commands_only', 'empty_list', 'duplicate_items', 'set_field', 'missing_keys',
	'unknown_enum', 'nul_text', 'drop_rows', 'bare_tombstones', 'invalid_utf8'];
const CONDITIONS = {
	stale_full_sync: { sync: 'full' },
	reject_token_400: { sync: 'delta' },
	downgrade_to_full: { sync: 'delta' },
	...Object.fromEntries(WRITES.map((kind) => [kind, { writes: true }])),
	...Object.fromEntries(READS.map((kind) => [kind, { reads: true }])),
};

export const conditionsOf = (kind) => CONDITIONS[kind] ?? {};

export function ordersOf(faults) {
	const find = (kind) => faults.find((fault) => fault.kind === kind);
	return {
		...wireOrders(faults),
		rejectToken: Boolean(find('reject_token_400')),
		downgrade: Boolean(find('downgrade_to_full')),
		past: find('stale_full_sync')?.snapshots,
		forgetUuids: Boolean(find('forget_uuids')),
		hooks: hooksOf(faults),
		object: faults.filter((fault) => OBJECT[fault.kind]),
		bytes: faults.filter((fault) => BYTES[fault.kind]),
	};
}

export const spoil = (answer, orders) => spoilAnswer(answer, orders, OBJECT, BYTES);
