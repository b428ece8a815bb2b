// POST /api/v1/sync: commands first, then the read, in one answer.

import { checkCommands, runCommands } from './commands/index.js';
import { invalidArgument, missingScope } from './errors.js';
import { RESOURCES } from './account.js';
import { planLimits, renderJson } from './objects.js';
import { has as hasScope } from './scopes.js';
import { syncTokens } from './sync-token.js';

// Known resource types without content here; a full sync shows them empty.
const EMPTY = {
	reminders_location: '[]', locations: '[]', live_notifications: '[]', user_settings: '{}',
	notification_settings: '{}', stats: '{}', workspaces: '[]', workspace_filters: '[]',
	view_options: '[]', project_view_options_defaults: '[]', role_actions: '[]', folders: '[]',
	day_orders: '{}', calendars: '[]', calendar_accounts: '[]', suggestions: '[]',
};
const SPECIAL = ['user', 'user_plan_limits', 'completed_info'];
const ALL = [...Object.keys(RESOURCES), ...SPECIAL, ...Object.keys(EMPTY)];

// The list a client may send as JSON text (form) or as an array (JSON body).
export function parseList(value, name) {
	if (value === undefined || value === null || value === '')
		return [];
	let list = value;
	if (typeof value === 'string')
		try {
			list = JSON.parse(value);
		} catch {
			throw invalidArgument(name, 'not valid JSON');
		}
	if (!Array.isArray(list))
		throw invalidArgument(name, 'must be a list');
	return list;
}

export function wantedResources(list) {
	if (list.some((type) => typeof type !== 'string'))
		throw invalidArgument('resource_types', 'must be strings');
	const wanted = new Set(list.includes('all') ? ALL : []);
	for (const type of list)
		if (type.startsWith('-'))
			wanted.delete(type.slice(1));
		else if (type !== 'all')
			wanted.add(type);
	return [...wanted];
}

// Only what is active: no completed task, nothing deleted, nothing in an archive.
function isActive(account, record) {
	const { data, kind } = record;
	const archived = account.config.values.archived_projects_in_full_sync;
	if (data.is_deleted)
		return false;
	if (kind === 'item')
		return !data.checked && (archived || !account.isHidden(data.project_id));
	if (kind === 'section')
		return !data.is_archived && (archived || !account.isHidden(data.project_id));
	if (kind === 'project')
		return archived || !data.is_archived;
	if (kind === 'note') {
		const item = account.find('item', data.item_id);
		return item !== undefined && isActive(account, item);
	}
	return true;
}

function completedInfo(account, records) {
	const counts = new Map();
	const touched = new Set(records.map((record) => record.data.project_id));
	for (const project of touched)
		for (const item of account.itemsIn(project)) {
			if (!item.data.checked)
				continue;
			const { parent_id: parent, section_id: section } = item.data;
			const [key, id] = parent ? ['item_id', parent] : section ? ['section_id', section]
				: ['project_id', project];
			const entry = counts.get(id) ?? { [key]: id, completed_items: 0, archived_sections: 0,
				...(key === 'section_id' ? { id } : {}) };
			entry.completed_items++;
			counts.set(id, entry);
		}
	return JSON.stringify([...counts.values()]);
}

function special(account, type, records) {
	if (type === 'user')
		return renderJson(account, account.objects.user.get(account.id));
	if (type === 'user_plan_limits')
		return JSON.stringify(planLimits(account));
	return completedInfo(account, records);
}

// The list of one kind for a full sync; kept until the account changes, because thousands of joined
// strings are the most expensive thing this server does.
function fullList(account, kind) {
	account.snapshots ??= new Map();
	const kept = account.snapshots.get(kind);
	const epoch = account.config.epoch();
	if (kept && kept.seq === account.seq && kept.epoch === epoch)
		return kept.json;
	const parts = [];
	for (const record of account.objects[kind].values())
		if (isActive(account, record))
			parts.push(renderJson(account, record));
	const json = `[${parts.join(',')}]`;
	account.snapshots.set(kind, { seq: account.seq, epoch, json });
	return json;
}

