// Many histories side by side in one cluster, step by step together: each makes its next step, then all
// accounts that are to be read are read at once, while the others stand still. A crash of the worker or
// the server meets all of them, so it belongs to the wave.

import { History, stepText } from './history.js';

const PATIENCE = '30 s';
let waves = 0;

// Trouble that belongs to the wave: {at, action, nth}, and what the clocks say.
export function drawTrouble(random, { rounds, crashes = true }) {
	const trouble = { crashes: [], provider_clock_s: 0 };
	if (crashes && random.chance(0.7))
		for (let i = 0; i <= random.below(2); i++)
			trouble.crashes.push({ at: random.below(rounds), action: random.chance(0.6) ? 'crash' : 'shutdown',
				nth: 1 + random.below(60) });
	if (random.chance(0.3))
		trouble.provider_clock_s = random.pick([-600, 600]);
	return trouble;
}

export class Wave {
	// calm: never two accounts of one person at once
	constructor({ hub, servers, services, server }, { calm = false } = {}) {
		Object.assign(this, { hub, servers, services, server, calm });
	}

	// Runs plans; the histories with what went wrong in each.
	async run(plans, trouble = { crashes: [] }) {
		const histories = await this.begin(plans);
		for (const one of Object.values(this.servers))
			await one.control('POST', 'clock', { advance_s: trouble.provider_clock_s ?? 0 });
		const rounds = Math.max(...plans.map((plan) => plan.steps.length));
		for (let round = 0; round < rounds; round++)
			await this.round(histories, round, trouble.crashes.filter((crash) => crash.at === round));
		await this.disarm();
		for (const one of Object.values(this.servers))
			await one.control('POST', 'clock', { advance_s: -(trouble.provider_clock_s ?? 0) });
		await this.settle(histories);
		await this.judge(histories);
		return histories;
	}

	async begin(plans) {
		// the cluster may have seen other runs of the machine
		const wave = `${process.pid}.${++waves}`;
		const histories = [];
		for (const [n, plan] of plans.entries()) {
			const sides = plan.accounts.map((service, i) => new this.services[service].Side(
				this.servers[service], `w${wave}.h${n}.s${i}@example.com`));
			await Promise.all(sides.map((side) => side.ready));
			await sides[0].begin(plan);
			histories.push(new History(plan, sides));
		}
		const joined = await this.hub.join(histories.map((history, n) => ({ email: `w${wave}.h${n}@example.com`,
			accounts: history.sides.map((side) => ({ provider: side.provider, token: side.token,
				policy: history.plan.policy })) })));
		joined.forEach((ids, n) => histories[n].join(ids));
		// one side after the other, so that it begins in the same way each time
		for (let side = 0; side < Math.max(...plans.map((plan) => plan.accounts.length)); side++)
			await this.hub.sync(histories.flatMap((history) => history.accounts[side] ?? []),
				{ patience: PATIENCE });
		await this.cycles(histories, 2, 'not quiet at the beginning');
		await this.hub.pause(histories.flatMap((history) => history.accounts));
		return histories;
	}

	async round(histories, round, crashes) {
		const hubEdits = [];
		const syncs = [];
		for (const history of histories) {
			const step = history.plan.steps[round];
			if (!step)
				continue;
			const token = history.nextToken();
			if (step.type === 'hub')
				hubEdits.push({ history, edit: { person: history.user, what: step.what, r: step.r, q: step.q, token } });
			else if (step.type === 'sync')
				syncs.push({ history, step });
			else if (step.type === 'fault')
				await this.#arm(history, step);
			else
				await this.#edit(history, step, token);
		}
		const answers = await this.hub.edit(hubEdits.map(({ edit }) => edit));
		hubEdits.forEach(({ history, edit }, n) => history.note(`hub ${answers[n]} ${edit.token}`));
		await this.#sync(syncs, crashes);
	}

