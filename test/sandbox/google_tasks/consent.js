// The authorize page. Problems with the client or its address stay on Google's own page; the rest goes
// back to the app by redirect.

import { consentForm, escapeHtml, redirect } from '../lib/oauth-http.js';
import { redirectAllowed } from './oauth.js';
import { isIdentity, labelOf, parseScopes } from './scopes.js';

// Google's page with an error that never reaches the app.
function ownPage(error, text, status = 400) {
	return { status, headers: { 'content-type': 'text/html; charset=utf-8' },
		body: `<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Error ${status}</title>`
			+ `</head><body>\n<h1>Access blocked: authorization error</h1>\n<p>${escapeHtml(text)}</p>\n`
			+ `<p>Error ${status}: ${escapeHtml(error)}</p>\n</body></html>\n` };
}

// {app} of a request in order, or {refusal}: the answer that says what is wrong.
function check(world, request) {
	const app = world.oauth.apps.get(request.client_id);
	if (!app)
		return { refusal: ownPage('invalid_client', 'The OAuth client was not found.', 401) };
	if (app.state)
		return { refusal: ownPage(app.state, `The client is refused: ${app.state}.`, 403) };
	if (!request.redirect_uri)
		return { refusal: ownPage('invalid_request', 'Missing required parameter: redirect_uri') };
	if (!redirectAllowed(app, request.redirect_uri))
		return { refusal: ownPage('redirect_uri_mismatch',
			'The redirect URI in the request does not match the ones authorized for the client.') };
	if (!request.response_type)
		return { refusal: ownPage('invalid_request', 'Missing required parameter: response_type') };
	if (request.response_type !== 'code')
		return { refusal: ownPage('unsupported_response_type', 'Only code is offered here.') };
	if (parseScopes(request.scope).length === 0)
		return { refusal: ownPage('invalid_request', 'Missing required parameter: scope') };
	const unknown = world.oauth.unknownScope(request.scope);
	if (unknown)
		return { refusal: ownPage('invalid_scope', `Some requested scopes were invalid: ${unknown}`) };
	if (request.code_challenge_method && !['S256', 'plain'].includes(request.code_challenge_method))
		return { refusal: ownPage('invalid_request', 'Invalid code_challenge_method') };
	const prompts = (request.prompt ?? '').split(/\s+/).filter(Boolean);
	if (prompts.includes('none') && prompts.length > 1)
		return { refusal: ownPage('invalid_request', 'prompt=none stands alone') };
	return { app, prompts };
}

const missing = (world, app, account, request) => {
	const given = world.oauth.consented(app, account);
	return parseScopes(request.scope).filter((scope) => !given.includes(scope));
};

function goBack(request, params) {
	return redirect(request.redirect_uri, { ...params, state: request.state });
}

// Ends with a code. A refresh token comes with it for access_type=offline, and then only on the first
// consent or with prompt=consent; desktop apps always get one.
function agree(world, { app, prompts, account, request, scopes }) {
	const first = world.oauth.consented(app, account).length === 0;
	const incremental = request.include_granted_scopes === 'true'
		&& (app.type === 'web' || world.config.values.desktop_incremental);
	const granted = incremental
		? [...new Set([...scopes, ...world.oauth.consented(app, account)])] : scopes;
	const offline = app.type === 'desktop'
		|| (request.access_type === 'offline' && (first || prompts.includes('consent')));
	const code = world.oauth.makeCode(app, account, request, granted, offline);
	return goBack(request, { code, scope: granted.join(' '), authuser: '0',
		prompt: prompts.includes('consent') || first ? 'consent' : 'none' });
}

// What the browser is sent to when this person decides; also the control interface's short cut.
// `scopes` are the boxes left ticked; without it all that was asked for.
export function approve(world, request, account, { decision = 'allow', scopes } = {}) {
	const { app, prompts, refusal } = check(world, request);
	if (refusal)
		return refusal;
	const asked = parseScopes(request.scope);
	// What identifies the person has no box of its own.
	const ticked = scopes === undefined ? asked
		: asked.filter((scope) => isIdentity(scope) || parseScopes(scopes.join(' ')).includes(scope));
	if (decision !== 'allow' || ticked.length === 0)
		return goBack(request, { error: 'access_denied' });
	return agree(world, { app, prompts, account, request, scopes: ticked });
}

function page(world, app, request) {
	const people = [...world.accounts.values()].map((account) =>
		`<option value="${escapeHtml(account.id)}"${
			[account.email, account.id].includes(request.login_hint) ? ' selected' : ''}>${
			escapeHtml(account.email)}</option>`).join('');
	const boxes = parseScopes(request.scope).map((scope) => (isIdentity(scope)
		? `<li>${escapeHtml(labelOf(scope))}</li>`
		: `<li><label><input type="checkbox" name="granted" value="${escapeHtml(scope)}" checked> ${
			escapeHtml(labelOf(scope))}</label></li>`)).join('\n');
	return consentForm({ service: 'Google', app: app.name, action: '/o/oauth2/v2/auth', fields: request,
		accept: 'Continue', body: `<p><label>Account: <select name="user_id">${people}</select></label></p>
<p>${escapeHtml(app.name)} wants access to your Google Account:</p>
<ul style="list-style:none;padding:0">
${boxes}
</ul>` });
}

// GET: the page, or straight back when nobody needs to be asked.
export function authorize(world, request) {
	const { app, prompts, refusal } = check(world, request);
	if (refusal)
		return refusal;
	const people = [...world.accounts.values()];
	const hinted = people.find(({ id, email }) => [id, email].includes(request.login_hint));
	const known = hinted && missing(world, app, hinted, request).length === 0;
	if (prompts.includes('none'))
		return known ? approve(world, request, hinted)
			: goBack(request, { error: hinted ? 'consent_required' : 'login_required' });
	const alone = hinted ?? (people.length === 1 ? people[0] : undefined);
	if (world.config.values.auto_consent && alone)
		return approve(world, request, alone);
	// The first time only, unless the app wants the person to be asked.
	if (known && prompts.length === 0)
		return approve(world, request, hinted);
	return page(world, app, request);
}

// POST: what the person has chosen on the page.
export function decide(world, form, granted) {
	const { user_id: id, decision, granted: ignored, ...request } = form;
	const account = world.accounts.get(id);
	if (!account)
		return ownPage('invalid_request', 'No such account');
	return approve(world, request, account, { decision, scopes: granted });
}
