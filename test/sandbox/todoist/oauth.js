// OAuth 2: consent, code, tokens that expire, rotating refresh tokens with a grace period, replay.

import { createHash } from 'node:crypto';

import { parseScopes, SCOPES } from './scopes.js';

export class OauthError extends Error {
	constructor(code, status) {
		super(code);
		this.status = status;
	}
}

export function makeOauth(world) {
	const apps = new Map();
	const codes = new Map();
	const access = new Map();         // access token → {family, scopes, expires}
	const refresh = new Map();        // refresh token → {family, scopes, used, replacement}
	const { clock, ids } = world;

	const fail = (code, status = world.config.values.oauth_error_status) => {
		throw new OauthError(code, status);
	};

	function addApp(fields = {}) {
		const app = {
			client_id: fields.client_id ?? ids.hex(32),
			client_secret: fields.client_secret === null ? null : fields.client_secret ?? ids.hex(32),
			name: fields.name ?? 'Test app', redirect_uris: fields.redirect_uris ?? [],
			owner_id: fields.owner_id ?? null, legacy: fields.legacy ?? false,
			lifetime_s: fields.lifetime_s ?? null, auth_method:
				fields.token_endpoint_auth_method ?? 'client_secret_post',
			authorized: new Set(), webhook: null,
		};
		apps.set(app.client_id, app);
		return app;
	}

	// A family is one consent: everything that descends from it dies together.
	function issue(family, scopes, { lifetime_s, withRefresh = true } = {}) {
		const { app } = family;
		const seconds = lifetime_s ?? app.lifetime_s ?? world.config.values.access_lifetime_s;
		const token = ids.hex(40);
		access.set(token, { family, scopes,
			expires: app.legacy ? Infinity : clock.now() + seconds * 1000 });
		const answer = {
			access_token: token, token_type: 'Bearer',
			expires_in: app.legacy ? 315360000 : seconds, scope: scopes.join(' '),
		};
		if (!app.legacy && withRefresh) {
			answer.refresh_token = ids.hex(40);
			refresh.set(answer.refresh_token, { family, scopes: family.scopes, used: null });
		}
		return answer;
	}

	function grant(app, account, scopes, options) {
		app.authorized.add(account.id);
		return issue({ app, account, scopes, revoked: false }, scopes, options);
	}

	function revokeAll(app, account) {
		for (const entry of [...access.values(), ...refresh.values()])
			if (entry.family.app === app && entry.family.account === account)
				entry.family.revoked = true;
	}

	function checkClient(client, secret) {
		const app = apps.get(client);
		if (!app)
			fail('invalid_client');
		if (app.client_secret !== null && app.auth_method !== 'none' && app.client_secret !== secret)
			fail('incorrect_application_credentials');
		return app;
	}

	function exchangeCode(app, form) {
		const entry = codes.get(form.code);
		if (!entry || entry.app !== app || entry.used || clock.now() > entry.expires)
			fail('bad_authorization_code');
		if (form.redirect_uri && entry.redirect_uri && form.redirect_uri !== entry.redirect_uri)
			fail('bad_authorization_code');
		if (entry.challenge) {
			const digest = createHash('sha256').update(String(form.code_verifier ?? '')).digest();
			if (digest.toString('base64url') !== entry.challenge)
				fail('invalid_grant');
		} else if (app.client_secret === null) {
			fail('invalid_grant');
		}
		entry.used = true;
		return grant(app, entry.account, entry.scopes);
	}

	function exchangeRefresh(app, form) {
		const entry = refresh.get(form.refresh_token);
		if (!entry || entry.family.app !== app || entry.family.revoked || app.legacy)
			fail('invalid_grant');
		if (entry.used !== null) {
			const grace = world.config.values.refresh_grace_s * 1000;
			if (clock.now() - entry.used <= grace) {
				// The same answer again, less the refresh token: that was said once.
				const { refresh_token, ...again } = entry.replacement;
				return again;
			}
			revokeAll(app, entry.family.account);
			fail('invalid_grant');
		}
		const wanted = form.scope ? parseScopes(form.scope) : entry.scopes;
		if (wanted.some((scope) => !entry.family.scopes.includes(scope)))
			fail('invalid_scope');
		entry.used = clock.now();
		entry.replacement = issue(entry.family, wanted);
		return entry.replacement;
	}

	return {
		apps, addApp, checkClient,
		grant(app, account, scopeText, options) {
			return grant(app, account, parseScopes(scopeText), options);
		},
		makeCode(app, account, request) {
			const code = ids.hex(40);
			codes.set(code, { app, account, scopes: parseScopes(request.scope), used: false,
				redirect_uri: request.redirect_uri, challenge: request.code_challenge ?? null,
				expires: clock.now() + world.config.values.code_lifetime_s * 1000 });
			return code;
		},
		// Problems that are told to the app by a redirect; null when the request is in order.
		requestError(request) {
			if (request.response_type && request.response_type !== 'code')
				return 'unsupported_response_type';
			const scopes = parseScopes(request.scope);
			return scopes.length === 0 || scopes.some((scope) => !SCOPES.includes(scope))
				? 'invalid_scope' : null;
		},
		redirectOf(app, request) {
			const { redirect_uris: uris } = app;
			if (uris.length === 0)
				fail('redirect_uri_not_configured', 400);
			if (!request.redirect_uri && uris.length > 1)
				fail('invalid_request', 400);
			if (request.redirect_uri && !uris.includes(request.redirect_uri))
				fail('invalid_request', 400);
			return request.redirect_uri ?? uris[0];
		},
		token(form) {
			const app = checkClient(form.client_id, form.client_secret);
			switch (form.grant_type ?? 'authorization_code') {
				case 'authorization_code': return exchangeCode(app, form);
				case 'refresh_token': return exchangeRefresh(app, form);
				default: return fail('unsupported_grant_type');
			}
		},
		authenticate(token) {
			const entry = access.get(token);
			if (!entry || entry.family.revoked || clock.now() >= entry.expires)
				return null;
			return { account: entry.family.account, scopes: entry.scopes, app: entry.family.app };
		},
		// Whose token this is or was; for the control interface.
		ownerOfToken: (token) => (access.get(token) ?? refresh.get(token))?.family.account,
		revoke(app, token) {
			const entry = access.get(token) ?? refresh.get(token);
			if (!entry || entry.family.app !== app)
				return;
			if (world.config.values.revoke_kills_family)
				entry.family.revoked = true;
			access.delete(token);
			refresh.delete(token);
		},
		expire(token) {
			const entry = access.get(token);
			if (entry)
				entry.expires = clock.now();
			return Boolean(entry);
		},
		revokeAll,
	};
}
