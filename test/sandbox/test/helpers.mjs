// A stand-in per test file, a user per test, and short ways to call both doors.

import { randomUUID } from 'node:crypto';

import { TodoistApi } from '@doist/todoist-sdk';

import { startServer } from '../todoist/server.js';

export async function sandbox({ seed = 1 } = {}) {
	const server = await startServer({ seed });
	const { url } = server;

	async function control(method, path, body) {
		const answer = await fetch(`${url}/_control/${path}`, {
			method, body: body === undefined ? undefined : JSON.stringify(body),
		});
		const value = await answer.json();
		if (!answer.ok)
			throw new Error(`${method} ${path}: ${JSON.stringify(value)}`);
		return value;
	}

	// The raw answer of an API call: status, headers, text, and the JSON if it is some.
	async function call(token, method, path, body, headers = {}) {
		const answer = await fetch(url + path, {
			method, redirect: 'manual',
			headers: {
				...(token ? { authorization: `Bearer ${token}` } : {}),
				...(body !== undefined && typeof body !== 'string'
					? { 'content-type': 'application/json' } : {}),
				...headers,
			},
			body: body === undefined || typeof body === 'string' ? body : JSON.stringify(body),
		});
		const text = await answer.text();
		let json;
		try {
			json = JSON.parse(text);
		} catch {
			// Some faults answer with something else on purpose.
		}
		return { status: answer.status, headers: answer.headers, text, json };
	}

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

	return { ...server, control, call, user };
}

// A command with a fresh uuid; `temp` names what it creates.
export function command(type, args, temp) {
	return { type, uuid: randomUUID(), ...(temp ? { temp_id: temp } : {}), args };
}

export const add = (content, rest = {}, temp = undefined) =>
	command('item_add', { content, ...rest }, temp ?? 't');

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Polls a condition; a test that waits for nothing fails with what it waited for.
export async function until(what, check, timeout = 5000) {
	const end = Date.now() + timeout;
	for (;;) {
		const value = await check();
		if (value)
			return value;
		if (Date.now() > end)
			throw new Error(`gave up waiting: ${what}`);
		await sleep(10);
	}
}
