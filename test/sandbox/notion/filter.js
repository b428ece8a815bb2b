// Filters of a query as functions of a page. Timestamps are compared at the precision at which they
// are shown, the minute; date operands to the millisecond, without an offset in UTC.

import { instantOf } from './dates.js';
import { invalid, missing, wrong } from './errors.js';
import { readUuid } from './ids.js';
import { plainText } from './rich-text.js';
import { findInBody, sameName } from './schema.js';
import { roundedMs } from './times.js';
import { related, valueOf } from './values.js';

const DAY = 86400000;

const textConditions = {
	equals: (value, operand) => value === operand,
	does_not_equal: (value, operand) => value !== operand,
	contains: (value, operand) => value.toLowerCase().includes(operand.toLowerCase()),
	does_not_contain: (value, operand) => !value.toLowerCase().includes(operand.toLowerCase()),
	starts_with: (value, operand) => value.toLowerCase().startsWith(operand.toLowerCase()),
	ends_with: (value, operand) => value.toLowerCase().endsWith(operand.toLowerCase()),
	is_empty: (value) => value === '',
	is_not_empty: (value) => value !== '',
};

const numberConditions = {
	equals: (value, operand) => value === operand,
	does_not_equal: (value, operand) => value !== operand,
	greater_than: (value, operand) => value !== null && value > operand,
	less_than: (value, operand) => value !== null && value < operand,
	greater_than_or_equal_to: (value, operand) => value !== null && value >= operand,
	less_than_or_equal_to: (value, operand) => value !== null && value <= operand,
	is_empty: (value) => value === null,
	is_not_empty: (value) => value !== null,
};

// Lists of ids: relation, people, multi_select.
const listConditions = {
	contains: (value, operand) => [operand].flat().some((one) => value.includes(one)),
	does_not_contain: (value, operand) => ![operand].flat().some((one) => value.includes(one)),
	is_empty: (value) => value.length === 0,
	is_not_empty: (value) => value.length > 0,
};

const choiceConditions = {
	equals: (value, operand) => [operand].flat().includes(value),
	does_not_equal: (value, operand) => ![operand].flat().includes(value),
	is_empty: (value) => value === null,
	is_not_empty: (value) => value !== null,
};

const startOfDay = (ms) => ms - (ms % DAY);
const shifted = (ms, months) => {
	const date = new Date(ms);
	return date.setUTCMonth(date.getUTCMonth() + months);
};

const WORDS = {
	today: (now) => now, tomorrow: (now) => now + DAY, yesterday: (now) => now - DAY,
	one_week_ago: (now) => now - 7 * DAY, one_week_from_now: (now) => now + 7 * DAY,
	one_month_ago: (now) => shifted(now, -1), one_month_from_now: (now) => shifted(now, 1),
};

// [first, behind the last] of the named spans, in days of UTC.
const SPANS = {
	past_week: (today) => [today - 7 * DAY, today + DAY],
	past_month: (today) => [shifted(today, -1), today + DAY],
	past_year: (today) => [shifted(today, -12), today + DAY],
	this_week: (today) => {
		const sunday = today - new Date(today).getUTCDay() * DAY;
		return [sunday, sunday + 7 * DAY];
	},
	next_week: (today) => [today, today + 8 * DAY],
	next_month: (today) => [today, shifted(today, 1) + DAY],
	next_year: (today) => [today, shifted(today, 12) + DAY],
};

// The operand as a span of time: a day is a whole one.
function operandSpan(text, path, now) {
	if (typeof text !== 'string')
		throw wrong(path, 'a valid ISO 8601 date string', text);
	if (WORDS[text]) {
		const from = startOfDay(WORDS[text](startOfDay(now)));
		return [from, from + DAY - 1];
	}
	if (!/^\d{4}-\d{2}-\d{2}(T.*)?$/.test(text) || Number.isNaN(instantOf(text)))
		throw wrong(path, 'a valid ISO 8601 date string', text);
	const at = instantOf(text);
	return text.length === 10 ? [at, at + DAY - 1] : [at, at];
}

function demandTrue(operand, path) {
	if (operand !== true)
		throw wrong(path, '`true`', operand);
	return true;
}

function dateCondition(name, operand, path, now) {
	if (name === 'is_empty' || name === 'is_not_empty')
		demandTrue(operand, path);
	if (name === 'is_empty')
		return (value) => value === null;
	if (name === 'is_not_empty')
		return (value) => value !== null;
	if (SPANS[name]) {
		const [from, to] = SPANS[name](startOfDay(now));
		return (value) => value !== null && value >= from && value < to;
	}
	const [from, to] = operandSpan(operand, path, now);
	const tests = {
		equals: (value) => value >= from && value <= to,
		before: (value) => value < from, after: (value) => value > to,
		on_or_before: (value) => value <= to, on_or_after: (value) => value >= from,
	};
	return tests[name] && ((value) => value !== null && tests[name](value));
}

const KIND = {
	title: 'text', rich_text: 'text', url: 'text', email: 'text', phone_number: 'text',
	number: 'number', unique_id: 'number', checkbox: 'checkbox', select: 'choice', status: 'choice',
	multi_select: 'list', people: 'list', relation: 'list', created_by: 'list',
	last_edited_by: 'list', date: 'date', created_time: 'date', last_edited_time: 'date',
};

const CONDITIONS = { text: textConditions, number: numberConditions, list: listConditions,
	choice: choiceConditions, checkbox: { equals: choiceConditions.equals,
		does_not_equal: choiceConditions.does_not_equal } };

