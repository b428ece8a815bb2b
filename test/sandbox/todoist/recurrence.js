// Due texts: what they mean, and which date follows. The service understands far more; the stand-in
// knows the forms that its clients' tests use and treats a text it does not know as an error, or,
// where a date comes with it, as a rule it keeps and advances by a day.

const WEEKDAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];
const MONTHS = ['january', 'february', 'march', 'april', 'may', 'june', 'july', 'august',
	'september', 'october', 'november', 'december'];
const DAY = 86400000;

const OTHER_LANGUAGES = new Map(Object.entries({
	'heute': 'today', 'morgen': 'tomorrow', 'jeden tag': 'every day', 'täglich': 'every day',
	'jede woche': 'every week', 'jeden monat': 'every month', 'jeden montag': 'every monday',
	"aujourd'hui": 'today', 'demain': 'tomorrow', 'chaque jour': 'every day',
}));

const toMs = (date) => Date.parse(`${date}T00:00:00Z`);
const toDate = (ms) => new Date(ms).toISOString().slice(0, 10);

const nameIndex = (names, word) =>
	names.findIndex((name) => word.length >= 3 && name.startsWith(word.replace(/s$/, '')));

export function realDate(date) {
	const ms = toMs(date);
	return !Number.isNaN(ms) && toDate(ms) === date;
}

function daysInMonth(year, month) {
	return new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
}

function monthsLater(date, months, day) {
	const [year, month] = date.split('-').map(Number);
	const index = year * 12 + (month - 1) + months;
	const [y, m] = [Math.floor(index / 12), index % 12];
	return toDate(Date.UTC(y, m, Math.min(day, daysInMonth(y, m))));
}

// "at 9", "at 5pm", "9:30", "17:00" at the end of a text.
function splitTime(text) {
	const found = /(?:^|\s)(?:at |@ ?)?(\d{1,2})(?::(\d{2}))?\s*(am|pm)?$/.exec(text);
	if (!found || (!found[2] && !found[3] && !/(?:^|\s)(?:at |@ ?)\d{1,2}$/.test(text)))
		return { rest: text, time: null };
	let hour = Number(found[1]);
	if (found[3])
		hour = (hour % 12) + (found[3] === 'pm' ? 12 : 0);
	if (hour > 23 || Number(found[2] ?? 0) > 59)
		return { rest: text, time: null };
	const time = `${String(hour).padStart(2, '0')}:${found[2] ?? '00'}:00`;
	return { rest: text.slice(0, found.index).trim(), time };
}

function parseRule(text) {
	const found = /^(?:every|ev|after)(!)?\s+(.+)$/.exec(text) ??
		(/^(daily|weekly|monthly|yearly)$/.test(text) ? [text, undefined, text] : null);
	if (!found)
		return null;
	const body = found[2].replace(/^other /, '2 ');
	const rule = { fromCompletion: found[1] === '!' || text.startsWith('after'), interval: 1 };
	const adverb = { daily: 'day', weekly: 'week', monthly: 'month', yearly: 'year' }[body];
	if (adverb)
		return { ...rule, unit: adverb };
	const plain = /^(?:(\d{1,3})\s+)?(day|week|month|year)s?$/.exec(body);
	if (plain)
		return Number(plain[1] ?? 1) > 0
			? { ...rule, unit: plain[2], interval: Number(plain[1] ?? 1) } : null;
	if (/^(weekday|workday|work day)s?$/.test(body))
		return { ...rule, unit: 'week', weekdays: [1, 2, 3, 4, 5] };
	if (/^weekends?$/.test(body))
		return { ...rule, unit: 'week', weekdays: [0, 6] };
	if (/^last day( of the month)?$/.test(body))
		return { ...rule, unit: 'month', day: 31 };
	const nth = /^(?:month on the )?(\d{1,2})(?:st|nd|rd|th)$/.exec(body);
	if (nth && Number(nth[1]) >= 1 && Number(nth[1]) <= 31)
		return { ...rule, unit: 'month', day: Number(nth[1]) };
	const yearly = /^(\d{1,2}) ([a-z]+)$/.exec(body) ?? /^([a-z]+) (\d{1,2})$/.exec(body);
	if (yearly) {
		const [day, month] = /^\d/.test(yearly[1]) ? [yearly[1], yearly[2]] : [yearly[2], yearly[1]];
		const index = nameIndex(MONTHS, month);
		if (index >= 0)
			return { ...rule, unit: 'year', month: index, day: Number(day) };
	}
	const days = body.split(/\s*(?:,|and)\s*|\s+/).filter(Boolean)
		.map((word) => nameIndex(WEEKDAYS, word));
	if (days.length > 0 && !days.includes(-1))
		return { ...rule, unit: 'week', weekdays: [...new Set(days)] };
	return null;
}

