// Users: the bot itself and the members of its workspace.

import { notFound, restricted } from './errors.js';
import { uuidOf } from './access.js';
import { listAnswer, pageOf } from './paging.js';
import { showPerson } from './values.js';

export function showBot(x, bot) {
	const { workspace, owner, person } = bot;
	const id = x.world.config.values.author_id === 'other' ? bot.shownId : bot.id;
	return {
		object: 'user', id, type: 'bot', name: bot.name, avatar_url: null,
		bot: {
			owner: owner === 'workspace' ? { type: 'workspace', workspace: true }
				: { type: 'user', user: showPerson(workspace, bot, person.id) },
			workspace_id: workspace.id, workspace_name: workspace.name,
			workspace_limits: { max_file_upload_size_in_bytes: 5242880 },
		},
	};
}

function demandUsers(x) {
	if (x.bot.capabilities.user_info === 'none')
		throw restricted('Insufficient permissions for this endpoint.');
}

export function userRoutes(add) {
	add('GET', '/v1/users/me', (x) => showBot(x, x.bot));
	add('GET', '/v1/users', (x) => {
		demandUsers(x);
		const { workspace, bot, query } = x;
		const page = pageOf(x, [...workspace.people.values(), ...workspace.bots.values()],
			{ size: query.page_size, cursor: query.start_cursor, basis: 'users' });
		page.results = page.results.map((one) => (one.type === 'bot' ? showBot(x, one)
			: showPerson(workspace, bot, one.id)));
		return listAnswer('user', page);
	});
	add('GET', '/v1/users/:id', (x) => {
		demandUsers(x);
		const id = uuidOf(x.params.id, 'path.user_id');
		const bot = x.workspace.bots.get(id);
		if (!bot && !x.workspace.people.has(id))
			throw notFound(id, 'user');
		return bot ? showBot(x, bot) : showPerson(x.workspace, x.bot, id);
	});
}
