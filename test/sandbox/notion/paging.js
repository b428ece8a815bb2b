// Lists in pages. A cursor is opaque and belongs to the request it came from: the same connection,
// path, filter and sorts.

import { createHash } from 'node:crypto';

import { invalid, wrong } from './errors.js';

const MOST = 100;

export function readPageSize(value) {
	if (value === undefined || value === null)
		return MOST;
	const size = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
	if (!Number.isInteger(size) || size < 1)
		throw wrong('body.page_size', 'a number ≥ `1`', value);
	if (size > MOST)
		throw wrong('body.page_size', '≤ `100`', value);
	return size;
}

const seal = (x, basis) => createHash('sha256')
	.update(JSON.stringify([x.bot.id, x.path, basis])).digest('hex').slice(0, 16);

function readCursor(cursor, mark) {
	if (cursor === undefined)
		return 0;
	const [found, offset] = typeof cursor === 'string'
		? Buffer.from(cursor, 'base64url').toString().split(':') : [];
	if (found !== mark || !/^\d+$/.test(offset ?? ''))
		throw invalid(`The start_cursor provided is invalid: ${String(cursor).slice(0, 60)}`);
	return Number(offset);
}

// One page of a list. `size` and `cursor` are the request's, `basis` what the cursor is bound to,
// `end` the number of rows that can be reached.
export function pageOf(x, rows, { size, cursor, basis, end = rows.length, short = false }) {
	const limit = readPageSize(size);
	const mark = seal(x, basis);
	const start = readCursor(cursor, mark);
	let stop = Math.min(start + limit, end);
	// A shorter page than asked for, although there is more: allowed by the documentation.
	if (short && stop < end && stop - start > 1)
		stop = start + 1 + x.world.random.below(stop - start - 1);
	const more = stop < end;
	return {
		results: rows.slice(start, stop), has_more: more,
		next_cursor: more ? Buffer.from(`${mark}:${stop}`).toString('base64url') : null,
	};
}

export const listAnswer = (type, { results, next_cursor, has_more }, rest = {}) =>
	({ object: 'list', results, next_cursor, has_more, type, [type]: {}, ...rest });
