// Identifiers as the services hand them out. They are opaque to clients, so the stand-in makes them
// awkward on purpose: about one in sixteen differs from its predecessor only by the case of one
// letter, which a client that folds case cannot tell apart.

const ALPHABET = '23456789CFGHJMPQRVWXcfghjmpqrvwx';
const HEX = '0123456789abcdef';

function text(random, alphabet, length) {
	let out = '';
	for (let i = 0; i < length; i++)
		out += alphabet[random.below(alphabet.length)];
	return out;
}

function flipOneCase(id) {
	for (let i = id.length - 1; i > 0; i--) {
		const ch = id[i];
		const other = ch === ch.toLowerCase() ? ch.toUpperCase() : ch.toLowerCase();
		if (other !== ch)
			return id.slice(0, i) + other + id.slice(i + 1);
	}
	return id;
}

export function idMaker(random) {
	const used = new Set();
	let last = null;
	let number = 2150000000 + random.below(1000000);

	return {
		// 16 characters, upper and lower case, starting like the real ones do.
		object() {
			let id = last !== null && random.below(16) === 0 ? flipOneCase(last) : '';
			while (id === '' || used.has(id))
				id = '6' + text(random, ALPHABET, 15);
			used.add(id);
			last = id;
			return id;
		},
		// Labels, filters and users look like numbers but are strings.
		numeric() {
			number += 1 + random.below(97);
			return String(number);
		},
		hex: (length) => text(random, HEX, length),
		key: (length) => text(random, ALPHABET, length),
	};
}
