// Everything the stand-in holds: users, tokens, apps, switches, clock, log and faults.

import { faultPanel } from '../lib/faults.js';
import { idMaker } from '../lib/ids.js';
import { requestLog } from '../lib/request-log.js';
import { seededRandom } from '../lib/rng.js';
import { virtualClock } from '../lib/clock.js';
import { Account } from './account.js';
import { makeConfig } from './config.js';
import { newProject, newUser } from './objects.js';
import { makeOauth } from './oauth.js';
import { makeWebhooks } from './webhooks.js';

export class World {
	constructor({ seed = 1 } = {}) {
		this.seed = seed;
		this.clock = virtualClock();
		this.config = makeConfig();
		this.log = requestLog();
		this.latency = { ms: 0, jitter_ms: 0 };
		this.reset();
	}

	// A new world with the same seed; the clock and the log go on.
	reset() {
		this.random = seededRandom(`world ${this.seed}`);
		this.ids = idMaker(this.random);
		this.accounts = new Map();
		this.personal = new Map();        // personal token → account
		this.faults = faultPanel(this.seed);
		this.oauth = makeOauth(this);
		this.webhooks?.stop();
		this.webhooks = makeWebhooks(this);
		this.config.reset();
		this.latency = { ms: 0, jitter_ms: 0 };
		this.log.clear();
	}

	addUser({ email, full_name, timezone = 'UTC', lang = 'en', premium = true, token } = {}) {
		const id = this.ids.numeric();
		// Ids depend on the account alone, not on what other accounts did in between.
		const random = seededRandom(`account ${this.seed} ${this.accounts.size}`);
		const account = new Account({
			id, email: email ?? `user${this.accounts.size + 1}@example.com`,
			full_name: full_name ?? `User ${this.accounts.size + 1}`, timezone, lang, premium,
			ids: idMaker(random), config: this.config,
			clock: { ...this.clock, micros: this.clock.microSource() },
		});
		account.random = random;
		// Tokens come from a source of their own: how often a client reads must not change the ids.
		account.tokenIds = idMaker(seededRandom(`tokens ${this.seed} ${this.accounts.size}`));
		account.token = token ?? this.ids.hex(40);
		if (this.personal.has(account.token))
			throw new Error('this token belongs to another user already');
		const inbox = account.create('project', newProject(account,
			{ name: 'Inbox', color: 'grey', child_order: 0, inbox_project: true }));
		account.inboxId = inbox.data.id;
		account.create('user', newUser(account, inbox.data.id, account.token));
		account.watch = (event, record, extra) => this.webhooks.note(account, event, record, extra);
		this.accounts.set(id, account);
		this.personal.set(account.token, account);
		return account;
	}

	// {account, scopes, app} of a bearer token, or null. Personal tokens have every scope.
	authenticate(token) {
		const account = this.personal.get(token);
		return account ? { account, scopes: null, app: null } : this.oauth.authenticate(token);
	}

	// The account a control request names, by token or user id.
	accountOf({ token, user_id } = {}) {
		const account = user_id !== undefined ? this.accounts.get(String(user_id))
			: this.authenticate(token)?.account ?? this.oauth.ownerOfToken(token);
		if (!account)
			throw new Error('no user has this token or user_id');
		return account;
	}
}
