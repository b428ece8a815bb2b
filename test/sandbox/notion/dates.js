// Date values: what may be written, how it reads back, and the point in time it stands for.

import { wrong } from './errors.js';

const DAY = /^\d{4}-\d{2}-\d{2}$/;
const TIME = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2})(:\d{2})?(\.\d+)?(Z|[+-]\d{2}:?\d{2})?$/;
const MINUTE = 60000;

// Formatters are dear; a query looks at thousands of dates.
const formatters = new Map();

function formatterOf(zone) {
	let found = formatters.get(zone);
	if (!found)
		formatters.set(zone, found = new Intl.DateTimeFormat('en-US',
			{ timeZone: zone, timeZoneName: 'longOffset' }));
	return found;
}

const isZone = (name) => {
	try {
		return Boolean(formatterOf(name));
	} catch {
		return false;
	}
};

// Minutes east of UTC that a zone has at an instant.
function offsetAt(zone, ms) {
	const text = formatterOf(zone).formatToParts(ms)
		.find((part) => part.type === 'timeZoneName').value;
	const found = /GMT(?:([+-])(\d{2}):(\d{2}))?/.exec(text);
	if (!found?.[1])
		return 0;
	return (found[1] === '-' ? -1 : 1) * (Number(found[2]) * 60 + Number(found[3]));
}

function instantIn(zone, local) {
	const asUtc = Date.parse(`${local}Z`);
	const first = asUtc - offsetAt(zone, asUtc) * MINUTE;
	return asUtc - offsetAt(zone, first) * MINUTE;
}

const offsetText = (minutes) => {
	const two = (n) => String(Math.floor(n)).padStart(2, '0');
	const size = Math.abs(minutes);
	return `${minutes < 0 ? '-' : '+'}${two(size / 60)}:${two(size % 60)}`;
};

function checkPart(text, path, zone) {
	if (typeof text !== 'string')
		throw wrong(path, 'a valid ISO 8601 date string', text);
	const found = TIME.exec(text);
	const isDay = DAY.test(text);
	const day = text.slice(0, 10);
	const real = (found || isDay) && !Number.isNaN(Date.parse(day))
		&& new Date(Date.parse(day)).toISOString().slice(0, 10) === day;
	if (!real || (found && Number.isNaN(Date.parse(`${day}T${found[2]}:00Z`))))
		throw wrong(path, 'a valid ISO 8601 date string', text);
	if (zone !== null && (isDay || found[5]))
		throw wrong(path, 'a date with a time and without an offset when `time_zone` is given', text);
	return isDay;
}

// A date value of a request, checked; what is kept is what was written.
export function writeDate(value, path) {
	if (value === null)
		return null;
	if (typeof value !== 'object' || value.start === undefined || value.start === null)
		throw wrong(`${path}.start`, 'a valid ISO 8601 date string', value?.start);
	const zone = value.time_zone ?? null;
	if (zone !== null && (typeof zone !== 'string' || !isZone(zone)))
		throw wrong(`${path}.time_zone`, 'a valid IANA time zone', zone);
	const startIsDay = checkPart(value.start, `${path}.start`, zone);
	const end = value.end ?? null;
	if (end !== null && checkPart(end, `${path}.end`, zone) !== startIsDay)
		throw wrong(`${path}.end`, 'of the same form as `start`', end);
	if (end !== null && instantOf(end, zone) < instantOf(value.start, zone))
		throw wrong(`${path}.end`, 'on or after `start`', end);
	return { start: value.start, end, time_zone: zone };
}

// Milliseconds of a date or a time; a time without offset is in the zone, or in UTC.
export function instantOf(text, zone = null) {
	if (DAY.test(text))
		return Date.parse(text);
	if (/(Z|[+-]\d{2}:?\d{2})$/.test(text))
		return Date.parse(text);
	return zone ? instantIn(zone, text) : Date.parse(`${text}Z`);
}

function readPart(text, zone, switches) {
	if (text === null || DAY.test(text))
		return text;
	const given = /(Z|[+-]\d{2}:?\d{2})$/.exec(text)?.[1];
	let ms = instantOf(text, zone);
	if (switches.date_seconds === 'drop')
		ms -= ms % MINUTE;
	let minutes = 0;
	if (given && given !== 'Z') {
		const [, sign, hours, rest] = /([+-])(\d{2}):?(\d{2})/.exec(given);
		minutes = (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(rest));
	} else if (zone) {
		minutes = offsetAt(zone, ms);
	}
	if (switches.date_form === 'utc')
		return new Date(ms).toISOString();
	return new Date(ms + minutes * MINUTE).toISOString().replace('Z', offsetText(minutes));
}

// The value as an answer shows it.
export function readDate(value, switches) {
	if (value === null)
		return null;
	const { time_zone: zone } = value;
	return {
		start: readPart(value.start, zone, switches), end: readPart(value.end, zone, switches),
		time_zone: switches.echo_time_zone ? zone : null,
	};
}
