// Seeded random numbers: the same seed gives the same ids, tokens and seeded accounts, so that a
// failing test can be run again. Math.random() cannot be seeded; a package for thirty lines is not
// worth a dependency of something that must start without `npm ci`.

import { createHash } from 'node:crypto';

// sfc32, seeded with the hash of any text.
export function seededRandom(seed) {
	const hash = createHash('sha256').update(String(seed)).digest();
	let a = hash.readUInt32LE(0);
	let b = hash.readUInt32LE(4);
	let c = hash.readUInt32LE(8);
	let d = 1;

	function next() {
		const sum = (a + b + d) | 0;
		d = (d + 1) | 0;
		a = b ^ (b >>> 9);
		b = (c + (c << 3)) | 0;
		c = (c << 21) | (c >>> 11);
		c = (c + sum) | 0;
		return (sum >>> 0) / 4294967296;
	}
	for (let i = 0; i < 12; i++)
		next();

	return {
		next,
		// An integer in 0 … below-1.
		below: (n) => Math.floor(next() * n),
		pick: (list) => list[Math.floor(next() * list.length)],
		chance: (p) => next() < p,
	};
}
