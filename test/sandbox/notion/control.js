// The control interface below /_control/: tests make workspaces, edit as a person would and read the
// whole state. What every stand-in has is in ../lib/control.js.

import { commonActions, controlDoor } from '../lib/control.js';
import { deliveryActions } from '../lib/deliveries.js';
import { conditionsOf, KINDS as FAULTS } from './faulty.js';
import { approve } from './oauth-routes.js';
import { edit } from './person.js';
import { seedWorkspace } from './seed.js';
import { stateOf } from './state.js';

const PLANS = ['free', 'plus', 'business', 'enterprise'];

function showBot(bot) {
	return { workspace_id: bot.workspace.id, workspace_name: bot.workspace.name,
		user_id: bot.person.id, email: bot.person.email, bot_id: bot.id, token: bot.token ?? null,
		client_id: bot.app?.client_id ?? null };
}

// A person with a workspace (or in one there is) and the token of a connection of his own.
function addUser(world, body) {
	const { workspace_id: id, name, full_name, email, workspace_name, plan = 'free' } = body;
	if (!PLANS.includes(plan))
		throw new Error(`plan must be one of ${PLANS.join(', ')}`);
	const fields = { name: full_name ?? name, email };
	const workspace = id === undefined
		? world.addWorkspace({ name: workspace_name, plan, person: fields })
		: world.workspaceOf({ workspace_id: id });
	const person = id === undefined ? [...workspace.people.values()][0]
		: world.addPerson(workspace, fields);
	return showBot(addBot(world, workspace, { ...body, person, name: undefined }));
}

// An internal connection: one bot, one token.
function addBot(world, workspace, { person, name, token, everything, capabilities }) {
	const app = world.oauth.addApp({ name: name ?? 'Internal connection' });
	return world.addBot(workspace, { name: app.name, person, app, token, everything, capabilities,
		owner: 'workspace' });
}

function seed(world, body) {
	const workspace = world.workspaceOf(body);
	const { token, workspace_id, bot_id, user_id, person_id, share = true, ...what } = body;
	const databases = seedWorkspace(workspace, world.personOf(body), what);
	if (share && (token ?? bot_id) !== undefined)
		for (const { record } of databases)
			workspace.share(world.accountOf({ token, bot_id }), record);
	const shown = databases.map(({ record, ...rest }) => rest);
	return { workspace_id: workspace.id, databases: shown, database_id: shown[0].database_id,
		...shown[0].data_sources[0] };
}

// Sets fields of an object as they are, for states that no edit can bring about.
function patch(world, body) {
	const workspace = world.workspaceOf(body);
	const record = workspace.objects.get(body.id);
	if (!record)
		throw new Error('no object has this id');
	const fields = { ...body.fields };
	for (const name of ['created', 'edited', 'trashed_at'])
		if (typeof fields[name] === 'string')
			fields[name] = Date.parse(fields[name]);
	Object.assign(record, fields);
	workspace.version++;
	return { id: record.id };
}

function patchWorkspace(world, body) {
	const workspace = world.workspaceOf(body);
	for (const [key, field] of [['name', 'name'], ['plan', 'plan'], ['icon', 'icon'],
		['creation_blocked', 'creationBlocked']])
		if (body[key] !== undefined)
			workspace[field] = body[key];
	return { workspace_id: workspace.id, name: workspace.name, plan: workspace.plan,
		creation_blocked: workspace.creationBlocked };
}

