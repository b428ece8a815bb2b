// Who somebody is: id_token, its keys, tokeninfo, userinfo.

import { createHash, generateKeyPairSync, sign } from 'node:crypto';

import { EMAIL, PROFILE } from './scopes.js';

const KID = 'sandbox-1';
let pair = null;

// Made when first needed: the key is nobody's secret and lives as long as the process.
function keys() {
	pair ??= generateKeyPairSync('rsa', { modulusLength: 2048 });
	return pair;
}

const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

function claimsOf(world, { app, account, scopes, access, nonce, lifetime }) {
	const now = Math.floor(world.clock.now() / 1000);
	return {
		iss: world.config.values.id_token_issuer, azp: app.client_id, aud: app.client_id, sub: account.id,
		...(account.hd ? { hd: account.hd } : {}),
		...(scopes.includes(EMAIL) ? { email: account.email, email_verified: true } : {}),
		...(scopes.includes(PROFILE) ? { name: account.name } : {}),
		at_hash: createHash('sha256').update(access).digest().subarray(0, 16).toString('base64url'),
		...(nonce ? { nonce } : {}), iat: now, exp: now + lifetime,
	};
}

export function idToken(world, grant) {
	const signed = world.config.values.sign_id_token;
	const text = `${encode(signed ? { alg: 'RS256', kid: KID, typ: 'JWT' } : { alg: 'none', typ: 'JWT' })}.`
		+ encode(claimsOf(world, grant));
	return signed ? `${text}.${sign('RSA-SHA256', Buffer.from(text), keys().privateKey).toString('base64url')}`
		: `${text}.`;
}

// The claims of a token of ours, unverified: for tokeninfo.
export function readIdToken(text) {
	try {
		return JSON.parse(Buffer.from(text.split('.')[1], 'base64url').toString());
	} catch {
		return null;
	}
}

// The public key in both forms. A self-signed certificate would need a DER writer; the clients take a
// bare public key in PEM for one.
export const pemKeys = () =>
	({ [KID]: keys().publicKey.export({ type: 'spki', format: 'pem' }).toString() });

export const jwks = () => ({ keys: [{ ...keys().publicKey.export({ format: 'jwk' }), kid: KID,
	alg: 'RS256', use: 'sig' }] });

export const userInfo = (account, scopes) => ({
	sub: account.id,
	...(scopes.includes(PROFILE) ? { name: account.name } : {}),
	...(scopes.includes(EMAIL) ? { email: account.email, email_verified: true } : {}),
	...(account.hd ? { hd: account.hd } : {}),
});
