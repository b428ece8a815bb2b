// What every command needs: ids that may be temporary, checked texts, places in a list.

import { forbidden, invalidArgument, invalidTempId, maxItems, notFound } from '../errors.js';

const NOUNS = { item: 'Task', project: 'Project', section: 'Section', label: 'Label', note: 'Comment',
	project_note: 'Comment', reminder: 'Reminder', filter: 'Filter' };

export class Context {
	constructor(account, { source, temp, declared }) {
		Object.assign(this, { account, source, temp, declared, switches: account.config.values });
		this.args = {};
	}

	with(args) {
		this.args = args;
		return this;
	}

	// The data limits bind clients; a person in the app is trusted, so that tests can set up anything.
	get limited() {
		return this.source !== 'app';
	}

	// Temporary ids live in one request. What was declared there but failed, and what has the look
	// of a temporary id, is reported as such; any other unknown id is simply not found.
	record(kind, value, argument = 'id') {
		if (typeof value !== 'string' || value === '')
			throw invalidArgument(argument, 'Required argument is missing');
		const id = this.temp.get(value) ?? value;
		const record = this.account.find(kind, id);
		if (record)
			return record;
		if (this.declared.has(value) || (value.includes('-') && !value.startsWith('tmp-')))
			throw invalidTempId();
		if (value.startsWith('tmp-'))
			throw invalidArgument(argument, 'Invalid id');
		throw notFound(NOUNS[kind]);
	}

	text(argument, most, { required = false, empty = '' } = {}) {
		let value = this.args[argument];
		if (value === undefined || value === null) {
			if (required)
				throw invalidArgument(argument, 'Required argument is missing');
			return empty;
		}
		if (typeof value !== 'string')
			throw invalidArgument(argument, 'must be a string');
		if (this.switches.trim_content)
			value = value.trim();
		if (required && value === '')
			throw invalidArgument(argument, 'must not be empty');
		// Code points, not UTF-16 units: an emoji is one character.
		const points = value.length > most ? [...value] : null;
		if (points && points.length > most) {
			if (this.switches.over_length === 'truncate')
				return points.slice(0, most).join('');
			throw invalidArgument(argument, `String should have at most ${most} characters`,
				{ max_count: most });
		}
		return value;
	}

	integer(argument, low, high) {
		const value = this.args[argument];
		if (!Number.isInteger(value) || value < low || value > high)
			throw invalidArgument(argument, `must be an integer from ${low} to ${high}`);
		return value;
	}

	flag(argument) {
		const value = this.args[argument];
		if (value !== true && value !== false && value !== 0 && value !== 1)
			throw invalidArgument(argument, 'must be a boolean');
		return Boolean(value);
	}

	has(argument) {
		return this.args[argument] !== undefined;
	}

	checkRoom(projectId, wanted = 1) {
		const most = this.switches.tasks_per_project;
		if (this.limited && most !== null && this.account.activeIn(projectId) + wanted > most)
			throw maxItems({ max_count: most, project_id: projectId });
	}

	checkCount(kind, count, most) {
		if (this.limited && most !== null && count >= most)
			throw maxItems({ max_count: most, explanation: `too many ${kind}s` });
	}

	checkWritable(project) {
		if (project.data.is_frozen)
			throw forbidden('Project is frozen');
	}

	emit(event, record, extra = {}) {
		this.account.emit(event, record, { source: this.source, ...extra });
	}
}

// The order after the last of some siblings: what a move or a restored task gets.
export function lastOrder(records, field = 'child_order') {
	let most = 0;
	for (const { data } of records)
		most = Math.max(most, data[field] ?? 0);
	return most + 1;
}

// A fractional index that sorts bytewise like the order number; a key that is taken is corrected.
export function orderKey(siblings, order, wanted = null) {
	let key = wanted ?? `a${Math.max(order, 0).toString(36).padStart(4, '0')}`;
	const taken = new Set(siblings.map(({ data }) => data.order_key));
	while (taken.has(key))
		key += 'V';
	return key;
}