// Option names and ids of a filter operand as ids; an unknown one is an error for a status.
function optionOperand(property, operand) {
	const ids = [operand].flat().map((one) => {
		const found = property.config.options.find((option) => option.id === one
			|| sameName(option.name, String(one)));
		if (!found && property.type === 'status')
			throw invalid(`${property.type} option "${one}" not found for property "${
				property.name}".`);
		return found?.id ?? `no option ${one}`;
	});
	return Array.isArray(operand) ? ids : ids[0];
}

function operandFor(x, property, name, operand, path) {
	if (name === 'is_empty' || name === 'is_not_empty')
		return demandTrue(operand, path);
	switch (KIND[property.type]) {
		case 'text':
			if (typeof operand !== 'string')
				throw wrong(path, 'a string', operand);
			return operand;
		case 'number':
			if (typeof operand !== 'number')
				throw wrong(path, 'a number', operand);
			return operand;
		case 'checkbox':
			if (typeof operand !== 'boolean')
				throw wrong(path, 'a boolean', operand);
			return operand;
		case 'choice': return optionOperand(property, operand);
		default:
			if (property.type === 'multi_select')
				return optionOperand(property, operand);
			if (operand === 'me' && property.type !== 'relation')
				return x.bot.id;
			if (readUuid(operand) === null)
				throw wrong(path, 'a valid uuid', operand);
			return readUuid(operand);
	}
}

// What a condition looks at.
function subject(x, property) {
	const { workspace } = x;
	const switches = x.world.config.values;
	switch (property.type) {
		case 'title': case 'rich_text': return (page) => plainText(valueOf(page, property));
		case 'url': case 'email': case 'phone_number': return (page) => valueOf(page, property) ?? '';
		case 'unique_id': return (page) => page.number ?? null;
		case 'date': return (page) => {
			const value = valueOf(page, property);
			return value === null ? null : instantOf(value.start, value.time_zone);
		};
		case 'created_time': return (page) => roundedMs(page.created, switches);
		case 'last_edited_time': return (page) => roundedMs(page.edited, switches);
		case 'created_by': return (page) => [page.created_by];
		case 'last_edited_by': return (page) => [page.edited_by];
		case 'relation': return (page) => related(workspace, x.bot, valueOf(page, property));
		default: return (page) => valueOf(page, property);
	}
}

function compileCondition(x, property, condition, path) {
	if (typeof condition !== 'object' || condition === null)
		throw missing(path);
	const names = Object.keys(condition);
	if (names.length !== 1)
		throw wrong(path, 'one condition', condition);
	const [name] = names;
	const operand = condition[name];
	const look = subject(x, property);
	if (KIND[property.type] === 'date') {
		const test = dateCondition(name, operand, `${path}.${name}`, x.world.clock.now());
		if (!test)
			throw wrong(`${path}.${name}`, 'not present', operand);
		return (page) => test(look(page));
	}
	const test = CONDITIONS[KIND[property.type]]?.[name];
	if (!test)
		throw wrong(`${path}.${name}`, 'not present', operand);
	const value = operandFor(x, property, name, operand, `${path}.${name}`);
	return (page) => test(look(page), value);
}

function compileOne(x, props, filter, path) {
	if (filter.timestamp !== undefined) {
		const { timestamp } = filter;
		if (timestamp !== 'created_time' && timestamp !== 'last_edited_time')
			throw wrong(`${path}.timestamp`, '`"created_time"` or `"last_edited_time"`', timestamp);
		if (filter.property !== undefined)
			throw wrong(`${path}.property`, 'not present', filter.property);
		return compileCondition(x, { type: timestamp }, filter[timestamp], `${path}.${timestamp}`);
	}
	if (typeof filter.property !== 'string')
		throw missing(`${path}.property`);
	const property = findInBody(props, filter.property, x.world.config.values);
	if (!property)
		throw invalid(`Could not find property with name or id: ${filter.property}`);
	const type = Object.keys(filter).find((key) => key !== 'property' && key !== 'type');
	if (type === undefined)
		throw missing(`${path}.${property.type}`);
	if (type !== property.type)
		throw invalid(`database property ${property.type} does not match filter ${type}`);
	return compileCondition(x, property, filter[type], `${path}.${type}`);
}

export function compileFilter(x, props, filter, path = 'body.filter', depth = 0) {
	if (typeof filter !== 'object' || filter === null || Array.isArray(filter))
		throw wrong(path, 'an object', filter);
	for (const word of ['and', 'or'])
		if (filter[word] !== undefined) {
			if (depth >= 2)
				throw invalid(`${path}: compound filters can be nested two levels deep.`);
			if (!Array.isArray(filter[word]))
				throw wrong(`${path}.${word}`, 'an array', filter[word]);
			const parts = filter[word].map((part, i) =>
				compileFilter(x, props, part, `${path}.${word}[${i}]`, depth + 1));
			return word === 'and' ? (page) => parts.every((part) => part(page))
				: (page) => parts.some((part) => part(page));
		}
	return compileOne(x, props, filter, path);
}

// Something that sorts like the value of a property does; empty values come last ascending.
export function sortKey(x, property) {
	const look = subject(x, property);
	const { options } = property.config ?? {};
	const empty = Infinity;
	switch (KIND[property.type]) {
		case 'text': return (page) => look(page).toLowerCase();
		case 'choice': case 'list':
			if (!options)
				return (page) => look(page).length;
			return (page) => {
				const [first] = [look(page)].flat();
				const at = options.findIndex((option) => option.id === first);
				return at < 0 ? empty : at;
			};
		case 'checkbox': return (page) => (look(page) ? 1 : 0);
		default: return (page) => look(page) ?? empty;
	}
}
