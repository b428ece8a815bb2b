// POST /batch: multipart/mixed parts that are requests of their own. They run in no particular order,
// each with its own faults and its own count against the quota; the outer status says nothing.

import { STATUS_CODES } from 'node:http';

import { exchange } from '../lib/standin.js';
import { badRequest } from './errors.js';

const HEADER = /^([^:\s]+):[ \t]*(.*)$/;

function headersOf(lines) {
	const out = {};
	for (const line of lines) {
		const found = HEADER.exec(line);
		if (found)
			out[found[1].toLowerCase()] = found[2].trim();
	}
	return out;
}

// Text before the first blank line as lines, and what follows it.
function splitHead(text) {
	const found = /\r?\n\r?\n/.exec(text);
	const head = found ? text.slice(0, found.index) : text;
	return { lines: head.split(/\r?\n/).filter(Boolean),
		rest: found ? text.slice(found.index + found[0].length) : '' };
}

function parsePart(text) {
	const outer = splitHead(text.replace(/^\r?\n/, ''));
	const inner = splitHead(outer.rest.replace(/^(\r?\n)+/, ''));
	const line = /^([A-Z]+) (\S+)(?: HTTP\/[\d.]+)?$/.exec(inner.lines[0] ?? '');
	if (!line)
		throw badRequest('Failed to parse batch request, error: invalid part');
	return { id: headersOf(outer.lines)['content-id'], method: line[1], target: line[2],
		headers: headersOf(inner.lines.slice(1)), body: inner.rest.replace(/\r?\n$/, '') };
}

export function parseBatch(headers, bytes) {
	const found = /^multipart\/mixed\s*;.*boundary=(?:"([^"]+)"|([^;\s]+))/i
		.exec(headers['content-type'] ?? '');
	if (!found)
		throw badRequest('Failed to parse batch request, error: no boundary');
	const mark = `--${found[1] ?? found[2]}`;
	// Bytes as latin1, so that the parts' UTF-8 comes through whole.
	const pieces = `\r\n${bytes.toString('latin1')}`.split(new RegExp(
		`\\r?\\n${mark.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?=--|\\r?\\n|[ \\t])`));
	const end = pieces.findIndex((piece, i) => i > 0 && piece.startsWith('--'));
	if (end < 0)
		throw badRequest('Failed to parse batch request, error: no final boundary');
	return pieces.slice(1, end).map(parsePart);
}

function inOrder(parts, how, random) {
	const out = parts.map((part, at) => at);
	if (how === 'reversed')
		out.reverse();
	if (how === 'shuffled')
		for (let i = out.length - 1; i > 0; i--) {
			const j = random.below(i + 1);
			[out[i], out[j]] = [out[j], out[i]];
		}
	return out;
}

// The part as a request: the outer headers but for Content-*, then its own.
function requestOf(x, part) {
	const headers = Object.fromEntries(Object.entries(x.headers)
		.filter(([name]) => !name.startsWith('content-')));
	const url = new URL(part.target, 'http://sandbox.invalid');
	return { req: x.req, res: x.res, world: x.world, origin: x.origin, method: part.method,
		path: url.pathname, query: Object.fromEntries(url.searchParams), parameters: url.searchParams,
		headers: { ...headers, ...part.headers }, bytes: Buffer.from(part.body, 'latin1'),
		entry: { seq: x.entry.seq, method: part.method, path: url.pathname } };
}

async function runPart(service, x, part) {
	const inner = requestOf(x, part);
	let answer;
	try {
		answer = inner.path.startsWith('/batch') ? service.errorAnswer(badRequest(), inner)
			: await exchange(service, inner);
	} catch (error) {
		answer = service.errorAnswer(error, inner);
	}
	const { seq, method, path, ...told } = inner.entry;
	x.entry.parts.push({ method, path, call: told.call, status: answer?.status ?? 0,
		...(told.faults ? { faults: told.faults } : {}) });
	x.entry.user_id ??= told.user_id;
	if (inner.orders?.cutMid)
		x.orders.cutMid = inner.orders.cutMid;
	return { answer, cut: inner.cut };
}

function partText(mark, part, answer) {
	const body = Buffer.from(answer.body ?? '');
	const headers = Object.entries({ ...answer.headers, 'content-length': body.length })
		.map(([name, value]) => `${name}: ${value}\r\n`).join('');
	const id = part.id === undefined ? ''
		: `Content-ID: <response-${part.id.replace(/^<|>$/g, '')}>\r\n`;
	return Buffer.concat([Buffer.from(`--${mark}\r\nContent-Type: application/http\r\n${id}\r\n`
		+ `HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status] ?? ''}\r\n${headers}\r\n`), body,
	Buffer.from('\r\n')]);
}

export async function runBatch(service, x) {
	const parts = x.parts;
	const { world } = x;
	const { batch_calls: most, batch_order: how, batch_answer_order: answers } = world.config.values;
	if (most !== null && parts.length > most)
		throw badRequest(`The batch request could not be processed: more than ${most} calls`);
	x.entry.parts = [];
	const order = inOrder(parts, how, world.batchRandom);
	const done = [];
	for (const at of order) {
		const { answer, cut } = await runPart(service, x, parts[at]);
		if (cut) {
			x.cut = cut;
			return null;
		}
		done.push({ at, answer });
	}
	if (answers === 'given')
		done.sort((a, b) => a.at - b.at);
	const mark = `batch_${world.tokenIds.text(32)}`;
	const kept = x.orders.partialBatch === undefined ? done
		: done.slice(0, Math.max(0, done.length - (x.orders.partialBatch.drop ?? Math.ceil(done.length / 2))));
	return { status: 200, headers: { 'content-type': `multipart/mixed; boundary=${mark}` },
		body: Buffer.concat([...kept.map(({ at, answer }) => partText(mark, parts[at], answer)),
			Buffer.from(`--${mark}--\r\n`)]) };
}
