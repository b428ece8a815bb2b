// One history: who has which accounts, what they do, and a ledger of what they wrote.
//
// All of it is drawn from the seed before it begins, as fractions that choose among what is there when
// a step comes, so that a step can be left out without another one losing its meaning.

import { seededRandom } from '../sandbox/lib/rng.js';

const SIDE_EDITS = ['title', 'title', 'title', 'notes', 'notes', 'append', 'append', 'add', 'add', 'child', 'twin',
	'same', 'due', 'time', 'undue', 'label', 'label', 'unlabel', 'priority', 'complete', 'complete', 'reopen',
	'delete', 'move', 'parent', 'parent', 'unparent', 'order', 'project', 'rename'];
const HUB_EDITS = SIDE_EDITS;
const POLICIES = [null, null, { rule: 'prefer_hub' }, { rule: 'prefer_remote' }, { tie: 'remote' },
	{ delete: 'delete_wins' }];

export function drawPlan(seed, { services, calm = false, steps } = {}) {
	const random = seededRandom(`history ${seed}`);
	const size = steps ?? 10 + random.below(30);
	const accounts = Array.from({ length: random.pick([2, 2, 2, 3, 3, 4]) }, () => random.pick(services));
	// who is newest is a matter of the clocks, which are not the same twice
	const policy = { ...random.pick(calm ? POLICIES.filter((one) => one?.rule) : POLICIES), hold_deletes: random.chance(0.75) ? 'off' : 'both' };
	const projects = ['P', 'Q'].slice(0, random.below(3));
	const tasks = Array.from({ length: 1 + random.below(5) }, (_, i) => ({
		title: random.chance(0.3) ? 'Milk' : `task ${i}`, project: random.below(projects.length + 1) }));
	const plan = { seed, accounts, policy, projects, tasks, steps: [] };

	for (let i = 0; i < size; i++) {
		const draw = random.next();
		const side = random.below(accounts.length);
		const step = { r: random.next(), q: random.next() };
		if (draw < 0.48)
			plan.steps.push({ ...step, type: 'side', side, what: random.pick(SIDE_EDITS) });
		else if (draw < 0.66)
			plan.steps.push({ ...step, type: 'hub', what: random.pick(HUB_EDITS) });
		else if (draw < 0.9 || calm)
			plan.steps.push({ type: 'sync', sides: [side] });
		else if (draw < 0.94)
			plan.steps.push({ type: 'sync', sides: accounts.map((_, n) => n) });
		else
			plan.steps.push({ ...step, type: 'fault', side, nth: 1 + random.below(3) });
	}
	return plan;
}

export function stepText(step) {
	switch (step.type) {
		case 'sync':
			return `sync ${step.sides.join(' ')}`;
		case 'fault':
			return `fault at ${step.side}, request ${step.nth}${step.kind ? `: ${step.kind}` : ''}`;
		default:
			return `${step.type === 'hub' ? 'hub' : `side ${step.side}`} ${step.what}`;
	}
}

export class History {
	constructor(plan, sides) {
		this.plan = plan;
		this.sides = sides;
		this.ledger = new Map();         // token → {side, id, field, step, superseded?}
		this.unread = sides.map(() => new Map());    // "id field" → tokens that nobody has read yet
		this.log = [];
		this.troubles = [];
		this.count = 100;
	}

	join({ user, accounts }) {
		this.user = user;
		this.accounts = accounts;
	}

	nextToken() {
		return `~${this.count++}~`;
	}

	note(text) {
		this.log.push(text);
	}

	// What a side wrote: what it replaces was overwritten by the same person before anybody saw it.
	wrote(side, token, did) {
		const unread = this.unread[side];
		for (const id of did.gone ?? [])
			for (const [place, tokens] of unread)
				if (place.startsWith(`${id} `))
					this.#supersede(tokens);
		const place = `${did.id} ${did.field ?? did.replaces}`;
		if (did.replaces || (did.field && did.keeps === undefined))
			this.#supersede(unread.get(place) ?? []);
		if (!did.field)
			return;
		this.ledger.set(token, { side, id: did.id, field: did.field, step: this.log.length });
		unread.set(place, [...(did.keeps !== undefined || did.field === 'nothing'
			? unread.get(place) ?? [] : []), token]);
	}

	#supersede(tokens) {
		for (const token of tokens)
			this.ledger.get(token).superseded = true;
	}

	// The account was read to its end: nothing is unread there.
	wasRead(side) {
		this.unread[side].clear();
	}

	fail(text) {
		this.troubles.push(text);
	}

	// The tokens that are nowhere to be found.
	lost(known) {
		return [...this.ledger].filter(([token, entry]) => !entry.superseded && !known.includes(token))
			.map(([token, entry]) => `${token} (${entry.field} of ${entry.id} at side ${entry.side}, step ${entry.step})`);
	}

	story() {
		const { seed, accounts, policy, steps } = this.plan;
		return [`seed ${seed}, ${accounts.join(' + ')}, policy ${JSON.stringify(policy)}, ${steps.length} steps`,
			...this.troubles.map((text) => `  ! ${text.replaceAll('\n', '\n    ')}`),
			...this.log.map((text, n) => `  ${n} ${text}`)].join('\n');
	}
}
