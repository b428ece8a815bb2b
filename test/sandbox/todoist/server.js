// The Todoist stand-in as a server: its routes and what it does in each step of ../lib/standin.js.

import { parseForm } from '../lib/oauth-http.js';
import { router } from '../lib/router.js';
import { startStandIn } from '../lib/standin.js';
import { json } from '../lib/wire.js';
import { controlHandler } from './control.js';
import { ApiError, invalidArgument, notFound, unauthorized } from './errors.js';
import { ordersOf, spoil, statusAnswer } from './faulty.js';
import { spend } from './limits.js';
import { OauthError } from './oauth.js';
import { oauthAnswer, oauthRoutes } from './oauth-routes.js';
import { otherRoutes } from './rest-others.js';
import { taskRoutes } from './rest-tasks.js';
import { answerSync, syncKind } from './sync.js';
import { World } from './world.js';

const SYNC = '/api/v1/sync';

// The body as an object: form or JSON by content type; an empty body is an empty object.
function parseBody(req, bytes) {
	const type = (req.headers['content-type'] ?? '').split(';')[0].trim();
	if (bytes.length === 0)
		return {};
	if (type === 'application/x-www-form-urlencoded')
		return parseForm(bytes.toString());
	let value;
	try {
		value = JSON.parse(bytes.toString());
	} catch {
		throw invalidArgument('body', 'The request body is not valid JSON');
	}
	if (typeof value !== 'object' || value === null || Array.isArray(value))
		throw invalidArgument('body', 'The request body must be an object');
	return value;
}

function commandsOf(payload) {
	let list = payload.commands;
	if (typeof list === 'string')
		try {
			list = JSON.parse(list);
		} catch {
			return [];
		}
	return Array.isArray(list) ? list.filter((entry) => typeof entry === 'object' && entry) : [];
}

function errorAnswer(world, error) {
	if (error instanceof OauthError)
		return oauthAnswer(error);
	if (!(error instanceof ApiError)) {
		process.stderr.write(`${error.stack}\n`);
		return json(500, { error: 'Internal error of the stand-in', error_tag: 'SANDBOX_BUG',
			error_code: 0, http_code: 500, error_extra: { explanation: String(error.message) } });
	}
	const headers = {};
	if (error.http === 429)
		headers['retry-after'] = String(error.extra.retry_after);
	if (error.http === 401)
		headers['www-authenticate'] = 'Bearer error="invalid_token", '
			+ 'resource_metadata="/.well-known/oauth-protected-resource"';
	return json(error.http, error.body(world.ids.hex(32)), headers);
}

export function startServer({ port = 0, host = '127.0.0.1', seed = 1 } = {}) {
	const world = new World({ seed });
	const routes = router();
	const add = (method, path, handler, options) => routes.add(method, path, handler, options);

	taskRoutes(add);
	otherRoutes(add);
	oauthRoutes(world, add);
	add('POST', SYNC, null);

	function authenticate(x) {
		const found = /^Bearer (.+)$/i.exec(x.req.headers.authorization ?? '');
		const auth = found && world.authenticate(found[1]);
		if (!auth)
			throw unauthorized();
		Object.assign(x, auth);
		x.entry.user_id = auth.account.id;
	}

	function describe(x) {
		const { entry } = x;
		x.body = x.method === 'GET' ? {} : parseBody(x.req, x.bytes);
		if (x.path === SYNC) {
			const commands = commandsOf(x.body);
			const kind = syncKind(x.body);
			const token = x.body.sync_token;
			Object.assign(entry, { kind, commands: commands.length,
				types: commands.map((command) => command.type),
				uuids: commands.map((command) => command.uuid),
				sync_token: token === undefined ? 'none' : token === '*' ? '*' : 'delta' });
			x.commands = commands;
		} else {
			entry.kind = x.path.startsWith('/oauth') || x.path.includes('revoke') ? 'oauth' : 'rest';
			x.commands = [];
		}
	}

	function carryOut(x) {
		if (x.path === SYNC)
			return { status: 200, headers: { 'content-type': 'application/json' },
				body: answerSync({ account: x.account, payload: x.body, scopes: x.scopes,
					orders: x.orders }) };
		const value = x.route.handler(x);
		return value !== null && typeof value === 'object' && value.headers !== undefined
			? value : json(200, value);
	}

	return startStandIn((connections) => ({
		world, describe, authenticate, carryOut, ordersOf, spoil,
		find: (method, path) => routes.find(method, path),
		control: controlHandler(world, connections),
		faultRequest: (x) => ({ commands: x.commands, writes: x.commands.length > 0,
			reads: x.path === SYNC && x.entry.kind !== 'commands',
			sync: x.path === SYNC ? x.entry.kind : undefined }),
		spend: (x) => (x.account && world.config.values.window_s !== null
			? spend(x.account, x.entry.kind) : {}),
		statusAnswer: (fault) => statusAnswer(fault, world.ids.hex(32)),
		errorAnswer: (error) => errorAnswer(world, error),
		tooLarge: () => new ApiError('INVALID_ARGUMENT_VALUE', 20, world.config.values.oversize_status,
			'Request body is too large', { max_count: world.config.values.body_bytes }),
		noRoute: () => notFound('Page'),
	}), { port, host });
}
