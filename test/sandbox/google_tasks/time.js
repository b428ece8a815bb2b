// Google's timestamps: RFC 3339, strictly with a zone; and the day that quotas are counted by.

const RFC3339 = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)$/;

export const DAY = 86400000;

// Milliseconds, or null when the text is not a full timestamp with a zone.
export function parseTimestamp(text) {
	const found = typeof text === 'string' && RFC3339.exec(text);
	if (!found)
		return null;
	const [year, month, day, hour, minute, second] = found.slice(1, 7).map(Number);
	const at = new Date(0);
	at.setUTCFullYear(year, month - 1, day);
	at.setUTCHours(hour, minute, second, Math.floor(Number(`0${found[7] ?? ''}`) * 1000));
	if (at.getUTCMonth() !== month - 1 || at.getUTCDate() !== day || hour > 23 || minute > 59
			|| second > 59)
		return null;
	if (/z/i.test(found[8]))
		return at.getTime();
	const [hours, minutes] = [Number(found[8].slice(1, 3)), Number(found[8].slice(4))];
	if (hours > 23 || minutes > 59)
		return null;
	return at.getTime() - (found[8][0] === '-' ? -1 : 1) * (hours * 60 + minutes) * 60000;
}

export const iso = (ms) => new Date(ms).toISOString();

export const wholeSeconds = (ms) => Math.floor(ms / 1000) * 1000;

// The UTC date of a moment: all that is kept of a due date.
export const dateOf = (ms) => iso(ms).slice(0, 10);

const PACIFIC = new Intl.DateTimeFormat('en-CA', { timeZone: 'America/Los_Angeles' });

export const pacificDay = (ms) => PACIFIC.format(ms);
