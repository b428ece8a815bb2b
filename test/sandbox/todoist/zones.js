// Wall clock and UTC. Intl knows the zones' rules; a date library would bring its own copy of them.
// Todoist also has zones that no database lists, such as "GMT -7:00": they are fixed offsets.

const FIXED = /^GMT ?([+-])(\d{1,2})(?::?(\d{2}))?$/;
const formatters = new Map();

function formatter(zone) {
	if (!formatters.has(zone))
		formatters.set(zone, new Intl.DateTimeFormat('en-US', {
			timeZone: zone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric',
			hour: 'numeric', minute: 'numeric', second: 'numeric',
		}));
	return formatters.get(zone);
}

export function knownZone(zone) {
	if (typeof zone !== 'string')
		return false;
	if (FIXED.test(zone))
		return true;
	try {
		formatter(zone);
		return true;
	} catch {
		return false;
	}
}

export function offsetMinutes(zone, ms) {
	const fixed = FIXED.exec(zone);
	if (fixed)
		return (fixed[1] === '-' ? -1 : 1) * (Number(fixed[2]) * 60 + Number(fixed[3] ?? 0));
	const parts = {};
	for (const { type, value } of formatter(zone).formatToParts(new Date(ms)))
		parts[type] = Number(value);
	const wall = Date.UTC(parts.year, parts.month - 1, parts.day, parts.hour, parts.minute,
		parts.second);
	return Math.round((wall - Math.floor(ms / 1000) * 1000) / 60000);
}

// Wall-clock milliseconds (as if they were UTC) to UTC; twice, because the first guess may lie on
// the other side of a change to summer time.
export function wallToUtc(zone, wall) {
	const guess = wall - offsetMinutes(zone, wall) * 60000;
	return wall - offsetMinutes(zone, guess) * 60000;
}

export const utcToWall = (zone, ms) => ms + offsetMinutes(zone, ms) * 60000;

// Today's date in a zone, as YYYY-MM-DD.
export const today = (zone, ms) => new Date(utcToWall(zone, ms)).toISOString().slice(0, 10);
