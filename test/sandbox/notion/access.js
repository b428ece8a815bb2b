// What a request must have before it is carried out: the capability, an object that exists and is
// shared, and that is not in the trash when it is to be changed.

import { archived, notFound, restricted, wrong } from './errors.js';
import { readUuid } from './ids.js';

export function demand(x, ...capabilities) {
	for (const name of capabilities)
		if (!x.bot.capabilities[name])
			throw restricted('Insufficient permissions for this endpoint.');
}

export function uuidOf(text, path) {
	const id = readUuid(text);
	if (id === null)
		throw wrong(path, 'a valid uuid', text);
	return id;
}

// The object of one of these kinds, or 404: what is not shared does not exist.
export function required(x, id, path, noun, ...kinds) {
	const uuid = uuidOf(id, path);
	const record = x.workspace.find(x.bot, uuid, ...kinds);
	if (!record)
		throw notFound(uuid, noun);
	return record;
}

export function demandLive(x, record) {
	if (!x.workspace.inTrash(record))
		return;
	throw x.world.config.values.trashed_edit === 404 ? notFound(record.id) : archived();
}

// New content needs room in the plan.
export function demandRoom(x) {
	if (x.workspace.creationBlocked && !x.bot.everything)
		throw restricted('This workspace has reached its block limit.',
			{ block_limit: 'block_creation' });
}
