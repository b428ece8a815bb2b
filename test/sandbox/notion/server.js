// The Notion stand-in as a server: its routes and what it does in each step of ../lib/standin.js.

import { parseForm } from '../lib/oauth-http.js';
import { router } from '../lib/router.js';
import { startStandIn } from '../lib/standin.js';
import { json } from '../lib/wire.js';
import { asyncTaskRoutes } from './async-tasks.js';
import { blockRoutes } from './blocks.js';
import { commentRoutes } from './comments.js';
import { containerRoutes } from './containers.js';
import { controlHandler } from './control.js';
import { ApiError, invalid, OauthError, unauthorized } from './errors.js';
import { ordersOf, spoil, statusAnswer } from './faulty.js';
import { spend } from './limits.js';
import { markdownRoutes } from './markdown-routes.js';
import { oauthRoutes } from './oauth-routes.js';
import { pageRoutes } from './pages.js';
import { VERSIONS } from './render.js';
import { plainText } from './rich-text.js';
import { userRoutes } from './users.js';
import { World } from './world.js';

// What a request is, for the log and for `match.command` of a fault.
const NAMES = [
	['POST', /^\/v1\/data_sources\/[^/]+\/query$/, 'query'], ['POST', /^\/v1\/search$/, 'search'],
	['GET', /^\/v1\/data_sources\/[^/]+$/, 'schema'],
	['PATCH', /^\/v1\/data_sources\/[^/]+$/, 'schema_update'],
	['GET', /^\/v1\/databases\/[^/]+$/, 'database'], ['POST', /^\/v1\/pages$/, 'page_create'],
	['GET', /^\/v1\/pages\/[^/]+$/, 'page'], ['PATCH', /^\/v1\/pages\/[^/]+$/, 'page_update'],
	['POST', /^\/v1\/pages\/[^/]+\/move$/, 'page_move'],
	['GET', /^\/v1\/pages\/[^/]+\/properties\//, 'property'],
	['GET', /^\/v1\/pages\/[^/]+\/markdown$/, 'markdown'],
	['PATCH', /^\/v1\/pages\/[^/]+\/markdown$/, 'markdown_update'],
	['GET', /^\/v1\/blocks\//, 'blocks'], ['PATCH', /^\/v1\/blocks\/[^/]+\/children$/, 'append'],
	['PATCH', /^\/v1\/blocks\//, 'block_update'], ['DELETE', /^\/v1\/blocks\//, 'block_delete'],
	['GET', /^\/v1\/comments/, 'comments'], ['POST', /^\/v1\/comments/, 'comment_create'],
	['GET', /^\/v1\/users/, 'users'], ['', /^\/v1\/oauth\//, 'oauth'],
];
const WRITES = new Set(['page_create', 'page_update', 'page_move', 'markdown_update', 'append',
	'block_update', 'block_delete', 'comment_create', 'schema_update']);

const nameOf = (method, path) => NAMES.find(([verb, pattern]) =>
	(verb === '' || verb === method) && pattern.test(path))?.[2] ?? 'other';

function parseBody(x) {
	if (x.bytes.length === 0)
		return {};
	if (x.route.form) {
		// Repeated fields are lists: the page picker's.
		const fields = new URLSearchParams(x.bytes.toString());
		const pages = fields.getAll('page');
		return { ...parseForm(x.bytes.toString()), ...pages.length > 0 ? { page: pages } : {} };
	}
	const type = (x.req.headers['content-type'] ?? '').split(';')[0].trim();
	let value;
	try {
		if (type !== 'application/json')
			throw new Error('not JSON');
		value = JSON.parse(x.bytes.toString());
	} catch {
		throw new ApiError(400, 'invalid_json', 'Error parsing JSON body.');
	}
	if (typeof value !== 'object' || value === null || Array.isArray(value))
		throw invalid('body failed validation: body should be an object.');
	return value;
}

function checkHeaders(x) {
	const version = x.req.headers['notion-version'];
	if (version === undefined && !x.route.anyVersion)
		throw new ApiError(400, 'missing_version', 'Notion-Version header failed validation: '
			+ 'Notion-Version header should be defined, instead was `undefined`.');
	if (version !== undefined && !VERSIONS.includes(version) && !x.route.anyVersion)
		throw invalid(`Notion-Version header failed validation: ${version} is not supported here.`);
	x.version = version;
	if (x.req.headers['notion-beta'] !== undefined)
		throw new ApiError(400, 'invalid_beta', 'Unknown Notion-Beta value.');
}

// The text that a write brings, so that faults can be aimed at one task.
function textOf(body) {
	for (const entry of Object.values(body.properties ?? {}))
		if (Array.isArray(entry?.title))
			return plainText(entry.title.map((one) => ({ plain_text: one?.text?.content ?? '' })));
	return '';
}

export function startServer({ port = 0, host = '127.0.0.1', seed = 1 } = {}) {
	const world = new World({ seed });
	const routes = router();
	const add = (method, path, handler, options) => routes.add(method, path, handler, options);

	for (const part of [asyncTaskRoutes, blockRoutes, commentRoutes, containerRoutes, markdownRoutes,
		pageRoutes, userRoutes])
		part(add);
	oauthRoutes(world, add);

	const withId = (x, answer) => ({ ...answer,
		headers: { ...answer.headers, 'x-notion-request-id': x.requestId } });

	function errorAnswer(error, x) {
		x.requestId ??= world.traffic.uuid();
		if (error instanceof ApiError || error instanceof OauthError)
			return withId(x, json(error.status, error.body(x.requestId), error.headers));
		process.stderr.write(`${error.stack}\n`);
		return withId(x, json(500, new ApiError(500, 'internal_server_error',
			`A bug of the stand-in: ${error.message}`).body(x.requestId)));
	}

	function describe(x) {
		x.requestId = world.traffic.uuid();
		const name = nameOf(x.method, x.path);
		const write = WRITES.has(name);
		x.body = x.method === 'GET' ? {} : parseBody(x);
		Object.assign(x.entry, { kind: name, commands: write ? 1 : 0, types: write ? [name] : [],
			request_id: x.requestId });
		if (name === 'query')
			Object.assign(x.entry, { page_size: x.body.page_size ?? 100,
				continued: x.body.start_cursor !== undefined });
		x.commands = write ? [{ type: name, args: { content: textOf(x.body) } }] : [];
		x.reads = name === 'query' || name === 'search';
		if (x.route.open)
			checkHeaders(x);
	}

	function authenticate(x) {
		const found = /^Bearer (.+)$/i.exec(x.req.headers.authorization ?? '');
		const bot = found && world.authenticate(found[1]);
		if (!bot)
			throw unauthorized();
		checkHeaders(x);
		Object.assign(x, { bot, workspace: bot.workspace });
		Object.assign(x.entry, { user_id: bot.id, workspace_id: bot.workspace.id,
			version: x.version });
	}

	function carryOut(x) {
		if (x.orders.alter)
			x.orders.alter(x.body);
		for (const name of x.orders.ignore ?? [])
			delete x.body.properties?.[name];
		const value = x.route.handler(x);
		if (value.headers === undefined)
			return withId(x, json(200, { ...value, request_id: x.requestId }));
		// An answer of its own form: a redirect, a page, 202.
		if (value.headers['content-type'] !== 'application/json')
			return withId(x, value);
		return withId(x, { ...value, body: JSON.stringify({ ...JSON.parse(value.body),
			request_id: x.requestId }) });
	}

	return startStandIn((connections) => ({
		world, describe, authenticate, carryOut, ordersOf, spoil, spend, errorAnswer,
		find: (method, path) => routes.find(method, path),
		control: controlHandler(world, connections),
		faultRequest: (x) => ({ commands: x.commands, writes: x.commands.length > 0,
			reads: x.reads }),
		// What the edge answers never reached Notion: it has no request id.
		statusAnswer(fault, x, answer) {
			const result = statusAnswer(fault, x, answer);
			return result.headers['content-type'] === 'text/html' ? result : withId(x, result);
		},
		tooLarge: () => new ApiError(world.config.values.oversize_status, 'validation_error',
			'Request body too large.'),
		noRoute: () => new ApiError(400, 'invalid_request_url', 'Invalid request URL.'),
	}), { port, host });
}
