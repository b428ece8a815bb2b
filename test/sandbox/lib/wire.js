// Sockets and bytes: one port that speaks HTTP/1.1 and HTTP/2 without TLS, request bodies with a
// limit, answers with compression, and the ways to break an answer on the way out.

import http from 'node:http';
import http2 from 'node:http2';
import net from 'node:net';
import zlib from 'node:zlib';
import { promisify } from 'node:util';

const gzip = promisify(zlib.gzip);
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n');
const HEADER_LIMIT = 65 * 1024;

// A client with prior knowledge of HTTP/2 starts with a fixed line; everything else is HTTP/1.1.
export function dualServer(onRequest) {
	const one = http.createServer({ maxHeaderSize: HEADER_LIMIT, keepAliveTimeout: 120000 }, onRequest);
	const two = http2.createServer(
		{ maxHeaderListPairs: 2000, settings: { maxConcurrentStreams: 250 } }, onRequest);
	const sockets = new Set();
	let count = 0;

	const server = net.createServer({ noDelay: true }, (socket) => {
		socket.connectionNumber = ++count;
		sockets.add(socket);
		socket.on('close', () => sockets.delete(socket));
		socket.on('error', () => socket.destroy());
		sniff(socket);
	});

	function sniff(socket) {
		let seen = Buffer.alloc(0);
		function look() {
			const chunk = socket.read();
			if (chunk === null)
				return;
			seen = Buffer.concat([seen, chunk]);
			const length = Math.min(seen.length, PREFACE.length);
			const same = seen.subarray(0, length).equals(PREFACE.subarray(0, length));
			if (same && seen.length < PREFACE.length)
				return;
			socket.removeListener('readable', look);
			socket.unshift(seen);
			(same ? two : one).emit('connection', socket);
		}
		socket.on('readable', look);
	}

	return {
		listen: (port, host) => new Promise((resolve, reject) => {
			server.once('error', reject);
			server.listen({ port, host, backlog: 4096 }, () => resolve(server.address().port));
		}),
		close: () => new Promise((resolve) => {
			for (const socket of sockets)
				socket.destroy();
			server.close(() => resolve());
		}),
		connections: () => ({ open: sockets.size, opened: count }),
	};
}

export const connectionNumber = (req) =>
	(req.stream?.session ? req.stream.session.socket : req.socket)?.connectionNumber ?? 0;

// The body, or null when it is longer than the limit. The rest of an oversized body is read and
// thrown away: answering without reading would show the client a broken pipe instead of a status.
export function readBody(req, limit) {
	return new Promise((resolve, reject) => {
		let parts = [];
		let size = 0;
		req.on('data', (part) => {
			size += part.length;
			if (size <= limit)
				parts.push(part);
			else
				parts = [];
		});
		req.on('end', () => resolve({ size, body: size <= limit ? Buffer.concat(parts) : null }));
		req.on('aborted', () => reject(new Error('the client went away')));
		req.on('error', reject);
	});
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Ends the exchange without an answer. Over HTTP/2 only this exchange: the connection carries those
// of other accounts, which the fault does not name.
export function cut(req, res, { reset = false } = {}) {
	if (res.stream?.close)
		res.stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR);
	else if (reset && req.socket.resetAndDestroy)
		req.socket.resetAndDestroy();
	else
		req.socket.destroy();
}

// Sends an answer {status, headers, body}, compressed if it is longer than `above`; returns the bytes
// written. `zipped` holds a compressed form that was made before.
export async function send(req, res, answer, { compress = true, above = 1024, cutAt = null } = {}) {
	const headers = { ...answer.headers };
	let body = Buffer.isBuffer(answer.body) ? answer.body : Buffer.from(answer.body ?? '');
	const accepts = /\bgzip\b/.test(req.headers['accept-encoding'] ?? '');

	if (compress && accepts && body.length > above) {
		body = answer.zipped?.() ?? await gzip(body, { level: 1 });
		answer.keepZipped?.(body);
		headers['content-encoding'] = 'gzip';
		headers.vary = 'accept-encoding';
	}
	headers['content-length'] = body.length;
	if (res.destroyed || res.stream?.destroyed)
		return 0;
	res.writeHead(answer.status, headers);
	if (cutAt !== null) {
		const part = body.subarray(0, Math.floor(body.length * cutAt));
		res.write(part, () => setImmediate(() => cut(req, res)));
		return part.length;
	}
	// What answers a HEAD request or a 204 has no body.
	res.end(answer.status === 204 ? undefined : body);
	return body.length;
}

export function json(status, value, headers = {}) {
	return {
		status,
		headers: { 'content-type': 'application/json', ...headers },
		body: JSON.stringify(value),
	};
}
