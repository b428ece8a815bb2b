// Google's OAuth: the page, codes, the ways a refresh token is given and ends, revocation, identity.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { CALLBACK, sandbox, SCOPE } from './google-helpers.mjs';

let box;
before(async () => { box = await sandbox(); });
after(() => box.close());

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const VERIFIER = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';
const CHALLENGE = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';
const DAY = 86400;

const newApp = (fields = {}) => box.control('POST', 'oauth/apps', { redirect_uris: [CALLBACK], ...fields });
const query = (app, more = {}) => ({ client_id: app.client_id, redirect_uri: CALLBACK,
	response_type: 'code', scope: `${SCOPE} openid email`, state: 's', access_type: 'offline', ...more });
const page = (request) => box.call(null, 'GET', `/o/oauth2/v2/auth?${new URLSearchParams(request)}`);
const post = (path, fields, headers = {}) => box.call(null, 'POST', path,
	new URLSearchParams(fields).toString(), { ...FORM, ...headers });
const approve = (person, request, more = {}) =>
	box.control('POST', 'oauth/approve', { user_id: person.user_id, request, ...more });
const probe = async (token) => (await box.call(token, 'GET', '/tasks/v1/users/@me/lists')).status;
const advance = (seconds) => box.control('POST', 'clock', { advance_s: seconds });

const exchange = (app, code, more = {}) => post('/oauth2/token', { grant_type: 'authorization_code', code,
	client_id: app.client_id, client_secret: app.client_secret, redirect_uri: CALLBACK, ...more });

const refresh = (app, token, more = {}) => post('/oauth2/token', { grant_type: 'refresh_token',
	refresh_token: token, client_id: app.client_id, client_secret: app.client_secret, ...more });

// From consent to tokens in one go.
async function connect(person, app, more = {}, answer = {}) {
	const { code } = await approve(person, query(app, more), answer);
	return (await exchange(app, code)).json;
}

const dead = (answer) => {
	assert.deepEqual([answer.status, answer.json.error], [400, 'invalid_grant']);
	assert.ok(answer.json.error_description);
};

