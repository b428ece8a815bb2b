// The Google Tasks stand-in as a server: its routes and what it does in each step of
// ../lib/standin.js.

import { parseForm } from '../lib/oauth-http.js';
import { router } from '../lib/router.js';
import { startStandIn } from '../lib/standin.js';
import { json } from '../lib/wire.js';
import { parseBatch, runBatch } from './batch.js';
import { controlHandler } from './control.js';
import { accessNotConfigured, ApiError, authError, badRequest, insufficientPermissions, loginRequired,
	notFound, serverError } from './errors.js';
import { ordersOf, prepare, spoil, statusAnswer } from './faulty.js';
import { OauthError } from './oauth.js';
import { oauthAnswer, oauthRoutes } from './oauth-routes.js';
import { restRoutes } from './rest.js';
import { mayCall } from './scopes.js';
import { runEdits } from './ui.js';
import { World } from './world.js';

const LEGACY_BATCH = '/batch/tasks/v1';
const FORM = 'application/x-www-form-urlencoded';

function parseBody(x) {
	const type = (x.headers['content-type'] ?? '').split(';')[0].trim().toLowerCase();
	if (x.bytes.length === 0)
		return {};
	if (type === FORM)
		return x.route.oauth ? parseForm(x.bytes.toString()) : {};
	let value;
	try {
		value = JSON.parse(x.bytes.toString());
	} catch {
		throw badRequest('Parse Error');
	}
	if (typeof value !== 'object' || value === null || Array.isArray(value))
		throw badRequest('Invalid JSON payload received.');
	return value;
}

function kindOf(x) {
	const { id, oauth } = x.route;
	if (oauth)
		return 'oauth';
	switch (id) {
		case 'tasks.list': return x.query.updatedMin === undefined ? 'full' : 'delta';
		case 'tasklists.list': return 'lists';
		case 'batch': return 'batch';
		default: return x.route.reads ? 'get' : 'write';
	}
}

function describe(x) {
	const { id, oauth, reads } = x.route;
	const writes = id !== undefined && id !== 'batch' && !reads;
	Object.assign(x.entry, { kind: kindOf(x), call: id, commands: writes ? 1 : 0 });
	if (id === 'tasks.list')
		Object.assign(x.entry, { updated_min: x.query.updatedMin, page: Boolean(x.query.pageToken) });
	if (id === 'batch') {
		x.parts = parseBatch(x.headers, x.bytes);
		x.entry.commands = x.parts.filter(({ method }) => method !== 'GET').length;
		x.entry.user_id = x.world.authenticate(tokenOf(x))?.account.id;
		x.body = {};
		return;
	}
	x.body = x.method === 'GET' ? {} : parseBody(x);
	if (oauth)
		x.entry.user_id = x.world.oauth.ownerOf(x.body)?.id;
	if (!oauth && x.query.alt !== undefined && x.query.alt !== 'json')
		throw badRequest(`Invalid value for alt: ${x.query.alt}`);
}

const tokenOf = (x) => /^Bearer (.+)$/i.exec(x.headers.authorization ?? '')?.[1]
	?? x.query.access_token ?? x.query.oauth_token;

function authenticate(x) {
	const token = tokenOf(x);
	if (token === undefined)
		throw loginRequired();
	const auth = x.world.authenticate(token);
	if (!auth)
		throw authError();
	Object.assign(x, auth);
	x.entry.user_id = auth.account.id;
	auth.account.catchUp();
}

function faultRequest(x) {
	const { id } = x.route;
	return { commands: id ? [{ type: id, args: x.body }] : [], sync: x.entry.kind,
		query: new URLSearchParams(x.query).toString(),
		reads: id === 'tasks.list', writes: x.entry.kind === 'write' };
}

// Who may, and how much of it: in the order in which Google's front end looks.
function spend(x) {
	if (!x.account || x.route.oauth)
		return {};
	if (x.app && !x.app.api_enabled)
		throw accessNotConfigured(x.project);
	if (!mayCall(x.scopes, x.route.reads))
		throw insufficientPermissions();
	x.world.quota.spend(x.account, x.project);
	return {};
}

function carryOut(service, x) {
	if (x.route.id === 'batch')
		return runBatch(service, x);
	const { edits } = x.orders;
	const act = (when) => edits.filter((fault) => (fault.when ?? 'before') === when)
		.forEach((fault) => runEdits(x.account, fault.commands ?? []));
	if (x.account)
		act('before');
	prepare(x);
	const value = x.route.handler(x);
	if (x.account)
		act('after');
	return value.headers !== undefined && value.status !== undefined ? value : json(200, value);
}

function errorAnswer(x, error) {
	if (error instanceof OauthError)
		return oauthAnswer(error);
	const known = error instanceof ApiError;
	if (!known)
		process.stderr.write(`${error.stack}\n`);
	const shown = known ? error : serverError(500);
	const answer = json(shown.http, shown.body(x.world.config.values.error_status_member),
		{ 'content-type': 'application/json; charset=UTF-8' });
	if (shown.http === 401)
		answer.headers['www-authenticate'] = 'Bearer realm="https://accounts.google.com/", '
			+ 'error="invalid_token"';
	if (shown.retryAfter !== undefined)
		answer.headers['retry-after'] = String(shown.retryAfter);
	return answer;
}

// The date is the stand-in's own: a client takes it for the start of its next reading. What is
// compressed is decided by two headers.
function sending(x, answer) {
	const { gzip, gzip_needs_user_agent: strict, gzip_errors: errors } = x.world.config.values;
	answer.headers = { date: new Date(x.world.clock.now()).toUTCString(), ...answer.headers };
	const asked = !strict || /gzip/.test(x.headers['user-agent'] ?? '');
	return { compress: gzip && asked && (errors || answer.status < 400), above: 0 };
}

export function startServer({ port = 0, host = '127.0.0.1', seed = 1 } = {}) {
	const world = new World({ seed });
	const routes = router();
	const add = (method, path, handler, options) => routes.add(method, path, handler, options);

	restRoutes(add);
	oauthRoutes(world, add);
	for (const path of ['/batch', LEGACY_BATCH])
		add('POST', path, null, { id: 'batch', open: true });

	return startStandIn((connections) => {
		const service = {
			world, describe, authenticate, faultRequest, ordersOf, spend, spoil, sending,
			find: (method, path) => (path !== LEGACY_BATCH || world.config.values.legacy_batch
				? routes.find(method, path) : null),
			control: controlHandler(world, connections),
			carryOut: (x) => carryOut(service, x),
			statusAnswer: (fault, x) => statusAnswer(fault, (error) => (x.route.oauth
				? json(fault.status, { error: fault.reason ?? 'internal_failure' })
				: errorAnswer(x, error))),
			errorAnswer: (error, x) => errorAnswer(x, error),
			tooLarge: () => new ApiError(413, 'uploadTooLarge', 'Request Entity Too Large'),
			noRoute: () => notFound(),
		};
		return service;
	}, { port, host });
}
