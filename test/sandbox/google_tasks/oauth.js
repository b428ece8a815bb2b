// Google's OAuth 2: consents per project, codes, refresh tokens that do not rotate and the ways they
// end (revocation, six months unused, seven days in testing, the 101st), access tokens of an hour.

import { createHash } from 'node:crypto';

import { idToken } from './identity.js';
import { isIdentity, known, parseScopes, TASKS } from './scopes.js';
import { DAY } from './time.js';

export class OauthError extends Error {
	constructor(error, description, { status = 400, subtype } = {}) {
		super(error);
		Object.assign(this, { status, description, subtype });
	}

	body() {
		return { error: this.message, error_description: this.description,
			...(this.subtype ? { error_subtype: this.subtype } : {}) };
	}
}

const DEAD = 'Token has been expired or revoked.';
const fail = (error, description, more) => {
	throw new OauthError(error, description, more);
};

function matchesChallenge(code, verifier) {
	if (!code.challenge)
		return true;
	if (!/^[A-Za-z0-9\-._~]{43,128}$/.test(verifier ?? ''))
		return false;
	return code.method === 'S256'
		? createHash('sha256').update(verifier).digest('base64url') === code.challenge
		: verifier === code.challenge;
}

// A desktop app's address may have any port of the loopback interface; a web app's is exact.
export function redirectAllowed(app, uri) {
	if (app.redirect_uris.includes(uri))
		return true;
	return app.type === 'desktop' && /^http:\/\/(127\.0\.0\.1|\[::1\]|localhost)(:\d+)?(\/|$)/.test(uri ?? '');
}

