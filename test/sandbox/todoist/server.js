// One request from socket to socket: read, log, delay, authenticate, count, let faults speak, carry
// out, spoil on order, send.

import { router } from '../lib/router.js';
import { connectionNumber, cut, dualServer, json, readBody, send, sleep } from '../lib/wire.js';
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
const CONTROL_BODY = 256 * 1024 * 1024;

function parseForm(text) {
	const out = {};
	for (const [key, value] of new URLSearchParams(text))
		out[key] = value;
	return out;
}

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

export async function startServer({ port = 0, host = '127.0.0.1', seed = 1 } = {}) {
	const world = new World({ seed });
	const routes = router();
	const add = (method, path, handler, options) => routes.add(method, path, handler, options);
	const control = controlHandler(world, () => wire.connections());

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

	// Fills in what the log tells about a request.
	function describe(x) {
		const { entry } = x;
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

	function carryOut(x, route) {
		if (x.path === SYNC)
			return { status: 200, headers: { 'content-type': 'application/json' },
				body: answerSync({ account: x.account, payload: x.body, scopes: x.scopes,
					orders: x.orders }) };
		const value = route.handler(x);
		return value !== null && typeof value === 'object' && value.headers !== undefined
			? value : json(200, value);
	}

	// The answer to a request, or null when the connection was cut instead.
	async function answer(x) {
		const { req, res, entry } = x;
		const { size, body } = await readBody(req, world.config.values.body_bytes);
		entry.bytes_in = size;
		if (world.latency.ms > 0 || world.latency.jitter_ms > 0)
			await sleep(world.latency.ms + world.random.below(world.latency.jitter_ms + 1));
		if (body === null)
			throw new ApiError('INVALID_ARGUMENT_VALUE', 20, world.config.values.oversize_status,
				'Request body is too large', { max_count: world.config.values.body_bytes });
		const found = routes.find(x.method, x.path);
		if (!found)
			throw notFound('Page');
		x.params = found.params;
		x.body = x.method === 'GET' ? {} : parseBody(req, body);
		describe(x);
		if (!found.route.open)
			authenticate(x);
		x.orders = ordersOf(world.faults.take({
			seq: entry.seq, user_id: entry.user_id, method: x.method, path: x.path,
			commands: x.commands, sync: x.path === SYNC ? entry.kind : undefined,
		}));
		const { orders } = x;
		if (orders.kinds.length > 0)
			entry.faults = orders.kinds;
		if (orders.delayBefore > 0)
			await sleep(orders.delayBefore);
		if (orders.cutBefore) {
			cut(req, res, orders.cutBefore);
			return null;
		}
		if (orders.statusBefore)
			return statusAnswer(orders.statusBefore, world.ids.hex(32));
		const limitHeaders = x.account && world.config.values.window_s !== null
			? spend(x.account, entry.kind) : {};
		const result = carryOut(x, found.route);
		result.headers = { ...result.headers, ...limitHeaders };
		if (orders.delayAfter > 0)
			await sleep(orders.delayAfter);
		if (orders.cutAfter) {
			cut(req, res, orders.cutAfter);
			return null;
		}
		return orders.statusAfter ? statusAnswer(orders.statusAfter, world.ids.hex(32))
			: spoil(result, orders);
	}

	async function onRequest(req, res) {
		const url = new URL(req.url, 'http://sandbox.invalid');
		const origin = `http://${req.headers.host ?? req.headers[':authority']}`;
		const x = { req, res, world, origin, method: req.method, path: url.pathname,
			query: Object.fromEntries(url.searchParams) };
		res.on('error', () => {});
		if (x.path.startsWith('/_control/')) {
			await onControl(x);
			return;
		}
		x.entry = world.log.begin({
			time: world.clock.seconds(), method: x.method, path: x.path, kind: 'other',
			http: req.httpVersion, connection: connectionNumber(req),
		});
		let result;
		try {
			result = await answer(x);
		} catch (error) {
			if (error.message === 'the client went away') {
				world.log.finish(x.entry, 0, 0);
				return;
			}
			result = errorAnswer(world, error);
		}
		if (result === null) {
			world.log.finish(x.entry, 0, 0);
			return;
		}
		const cutAt = x.orders?.cutMid ? x.orders.cutMid.keep ?? 0.5 : null;
		// Written down before it is sent: a client that has the answer finds it in the log.
		world.log.finish(x.entry, result.status, Buffer.byteLength(result.body ?? ''));
		await send(req, res, result, { compress: world.config.values.gzip, cutAt });
	}

	async function onControl(x) {
		let result;
		try {
			const { body } = await readBody(x.req, CONTROL_BODY);
			const value = body.length > 0 ? JSON.parse(body.toString()) : {};
			result = json(200, await control(x, value));
		} catch (error) {
			const known = error instanceof ApiError || error instanceof OauthError;
			result = json(error.status404 ? 404 : 400,
				{ error: known ? `${error.tag ?? ''} ${error.message}`.trim() : error.message,
					detail: error.extra });
		}
		await send(x.req, x.res, result, { compress: false });
	}

	const wire = dualServer((req, res) => {
		onRequest(req, res).catch((error) => {
			process.stderr.write(`${error.stack}\n`);
			cut(req, res);
		});
	});
	const actual = await wire.listen(port, host);
	return { world, port: actual, url: `http://${host}:${actual}`, close: () => wire.close() };
}