function oauthActions(world) {
	const appOf = (body) => {
		const app = world.oauth.apps.get(body.client_id);
		if (!app)
			throw new Error('no app has this client_id');
		return app;
	};
	// What the person picked: ids, or everything at the top of the workspace.
	const pagesOf = (workspace, pages = 'all') => (pages === 'all' ? workspace.topLevel()
		: pages.map((id) => {
			const record = workspace.objects.get(id);
			if (!record)
				throw new Error(`no object has the id ${id}`);
			return record;
		}));
	const consentOf = (body) => {
		const workspace = world.workspaceOf(body);
		return { workspace, person: world.personOf(body), pages: pagesOf(workspace, body.pages) };
	};
	return {
		'POST oauth/apps': (body) => world.oauth.addApp(body),
		'GET oauth/apps': () => [...world.oauth.apps.values()],
		// A token without the browser: {client_id, workspace_id|token|user_id, pages?}.
		'POST oauth/tokens': (body) => {
			const { workspace, person, pages } = consentOf(body);
			return world.oauth.issue(world.oauth.grant(appOf(body), workspace, person, pages));
		},
		// What the person's click would do: {…, request: {…query of authorize…}, pages?, decision?}.
		'POST oauth/approve': (body) => {
			const answer = approve(world, body.request, consentOf(body), body.decision);
			const location = new URL(answer.headers.location);
			return { location: location.toString(),
				code: location.searchParams.get('code'), error: location.searchParams.get('error') };
		},
		'POST oauth/expire': (body) => ({ expired: world.oauth.expire(body.access_token) }),
		'POST oauth/revoke': (body) => {
			world.oauth.kill(world.accountOf(body));
			return { ok: true };
		},
	};
}

function webhookActions(world) {
	const show = ({ id, url, events, status, token, api_version }) => ({ subscription_id: id, url,
		events, status, verification_token: token, api_version });
	const find = (body) => {
		const found = world.webhooks.subscriptions.get(body.subscription_id);
		if (!found)
			throw new Error('no subscription has this subscription_id');
		return found;
	};
	return {
		// {client_id | token, callback_url, events?, api_version?, activate?}: as in the developer portal.
		'POST webhooks': async (body) => {
			const app = body.client_id !== undefined ? world.oauth.apps.get(body.client_id)
				: world.accountOf(body).app;
			if (!app)
				throw new Error('no app has this client_id');
			const { subscription, status } = await world.webhooks.subscribe(app, body);
			if (body.activate ?? true)
				subscription.status = 'active';
			return { ...show(subscription), handshake_status: status };
		},
		'GET webhooks': () => [...world.webhooks.subscriptions.values()].map(show),
		'DELETE webhooks': (body, query) => {
			world.webhooks.subscriptions.delete(find(query).id);
			return { ok: true };
		},
		'POST webhooks/activate': (body) => {
			const subscription = find(body);
			if (subscription.token !== body.verification_token)
				throw new Error('this is not the verification_token');
			subscription.status = 'active';
			return show(subscription);
		},
		...deliveryActions(() => world.webhooks),
	};
}

export function controlHandler(world, connections) {
	const userOf = (source) => (source.token !== undefined || source.user_id !== undefined
		|| source.bot_id !== undefined ? world.accountOf(source).id : undefined);

	return controlDoor({
		...commonActions(world, { connections, userOf, kinds: FAULTS, conditionsOf }),
		'POST users': (body) => addUser(world, body),
		'POST workspaces': (body) => addUser(world, { ...body, name: body.person_name,
			workspace_name: body.name }),
		'GET users': () => [...world.accounts.values()].map(showBot),
		'POST workspaces/patch': (body) => patchWorkspace(world, body),
		// Another connection in a workspace: {workspace_id, user_id?, token?, everything?, capabilities?}.
		'POST bots': (body) => {
			const { workspace_id, user_id } = body;
			const workspace = world.workspaceOf({ workspace_id });
			return showBot(addBot(world, workspace,
				{ ...body, person: workspace.people.get(user_id) }));
		},
		'POST capabilities': (body) => Object.assign(world.accountOf(body).capabilities,
			body.capabilities),
		'POST seed': (body) => seed(world, body),
		'GET state': (body, query) => stateOf(world, world.workspaceOf(query)),
		'POST edit': (body) => edit(world, body),
		'POST share': (body) => edit(world, { ...body, commands: [{ type: 'share', args: body }] }),
		'POST unshare': (body) => edit(world, { ...body, commands: [{ type: 'unshare', args: body }] }),
		'POST patch': (body) => patch(world, body),
		...oauthActions(world),
		...webhookActions(world),
	});
}