export function makeOauth(world) {
	const apps = new Map();
	const codes = new Map();
	const access = new Map();         // access token → {grant, scopes, expires}
	const refresh = new Map();        // refresh token → grant
	const consents = new Map();       // "project user" → scopes granted so far
	const { clock } = world;
	const { values } = world.config;

	const consentKey = (app, account) => `${app.project} ${account.id}`;
	const consented = (app, account) => consents.get(consentKey(app, account)) ?? [];

	function addApp(fields = {}) {
		const number = apps.size + 1;
		const app = {
			client_id: fields.client_id ?? `sandbox-${number}.apps.example.com`,
			client_secret: fields.client_secret === null ? null
				: fields.client_secret ?? `sandbox-secret-${number}`,
			name: fields.name ?? 'Test app', type: fields.type ?? 'web',
			redirect_uris: fields.redirect_uris ?? [], project: fields.project ?? 'sandbox',
			publishing: fields.publishing ?? 'production', api_enabled: fields.api_enabled ?? true,
			lifetime_s: fields.lifetime_s ?? null, grant_lifetime_s: fields.grant_lifetime_s ?? null,
			state: fields.state ?? null,
		};
		apps.set(app.client_id, app);
		return app;
	}

	function whyDead(grant) {
		if (grant.dead)
			return grant.dead;
		const now = clock.now();
		const testing = grant.app.publishing === 'testing' && !grant.scopes.every(isIdentity)
			&& now - grant.granted > values.testing_days * DAY;
		const timed = grant.app.grant_lifetime_s !== null
			&& now - grant.granted > grant.app.grant_lifetime_s * 1000;
		return testing || timed || now - grant.used > values.refresh_unused_days * DAY
			? { error: 'invalid_grant', description: DEAD } : null;
	}

	function evict(app, account) {
		const mine = [...refresh.values()].filter((grant) => grant.app === app
			&& grant.account === account && !whyDead(grant));
		const most = values.refresh_tokens_per_client;
		for (const grant of most === null ? [] : mine.slice(0, Math.max(0, mine.length - most)))
			grant.dead = { error: 'invalid_grant', description: DEAD };
	}

	function accessToken(grant, scopes, lifetime) {
		const token = `ya29.sandbox-${world.tokenIds.text(Math.max(16, values.access_token_bytes - 13))}`;
		access.set(token, { grant, scopes, expires: clock.now() + lifetime * 1000 });
		return token;
	}

	function answerOf(grant, { scopes = grant.scopes, lifetime_s, withId = true, nonce }) {
		const lifetime = lifetime_s ?? grant.app.lifetime_s ?? values.access_lifetime_s;
		const token = accessToken(grant, scopes, lifetime);
		const identity = scopes.includes('openid') && withId;
		return {
			access_token: token, expires_in: lifetime,
			scope: scopes.join(' '), token_type: 'Bearer',
			...(identity ? { id_token: idToken(world, { app: grant.app, account: grant.account, scopes,
				access: token, nonce, lifetime }) } : {}),
		};
	}

	// A consent given: `offline` gives a refresh token with it.
	function grant(app, account, scopes, { offline = true, lifetime_s, nonce } = {}) {
		const now = clock.now();
		const entry = { app, account, scopes, granted: now, used: now, dead: null };
		consents.set(consentKey(app, account), [...new Set([...consented(app, account), ...scopes])]);
		const answer = answerOf(entry, { lifetime_s, nonce });
		if (offline) {
			entry.token = `1//0sandbox-${world.tokenIds.text(Math.max(16, values.refresh_token_bytes - 12))}`;
			answer.refresh_token = entry.token;
			if (app.grant_lifetime_s !== null)
				answer.refresh_token_expires_in = app.grant_lifetime_s;
			refresh.set(entry.token, entry);
			evict(app, account);
		}
		return answer;
	}

	function checkClient({ client_id: id, client_secret: secret }) {
		const status = values.invalid_client_status;
		if (!id)
			fail('invalid_request', 'Could not determine client ID from request.');
		const app = apps.get(id);
		if (!app)
			fail('invalid_client', 'The OAuth client was not found.', { status });
		if (app.state === 'deleted_client')
			fail('deleted_client', 'The OAuth client was deleted.', { status });
		if (app.type === 'desktop' && !secret)
			return app;
		if (app.client_secret !== null && app.client_secret !== secret)
			fail('invalid_client', secret ? 'The provided client secret is invalid.'
				: 'client_secret is missing.', { status });
		return app;
	}

	function exchangeCode(app, form) {
		const code = codes.get(form.code);
		if (!code || code.app !== app || code.used)
			fail('invalid_grant', 'Malformed auth code.');
		if (clock.now() > code.expires)
			fail('invalid_grant', 'Code was already redeemed or has expired.');
		if (form.redirect_uri !== code.redirect_uri)
			fail('invalid_grant', 'Bad Request');
		if (!matchesChallenge(code, form.code_verifier))
			fail('invalid_grant', form.code_verifier ? 'Invalid code verifier.' : 'Missing code verifier.');
		code.used = true;
		return grant(app, code.account, code.scopes, { offline: code.offline, nonce: code.nonce });
	}

	function exchangeRefresh(app, form) {
		const entry = refresh.get(form.refresh_token);
		if (!entry || entry.app !== app)
			fail('invalid_grant', entry ? 'Bad Request' : DEAD);
		const dead = whyDead(entry);
		if (dead)
			fail(dead.error, dead.description, { subtype: dead.subtype });
		const wanted = form.scope ? parseScopes(form.scope) : entry.scopes;
		if (wanted.some((scope) => !entry.scopes.includes(scope)))
			fail('invalid_scope', 'Some requested scopes were invalid.');
		entry.used = clock.now();
		return answerOf(entry, { scopes: wanted, withId: values.id_token_on_refresh });
	}

	// Everything that hangs on a person's consent to a project, all its clients included.
	function revokeGrant(app, account) {
		for (const entry of [...refresh.values(), ...[...access.values()].map((one) => one.grant)])
			if (entry.account === account && (entry.app === app
					|| (values.revoke_cascades && entry.app.project === app.project)))
				entry.dead = { error: 'invalid_grant', description: DEAD };
		for (const entry of access.values())
			if (entry.grant.dead)
				entry.expires = 0;
		consents.delete(consentKey(app, account));
	}

	return {
		apps, addApp, consented,
		grant: (app, account, text, options) => grant(app, account, parseScopes(text ?? TASKS), options),
		makeCode(app, account, request, scopes, offline) {
			const code = `4/0sandbox-${world.tokenIds.text(62)}`;
			codes.set(code, { app, account, scopes, offline, used: false,
				redirect_uri: request.redirect_uri, nonce: request.nonce,
				challenge: request.code_challenge || null, method: request.code_challenge_method ?? 'plain',
				expires: clock.now() + values.code_lifetime_s * 1000 });
			return code;
		},
		unknownScope: (text) => parseScopes(text).find((scope) => !known(scope)),
		token(form) {
			if (!form.grant_type)
				fail('invalid_request', 'Required parameter is missing: grant_type');
			const app = checkClient(form);
			switch (form.grant_type) {
				case 'authorization_code':
					if (!form.code)
						fail('invalid_request', 'Missing required parameter: code');
					return exchangeCode(app, form);
				case 'refresh_token':
					if (!form.refresh_token)
						fail('invalid_request', 'Missing required parameter: refresh_token');
					return exchangeRefresh(app, form);
				default: return fail('unsupported_grant_type', `Invalid grant_type: ${form.grant_type}`);
			}
		},
		authenticate(token) {
			const entry = access.get(token);
			if (!entry || clock.now() >= entry.expires)
				return null;
			return { account: entry.grant.account, scopes: entry.scopes, app: entry.grant.app,
				project: entry.grant.app.project, expires: entry.expires,
				offline: Boolean(entry.grant.token) };
		},
		// Whose token this is or was; for the control interface.
		ownerOfToken: (token) => (access.get(token)?.grant ?? refresh.get(token))?.account,
		// Whom a request to the token or revocation endpoint is about.
		ownerOf: (form) => (refresh.get(form.refresh_token ?? form.token) ?? codes.get(form.code)
			?? access.get(form.token)?.grant)?.account,
		revoke(token) {
			const entry = access.get(token)?.grant ?? refresh.get(token);
			if (!entry || whyDead(entry))
				fail('invalid_token', 'Token expired or revoked');
			revokeGrant(entry.app, entry.account);
		},
		revokeGrant,
		expire(token) {
			const entry = access.get(token);
			if (entry)
				entry.expires = clock.now();
			return Boolean(entry);
		},
		// A refresh token ends with an error of the test's choice (invalid_rapt, admin_policy_enforced).
		kill(token, error = 'invalid_grant', description = DEAD, subtype = undefined) {
			const entry = refresh.get(token);
			if (entry)
				entry.dead = { error, description, subtype };
			return Boolean(entry);
		},
		live: (app, account) => [...refresh.values()].filter((entry) => entry.app === app
			&& entry.account === account && !whyDead(entry)).length,
	};
}
