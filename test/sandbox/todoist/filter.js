// The part of the filter language that tests use: today, overdue, no date, p1..p4, @label, #project,
// search: text, recurring, combined with & | ! and parentheses.

import { invalidArgument } from './errors.js';
import { today } from './zones.js';

function day(record, account) {
	const date = record.data.due?.date;
	if (!date)
		return null;
	return date.endsWith('Z') ? today(account.timezone, Date.parse(date)) : date.slice(0, 10);
}

function term(text, account) {
	const now = today(account.timezone, account.now());
	const word = text.trim();
	const lower = word.toLowerCase();
	if (/^p[1-4]$/.test(lower))
		return ({ data }) => data.priority === 5 - Number(lower[1]);
	if (lower === 'today')
		return (record) => day(record, account) === now;
	if (lower === 'overdue' || lower === 'od')
		return (record) => day(record, account) !== null && day(record, account) < now;
	if (lower === 'no date')
		return ({ data }) => data.due === null;
	if (lower === 'recurring')
		return ({ data }) => Boolean(data.due?.is_recurring);
	if (lower === 'no labels')
		return ({ data }) => data.labels.length === 0;
	if (lower === 'view all' || lower === 'all')
		return () => true;
	if (word.startsWith('@'))
		return ({ data }) => data.labels.includes(word.slice(1));
	if (word.startsWith('#'))
		return ({ data }) =>
			account.objects.project.get(data.project_id)?.data.name === word.replace(/^#+/, '');
	if (lower.startsWith('search:'))
		return ({ data }) => data.content.toLowerCase().includes(lower.slice(7).trim());
	throw invalidArgument('query', `the filter "${word}" is not understood`);
}

export function compileFilter(query, account) {
	if (typeof query !== 'string' || query.trim() === '' || query.length > 1024)
		throw invalidArgument('query', 'must have 1 to 1024 characters');
	const tokens = query.match(/[()&|!]|[^()&|!]+/g).filter((token) => token.trim() !== '');
	let at = 0;

	function primary() {
		const token = tokens[at++];
		if (token === undefined)
			throw invalidArgument('query', 'incomplete filter');
		if (token === '!') {
			const inner = primary();
			return (record) => !inner(record);
		}
		if (token === '(') {
			const inner = either();
			if (tokens[at++] !== ')')
				throw invalidArgument('query', 'a parenthesis is missing');
			return inner;
		}
		return term(token, account);
	}
	function both() {
		const parts = [primary()];
		while (tokens[at] === '&') {
			at++;
			parts.push(primary());
		}
		return (record) => parts.every((part) => part(record));
	}
	function either() {
		const parts = [both()];
		while (tokens[at] === '|') {
			at++;
			parts.push(both());
		}
		return (record) => parts.some((part) => part(record));
	}
	const test = either();
	if (at < tokens.length)
		throw invalidArgument('query', 'the filter is not understood');
	return test;
}
