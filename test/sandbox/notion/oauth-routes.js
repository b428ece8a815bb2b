// The pages and endpoints of OAuth: consent with a page picker, token, introspect, revoke.

import { basicAuth, consentForm, escapeHtml, redirect } from '../lib/oauth-http.js';
import { OauthError } from './errors.js';
import { plainText } from './rich-text.js';

const titleOf = (record) => plainText(record.object === 'page' ? record.values.title ?? []
	: record.title);

function startAuthorization(world, request) {
	const app = world.oauth.apps.get(request.client_id);
	if (!app)
		throw new OauthError('invalid_client', 400, 'Missing or incomplete Client ID.');
	const target = world.oauth.redirectOf(app, request);
	const error = request.response_type !== 'code' ? 'unsupported_response_type'
		: request.owner !== undefined && request.owner !== 'user' ? 'invalid_request' : null;
	return { app, target, refusal: error && redirect(target, { error, state: request.state }) };
}

// One form per workspace: who agrees, and which pages the connection gets.
function consentPage(world, app, request) {
	const parts = [...world.workspaces.values()].map((workspace) => {
		const people = [...workspace.people.values()].map((person) => `<option value="${
			escapeHtml(`${workspace.id}/${person.id}`)}">${escapeHtml(person.email)}</option>`);
		const pages = workspace.topLevel().map((record) => `<li><label><input type="checkbox"
name="page" value="${record.id}"> ${escapeHtml(titleOf(record) || 'Untitled')}</label></li>`);
		return { label: workspace.name, people, pages };
	});
	const people = parts.map(({ label, people: options }) =>
		`<optgroup label="${escapeHtml(label)}">${options.join('')}</optgroup>`).join('');
	const pages = parts.map(({ label, pages: list }) =>
		`<fieldset><legend>${escapeHtml(label)}</legend><ul>${list.join('')}</ul></fieldset>`).join('');
	return consentForm({ service: 'Notion', app: app.name, action: '/v1/oauth/authorize',
		fields: request, accept: 'Allow access',
		body: `<p><label>Account: <select name="person">${people}</select></label></p>
<p>Select pages to share:</p>${pages}` });
}

// What the browser is sent to after this decision; also the control interface's short cut. `pages` are
// records of the workspace.
export function approve(world, request, { workspace, person, pages }, decision = 'allow') {
	const { app, target, refusal } = startAuthorization(world, request);
	if (refusal)
		return refusal;
	if (decision !== 'allow')
		return redirect(target, { error: 'access_denied', state: request.state });
	const code = world.oauth.makeCode(app, workspace, person, pages, request, target);
	return redirect(target, { code, state: request.state });
}

export function oauthRoutes(world, add) {
	const open = { open: true, anyVersion: true };

	add('GET', '/v1/oauth/authorize', (x) => {
		const { app, refusal } = startAuthorization(world, x.query);
		return refusal || consentPage(world, app, x.query);
	}, open);
	add('POST', '/v1/oauth/authorize', (x) => {
		const { person: who, decision, page, ...request } = x.body;
		const [workspaceId, personId] = String(who).split('/');
		const workspace = world.workspaces.get(workspaceId);
		const person = workspace?.people.get(personId);
		if (!person)
			throw new OauthError('access_denied', 400);
		const pages = [page ?? []].flat().map((id) => workspace.objects.get(id)).filter(Boolean);
		return approve(world, request, { workspace, person, pages }, decision);
	}, { ...open, form: true });
	add('POST', '/v1/oauth/token', (x) => world.oauth.token(basicAuth(x.req), x.body), open);
	add('POST', '/v1/oauth/introspect', (x) =>
		world.oauth.introspect(world.oauth.checkClient(basicAuth(x.req)), x.body.token), open);
	add('POST', '/v1/oauth/revoke', (x) => {
		world.oauth.revoke(world.oauth.checkClient(basicAuth(x.req)), x.body.token);
		return {};
	}, open);
}
