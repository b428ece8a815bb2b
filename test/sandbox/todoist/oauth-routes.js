// The pages and endpoints of OAuth, revocation and the app console's webhook settings.

import { basicAuth, consentForm, escapeHtml, redirect } from '../lib/oauth-http.js';
import { json } from '../lib/wire.js';
import { forbidden, invalidArgument, missingScope, notFound } from './errors.js';
import { OauthError } from './oauth.js';
import { has as hasScope, parseScopes, SCOPES } from './scopes.js';
import { eventNames, wireName } from './webhooks.js';

// Errors of the OAuth endpoints have a body of their own.
export function oauthAnswer(error) {
	return json(error.status, { error: error.message });
}

function consentPage(world, app, request) {
	const people = [...world.accounts.values()].map((account) =>
		`<option value="${escapeHtml(account.id)}">${escapeHtml(account.email)}</option>`).join('');
	const scopes = parseScopes(request.scope).map((scope) =>
		`<li><code>${escapeHtml(scope)}</code></li>`);
	return consentForm({ service: 'Todoist', app: app.name, action: '/oauth/authorize',
		fields: request, body: `<p>The app asks for:</p><ul>${scopes.join('')}</ul>
<p><label>Account: <select name="user_id">${people}</select></label></p>` });
}

function startAuthorization(world, request) {
	const app = world.oauth.apps.get(request.client_id);
	if (!app)
		throw new OauthError('invalid_client', 400);
	const target = world.oauth.redirectOf(app, request);
	const error = world.oauth.requestError(request);
	return { app, target, refusal: error && redirect(target, { error, state: request.state }) };
}

// What the browser is sent to when this user agrees; also the control interface's short cut.
export function approve(world, request, account, decision = 'allow') {
	const { app, target, refusal } = startAuthorization(world, request);
	if (refusal)
		return refusal;
	if (decision !== 'allow')
		return redirect(target, { error: 'access_denied', state: request.state });
	const code = world.oauth.makeCode(app, account, request);
	return redirect(target, { code, state: request.state });
}

function register(world, x) {
	const { redirect_uris: uris, client_name: name, scope } = x.body;
	const fine = Array.isArray(uris) && uris.length > 0 && uris.length <= 10
		&& uris.every((uri) => typeof uri === 'string' && uri.length <= 512
			&& /^(https:\/\/|http:\/\/(localhost|127\.0\.0\.1)[:/])/.test(uri));
	if (!fine)
		throw new OauthError('invalid_client_metadata', 400);
	if (parseScopes(scope).some((one) => !SCOPES.includes(one)))
		throw new OauthError('invalid_scope', 400);
	const method = x.body.token_endpoint_auth_method ?? 'client_secret_post';
	const app = world.oauth.addApp({ client_id: `tdd_${world.ids.hex(24)}`, name,
		redirect_uris: uris, token_endpoint_auth_method: method,
		client_secret: method === 'none' ? null : undefined });
	return json(201, {
		client_id: app.client_id, client_name: app.name, redirect_uris: uris,
		scope: scope ?? 'data:read_write', grant_types: ['authorization_code', 'refresh_token'],
		response_types: ['code'], token_endpoint_auth_method: method,
		...(app.client_secret === null ? {}
			: { client_secret: app.client_secret, client_secret_expires_at: 0 }),
	});
}

function webhookRoutes(world, add) {
	const path = '/apps/:id/webhook';
	const known = new Set(eventNames.map(wireName));

	function appOf(x) {
		if (!hasScope(x.scopes, 'dev:app_console'))
			throw missingScope('dev:app_console');
		const app = world.oauth.apps.get(x.params.id);
		if (!app)
			throw notFound('App');
		if (app.owner_id !== null && app.owner_id !== x.account.id)
			throw forbidden('Not your app');
		return app;
	}
	add('GET', path, (x) => appOf(x).webhook);
	add('POST', path, (x) => {
		const app = appOf(x);
		const { callback_url: url, events, version } = x.body;
		const strict = world.config.values.webhook_url_check;
		if (strict && !/^https:\/\/[^/:]+(\/|$)/.test(url ?? ''))
			throw invalidArgument('callback_url', 'must be https and without a port');
		if (!Array.isArray(events) || events.some((event) => !known.has(event)))
			throw invalidArgument('events', 'unknown event');
		app.webhook = { status: 'active', callback_url: url, version: version ?? '1', events };
		return app.webhook;
	});
	add('DELETE', path, (x) => {
		appOf(x).webhook = null;
		return { status: 204, headers: {}, body: '' };
	});
}

export function oauthRoutes(world, add) {
	const open = { open: true };

	add('GET', '/.well-known/oauth-authorization-server', (x) => ({
		issuer: x.origin, authorization_endpoint: `${x.origin}/oauth/authorize`,
		token_endpoint: `${x.origin}/oauth/access_token`, scopes_supported: SCOPES,
		registration_endpoint: `${x.origin}/oauth/register`,
		revocation_endpoint: `${x.origin}/api/v1/revoke`, response_types_supported: ['code'],
		grant_types_supported: ['authorization_code', 'refresh_token'],
		code_challenge_methods_supported: ['S256'],
		token_endpoint_auth_methods_supported: ['client_secret_post', 'client_secret_basic', 'none'],
	}), open);
	add('GET', '/oauth/authorize', (x) => {
		const { app, refusal } = startAuthorization(world, x.query);
		return refusal || consentPage(world, app, x.query);
	}, open);
	add('POST', '/oauth/authorize', (x) => {
		const { user_id, decision, ...request } = x.body;
		const account = world.accounts.get(user_id);
		if (!account)
			throw new OauthError('access_denied', 400);
		return approve(world, request, account, decision);
	}, open);
	add('POST', '/oauth/access_token', (x) =>
		world.oauth.token({ ...x.body, ...basicAuth(x.req) }), open);
	add('POST', '/oauth/register', (x) => register(world, x), open);
	add('POST', '/api/v1/revoke', (x) => {
		const client = basicAuth(x.req);
		if (!client.client_id)
			throw new OauthError('invalid_client', 401);
		world.oauth.revoke(world.oauth.checkClient(client.client_id, client.client_secret),
			x.body.token);
		return null;
	}, open);
	add('DELETE', '/api/v1/access_tokens', (x) => {
		const { client_id, client_secret, access_token } = x.query;
		world.oauth.revoke(world.oauth.checkClient(client_id, client_secret), access_token);
		return null;
	}, open);
	add('POST', '/api/v1/access_tokens/migrate_personal_token', (x) => {
		const app = world.oauth.checkClient(x.body.client_id, x.body.client_secret);
		const account = world.personal.get(x.body.personal_token);
		if (!account)
			throw new OauthError('invalid_grant', 400);
		return world.oauth.grant(app, account, x.body.scope);
	}, open);
	webhookRoutes(world, add);
}
