// sync_token: an opaque text that says which user and which position of the change log. It is
// encrypted so that no client can read it, and differs each time so that none can compare it.

import { createCipheriv, createDecipheriv, createHash, createHmac, timingSafeEqual } from 'node:crypto';

export function syncTokens(seed) {
	const key = createHash('sha256').update(`sync token ${seed}`).digest();

	const seal = (data) => createHmac('sha256', key).update(data).digest();

	return {
		make(account) {
			return this.at(account, account.seq);
		},
		at(account, position) {
			const plain = Buffer.alloc(32);
			// The counter comes first: with this cipher it makes all that follows differ, too.
			plain.writeBigUInt64BE(BigInt(++account.tokenCount), 0);
			plain.writeBigUInt64BE(BigInt(account.id), 8);
			plain.writeBigUInt64BE(BigInt(position), 16);
			const cipher = createCipheriv('aes-256-cbc', key, Buffer.alloc(16)).setAutoPadding(false);
			const sealed = Buffer.concat([cipher.update(plain), cipher.final()]);
			return Buffer.concat([sealed, seal(sealed).subarray(0, 13)]).toString('base64url');
		},
		// The position, or null for a token that is not this user's.
		read(account, token) {
			const bytes = Buffer.from(token, 'base64url');
			if (bytes.length !== 45 || !timingSafeEqual(bytes.subarray(32),
				seal(bytes.subarray(0, 32)).subarray(0, 13)))
				return null;
			const decipher = createDecipheriv('aes-256-cbc', key, Buffer.alloc(16))
				.setAutoPadding(false);
			const plain = Buffer.concat([decipher.update(bytes.subarray(0, 32)), decipher.final()]);
			if (plain.readBigUInt64BE(8) !== BigInt(account.id))
				return null;
			const position = Number(plain.readBigUInt64BE(16));
			return position <= account.seq ? position : null;
		},
	};
}
