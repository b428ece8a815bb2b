// The Google Tasks stand-in: one per test file, a user per test.

import { startServer } from '../google_tasks/server.js';
import { openBox } from './box.mjs';

export { until } from './box.mjs';

export const SCOPE = 'https://www.googleapis.com/auth/tasks';
export const CALLBACK = 'https://app.example.com/callback';

export async function sandbox({ seed = 1 } = {}) {
	const box = await openBox(startServer, { seed });
	const { control, call } = box;
	// Time stands still unless a test moves it: no deadline is met by a slow machine.
	const stopClock = (now = Date.now()) => control('POST', 'clock', { now, freeze: true });
	await stopClock();

	async function user(fields = {}) {
		const person = await control('POST', 'users', fields);
		const { token } = person;
		const list = `/tasks/v1/lists/${person.default_list_id}`;
		return {
			...person, list,
			call: (method, path, body, headers) => call(token, method, path, body, headers),
			async ok(method, path, body, headers) {
				const answer = await call(token, method, path, body, headers);
				if (answer.status >= 300)
					throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
				return answer.json;
			},
			add(title, fields = {}, query = {}) {
				return this.ok('POST', `${list}/tasks?${new URLSearchParams(query)}`, { title, ...fields });
			},
			get(id) {
				return this.ok('GET', `${list}/tasks/${id}`);
			},
			// The titles or rows that a list call shows.
			async rows(query = {}) {
				const answer = await this.ok('GET', `${list}/tasks?${new URLSearchParams(
					{ maxResults: 100, ...query })}`);
				return answer.items ?? [];
			},
			async titles(query) {
				return (await this.rows(query)).map((row) => row.title);
			},
			state: () => control('GET', `state?token=${token}`),
			async edit(...commands) {
				const answer = await control('POST', 'edit', { token, commands });
				for (const status of Object.values(answer.sync_status))
					if (status !== 'ok')
						throw new Error(JSON.stringify(status));
				return answer.temp_id_mapping;
			},
			fault: (spec) => control('POST', 'faults', { token, ...spec }),
			log: (since = 0) => control('GET', `log?token=${token}&since=${since}`),
		};
	}

	return { ...box, user, stopClock };
}

export const reasonOf = (answer) => [answer.status, answer.json?.error?.errors?.[0]?.reason];

export const edit = (type, args, temp) => ({ type, args, ...(temp ? { temp_id: temp } : {}) });
