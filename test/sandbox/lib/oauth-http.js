// What OAuth's browser and token endpoints need whatever the service is.

export const escapeHtml = (text) =>
	String(text ?? '').replace(/[&<>"']/g, (ch) => `&#${ch.charCodeAt(0)};`);

export function redirect(url, params) {
	const target = new URL(url);
	for (const [key, value] of Object.entries(params))
		if (value !== undefined)
			target.searchParams.set(key, value);
	return { status: 302, headers: { location: target.toString() }, body: '' };
}

// Client id and secret of HTTP Basic authentication, or an empty object.
export function basicAuth(req) {
	const found = /^Basic (.+)$/i.exec(req.headers.authorization ?? '');
	if (!found)
		return {};
	const text = Buffer.from(found[1], 'base64').toString();
	const at = text.indexOf(':');
	return { client_id: decodeURIComponent(text.slice(0, at)),
		client_secret: decodeURIComponent(text.slice(at + 1)) };
}

export function parseForm(text) {
	const out = {};
	for (const [key, value] of new URLSearchParams(text))
		out[key] = value;
	return out;
}

// A page that asks a person for consent. `fields` go back unchanged with the form.
export function consentForm({ service, app, action, fields, body, accept = 'Agree' }) {
	const hidden = Object.entries(fields).map(([name, value]) =>
		`<input type="hidden" name="${escapeHtml(name)}" value="${escapeHtml(value)}">`).join('\n');
	return {
		status: 200, headers: { 'content-type': 'text/html; charset=utf-8' },
		body: `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Authorize ${escapeHtml(app)}</title>
<style>body{font:16px sans-serif;max-width:32em;margin:4em auto}button{font:inherit;padding:.5em 1.2em}
</style></head><body>
<h1>Authorize ${escapeHtml(app)}</h1>
<p>This is the ${service} stand-in, not ${service}.</p>
<form method="post" action="${action}">
${hidden}
${body}
<p><button name="decision" value="allow">${accept}</button>
<button name="decision" value="deny">Deny</button></p>
</form></body></html>
`,
	};
}
