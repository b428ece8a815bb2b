// Due dates: whatever subset a client sends becomes one of the three kinds. All-day is a date;
// floating is a wall clock without zone; fixed is a moment in UTC with the zone it is shown in.

import { invalidArgument } from './errors.js';
import { following, realDate, understand } from './recurrence.js';
import { knownZone, today, utcToWall, wallToUtc } from './zones.js';

export const LANGUAGES = ['en', 'da', 'pl', 'zh', 'ko', 'de', 'pt', 'ja', 'it', 'fr', 'sv', 'ru',
	'es', 'nl', 'fi', 'nb', 'tw'];

const ALL_DAY = /^\d{4}-\d{2}-\d{2}$/;
const TIMED = /^(\d{4}-\d{2}-\d{2})T(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,6}))?)?(Z|[+-]\d{2}:\d{2})?$/;

const bad = (explanation) => invalidArgument('due', explanation);

function fraction(digits) {
	const six = (digits ?? '').padEnd(6, '0');
	return six === '000000' ? '' : `.${six}`;
}

const stamp = (ms, digits) => new Date(ms).toISOString().slice(0, 19) + fraction(digits);

// {date, timezone} of a date text, in the kind it has.
function readDate(text, zone, userZone) {
	if (typeof text !== 'string')
		throw bad('date must be a string');
	if (ALL_DAY.test(text)) {
		if (!realDate(text))
			throw bad('Date is invalid');
		return { date: text, timezone: null };
	}
	const found = TIMED.exec(text);
	if (!found || !realDate(found[1]) || found[2] > '23' || found[3] > '59' || found[4] > '59')
		throw bad('Date is invalid');
	const wall = Date.parse(`${found[1]}T${found[2]}:${found[3]}:${found[4] ?? '00'}Z`);
	if (found[6]) {
		const offset = found[6] === 'Z' ? 0 : Date.parse(`1970-01-01T00:00:00${found[6]}`);
		return { date: stamp(wall + offset, found[5]) + 'Z', timezone: zone ?? userZone };
	}
	if (zone)
		return { date: stamp(wallToUtc(zone, wall), found[5]) + 'Z', timezone: zone };
	return { date: stamp(wall, found[5]), timezone: null };
}

// What the service shows as text for a date that came without one: never what the client sent.
function showDate(date, timezone) {
	if (ALL_DAY.test(date))
		return date;
	const ms = Date.parse(date.endsWith('Z') ? date : `${date}Z`);
	const wall = date.endsWith('Z') ? utcToWall(timezone, ms) : ms;
	return new Date(wall).toISOString().slice(0, 16).replace('T', ' ');
}

// The stored due of what a client sent, or null. `user` has timezone and lang.
export function normaliseDue(input, user, nowMs) {
	if (input === null || input === undefined)
		return null;
	if (typeof input !== 'object' || Array.isArray(input))
		throw bad('due must be an object');
	const { string, timezone = null } = input;
	if (timezone !== null && !knownZone(timezone))
		throw bad('Unknown timezone');
	if (input.lang !== undefined && input.lang !== null && !LANGUAGES.includes(input.lang))
		throw bad('Unknown language');
	if (string !== undefined && string !== null && typeof string !== 'string')
		throw bad('string must be a string');
	if ([...(string ?? '')].length > 150)
		throw bad('Due string is too long');
	const lang = input.lang ?? user.lang;
	const zone = timezone ?? user.timezone;
	const read = string ? understand(string, today(zone, nowMs)) : null;

	if (input.date !== undefined && input.date !== null) {
		const when = readDate(input.date, timezone, user.timezone);
		// Recurrence lives in the text alone: a bare date drops the rule, text plus date keeps it.
		const recurring = Boolean(string) && (Boolean(read?.rule) || (input.is_recurring === true && !read));
		const text = recurring ? string.trim() : showDate(when.date, when.timezone);
		return { ...when, string: text, lang, is_recurring: recurring };
	}
	if (string === undefined || string === null)
		throw bad('Either date or string is needed');
	if (string.trim() === '' || read?.none)
		return null;
	if (!read)
		throw bad('Date is invalid');
	const text = read.time ? `${read.date}T${read.time}` : read.date;
	const when = readDate(text, read.time ? timezone : null, user.timezone);
	return { ...when, string: string.trim(), lang, is_recurring: Boolean(read.rule) };
}

// The due of the next occurrence: the same kind, time of day and zone, a later day.
export function nextDue(due, user, nowMs) {
	const zone = due.timezone ?? user.timezone;
	const now = today(zone, nowMs);
	if (ALL_DAY.test(due.date))
		return { ...due, date: following(due.string, due.date, now) };
	const fixed = due.date.endsWith('Z');
	const digits = /\.(\d+)/.exec(due.date)?.[1];
	const ms = Date.parse(fixed ? due.date : `${due.date}Z`);
	const wall = new Date(fixed ? utcToWall(zone, ms) : ms).toISOString();
	const day = following(due.string, wall.slice(0, 10), now);
	const next = Date.parse(day + wall.slice(10));
	return {
		...due,
		date: fixed ? stamp(wallToUtc(zone, next), digits) + 'Z' : stamp(next, digits),
	};
}

export function normaliseDeadline(input, user) {
	if (input === null || input === undefined)
		return null;
	if (typeof input !== 'object' || !ALL_DAY.test(input.date ?? '') || !realDate(input.date))
		throw invalidArgument('deadline', 'deadline needs a date YYYY-MM-DD');
	return { date: input.date, lang: user.lang };
}

export function normaliseDuration(input) {
	if (input === null || input === undefined)
		return null;
	if (typeof input !== 'object' || !Number.isInteger(input.amount) || input.amount <= 0
		|| !['minute', 'day'].includes(input.unit))
		throw invalidArgument('duration', 'duration needs a positive amount and a unit');
	return { amount: input.amount, unit: input.unit };
}
