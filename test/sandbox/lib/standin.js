// One request from socket to socket, the same for every stand-in: read, log, delay, authenticate, let
// faults speak, count, carry out, spoil on order, send. What a service does in each step is its own:
//
//   world               clock, log, faults, latency, config (values.body_bytes, values.gzip), random
//   control(x, body)    the control interface
//   find(method, path)  {route, params} or null
//   describe(x)         parses x.bytes into x.body and fills in what the log tells (x.entry)
//   authenticate(x)     throws, or sets x.entry.user_id; not called for routes with `open`
//   faultRequest(x)     what the panel of faults matches on
//   ordersOf(faults)    the orders that follow from the faults that met this request
//   spend(x)            counts the request against its limits; headers for the answer
//   carryOut(x)         the answer {status, headers, body}, or null with x.cut set
//   statusAnswer(fault, x, answer)   the answer a `status` fault asks for; `answer` when it was applied
//   spoil(answer, orders, x)         the answer, spoiled
//   sending(x, answer)  optional: last touches to the answer; options of wire.js's send
//   errorAnswer(error, x), tooLarge(), noRoute(x)   errors in the service's own form

import { connectionNumber, cut, dualServer, json, readBody, send, sleep } from './wire.js';

const CONTROL_BODY = 256 * 1024 * 1024;

async function latency(world) {
	const { ms, jitter_ms } = world.latency;
	if (ms > 0 || jitter_ms > 0)
		await sleep(ms + world.random.below(jitter_ms + 1));
}

// Everything between the request's bytes and the answer; the parts of a batch go this way as well.
// null: the connection is to be cut, as x.cut says.
export async function exchange(service, x) {
	const { world } = service;
	const { entry } = x;
	const found = service.find(x.method, x.path);
	if (!found)
		throw service.noRoute(x);
	Object.assign(x, { route: found.route, params: found.params });
	service.describe(x);
	if (!found.route.open)
		service.authenticate(x);
	x.orders = service.ordersOf(world.faults.take({ seq: entry.seq, user_id: entry.user_id,
		method: x.method, path: x.path, ...service.faultRequest(x) }));
	const { orders } = x;
	if (orders.kinds.length > 0)
		entry.faults = orders.kinds;
	if (orders.delayBefore > 0)
		await sleep(orders.delayBefore);
	if (orders.cutBefore) {
		x.cut = orders.cutBefore;
		return null;
	}
	if (orders.statusBefore)
		return service.statusAnswer(orders.statusBefore, x, null);
	const limitHeaders = service.spend(x);
	const result = await service.carryOut(x);
	if (result === null)
		return null;
	result.headers = { ...result.headers, ...limitHeaders };
	if (orders.delayAfter > 0)
		await sleep(orders.delayAfter);
	if (orders.cutAfter) {
		x.cut = orders.cutAfter;
		return null;
	}
	return orders.statusAfter ? service.statusAnswer(orders.statusAfter, x, result)
		: service.spoil(result, orders, x);
}

async function answer(service, x) {
	const { world } = service;
	const { size, body } = await readBody(x.req, world.config.values.body_bytes);

	x.entry.bytes_in = size;
	await latency(world);
	if (body === null)
		throw service.tooLarge();
	x.bytes = body;
	return exchange(service, x);
}

async function onControl(service, x) {
	let result;
	try {
		const { body } = await readBody(x.req, CONTROL_BODY);
		const value = body.length > 0 ? JSON.parse(body.toString()) : {};
		result = json(200, await service.control(x, value));
	} catch (error) {
		result = json(error.status404 ? 404 : 400,
			{ error: `${error.tag ?? error.code ?? ''} ${error.message}`.trim(), detail: error.extra });
	}
	await send(x.req, x.res, result, { compress: false });
}

async function onRequest(service, req, res) {
	const { world } = service;
	const url = new URL(req.url, 'http://sandbox.invalid');
	const origin = `http://${req.headers.host ?? req.headers[':authority']}`;
	const x = { req, res, world, origin, method: req.method, path: url.pathname,
		headers: req.headers, parameters: url.searchParams, query: Object.fromEntries(url.searchParams) };
	res.on('error', () => {});
	if (x.path.startsWith('/_control/')) {
		await onControl(service, x);
		return;
	}
	x.entry = world.log.begin({
		time: world.clock.seconds(), method: x.method, path: x.path, kind: 'other',
		http: req.httpVersion, connection: connectionNumber(req),
	});
	let result;
	try {
		result = await answer(service, x);
		if (result === null)
			cut(req, res, x.cut);
	} catch (error) {
		if (error.message === 'the client went away') {
			world.log.finish(x.entry, 0, 0);
			return;
		}
		result = service.errorAnswer(error, x);
	}
	if (result === null) {
		world.log.finish(x.entry, 0, 0);
		return;
	}
	const { cutMid } = x.orders ?? {};
	// Written down before it is sent: a client that has the answer finds it in the log.
	world.log.finish(x.entry, result.status, Buffer.byteLength(result.body ?? ''));
	// clients take the time from the Date header: it is the stand-in's own
	result.headers = { ...result.headers, date: new Date(world.clock.now()).toUTCString() };
	await send(req, res, result, { compress: world.config.values.gzip, ...service.sending?.(x, result),
		cutAt: cutMid ? cutMid.keep ?? 0.5 : null });
}

// `makeService` gets a function that tells the connections, for the control interface.
export async function startStandIn(makeService, { port = 0, host = '127.0.0.1' } = {}) {
	const service = makeService(() => wire.connections());
	const wire = dualServer((req, res) => {
		onRequest(service, req, res).catch((error) => {
			process.stderr.write(`${error.stack}\n`);
			cut(req, res);
		});
	});
	const actual = await wire.listen(port, host);
	return { world: service.world, port: actual, url: `http://${host}:${actual}`,
		// The control interface for who lives in the same process.
		control: (method, name, body = {}, query = {}) =>
			service.control({ method, path: `/_control/${name}`, query }, body),
		close: () => wire.close() };
}
