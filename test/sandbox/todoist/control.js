// The control interface below /_control/: tests make users, edit as a person would and read the whole
// state. What every stand-in has is in ../lib/control.js.

import { randomUUID } from 'node:crypto';

import { commonActions, controlDoor } from '../lib/control.js';
import { deliveryActions } from '../lib/deliveries.js';
import { conditionsOf, KINDS as FAULTS } from './faulty.js';
import { approve } from './oauth-routes.js';
import { checkCommands, runCommands } from './commands/index.js';
import { KINDS } from './account.js';
import { reidentify } from './rest-others.js';
import { seedAccount } from './seed.js';
import { takeSnapshot } from './sync.js';
import { wireName } from './webhooks.js';

function addUser(world, body) {
	const account = world.addUser(body);
	return { user_id: account.id, token: account.token, inbox_project_id: account.inboxId,
		email: account.email };
}

function stateOf(account) {
	const state = { user_id: account.id, email: account.email, timezone: account.timezone,
		inbox_project_id: account.inboxId, position: account.seq, uuids: account.uuids.size,
		activity: account.activity.length };
	for (const kind of KINDS)
		if (kind !== 'user')
			state[`${kind}s`] = [...account.objects[kind].values()].map(({ data }) => data);
	state.moved_ids = account.moved;
	return state;
}

// A person's edit: the same commands without limits; a missing uuid is made up.
function edit(world, body) {
	const account = world.accountOf(body);
	const commands = body.commands.map((command) => ({ uuid: randomUUID(), ...command }));
	checkCommands(account, commands, false);
	return runCommands(account, commands, { source: 'app' });
}

// Sets fields of an object as they are, for states that no command can bring about.
function patch(world, body) {
	const account = world.accountOf(body);
	const record = KINDS.map((kind) => account.objects[kind].get(body.id)).find(Boolean);
	if (!record)
		throw new Error('no object has this id');
	return account.change(record, body.fields).data;
}

// The past that a stale answer shows is the moment at which the fault was armed.
function keepThePast(world, fault, spec) {
	if (spec.kind !== 'stale_full_sync')
		return;
	fault.snapshots = new Map();
	for (const one of fault.user_id !== undefined ? [world.accounts.get(fault.user_id)]
		: world.accounts.values())
		fault.snapshots.set(one.id, takeSnapshot(one));
	if (spec.lag_s)
		for (const snapshot of fault.snapshots.values())
			snapshot.at -= spec.lag_s * 1000;
}

const showApp = (app) => ({ ...app, authorized: [...app.authorized] });

function oauthActions(world) {
	const appOf = (body) => {
		const app = world.oauth.apps.get(body.client_id);
		if (!app)
			throw new Error('no app has this client_id');
		return app;
	};
	return {
		'POST oauth/apps': (body) => showApp(world.oauth.addApp(body)),
		'GET oauth/apps': () => [...world.oauth.apps.values()].map(showApp),
		// A token pair without the browser: {client_id, token|user_id, scope, lifetime_s}.
		'POST oauth/tokens': (body) => world.oauth.grant(appOf(body), world.accountOf(body),
			body.scope ?? 'data:read_write,data:delete', { lifetime_s: body.lifetime_s }),
		// What the person's click on "Agree" would do: {token|user_id, request: {…query…}}.
		'POST oauth/approve': (body) => {
			const answer = approve(world, body.request, world.accountOf(body), body.decision);
			const location = new URL(answer.headers.location);
			return { location: location.toString(),
				code: location.searchParams.get('code'), error: location.searchParams.get('error') };
		},
		'POST oauth/expire': (body) => ({ expired: world.oauth.expire(body.access_token) }),
		'POST oauth/revoke': (body) => {
			world.oauth.revokeAll(appOf(body), world.accountOf(body));
			return { ok: true };
		},
	};
}

function webhookActions(world) {
	return {
		// Without the console's rules, so that a test can listen on a port of its own.
		'POST webhooks': (body) => {
			const app = world.oauth.apps.get(body.client_id);
			if (!app)
				throw new Error('no app has this client_id');
			app.webhook = { status: 'active', callback_url: body.callback_url, version: '1',
				events: body.events.map((event) => (event.startsWith('e_') ? event : wireName(event))) };
			return app.webhook;
		},
		...deliveryActions(() => world.webhooks),
	};
}

export function controlHandler(world, connections) {
	return controlDoor({
		...commonActions(world, { connections, kinds: FAULTS, conditionsOf,
			onArm: (fault, spec) => keepThePast(world, fault, spec) }),
		'POST users': (body) => addUser(world, body),
		'GET users': () => [...world.accounts.values()].map((account) => ({ user_id: account.id,
			email: account.email, token: account.token, inbox_project_id: account.inboxId })),
		'POST seed': (body) => seedAccount(world.accountOf(body), body),
		'GET state': (body, query) => stateOf(world.accountOf(query)),
		'POST edit': (body) => edit(world, body),
		'POST patch': (body) => patch(world, body),
		'POST reidentify': (body) => ({ new_id: reidentify(world.accountOf(body), body.id, body) }),
		...oauthActions(world),
		...webhookActions(world),
	});
}
