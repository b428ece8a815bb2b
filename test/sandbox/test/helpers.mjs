// The Todoist stand-in: one per test file, a user per test.

import { randomUUID } from 'node:crypto';

import { TodoistApi } from '@doist/todoist-sdk';

import { startServer } from '../todoist/server.js';
import { openBox } from './box.mjs';

export { sleep, until } from './box.mjs';

export async function sandbox({ seed = 1 } = {}) {
	const box = await openBox(startServer, { seed });
	const { url, control, call } = box;

	async function user(fields = {}) {
		const person = await control('POST', 'users', fields);
		const { token } = person;
		return {
			...person,
			// The official client. Its own transport needs Node 20; the global fetch does for all.
			sdk: new TodoistApi(token, { baseUrl: url, customFetch: fetch }),
			call: (method, path, body, headers) => call(token, method, path, body, headers),
			post: (body, headers) => call(token, 'POST', '/api/v1/sync', body, headers),
			async sync(body) {
				const answer = await call(token, 'POST', '/api/v1/sync', body);
				if (answer.status !== 200)
					throw new Error(`${answer.status} ${answer.text}`);
				return answer.json;
			},
			async read(types = ['items'], since = '*') {
				return this.sync({ sync_token: since, resource_types: types });
			},
			// Commands that must all succeed; the mapping of their temp ids.
			async run(...commands) {
				const answer = await this.sync({ commands });
				for (const [uuid, status] of Object.entries(answer.sync_status))
					if (status !== 'ok')
						throw new Error(`${uuid}: ${JSON.stringify(status)}`);
				return answer.temp_id_mapping;
			},
			async status(command) {
				const answer = await this.sync({ commands: [command] });
				return answer.sync_status[command.uuid];
			},
			async item(id) {
				const state = await control('GET', `state?token=${token}`);
				return state.items.find((entry) => entry.id === id);
			},
			state: () => control('GET', `state?token=${token}`),
			edit: (...commands) => control('POST', 'edit', { token, commands }),
			fault: (spec) => control('POST', 'faults', { token, ...spec }),
			log: (since = 0) => control('GET', `log?token=${token}&since=${since}`),
		};
	}

	return { ...box, user };
}

// A command with a fresh uuid; `temp` names what it creates.
export function command(type, args, temp) {
	return { type, uuid: randomUUID(), ...(temp ? { temp_id: temp } : {}), args };
}

export const add = (content, rest = {}, temp = undefined) =>
	command('item_add', { content, ...rest }, temp ?? 't');
