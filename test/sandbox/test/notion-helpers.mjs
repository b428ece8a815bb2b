// A Notion stand-in per test file, a workspace per test, and short ways to call both doors.

import notion from '@notionhq/client';

import { startServer } from '../notion/server.js';
import { openBox } from './box.mjs';

export { sleep, until } from './box.mjs';

export const NEWEST = '2026-03-11';
export const OLDER = '2025-09-03';

export async function sandbox({ seed = 1 } = {}) {
	const box = await openBox(startServer, { seed });
	const { url, control, call } = box;

	const client = (token, version = NEWEST) => new notion.Client({ auth: token, baseUrl: url,
		notionVersion: version, retry: false, logLevel: 'error', logger: () => {} });

	const raw = (token, method, path, body, headers = {}) => call(token, method, `/v1/${path}`, body,
		{ 'notion-version': NEWEST, ...headers });

	// A workspace with a connection, and a seeded database that is shared with it.
	async function workspace(seeded = {}, fields = {}) {
		const person = await control('POST', 'users', fields);
		const { token } = person;
		const made = seeded === null ? {} : await control('POST', 'seed',
			{ token, tasks: 0, ...seeded });
		const state = () => control('GET', `state?token=${token}`);
		return {
			...person, ...made, state,
			sdk: client(token), old: client(token, OLDER),
			call: (method, path, body, headers) => raw(token, method, path, body, headers),
			edit: (...commands) => control('POST', 'edit', { token, commands }),
			fault: (spec) => control('POST', 'faults', { token, ...spec }),
			log: (since = 0) => control('GET', `log?token=${token}&since=${since}`),
			page: async (id) => (await state()).pages.find((one) => one.id === id),
			// A row, made by the person in the app.
			async row(properties = {}) {
				const { temp_id_mapping: map } = await control('POST', 'edit', { token, commands: [
					{ type: 'page_create', temp_id: 'new',
						args: { data_source_id: made.data_source_id, properties } }] });
				return map.new;
			},
			add: (properties, rest = {}) => raw(token, 'POST', 'pages',
				{ parent: { data_source_id: made.data_source_id }, properties, ...rest }),
			query: async (body = {}) => (await raw(token, 'POST',
				`data_sources/${made.data_source_id}/query`, body)).json,
		};
	}

	return { ...box, raw, client, workspace };
}

export const text = (content) => [{ text: { content } }];
export const titled = (content) => ({ Name: { title: text(content) } });
export const plain = (list) => list.map((one) => one.plain_text).join('');
