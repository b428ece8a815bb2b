// Everything the stand-in holds: workspaces, people, bots and their tokens, apps, switches, clock, log
// and faults.

import { seededRandom } from '../lib/rng.js';
import { virtualClock } from '../lib/clock.js';
import { faultPanel } from '../lib/faults.js';
import { requestLog } from '../lib/request-log.js';
import { makeConfig } from './config.js';
import { idSource } from './ids.js';
import { makeOauth } from './oauth.js';
import { makeWebhooks } from './webhooks.js';
import { Workspace } from './workspace.js';

export const CAPABILITIES = Object.freeze({ read_content: true, update_content: true,
	insert_content: true, read_comments: true, insert_comments: true, user_info: 'email' });

export class World {
	constructor({ seed = 1 } = {}) {
		this.seed = seed;
		this.clock = virtualClock();
		this.config = makeConfig();
		this.log = requestLog();
		this.reset();
	}

	// A new world with the same seed; the clock and the log go on.
	reset() {
		this.random = seededRandom(`world ${this.seed}`);
		this.ids = idSource(this.random);
		// Tokens, request ids and deliveries have a source of their own: how often a client asks must
		// not change the ids of what is made.
		this.traffic = idSource(seededRandom(`traffic ${this.seed}`));
		this.workspaces = new Map();
		this.accounts = new Map();        // bots by id: what a token stands for
		this.tokens = new Map();          // static token → bot
		this.faults = faultPanel(this.seed);
		this.oauth = makeOauth(this);
		this.webhooks?.stop();
		this.webhooks = makeWebhooks(this);
		this.config.reset();
		this.latency = { ms: 0, jitter_ms: 0 };
		this.log.clear();
	}

	addWorkspace({ name, plan = 'free', person = {} } = {}) {
		const number = this.workspaces.size;
		const random = seededRandom(`workspace ${this.seed} ${number}`);
		const ids = idSource(random);
		const workspace = new Workspace({ id: ids.uuid(), name: name ?? `Workspace ${number + 1}`, plan,
			ids, random, clock: this.clock, config: this.config, webhooks: () => this.webhooks });
		this.workspaces.set(workspace.id, workspace);
		this.addPerson(workspace, person);
		return workspace;
	}

	addPerson(workspace, { name, email } = {}) {
		const number = workspace.people.size + 1;
		const person = { id: workspace.ids.uuid(), type: 'person', name: name ?? `Person ${number}`,
			email: email ?? `person${number}@example.com` };
		workspace.people.set(person.id, person);
		return person;
	}

	// A bot: one installation of a connection. `everything` is a token that sees what the person sees.
	addBot(workspace, { name = 'Test connection', person, app = null, everything = false, token,
		capabilities = {}, owner = 'user' } = {}) {
		const bot = { id: workspace.ids.uuid(), type: 'bot', name, workspace, app, owner,
			person: person ?? [...workspace.people.values()][0], everything, roots: new Map(),
			denied: new Set(), capabilities: { ...CAPABILITIES, ...capabilities }, windows: {} };
		bot.shownId = workspace.ids.uuid();
		workspace.bots.set(bot.id, bot);
		this.accounts.set(bot.id, bot);
		if (token !== null)
			this.setToken(bot, token ?? this.traffic.secret('ntn_'));
		return bot;
	}

	setToken(bot, token) {
		if (this.tokens.has(token))
			throw new Error('this token belongs to another bot already');
		bot.token = token;
		this.tokens.set(token, bot);
	}

	// The bot of a bearer token, or null.
	authenticate(token) {
		return this.tokens.get(token) ?? this.oauth.authenticate(token);
	}

	// The bot a control request names, by token, bot id or its workspace (that one's first).
	accountOf({ token, bot_id, user_id, workspace_id } = {}) {
		const bot = bot_id !== undefined ? this.accounts.get(bot_id)
			: token !== undefined ? this.authenticate(token) ?? this.oauth.ownerOfToken(token)
				: user_id !== undefined ? this.accounts.get(user_id) ?? this.botOfPerson(user_id)
					: [...this.workspaces.get(workspace_id)?.bots.values() ?? []][0];
		if (!bot)
			throw new Error('no bot has this token, bot_id, user_id or workspace_id');
		return bot;
	}

	botOfPerson(id) {
		return [...this.accounts.values()].find((bot) => bot.person.id === id);
	}

	// The workspace a control request names: {workspace_id} or what accountOf takes.
	workspaceOf(source) {
		const workspace = source.workspace_id !== undefined
			? this.workspaces.get(source.workspace_id) : this.accountOf(source).workspace;
		if (!workspace)
			throw new Error('no workspace has this workspace_id');
		return workspace;
	}

	// Who the control interface acts as: the person named, or the bot's or workspace's first.
	personOf(source) {
		const workspace = this.workspaceOf(source);
		return workspace.people.get(source.person_id ?? source.user_id)
			?? (source.token ?? source.bot_id ? this.accountOf(source).person
				: [...workspace.people.values()][0]);
	}
}