// Everything as of now, for a full sync that will be answered from the past.
export function takeSnapshot(account) {
	const lists = {};
	for (const [type, kind] of Object.entries(RESOURCES))
		lists[type] = fullList(account, kind);
	return { position: account.seq, at: account.now(), lists };
}

function readFull(account, wanted, out, past) {
	for (const type of wanted) {
		if (RESOURCES[type])
			out[type] = past ? past.lists[type] : fullList(account, RESOURCES[type]);
		else if (SPECIAL.includes(type))
			out[type] = special(account, type, account.living('item'));
		else if (EMPTY[type])
			out[type] = EMPTY[type];
	}
}

function readDelta(account, wanted, out, position) {
	const lists = new Map();
	const changed = account.changedSince(position);
	for (const record of changed) {
		if (!lists.has(record.kind))
			lists.set(record.kind, []);
		lists.get(record.kind).push(record);
	}
	const omit = account.config.values.empty_delta === 'omit';
	for (const type of wanted) {
		const kind = RESOURCES[type];
		const records = lists.get(kind ?? type) ?? [];
		if (kind && (records.length > 0 || !omit))
			out[type] = `[${records.map((record) => renderJson(account, record)).join(',')}]`;
		else if (type === 'user' && records.length > 0)
			out[type] = special(account, type, records);
		else if (type === 'completed_info' && lists.has('item'))
			out[type] = completedInfo(account, lists.get('item'));
	}
}

function positionOf(account, token, orders) {
	if (token === '*' || orders.downgrade)
		return null;
	const position = orders.rejectToken ? null : syncTokens.read(account, token);
	if (position === null && (orders.rejectToken || account.config.values.bad_sync_token === 'reject'))
		throw invalidArgument('sync_token', 'Invalid sync token');
	return position;
}

// What kind of request this is, for limits, log and faults, before anything is done.
export function syncKind(payload) {
	const types = payload.resource_types;
	const reads = Array.isArray(types) ? types.length > 0 : Boolean(types) && types !== '[]';
	if (!reads)
		return 'commands';
	return (payload.sync_token ?? '*') === '*' ? 'full' : 'delta';
}

// `orders` is what the faults of this request ask for; see faulty.js.
export function answerSync({ account, payload, scopes, orders }) {
	const commands = parseList(payload.commands, 'commands');
	const wanted = wantedResources(parseList(payload.resource_types, 'resource_types'));
	const token = payload.sync_token ?? '*';
	if (typeof token !== 'string')
		throw invalidArgument('sync_token', 'must be a string');
	checkCommands(account, commands, true);
	if (wanted.length > 0 && !hasScope(scopes, 'data:read'))
		throw missingScope('data:read');
	const position = wanted.length > 0 ? positionOf(account, token, orders) : null;
	if (orders.forgetUuids)
		account.uuids.clear();

	const done = runCommands(account, commands, { scopes, hooks: orders.hooks });
	const full = wanted.length === 0 ? account.config.values.commands_only_full_sync
		: position === null;
	const past = full && wanted.length > 0 ? orders.past?.get(account.id) : undefined;
	const out = { full_sync: String(full) };
	if (full)
		out.full_sync_date_utc = JSON.stringify(account.clock.seconds(past?.at ?? account.now()));
	out.sync_status = JSON.stringify(done.sync_status);
	out.sync_token = JSON.stringify(syncTokens.at(account, past?.position ?? account.seq));
	out.temp_id_mapping = JSON.stringify(done.temp_id_mapping);
	if (position === null)
		readFull(account, wanted, out, past);
	else
		readDelta(account, wanted, out, position);
	return `{${Object.entries(out).map(([key, value]) => `"${key}":${value}`).join(',')}}`;
}
