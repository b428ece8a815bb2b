// The whole of a workspace as the control interface shows it: nothing is hidden, rounded or cut off.

import { showComment } from './comments.js';
import { toMarkdown } from './markdown.js';
import { adminOf } from './person.js';
import { liveChildren, NEWEST, showDatabase, showPage, showSource } from './render.js';
import { plainText } from './rich-text.js';
import { showSchema } from './schema.js';
import { showRoles } from './seed.js';
import { optionOf, valueOf } from './values.js';

// Values as a test likes to compare them: texts, names of options, ids.
function plainValue(property, value) {
	const name = (id) => optionOf(property, id)?.name ?? null;
	switch (property.type) {
		case 'title': case 'rich_text': return plainText(value);
		case 'select': case 'status': return value === null ? null : name(value);
		case 'multi_select': return value.map(name);
		default: return value;
	}
}

function pageState(x, page) {
	const { workspace } = x;
	const plain = {};
	for (const property of workspace.propertiesOf(page))
		plain[property.name] = plainValue(property, valueOf(page, property));
	const body = page.children.length > 0
		? toMarkdown(page, (record) => liveChildren(workspace, record)).markdown : '';
	return { ...showPage(x, page), title: plainText(page.values.title ?? []), plain, markdown: body,
		number: page.number ?? null, created_at: new Date(page.created).toISOString(),
		edited_at: new Date(page.edited).toISOString() };
}

export function stateOf(world, workspace) {
	const x = { workspace, bot: adminOf(workspace), version: NEWEST, world };
	const of = (kind) => [...workspace.objects.values()].filter((one) => one.object === kind);
	return {
		workspace_id: workspace.id, name: workspace.name, plan: workspace.plan,
		people: [...workspace.people.values()],
		bots: [...workspace.bots.values()].map((bot) => ({ bot_id: bot.id, name: bot.name,
			token: bot.token ?? null, everything: bot.everything, person_id: bot.person.id,
			shared: [...bot.roots.keys()], denied: [...bot.denied],
			disconnected: bot.disconnected ?? false })),
		databases: of('database').map((database) => showDatabase(x, database)),
		data_sources: of('data_source').map((source) => ({ roles: showRoles(workspace, source),
			...showSource(x, source, showSchema(workspace, x.bot, source)), name: source.name })),
		pages: of('page').map((page) => pageState(x, page)),
		comments: [...workspace.comments.values()].map((one) => showComment(workspace, one)),
	};
}