	async #edit(history, step, token) {
		const did = await history.sides[step.side].edit(step.what, step.r, step.q, token);
		if (did)
			history.wrote(step.side, token, did);
		history.note(`${stepText(step)} ${did ? `${token} ${did.id}` : 'refused'}`);
	}

	async #arm(history, step) {
		const kinds = this.services[history.plan.accounts[step.side]].faults;
		const fault = step.fault ?? kinds[Math.floor(step.r * kinds.length)];
		await history.sides[step.side].arm({ ...fault, match: { nth: step.nth } });
		history.note(`${stepText(step)}: ${JSON.stringify(fault)}`);
	}

	async #sync(syncs, crashes) {
		if (crashes.length > 0)
			await this.server.arm(crashes.map(({ action, nth }) => `any:${action}:${nth}`));
		const accounts = syncs.flatMap(({ history, step }) => step.sides.map((side) => history.accounts[side]));
		const quiet = new Set(await this.hub.sync(accounts, { patience: PATIENCE }));
		for (const { history, step } of syncs) {
			const read = step.sides.filter((side) => quiet.has(history.accounts[side]));
			read.forEach((side) => history.wasRead(side));
			history.note(`${stepText(step)}${read.length < step.sides.length ? ', failed' : ''}`
				+ `${crashes.map(({ action, nth }) => `, ${action} at step ${nth}`).join('')}`);
		}
	}

	async disarm() {
		await this.server.disarm();
		for (const one of Object.values(this.servers))
			await one.control('DELETE', 'faults');
	}

	// Rounds over everybody, each side after the other has had its turn.
	async cycles(histories, count, complaint) {
		for (let i = 0; i < count; i++) {
			const accounts = histories.flatMap((history) => history.accounts);
			if (this.calm)
				for (let side = 0; side < 4; side++)
					await this.hub.sync(histories.flatMap((history) => history.accounts[side] ?? []),
						{ patience: PATIENCE });
			const quiet = new Set(await this.hub.sync(accounts, { patience: PATIENCE, pause: false }));
			if (i + 1 < count)
				continue;
			for (const history of histories)
				history.accounts.forEach((account, side) => {
					if (!quiet.has(account) && complaint)
						history.fail(`${complaint}: side ${side}`);
				});
		}
	}

	async settle(histories) {
		await this.cycles(histories, 3);
		for (let i = 0; i < 6 && await this.hub.decide(histories.map((history) => history.user)) > 0; i++)
			await this.cycles(histories, 2);
		await this.cycles(histories, 2, 'does not come to rest');
	}

	// The oracle: what must be true of every history in the end.
	async judge(histories) {
		const users = histories.map((history) => history.user);
		const before = await this.hub.ask('stand', users);
		for (const one of Object.values(this.servers))
			await one.control('DELETE', 'log');
		await this.cycles(histories, 1, 'not quiet after it was');
		const after = await this.hub.ask('stand', users);
		const views = await this.hub.ask('view', users);
		const known = await this.hub.ask('known', users);
		const unfinished = await this.hub.ask('unfinished', users);
		for (const history of histories) {
			const { user } = history;
			if (before[user] !== after[user])
				history.fail(`I3: a quiet round changed the hub: ${before[user]} to ${after[user]}`);
			if (unfinished[user])
				history.fail(`left over: ${unfinished[user]}`);
			for (const lost of history.lost(known[user] ?? ''))
				history.fail(`I1: lost ${lost}`);
			await this.#judgeSides(history, views[user]);
		}
		await this.hub.pause(histories.flatMap((history) => history.accounts));
	}

	async #judgeSides(history, view) {
		for (const [n, side] of history.sides.entries()) {
			const { writes, kinds } = await side.traffic();
			if (writes > 0)
				history.fail(`I3: side ${n} was written in a quiet round: ${kinds.join(' ')}`);
			const differences = compare(await side.lines(), side.constructor.linesOf(view));
			if (differences.length > 0)
				history.fail(`I2: side ${n} (<) and the hub (>) differ:\n${differences.join('\n')}`);
		}
		const added = view.tasks.map((task) => /^(?:new|hub) (~\d+~)$/.exec(task.title)?.[1]).filter(Boolean);
		const twice = added.filter((token, n) => added.indexOf(token) !== n);
		if (twice.length > 0)
			history.fail(`I5: made twice: ${twice.join(' ')}`);
	}
}

const canonical = (line) => line.normalize('NFC').replace(/[ \t\r]+$/gm, '');

function compare(there, here) {
	const count = new Map();
	for (const line of there.map(canonical))
		count.set(line, (count.get(line) ?? 0) + 1);
	for (const line of here.map(canonical))
		count.set(line, (count.get(line) ?? 0) - 1);
	return [...count].filter(([, n]) => n !== 0).map(([line, n]) => `${n > 0 ? '<' : '>'} ${line}`).sort();
}
