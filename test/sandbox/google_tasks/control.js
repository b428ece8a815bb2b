// What the control interface has for Google alone: people, edits as the apps make them, the whole
// state, quotas, apps and tokens. The rest is in ../lib/control.js; documented in ../README.md.

import { commonActions, controlDoor } from '../lib/control.js';
import { approve } from './consent.js';
import { conditionsOf, KINDS } from './faulty.js';
import { takeSnapshot } from './listing.js';
import { seedAccount } from './seed.js';
import { runEdits } from './ui.js';

const showUser = (account) => ({ user_id: account.id, email: account.email, token: account.token,
	default_list_id: account.defaultListId });

function stateOf(account) {
	account.catchUp();
	return {
		user_id: account.id, email: account.email, default_list_id: account.defaultListId,
		lists: [...account.lists.values()].map((list) => account.listJson(list)),
		items: [...account.tasks.values()].map((task) => ({ ...account.taskJson(task),
			list_id: task.listId, repeating: task.repeat !== null, assigned: task.assignment !== null })),
		originals: [...account.originals.values()],
	};
}

// Sets fields of a task or list as they are, for states that nothing else brings about. Times are in
// milliseconds, as kept.
function patch(world, body) {
	const account = world.accountOf(body);
	const object = account.tasks.get(body.id) ?? account.lists.get(body.id);
	if (!object)
		throw new Error('no task or list has this id');
	for (const name of Object.keys(body.fields))
		if (!(name in object))
			throw new Error(`no field "${name}"`);
	Object.assign(object, body.fields);
	(account.lists.get(object.listId) ?? object).sorted = null;
	return account.tasks.has(body.id) ? account.taskJson(object) : account.listJson(object);
}

// The past that a stale answer shows is the moment at which the fault was armed.
function keepThePast(world, fault) {
	if (fault.kind !== 'stale_full_sync')
		return;
	const named = fault.user_id === undefined ? [...world.accounts.values()]
		: [world.accounts.get(fault.user_id)];
	fault.snapshots = new Map(named.map((account) => [account.id, takeSnapshot(account)]));
}

function oauthActions(world) {
	const appOf = (body) => {
		const app = world.oauth.apps.get(body.client_id);
		if (!app)
			throw new Error('no app has this client_id');
		return app;
	};
	return {
		'POST oauth/apps': (body) => world.oauth.addApp(body),
		'GET oauth/apps': () => [...world.oauth.apps.values()],
		// Changes an app: {client_id, api_enabled?, publishing?, state?, …}.
		'POST oauth/app': (body) => {
			const app = appOf(body);
			for (const name of Object.keys(body))
				if (!(name in app))
					throw new Error(`an app has no field "${name}"`);
			return Object.assign(app, body);
		},
		// A token pair without the browser: {client_id, token|user_id, scope?, lifetime_s?, offline?}.
		'POST oauth/tokens': (body) => world.oauth.grant(appOf(body), world.accountOf(body),
			body.scope ?? 'https://www.googleapis.com/auth/tasks openid email',
			{ lifetime_s: body.lifetime_s, offline: body.offline ?? true }),
		// What the person's click on "Continue" would do: {token|user_id, request: {…query…}}.
		'POST oauth/approve': (body) => {
			const answer = approve(world, body.request, world.accountOf(body), body);
			if (answer.status !== 302)
				throw new Error(`Google's page: ${/Error \d+: (\w+)/.exec(answer.body)?.[1]}`);
			const location = new URL(answer.headers.location);
			return { location: location.toString(),
				code: location.searchParams.get('code'), error: location.searchParams.get('error') };
		},
		'POST oauth/expire': (body) => ({ expired: world.oauth.expire(body.access_token) }),
		// Ends one refresh token: {refresh_token, error?, description?, subtype?}.
		'POST oauth/kill': (body) => ({ killed: world.oauth.kill(body.refresh_token, body.error,
			body.description, body.subtype) }),
		'POST oauth/revoke': (body) => {
			world.oauth.revokeGrant(appOf(body), world.accountOf(body));
			return { ok: true };
		},
		'GET oauth/grants': (body, query) =>
			({ refresh_tokens: world.oauth.live(appOf(query), world.accountOf(query)) }),
	};
}

export function controlHandler(world, connections) {
	return controlDoor({
		...commonActions(world, { connections, kinds: KINDS, conditionsOf,
			onArm: (fault) => keepThePast(world, fault) }),
		'POST users': (body) => showUser(world.addUser(body)),
		'GET users': () => [...world.accounts.values()].map(showUser),
		'POST seed': (body) => seedAccount(world.accountOf(body), body),
		'GET state': (body, query) => stateOf(world.accountOf(query)),
		'POST edit': (body) => runEdits(world.accountOf(body), body.commands),
		'POST patch': (body) => patch(world, body),
		// Queries of each project today; {project, used} sets one.
		'GET quota': () => world.quota.list(),
		'POST quota': (body) => {
			world.quota.set(body.project ?? 'sandbox', body.used);
			return world.quota.list();
		},
		...oauthActions(world),
	});
}
