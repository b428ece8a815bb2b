// The command executor: in order, each command on its own, never as a transaction. The sync
// endpoint, the REST routes and the control interface (a person in the app) all end here.

import { ApiError, invalidArgument, missingScope } from '../errors.js';
import { has as hasScope } from '../scopes.js';
import { itemCommands } from './items.js';
import { itemDoneCommands } from './items-done.js';
import { labelCommands } from './labels.js';
import { noteCommands } from './notes.js';
import { projectCommands } from './projects.js';
import { sectionCommands } from './sections.js';
import { Context } from './context.js';

export const COMMANDS = {
	...itemCommands, ...itemDoneCommands, ...projectCommands, ...sectionCommands, ...labelCommands,
	...noteCommands,
};

// One command from inside (REST, tests): returns the id it made, or throws.
export function runOne(account, type, args, { source = 'rest', scopes = null } = {}) {
	const cx = new Context(account, { source, temp: new Map(), declared: new Set() });
	demandScope(type, scopes);
	return COMMANDS[type].run(cx.with(args), args);
}

function demandScope(type, scopes) {
	const needed = COMMANDS[type].scope ?? 'data:read_write';
	if (scopes !== null && !hasScope(scopes, needed))
		throw missingScope(needed);
}

// The shape of the list; a request that fails here fails as a whole.
export function checkCommands(account, commands, limited) {
	const most = account.config.values.commands_per_request;
	if (!Array.isArray(commands))
		throw invalidArgument('commands', 'commands must be a list');
	if (limited && most !== null && commands.length > most)
		throw invalidArgument('commands', `at most ${most} commands`, { max_count: most });
	for (const command of commands)
		if (typeof command !== 'object' || command === null || typeof command.type !== 'string'
			|| typeof command.uuid !== 'string' || command.uuid === ''
			|| (command.args !== undefined && (typeof command.args !== 'object' || command.args === null)))
			throw invalidArgument('commands', 'a command needs type, uuid and args');
}

// Errors that pass are not remembered: with the same uuid the command may succeed later.
const passes = (outcome) => outcome.http_code === 429 || outcome.http_code >= 500;

function remembers(account, outcome) {
	return outcome === 'ok'
		|| (account.config.values.errored_uuid === 'recorded' && !passes(outcome));
}

function remembered(account, uuid) {
	const known = account.uuids.get(uuid);
	const keep = account.config.values.uuid_retention_s;
	if (known && keep !== null && account.now() - known.at > keep * 1000) {
		account.uuids.delete(uuid);
		return undefined;
	}
	return known;
}

// hooks.refuse(command) → ApiError or null; hooks.alter(command) → the arguments to use.
export function runCommands(account, commands, { source = 'api', scopes = null, hooks = {} } = {}) {
	const temp = new Map();
	const declared = new Set(commands.map((command) => command.temp_id).filter(Boolean));
	const cx = new Context(account, { source, temp, declared });
	const status = {};

	for (const command of commands) {
		// A person in the app has no uuids; those of a test's edits only name the statuses.
		const known = source === 'app' ? undefined : remembered(account, command.uuid);
		if (known) {
			status[command.uuid] = known.status;
			if (known.temp_id && known.id)
				temp.set(known.temp_id, known.id);
			continue;
		}
		let outcome = 'ok';
		let id;
		try {
			const refusal = hooks.refuse?.(command);
			if (refusal)
				throw refusal;
			if (!Object.hasOwn(COMMANDS, command.type))
				throw invalidArgument('type', `unknown command ${command.type}`);
			demandScope(command.type, scopes);
			const args = hooks.alter?.(command) ?? command.args ?? {};
			id = COMMANDS[command.type].run(cx.with(args), args);
			if (id !== undefined && command.temp_id)
				temp.set(command.temp_id, id);
		} catch (error) {
			if (!(error instanceof ApiError))
				throw error;
			outcome = error.status();
		}
		status[command.uuid] = outcome;
		if (source !== 'app' && remembers(account, outcome))
			account.uuids.set(command.uuid,
				{ status: outcome, temp_id: command.temp_id, id, at: account.now() });
	}
	return { sync_status: status, temp_id_mapping: Object.fromEntries(temp) };
}