test('the page: a box per scope; what is unticked is not granted', async () => {
	const ann = await box.user();
	const app = await newApp({ name: '<App>' });
	const shown = await page(query(app));
	assert.equal(shown.status, 200);
	assert.match(shown.text, /&#60;App&#62;/);
	assert.equal(shown.text.match(/type="checkbox"/g).length, 1, 'identity has no box');
	const decide = async (more) => new URL((await post('/o/oauth2/v2/auth',
		{ ...query(app), user_id: ann.user_id, decision: 'allow', ...more })).headers.get('location'));
	const denied = await decide({ decision: 'deny' });
	assert.deepEqual([denied.searchParams.get('error'), denied.searchParams.get('state'),
		denied.searchParams.get('code')], ['access_denied', 's', null]);
	const partly = await decide({});
	assert.equal(partly.searchParams.get('scope').includes(SCOPE), false);
	const { json } = await exchange(app, partly.searchParams.get('code'));
	assert.equal(json.scope, 'openid https://www.googleapis.com/auth/userinfo.email');
	const answer = await box.call(json.access_token, 'GET', '/tasks/v1/users/@me/lists');
	assert.deepEqual([answer.status, answer.json.error.errors[0].reason],
		[403, 'insufficientPermissions']);
	assert.equal(answer.json.error.details[0].reason, 'ACCESS_TOKEN_SCOPE_INSUFFICIENT');
	const whole = await decide({ granted: SCOPE });
	assert.ok(whole.searchParams.get('scope').includes(SCOPE));
	assert.equal((await approve(ann, query(app, { scope: SCOPE }), { scopes: [] })).error, 'access_denied');
	const attack = await page(query(app, { state: '"><script>alert(1)</script>' }));
	assert.equal(attack.text.includes('<script>'), false);
});

test('errors of the page stay on the page', async () => {
	const app = await newApp();
	const shown = async (more) => {
		const answer = await page({ ...query(app), ...more });
		assert.equal(answer.headers.get('location'), null);
		return /Error \d+: (\w+)/.exec(answer.text)[1];
	};
	assert.equal(await shown({ client_id: 'nobody' }), 'invalid_client');
	assert.equal(await shown({ redirect_uri: `${CALLBACK}/` }), 'redirect_uri_mismatch');
	assert.equal(await shown({ redirect_uri: '' }), 'invalid_request');
	assert.equal(await shown({ response_type: '' }), 'invalid_request');
	assert.equal(await shown({ response_type: 'token' }), 'unsupported_response_type');
	assert.equal(await shown({ scope: '' }), 'invalid_request');
	assert.equal(await shown({ scope: 'https://www.googleapis.com/auth/everything' }), 'invalid_scope');
	assert.equal(await shown({ code_challenge_method: 'S512' }), 'invalid_request');
	assert.equal(await shown({ prompt: 'none consent' }), 'invalid_request');
	for (const state of ['deleted_client', 'org_internal', 'admin_policy_enforced']) {
		await box.control('POST', 'oauth/app', { client_id: app.client_id, state });
		assert.equal(await shown({}), state);
	}
	assert.equal((await refresh(app, 'x')).status, 400);
});

test('asked the first time only; prompt=consent asks again, prompt=none never', async () => {
	const ann = await box.user({ email: 'known@example.com' });
	const app = await newApp();
	const hint = { login_hint: 'known@example.com' };
	const errorOf = async (more) => new URL((await page(query(app, more))).headers.get('location'))
		.searchParams.get('error');
	assert.equal((await page(query(app, hint))).status, 200);
	assert.equal(await errorOf({ ...hint, prompt: 'none' }), 'consent_required');
	assert.equal(await errorOf({ prompt: 'none' }), 'login_required');
	await connect(ann, app);
	assert.equal((await page(query(app, hint))).status, 302, 'straight back');
	assert.equal((await page(query(app, { ...hint, prompt: 'consent' }))).status, 200);
	assert.equal((await page(query(app, { ...hint, prompt: 'none' }))).status, 302);
	await box.withSwitches({ auto_consent: true }, async () =>
		assert.equal((await page(query(await newApp(), hint))).status, 302));
});

test('a refresh token comes on the first consent or with prompt=consent, and only offline', async () => {
	const ann = await box.user();
	const app = await newApp({ project: 'p1' });
	assert.equal('refresh_token' in await connect(ann, app, { access_type: 'online' }), false);
	const ben = await box.user();
	assert.ok((await connect(ben, app)).refresh_token);
	assert.equal('refresh_token' in await connect(ben, app), false, 'consented before');
	assert.ok((await connect(ben, app, { prompt: 'consent' })).refresh_token);
	const desktop = await newApp({ type: 'desktop', redirect_uris: [], project: 'p2' });
	const request = query(desktop, { redirect_uri: 'http://127.0.0.1:43210/back', access_type: '' });
	for (let i = 0; i < 2; i++) {
		const { code } = await approve(ben, request);
		const { json } = await exchange(desktop, code, { client_secret: '',
			redirect_uri: request.redirect_uri });
		assert.ok(json.refresh_token, 'desktop apps always');
	}
});

test('incremental consent covers what was granted earlier', async () => {
	const ann = await box.user();
	const app = await newApp({ project: 'p3' });
	await connect(ann, app, { scope: 'openid email' });
	const more = await connect(ann, app, { scope: SCOPE, include_granted_scopes: 'true' });
	assert.deepEqual(more.scope.split(' ').sort(),
		[SCOPE, 'https://www.googleapis.com/auth/userinfo.email', 'openid'].sort());
	assert.equal((await connect(ann, app, { scope: SCOPE })).scope, SCOPE);
	const desktop = await newApp({ type: 'desktop', project: 'p3' });
	const incremental = { scope: SCOPE, include_granted_scopes: 'true' };
	assert.ok((await connect(ann, desktop, incremental)).scope.includes('openid'));
	await box.withSwitches({ desktop_incremental: false }, async () =>
		assert.equal((await connect(ann, desktop, incremental)).scope, SCOPE));
});

test('codes: once, in time, with the same address and verifier', async () => {
	const ann = await box.user();
	const app = await newApp();
	const codeFor = async (more) => (await approve(ann, query(app, more))).code;
	const code = await codeFor();
	dead(await exchange(app, code, { redirect_uri: 'https://app.example.com/other' }));
	const good = await exchange(app, code);
	assert.deepEqual([good.status, good.json.token_type, good.json.expires_in], [200, 'Bearer', 3599]);
	dead(await exchange(app, code));
	dead(await exchange(app, 'nonsense'));
	dead(await exchange(await newApp(), await codeFor()));
	const late = await codeFor();
	await advance(601);
	dead(await exchange(app, late));
	const pkce = { code_challenge: CHALLENGE, code_challenge_method: 'S256' };
	dead(await exchange(app, await codeFor(pkce)));
	dead(await exchange(app, await codeFor(pkce), { code_verifier: `${VERIFIER}x` }));
	dead(await exchange(app, await codeFor({ code_challenge: VERIFIER }), { code_verifier: 'short' }));
	assert.equal((await exchange(app, await codeFor(pkce), { code_verifier: VERIFIER })).status, 200);
	assert.equal((await exchange(app, await codeFor({ code_challenge: VERIFIER }),
		{ code_verifier: VERIFIER })).status, 200, 'plain when no method is named');
});

test('errors of the token endpoint; secret in the body or as Basic', async () => {
	const ann = await box.user();
	const app = await newApp();
	const { refresh_token: token } = await connect(ann, app, { prompt: 'consent' });
	const errorOf = (answer) => [answer.status, answer.json.error];
	assert.deepEqual(errorOf(await refresh(app, token, { client_secret: 'wrong' })), [401, 'invalid_client']);
	assert.deepEqual(errorOf(await refresh({ client_id: 'nobody' }, token)), [401, 'invalid_client']);
	await box.withSwitches({ invalid_client_status: 400 }, async () =>
		assert.deepEqual(errorOf(await refresh(app, token, { client_secret: 'wrong' })),
			[400, 'invalid_client']));
	assert.deepEqual(errorOf(await refresh(app, token, { grant_type: 'password' })),
		[400, 'unsupported_grant_type']);
	assert.deepEqual(errorOf(await refresh(app, token, { grant_type: '' })), [400, 'invalid_request']);
	assert.deepEqual(errorOf(await refresh(app, '')), [400, 'invalid_request']);
	assert.deepEqual(errorOf(await exchange(app, '')), [400, 'invalid_request']);
	assert.deepEqual(errorOf(await refresh(app, token, { scope: `${SCOPE}.readonly` })),
		[400, 'invalid_scope']);
	const basic = Buffer.from(`${app.client_id}:${app.client_secret}`).toString('base64');
	const asBasic = await post('/token', { grant_type: 'refresh_token', refresh_token: token },
		{ authorization: `Basic ${basic}` });
	assert.equal(asBasic.status, 200, 'also below the root');
});

test('refresh: no rotation, many at once, an hour each', async () => {
	const ann = await box.user();
	const app = await newApp();
	const { refresh_token: token } = await connect(ann, app, { prompt: 'consent' });
	const all = await Promise.all([1, 2, 3].map(() => refresh(app, token)));
	for (const { json } of all) {
		assert.equal('refresh_token' in json, false);
		assert.ok(json.id_token);
		assert.equal(await probe(json.access_token), 200);
	}
	await advance(3598);
	assert.equal(await probe(all[0].json.access_token), 200);
	await advance(2);
	assert.equal(await probe(all[0].json.access_token), 401);
	const { json } = await refresh(app, token);
	await box.control('POST', 'oauth/expire', { access_token: json.access_token });
	assert.equal(await probe(json.access_token), 401);
	await box.withSwitches({ id_token_on_refresh: false, access_token_bytes: 2048 }, async () => {
		const { json: long } = await refresh(app, token);
		assert.deepEqual([long.access_token.length, 'id_token' in long], [2048, false]);
		assert.equal(await probe(long.access_token), 200);
	});
});

test('unused for six months; seven days in testing, but for identity alone', async () => {
	const ann = await box.user();
	const app = await newApp({ project: 'p4' });
	const { refresh_token: used } = await connect(ann, app);
	const { refresh_token: unused } = await connect(ann, app, { prompt: 'consent' });
	await advance(100 * DAY);
	assert.equal((await refresh(app, used)).status, 200);
	await advance(100 * DAY);
	assert.equal((await refresh(app, used)).status, 200);
	dead(await refresh(app, unused));
	const trial = await newApp({ publishing: 'testing', project: 'p5' });
	const { refresh_token: short } = await connect(ann, trial);
	const identity = await newApp({ publishing: 'testing', project: 'p6' });
	const { refresh_token: long } = await connect(ann, identity, { scope: 'openid email' });
	await advance(6 * DAY);
	assert.equal((await refresh(trial, short)).status, 200);
	await advance(2 * DAY);
	dead(await refresh(trial, short));
	assert.equal((await refresh(identity, long)).status, 200);
	const timed = await newApp({ grant_lifetime_s: DAY, project: 'p13' });
	const day = await connect(ann, timed);
	assert.equal(day.refresh_token_expires_in, DAY);
	await advance(DAY + 1);
	dead(await refresh(timed, day.refresh_token));
	await box.stopClock();
});

test('the 101st refresh token silently ends the oldest of this person and client', async () => {
	const ann = await box.user();
	const [app, other] = [await newApp({ project: 'p7' }), await newApp({ project: 'p8' })];
	const { refresh_token: foreign } = await connect(ann, other);
	const { refresh_token: first } = await connect(ann, app);
	const { refresh_token: second } = await connect(ann, app, { prompt: 'consent' });
	for (let i = 0; i < 99; i++)
		await box.control('POST', 'oauth/tokens', { client_id: app.client_id, user_id: ann.user_id });
	dead(await refresh(app, first));
	assert.equal((await refresh(app, second)).status, 200);
	assert.equal((await refresh(other, foreign)).status, 200);
	assert.equal((await box.control('GET', `oauth/grants?client_id=${app.client_id}&user_id=${ann.user_id}`))
		.refresh_tokens, 100);
});

test('revocation by either token takes the whole project with it', async () => {
	const [ann, ben] = [await box.user(), await box.user()];
	const [web, cli] = [await newApp({ project: 'p9' }), await newApp({ project: 'p9' })];
	const other = await newApp({ project: 'p10' });
	const one = await connect(ann, web);
	const two = await connect(ann, cli, { prompt: 'consent' });
	const three = await connect(ann, other);
	const bens = await connect(ben, web);
	assert.equal((await post('/oauth2/revoke', { token: one.access_token })).status, 200);
	dead(await refresh(web, one.refresh_token));
	dead(await refresh(cli, two.refresh_token));
	assert.deepEqual([await probe(one.access_token), await probe(two.access_token)], [401, 401]);
	assert.equal((await refresh(other, three.refresh_token)).status, 200);
	assert.equal((await refresh(web, bens.refresh_token)).status, 200);
	const again = await post('/oauth2/revoke', { token: one.refresh_token });
	assert.deepEqual([again.status, again.json.error], [400, 'invalid_token']);
	assert.ok((await connect(ann, web)).refresh_token, 'the next consent is a first one');
	await box.withSwitches({ revoke_cascades: false }, async () => {
		const kept = await connect(ann, cli, { prompt: 'consent' });
		const gone = await connect(ann, web, { prompt: 'consent' });
		await box.call(null, 'GET', `/oauth2/revoke?token=${encodeURIComponent(gone.refresh_token)}`);
		dead(await refresh(web, gone.refresh_token));
		assert.equal((await refresh(cli, kept.refresh_token)).status, 200);
	});
});

test('ends of the test\'s choice; the person withdraws; the client is gone', async () => {
	const ann = await box.user();
	const app = await newApp({ project: 'p11' });
	const { refresh_token: rapt } = await connect(ann, app);
	await box.control('POST', 'oauth/kill', { refresh_token: rapt, subtype: 'invalid_rapt' });
	const answer = await refresh(app, rapt);
	assert.deepEqual([answer.json.error, answer.json.error_subtype], ['invalid_grant', 'invalid_rapt']);
	const { refresh_token: policy } = await connect(ann, app, { prompt: 'consent' });
	await box.control('POST', 'oauth/kill', { refresh_token: policy, error: 'admin_policy_enforced' });
	assert.equal((await refresh(app, policy)).json.error, 'admin_policy_enforced');
	const last = await connect(ann, app, { prompt: 'consent' });
	await box.control('POST', 'oauth/revoke', { client_id: app.client_id, user_id: ann.user_id });
	dead(await refresh(app, last.refresh_token));
	assert.equal(await probe(last.access_token), 401);
	await box.control('POST', 'oauth/app', { client_id: app.client_id, state: 'deleted_client' });
	assert.equal((await refresh(app, last.refresh_token)).json.error, 'deleted_client');
});

test('identity: id_token, userinfo, tokeninfo, discovery', async () => {
	const ann = await box.user({ email: 'ann@example.com', full_name: 'Ann', hd: 'example.com' });
	const app = await newApp();
	const tokens = await connect(ann, app, { scope: `${SCOPE} openid email profile`, nonce: 'n' });
	const [head, claims] = tokens.id_token.split('.').slice(0, 2)
		.map((part) => JSON.parse(Buffer.from(part, 'base64url')));
	assert.equal(head.alg, 'RS256');
	assert.deepEqual([claims.iss, claims.aud, claims.sub, claims.email, claims.email_verified, claims.name,
		claims.hd, claims.nonce, claims.exp - claims.iat], ['https://accounts.google.com', app.client_id,
		ann.user_id, 'ann@example.com', true, 'Ann', 'example.com', 'n', 3599]);
	for (const path of ['/oauth2/userinfo', '/oauth2/v1/userinfo', '/userinfo', '/v1/userinfo'])
		assert.deepEqual((await box.call(tokens.access_token, 'GET', path)).json,
			{ sub: ann.user_id, name: 'Ann', email: 'ann@example.com', email_verified: true,
				hd: 'example.com' });
	assert.equal((await box.call('nobody', 'GET', '/oauth2/v1/userinfo')).status, 401);
	const bare = await connect(ann, app, { scope: SCOPE });
	assert.equal('id_token' in bare, false);
	assert.equal((await box.call(bare.access_token, 'GET', '/oauth2/v1/userinfo')).status, 401);
	const info = (await post('/oauth2/tokeninfo', { access_token: tokens.access_token })).json;
	assert.deepEqual([info.aud, info.sub, info.access_type], [app.client_id, ann.user_id, 'offline']);
	assert.equal((await post('/oauth2/tokeninfo', { id_token: tokens.id_token })).json.sub, ann.user_id);
	assert.equal((await post('/oauth2/tokeninfo', { access_token: 'nobody' })).json.error, 'invalid_token');
	await box.withSwitches({ sign_id_token: false, id_token_issuer: 'accounts.google.com' }, async () => {
		const { id_token: unsigned } = await connect(ann, app);
		assert.match(unsigned, /\.$/);
		assert.equal(JSON.parse(Buffer.from(unsigned.split('.')[1], 'base64url')).iss, 'accounts.google.com');
	});
	await assert.rejects(box.control('POST', 'oauth/app', { client_id: app.client_id, frob: 1 }), /frob/);
	const found = (await box.call(null, 'GET', '/.well-known/openid-configuration')).json;
	assert.equal(found.token_endpoint, `${box.url}/oauth2/token`);
	assert.equal((await box.call(null, 'GET', '/oauth2/v3/certs')).json.keys[0].kid, head.kid);
});

test('readonly may get and list; the personal token may everything; the query may carry a token', async () => {
	const ann = await box.user();
	const { access_token: token } = await connect(ann, await newApp(), { scope: `${SCOPE}.readonly` });
	const { id } = await ann.add('x');
	const lists = '/tasks/v1/users/@me/lists';
	const calls = [['GET', lists], ['GET', `${lists}/@default`], ['GET', `${ann.list}/tasks`],
		['GET', `${ann.list}/tasks/${id}`], ['POST', lists], ['PATCH', `${lists}/@default`],
		['PUT', `${lists}/@default`], ['DELETE', `${lists}/@default`], ['POST', `${ann.list}/tasks`],
		['PATCH', `${ann.list}/tasks/${id}`], ['PUT', `${ann.list}/tasks/${id}`],
		['POST', `${ann.list}/tasks/${id}/move`], ['POST', `${ann.list}/clear`],
		['DELETE', `${ann.list}/tasks/${id}`]];
	const statuses = [];
	for (const [method, path] of calls)
		statuses.push((await box.call(token, method, path)).status);
	assert.deepEqual(statuses, [200, 200, 200, 200, ...Array(10).fill(403)]);
	assert.equal((await box.call(null, 'GET', `${lists}?access_token=${ann.token}`)).status, 200);
});

test('every time and size of a token is a switch', async () => {
	const ann = await box.user();
	const app = await newApp({ project: 'p14' });
	await box.withSwitches({ code_lifetime_s: 5, access_lifetime_s: 20, refresh_unused_days: 2,
		refresh_tokens_per_client: 1, refresh_token_bytes: 512 }, async () => {
		const { code } = await approve(ann, query(app));
		await advance(6);
		dead(await exchange(app, code));
		const one = await connect(ann, app);
		assert.deepEqual([one.expires_in, one.refresh_token.length], [20, 512]);
		await advance(21);
		assert.equal(await probe(one.access_token), 401);
		const two = await connect(ann, app, { prompt: 'consent' });
		dead(await refresh(app, one.refresh_token));
		await advance(2 * DAY + 1);
		dead(await refresh(app, two.refresh_token));
	});
	const trial = await newApp({ publishing: 'testing', project: 'p15' });
	await box.withSwitches({ testing_days: 1 }, async () => {
		const { refresh_token: token } = await connect(ann, trial);
		await advance(DAY + 1);
		dead(await refresh(trial, token));
	});
	await box.stopClock();
});

test('faults at the token endpoint aim at a person', async () => {
	const [ann, ben] = [await box.user(), await box.user()];
	const app = await newApp({ project: 'p12' });
	const [anns, bens] = [await connect(ann, app), await connect(ben, app)];
	await ann.fault({ kind: 'status', status: 503, match: { path: '/token$' } });
	assert.equal((await refresh(app, bens.refresh_token)).status, 200);
	assert.equal((await refresh(app, anns.refresh_token)).status, 503);
	assert.equal((await refresh(app, anns.refresh_token)).status, 200);
	const { requests } = await ann.log();
	assert.deepEqual(requests.filter((entry) => entry.kind === 'oauth').map((entry) => entry.status),
		[200, 503, 200]);
	assert.equal(JSON.stringify(requests).includes(anns.refresh_token), false);
});
