// What a request body may say about a task or a list, and what of it is taken over.

import { ApiError, badRequest, invalid } from './errors.js';
import { dateOf, parseTimestamp } from './time.js';

const TASK = { kind: 'string', id: 'string', etag: 'string', title: 'string', notes: 'string',
	status: 'string', due: 'string', completed: 'string', deleted: 'boolean', hidden: 'boolean',
	parent: 'string', position: 'string', updated: 'string', links: 'object', webViewLink: 'string',
	selfLink: 'string', assignmentInfo: 'object' };
const LIST = { kind: 'string', id: 'string', etag: 'string', title: 'string', updated: 'string',
	selfLink: 'string' };

const TITLE_LENGTH = 1024;
const NOTES_LENGTH = 8192;

function checkMembers(config, body, known) {
	for (const [name, value] of Object.entries(body)) {
		if (!Object.hasOwn(known, name)) {
			if (config.values.unknown_members === 'reject')
				throw badRequest(`Invalid JSON payload received. Unknown name "${name}": `
					+ 'Cannot find field.');
		} else if (value !== null && typeof value !== known[name]) {
			throw badRequest(`Invalid value at '${name}'`);
		}
	}
}

// Line breaks and tabs are text; the other control characters are what nobody typed.
function cleaned(config, text) {
	const control = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/g;
	const how = config.values.control_chars;
	if (how === 'reject' && control.test(text))
		throw badRequest();
	return how === 'drop' ? text.replace(control, '') : text;
}

function limited(config, given, most) {
	const text = cleaned(config, given);
	const points = config.values.length_unit === 'codepoints';
	const length = points ? [...text].length : text.length;
	if (length <= most)
		return text;
	if (config.values.over_length === 'reject')
		throw badRequest();
	return points ? [...text].slice(0, most).join('')
		: text.slice(0, most).replace(/[\ud800-\udbff]$/, '');
}

export function titleOf(config, text) {
	let title = limited(config, text ?? '', TITLE_LENGTH);
	if (config.values.title_whitespace === 'spaces')
		title = title.replace(/[\r\n]+/g, ' ');
	return config.values.title_whitespace === 'keep' ? title : title.trim();
}

function timestamp(text) {
	const ms = parseTimestamp(text);
	if (ms === null)
		throw badRequest();
	return ms;
}

function dueOf(config, text) {
	if (text === null || (text === '' && config.values.empty_due === 'clear'))
		return null;
	return dateOf(timestamp(text));
}

// The list fields of a body: {title?}.
export function listFields(config, body, { replace = false } = {}) {
	checkMembers(config, body, LIST);
	if (body.title === undefined && !replace)
		return {};
	return { title: titleOf(config, body.title) };
}

function statusOf(body, before) {
	if (body.status === undefined || body.status === null)
		return body.status === null ? 'needsAction' : before;
	if (body.status !== 'needsAction' && body.status !== 'completed')
		throw invalid();
	return body.status;
}

function assignedNotes(config, task, notes) {
	if (task.assignment?.surfaceType === 'DOCUMENT' && notes !== task.notes && notes !== '')
		throw config.values.assigned_notes_status === 403
			? new ApiError(403, 'forbidden', 'Forbidden', { status: 'PERMISSION_DENIED' }) : badRequest();
}

// What a body asks for: {title, notes, due, status, completedAt, hidden, deleted}, each as it is to be
// afterwards. `replace` is PUT's rule: what is absent is cleared; PATCH keeps it.
export function taskFields(config, body, task, { replace = false, inserting = false } = {}) {
	checkMembers(config, body, TASK);
	if (inserting && body.id && config.values.client_id_in_insert === 'reject')
		throw badRequest();
	const given = (name) => body[name] !== undefined || replace;
	const switches = config.values;
	const out = {
		title: given('title') ? titleOf(config, body.title) : task.title,
		notes: given('notes') ? limited(config, body.notes ?? '', NOTES_LENGTH) : task.notes,
		due: given('due') ? dueOf(config, body.due ?? null) : task.due,
		status: replace ? statusOf(body, 'needsAction') : statusOf(body, task.status),
	};
	assignedNotes(config, task, out.notes);
	const completed = body.completed === undefined || body.completed === null ? null
		: timestamp(body.completed);
	if (switches.reopen_needs_null && task.status === 'completed' && out.status === 'needsAction'
			&& body.completed !== null && !replace)
		out.status = 'completed';
	out.completedAt = completed ?? (out.status === task.status ? task.completed : null);
	const mayHide = switches.hidden_writable === 'always'
		|| (switches.hidden_writable === 'insert' && inserting);
	out.hidden = mayHide && body.hidden === true && out.status === 'completed';
	out.deleted = task.assignment || body.deleted === undefined ? task.deleted : body.deleted === true;
	return out;
}
