// The addresses of Google's OAuth. The real ones are on several hosts; here they lie below /oauth2 and,
// for a client that knows only one base, also at the root.

import { basicAuth } from '../lib/oauth-http.js';
import { json } from '../lib/wire.js';
import { authorize, decide } from './consent.js';
import { jwks, pemKeys, readIdToken, userInfo } from './identity.js';
import { OauthError } from './oauth.js';

export const oauthAnswer = (error) => json(error.status, error.body(),
	error.message === 'invalid_client' && error.status === 401
		? { 'www-authenticate': 'Basic realm="oauth"' } : {});

const bearer = (x) => /^Bearer (.+)$/i.exec(x.headers.authorization ?? '')?.[1];

function tokenInfo(x) {
	const { access_token, id_token } = { ...x.query, ...x.body };
	if (id_token !== undefined) {
		const claims = readIdToken(id_token);
		if (!claims || claims.exp * 1000 <= x.world.clock.now())
			throw new OauthError('invalid_token', 'Invalid Value');
		return claims;
	}
	const auth = x.world.authenticate(access_token ?? bearer(x));
	if (!auth)
		throw new OauthError('invalid_token', 'Invalid Value');
	const { account, scopes, app, expires, offline } = auth;
	const { sub, email, email_verified } = userInfo(account, scopes);
	const seconds = Math.floor(expires / 1000);
	return { azp: app?.client_id, aud: app?.client_id, sub, scope: scopes.join(' '),
		exp: String(seconds), expires_in: String(Math.floor((expires - x.world.clock.now()) / 1000)),
		email, ...(email_verified ? { email_verified: 'true' } : {}),
		access_type: offline ? 'offline' : 'online' };
}

function whoAmI(x) {
	const auth = x.world.authenticate(bearer(x) ?? x.query.access_token);
	if (!auth || !auth.scopes.includes('openid'))
		throw new OauthError('invalid_request', 'Invalid Credentials', { status: 401 });
	return userInfo(auth.account, auth.scopes);
}

function revoke(x) {
	x.world.oauth.revoke({ ...x.query, ...x.body }.token);
	return {};
}

function discovery(x) {
	const base = `${x.origin}/oauth2`;
	return { issuer: 'https://accounts.google.com',
		authorization_endpoint: `${x.origin}/o/oauth2/v2/auth`, token_endpoint: `${base}/token`,
		revocation_endpoint: `${base}/revoke`, userinfo_endpoint: `${base}/v1/userinfo`,
		jwks_uri: `${base}/v3/certs`, response_types_supported: ['code'],
		subject_types_supported: ['public'], id_token_signing_alg_values_supported: ['RS256'],
		scopes_supported: ['openid', 'email', 'profile'],
		token_endpoint_auth_methods_supported: ['client_secret_post', 'client_secret_basic'],
		code_challenge_methods_supported: ['plain', 'S256'] };
}

export function oauthRoutes(world, add) {
	const open = { open: true, oauth: true };
	const all = new Map([
		['POST /token', (x) => world.oauth.token({ ...x.body, ...basicAuth(x.req) })],
		['POST /revoke', revoke], ['GET /revoke', revoke],
		['GET /tokeninfo', tokenInfo], ['POST /tokeninfo', tokenInfo],
		['GET /userinfo', whoAmI], ['GET /v1/userinfo', whoAmI],
		['GET /v1/certs', pemKeys], ['GET /v3/certs', jwks],
	]);
	for (const [name, handler] of all) {
		const [method, path] = name.split(' ');
		add(method, path, handler, open);
		add(method, `/oauth2${path}`, handler, open);
	}
	add('GET', '/o/oauth2/v2/auth', (x) => authorize(world, x.query), open);
	add('POST', '/o/oauth2/v2/auth', (x) =>
		decide(world, x.body, new URLSearchParams(x.bytes.toString()).getAll('granted')), open);
	add('GET', '/.well-known/openid-configuration', discovery, open);
}
