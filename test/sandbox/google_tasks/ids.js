// Ids, etags and page tokens in the forms the real ones have.

const NANO = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-';

export function idMaker(random) {
	const used = new Set();
	const text = (alphabet, length) => {
		let out = '';
		for (let i = 0; i < length; i++)
			out += alphabet[random.below(alphabet.length)];
		return out;
	};
	const digits = (length) => `1${text('0123456789', length - 1)}`;

	return {
		// Lists and tasks: 22 characters, base64url of 16 random ones.
		object() {
			let nano;
			do
				nano = text(NANO, 16);
			while (used.has(nano));
			used.add(nano);
			return Buffer.from(nano).toString('base64url');
		},
		defaultList: () => Buffer.from(`${digits(20)}:0:0`).toString('base64url'),
		user: () => digits(21),
		text: (length) => text(NANO, length),
	};
}

export const decodedId = (id) => Buffer.from(id, 'base64url').toString('latin1');

// What no server can have given out: 400 instead of 404.
export const looksLikeId = (id) => /^[A-Za-z0-9_-]{16,128}$/.test(id);

// The low 32 bits of the milliseconds, signed, as decimal text. It wraps every 49.7 days, and objects
// changed in one operation share it.
export const etagOf = (ms) => `"${Buffer.from(String(Math.floor(ms) | 0)).toString('base64url')}"`;

function varint(value) {
	const out = [];
	let rest = BigInt(value);
	while (rest > 127n) {
		out.push(Number(rest & 127n) | 128);
		rest >>= 7n;
	}
	out.push(Number(rest));
	return Buffer.from(out);
}

function readVarint(bytes, from) {
	let value = 0n;
	for (let i = from, shift = 0n; i < bytes.length; i++, shift += 7n) {
		value |= BigInt(bytes[i] & 127) << shift;
		if (bytes[i] < 128)
			return [value, i + 1];
	}
	return [null, bytes.length];
}

// A keyset cursor: the place of the last row of a page, {ms, id}, as a small protobuf message of two
// times in microseconds and the id.
export function pageToken({ ms, id }) {
	const micros = BigInt(Math.floor(ms)) * 1000n;
	const name = Buffer.from(id);
	return Buffer.concat([Buffer.from([0x08]), varint(micros), Buffer.from([0x10]), varint(micros),
		Buffer.from([0x1a]), varint(name.length), name]).toString('base64url');
}

// {ms, id}, or null when this is no token of ours.
export function readPageToken(text) {
	if (!/^[A-Za-z0-9_-]+$/.test(text))
		return null;
	const bytes = Buffer.from(text, 'base64url');
	const [first, second] = bytes[0] === 0x08 ? readVarint(bytes, 1) : [null, 0];
	const [, third] = first !== null && bytes[second] === 0x10 ? readVarint(bytes, second + 1) : [null, 0];
	if (!third || bytes[third] !== 0x1a)
		return null;
	const [length, start] = readVarint(bytes, third + 1);
	const name = bytes.subarray(start);
	return length !== null && BigInt(name.length) === length
		? { ms: Number(first / 1000n), id: name.toString() } : null;
}
