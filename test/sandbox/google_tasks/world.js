// Everything the stand-in holds: people, tokens, apps, switches, quotas, clock, log and faults.

import { virtualClock } from '../lib/clock.js';
import { faultPanel } from '../lib/faults.js';
import { requestLog } from '../lib/request-log.js';
import { seededRandom } from '../lib/rng.js';
import { Account } from './account.js';
import { makeConfig } from './config.js';
import { idMaker } from './ids.js';
import { makeOauth } from './oauth.js';
import { makeQuota } from './quota.js';
import { EMAIL, TASKS } from './scopes.js';

const PERSONAL = ['openid', EMAIL, TASKS];

export class World {
	constructor({ seed = 1 } = {}) {
		this.seed = seed;
		this.clock = virtualClock();
		this.config = makeConfig();
		this.log = requestLog();
		this.latency = { ms: 0, jitter_ms: 0 };
		this.reset();
	}

	// A new world with the same seed; the clock goes on.
	reset() {
		const source = (name) => seededRandom(`${name} ${this.seed}`);
		this.random = source('world');
		this.ids = idMaker(this.random);
		// Sources of their own: how often a client refreshes or batches must not change the ids.
		this.tokenIds = idMaker(source('tokens'));
		this.batchRandom = source('batch');
		this.accounts = new Map();
		this.personal = new Map();        // the token of a person without OAuth → account
		this.faults = faultPanel(this.seed);
		this.config.reset();
		this.oauth = makeOauth(this);
		this.quota = makeQuota(this);
		this.latency = { ms: 0, jitter_ms: 0 };
		this.log.clear();
	}

	addUser({ email, full_name, hd, token } = {}) {
		const number = this.accounts.size;
		const random = seededRandom(`account ${this.seed} ${number}`);
		const account = new Account({
			id: this.ids.user(), email: email ?? `user${number + 1}@example.com`,
			name: full_name ?? `User ${number + 1}`, hd: hd ?? null,
			token: token ?? `sandbox-${this.tokenIds.text(32)}`,
			clock: this.clock, config: this.config, random, ids: idMaker(random),
		});
		if (this.personal.has(account.token))
			throw new Error('this token belongs to another user already');
		this.accounts.set(account.id, account);
		this.personal.set(account.token, account);
		return account;
	}

	// {account, scopes, app, project, expires, offline} of a bearer token, or null.
	authenticate(token) {
		const account = this.personal.get(token);
		return account ? { account, scopes: PERSONAL, app: null, project: 'sandbox',
			expires: this.clock.now() + 3600000, offline: false } : this.oauth.authenticate(token);
	}

	// The account a control request names, by token or user id.
	accountOf({ token, user_id } = {}) {
		const account = user_id !== undefined ? this.accounts.get(String(user_id))
			: this.personal.get(token) ?? this.oauth.ownerOfToken(token);
		if (!account)
			throw new Error('no user has this token or user_id');
		return account;
	}
}