// The next date of the rule after `from` (a date).
function step(rule, from) {
	const ms = toMs(from);
	if (rule.unit === 'day')
		return toDate(ms + rule.interval * DAY);
	if (rule.unit === 'week' && rule.weekdays) {
		let next = ms + DAY;
		while (!rule.weekdays.includes(new Date(next).getUTCDay()))
			next += DAY;
		return toDate(next);
	}
	if (rule.unit === 'week')
		return toDate(ms + rule.interval * 7 * DAY);
	const day = rule.day ?? Number(from.slice(8));
	if (rule.unit === 'month') {
		const same = monthsLater(from, 0, day);
		return rule.day && same > from ? same : monthsLater(from, rule.interval, day);
	}
	if (rule.month !== undefined) {
		const year = Number(from.slice(0, 4));
		const [here, later] = [year, year + 1].map((y) =>
			toDate(Date.UTC(y, rule.month, Math.min(rule.day, daysInMonth(y, rule.month)))));
		return here > from ? here : later;
	}
	return monthsLater(from, 12 * rule.interval, day);
}

// The first date of a new rule, today or later.
function first(rule, from) {
	const anchored = rule.weekdays || rule.day;
	return anchored ? step(rule, toDate(toMs(from) - DAY)) : from;
}

function parseDay(text, today) {
	const base = toMs(today);
	if (text === 'today' || text === 'tod')
		return today;
	if (text === 'tomorrow' || text === 'tom')
		return toDate(base + DAY);
	if (text === 'yesterday')
		return toDate(base - DAY);
	if (text === 'next week')
		return step({ unit: 'week', weekdays: [1] }, today);
	const ahead = /^(?:in )?(\d{1,3}) (day|week|month)s?$/.exec(text);
	if (ahead && ahead[2] === 'month')
		return monthsLater(today, Number(ahead[1]), Number(today.slice(8)));
	if (ahead)
		return toDate(base + Number(ahead[1]) * (ahead[2] === 'week' ? 7 : 1) * DAY);
	if (/^\d{4}-\d{2}-\d{2}$/.test(text))
		return realDate(text) ? text : null;
	const named = /^(\d{1,2}) ([a-z]+)(?: (\d{4}))?$/.exec(text)
		?? /^([a-z]+) (\d{1,2})(?:,? (\d{4}))?$/.exec(text);
	if (named) {
		const [day, month] = /^\d/.test(named[1]) ? [named[1], named[2]] : [named[2], named[1]];
		const index = nameIndex(MONTHS, month);
		if (index < 0)
			return null;
		const year = Number(named[3] ?? today.slice(0, 4));
		const date = toDate(Date.UTC(year, index, Number(day)));
		return !named[3] && date < today ? monthsLater(date, 12, Number(day)) : date;
	}
	const weekday = nameIndex(WEEKDAYS, text.replace(/^(?:next|on) /, ''));
	return weekday < 0 ? null : step({ unit: 'week', weekdays: [weekday] }, today);
}

// {none: true} | {date, time, rule|null} | null when the text is not understood.
export function understand(text, today) {
	let plain = text.trim().toLowerCase().replace(/\s+/g, ' ');
	if (plain === '' || plain === 'no date' || plain === 'no due date')
		return { none: true };
	plain = OTHER_LANGUAGES.get(plain) ?? plain;
	const stamp = /^(\d{4}-\d{2}-\d{2})[t ](\d{2}:\d{2})(:\d{2})?$/.exec(plain);
	if (stamp)
		return realDate(stamp[1])
			? { date: stamp[1], time: stamp[2] + (stamp[3] ?? ':00'), rule: null } : null;

	const start = / (?:starting|from) (?:on )?(.+)$/.exec(plain);
	const from = start ? parseDay(splitTime(start[1]).rest, today) : today;
	if (from === null)
		return null;
	const { rest, time } = splitTime(start ? plain.slice(0, start.index) : plain);
	const rule = parseRule(rest);
	if (rule)
		return { date: first(rule, from < today && !start ? today : from), time, rule };
	const date = rest === '' && time ? today : parseDay(rest, today);
	return date === null ? null : { date, time, rule: null };
}

// The date that follows when the occurrence on `date` is done on `today`.
export function following(text, date, today) {
	const rule = understand(text, today)?.rule ?? { unit: 'day', interval: 1 };
	if (rule.fromCompletion)
		return step(rule, today);
	let next = step(rule, date);
	// A task that is long overdue continues in the future, in the rhythm of its rule.
	for (let guard = 0; next <= today && guard < 10000; guard++)
		next = step(rule, next);
	return next;
}
