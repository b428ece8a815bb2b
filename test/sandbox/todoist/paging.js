// Pages of REST lists. The cursor is bound to the user and to the other parameters of the request.

import { createHash } from 'node:crypto';

import { invalidArgument } from './errors.js';

const DEFAULT = 50;
const MOST = 200;

export function readLimit(query) {
	if (query.limit === undefined)
		return DEFAULT;
	const limit = Number(query.limit);
	if (!Number.isInteger(limit) || limit < 1)
		throw invalidArgument('limit', 'must be a positive integer',
			{ expected: 'Input should be greater than 0' });
	if (limit > MOST)
		throw invalidArgument('limit', `must be at most ${MOST}`,
			{ expected: `Input should be less than or equal to ${MOST}` });
	return limit;
}

function fingerprint(x) {
	const { cursor, ...rest } = x.query;
	return createHash('sha256').update(JSON.stringify([x.account.id, x.path, rest]))
		.digest('base64url').slice(0, 12);
}

// One page of a sorted list of records; a cursor names the last id that was shown, so that a change
// in between can repeat or skip rows, as it can with the service.
export function page(x, records, show, key = 'results') {
	const limit = readLimit(x.query);
	const mark = fingerprint(x);
	let start = 0;
	if (x.query.cursor !== undefined) {
		const [seal, offset] = Buffer.from(x.query.cursor, 'base64url').toString().split(':');
		if (seal !== mark || !/^\d+$/.test(offset ?? ''))
			throw invalidArgument('cursor', 'Invalid cursor');
		start = Number(offset);
	}
	const more = start + limit < records.length;
	return {
		[key]: records.slice(start, start + limit).map(show),
		next_cursor: more ? Buffer.from(`${mark}:${start + limit}`).toString('base64url') : null,
	};
}
