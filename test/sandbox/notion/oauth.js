// OAuth 2 of a public connection: consent with chosen pages, code, tokens, refresh with rotation. There
// is no PKCE and no expires_in.

import { OauthError } from './errors.js';
import { showPerson } from './values.js';

export function makeOauth(world) {
	const apps = new Map();
	const codes = new Map();
	const access = new Map();         // access token → {bot, expires, dead, issued}
	const refresh = new Map();        // refresh token → {bot, used, dead, answer}
	const { clock, traffic } = world;

	const fail = (code, status, description) => {
		throw new OauthError(code, status, description);
	};

	function addApp(fields = {}) {
		const app = {
			client_id: fields.client_id ?? traffic.uuid(),
			client_secret: fields.client_secret ?? traffic.secret('secret_'),
			name: fields.name ?? 'Test app', redirect_uris: fields.redirect_uris ?? [],
			capabilities: fields.capabilities ?? {}, integration_id: traffic.uuid(), webhook: null,
		};
		apps.set(app.client_id, app);
		return app;
	}

	function checkClient({ client_id: id, client_secret: secret }) {
		const app = apps.get(id);
		if (!app || app.client_secret !== secret)
			fail('invalid_client', 401);
		return app;
	}

	// The bot of one consent: a second consent of the same person finds the first one's.
	function botFor(app, workspace, person) {
		const known = world.config.values.reauthorize === 'same_bot'
			&& [...workspace.bots.values()].find((bot) => bot.app === app && bot.person === person
				&& !bot.disconnected);
		return known || world.addBot(workspace, { name: app.name, person, app, token: null,
			capabilities: app.capabilities });
	}

	function ownerOf(bot) {
		const form = world.config.values.owner;
		if (form === 'workspace')
			return { type: 'workspace', workspace: true };
		return { type: 'user', user: form === 'partial' ? { object: 'user', id: bot.person.id }
			: showPerson(bot.workspace, bot, bot.person.id) };
	}

	function issue(bot, old = null) {
		const switches = world.config.values;
		const token = traffic.secret('ntn_');
		const lifetime = switches.access_lifetime_s;
		access.set(token, { bot, dead: false, issued: clock.now(),
			expires: lifetime === null ? Infinity : clock.now() + lifetime * 1000 });
		let again = null;
		if (switches.refresh_tokens) {
			again = old && !switches.refresh_rotation ? old : traffic.secret('nrt_');
			refresh.set(again, { bot, used: null, dead: false, access: token });
		}
		return { access_token: token, token_type: 'bearer', refresh_token: again, bot_id: bot.id,
			workspace_id: bot.workspace.id, workspace_name: bot.workspace.name,
			workspace_icon: bot.workspace.icon, duplicated_template_id: null, owner: ownerOf(bot) };
	}

	function kill(bot) {
		for (const entry of [...access.values(), ...refresh.values()])
			if (entry.bot === bot)
				entry.dead = true;
	}

	// A consent: what was picked is shared with the bot.
	function grant(app, workspace, person, pages) {
		const bot = botFor(app, workspace, person);
		if (world.config.values.reauthorize_kills_old)
			kill(bot);
		for (const record of pages)
			workspace.share(bot, record);
		return bot;
	}

	// The rule about redirect_uri: needed when the authorize request had it or several are
	// registered, refused when neither is so.
	function checkRedirect(app, entry, given) {
		if (!world.config.values.redirect_uri_check)
			return;
		const needed = entry.redirect_uri !== undefined || app.redirect_uris.length > 1;
		if (needed && given !== entry.target)
			fail('invalid_grant', 400, 'redirect_uri does not match the authorization request');
		if (!needed && given !== undefined)
			fail('invalid_request', 400, 'redirect_uri must not be sent here');
	}

	function exchangeCode(app, body) {
		const entry = codes.get(body.code);
		if (!entry || entry.app !== app || entry.used || clock.now() > entry.expires)
			fail('invalid_grant', 400, 'Invalid code.');
		checkRedirect(app, entry, body.redirect_uri);
		entry.used = true;
		return issue(grant(app, entry.workspace, entry.person, entry.pages));
	}

	function exchangeRefresh(app, body) {
		const switches = world.config.values;
		const entry = refresh.get(body.refresh_token);
		if (!entry || entry.bot.app !== app || entry.dead)
			fail('invalid_grant', 400, 'Invalid refresh token.');
		if (entry.used !== null && clock.now() - entry.used > switches.refresh_grace_s * 1000)
			fail('invalid_grant', 400, 'Invalid refresh token.');
		if (switches.refresh_rotation)
			entry.used ??= clock.now();
		if (switches.refresh_kills_old_access && access.has(entry.access))
			access.get(entry.access).dead = true;
		return issue(entry.bot, body.refresh_token);
	}

	const alive = (entry) => Boolean(entry) && !entry.dead && clock.now() < (entry.expires ?? Infinity)
		&& !entry.bot.disconnected;

	return {
		apps, addApp, checkClient, grant, issue,
		makeCode(app, workspace, person, pages, request, target) {
			const code = traffic.uuid();
			codes.set(code, { app, workspace, person, pages, target, used: false,
				redirect_uri: request.redirect_uri,
				expires: clock.now() + world.config.values.code_lifetime_s * 1000 });
			return code;
		},
		redirectOf(app, request) {
			const { redirect_uris: uris } = app;
			const target = request.redirect_uri ?? (uris.length === 1 ? uris[0] : undefined);
			if (!uris.includes(target))
				fail('invalid_request', 400, 'Missing or invalid redirect_uri.');
			return target;
		},
		token(client, body) {
			const app = checkClient(client);
			switch (body.grant_type) {
				case 'authorization_code': return exchangeCode(app, body);
				case 'refresh_token': return exchangeRefresh(app, body);
				default: return fail('unsupported_grant_type', 400);
			}
		},
		authenticate(token) {
			const entry = access.get(token);
			return alive(entry) ? entry.bot : null;
		},
		// Whose token this is or was; for the control interface.
		ownerOfToken: (token) => (access.get(token) ?? refresh.get(token))?.bot,
		introspect(app, token) {
			const entry = access.get(token) ?? refresh.get(token);
			if (!alive(entry) || entry.bot.app !== app)
				return { active: false };
			const iat = entry.issued ?? clock.now();
			return { active: true, scope: 'read_content update_content insert_content',
				iat: world.config.values.iat_unit === 's' ? Math.floor(iat / 1000) : iat };
		},
		revoke(app, token) {
			const entry = access.get(token) ?? refresh.get(token);
			if (entry && entry.bot.app === app)
				kill(entry.bot);
		},
		kill,
		expire(token) {
			const entry = access.get(token);
			if (entry)
				entry.expires = clock.now();
			return Boolean(entry);
		},
	};
}
