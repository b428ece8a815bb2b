// Identifiers: version 4 UUIDs for objects, short odd texts for properties. A property's id is shown
// percent-encoded; most of the stand-in's need it, so that a client that encodes twice is found out.

const HEX = '0123456789abcdef';
const PLAIN = 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz';
const ODD = ':;<=>?@[\\]^`{|}~%';

export function idSource(random) {
	const text = (alphabet, length) => {
		let out = '';
		for (let i = 0; i < length; i++)
			out += alphabet[random.below(alphabet.length)];
		return out;
	};
	const hex = (length) => text(HEX, length);
	return {
		hex,
		uuid: () => `${hex(8)}-${hex(4)}-4${hex(3)}-${HEX[8 + random.below(4)]}${hex(3)}-${hex(12)}`,
		secret: (prefix, length = 43) => prefix + text(PLAIN + '23456789', length),
		// Options of a status or select: short, some of them odd.
		option: () => (random.chance(0.3) ? text(PLAIN, 2) + text(ODD, 2) : text(PLAIN, 4)),
		property: () => text(PLAIN, 1) + text(ODD, 1) + text(PLAIN, 1) + text(PLAIN + ODD, 1),
	};
}

// An id as a client may write it (with or without dashes, upper or lower case), or null.
export function readUuid(text) {
	const plain = String(text ?? '').toLowerCase().replaceAll('-', '');
	if (!/^[0-9a-f]{32}$/.test(plain))
		return null;
	return plain.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

export const encodeProperty = (id) => encodeURIComponent(id);

export function decodeProperty(text) {
	try {
		return decodeURIComponent(text);
	} catch {
		return null;
	}
}
