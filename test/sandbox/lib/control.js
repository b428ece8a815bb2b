// The part of the control interface below /_control/ that every stand-in has: health, reset, log,
// faults, latency, clock, switches. Documented in ../README.md. It has no authentication: the
// stand-in listens on the loopback address.

function setClock(world, body) {
	if (body.now !== undefined) {
		const ms = typeof body.now === 'number' ? body.now : Date.parse(body.now);
		if (Number.isNaN(ms))
			throw new Error('now must be milliseconds or an ISO date');
		world.clock.set(ms, Boolean(body.freeze));
	}
	if (body.advance_s !== undefined)
		world.clock.advance(body.advance_s * 1000);
	return { now: new Date(world.clock.now()).toISOString() };
}

// Whom a control request names, by token or user id; undefined when it names nobody.
const namedUser = (world) => (source) => (source.token !== undefined || source.user_id !== undefined
	? world.accountOf(source).id : undefined);

// `userOf(source)` is the id that faults and log entries of the named account carry, or undefined when
// none is named; `kinds` are the service's kinds of faults, `conditionsOf(kind)` which requests a kind
// can do something to, `onArm(fault, spec)` what is noted when one is armed.
export function commonActions(world, { connections, userOf = namedUser(world), kinds, conditionsOf = () => ({}),
	onArm = () => {} }) {
	function armOne(spec) {
		if (!kinds.includes(spec.kind))
			throw new Error(`unknown kind of fault "${spec.kind}"; known: ${kinds.join(', ')}`);
		const user = userOf(spec);
		const fault = world.faults.arm({ ...spec,
			match: { ...conditionsOf(spec.kind), ...spec.match },
			...(user !== undefined ? { user_id: user } : {}) });
		onArm(fault, spec);
		return fault.id;
	}

	return {
		'GET health': () => ({ ok: true, users: world.accounts.size, connections: connections() }),
		'POST reset': () => {
			world.reset();
			return { ok: true };
		},
		'GET log': (body, query) =>
			world.log.read({ user: userOf(query), since: Number(query.since ?? 0) }),
		'DELETE log': () => {
			world.log.clear();
			return { ok: true };
		},
		'POST faults': (body) =>
			({ ids: (Array.isArray(body) ? body : body.faults ?? [body]).map(armOne) }),
		'GET faults': () => world.faults.list(),
		'DELETE faults': (body, query) => {
			world.faults.clear({ user_id: userOf(query),
				id: query.id === undefined ? undefined : Number(query.id) });
			return { ok: true };
		},
		'POST latency': (body) => {
			world.latency = { ms: body.ms ?? 0, jitter_ms: body.jitter_ms ?? 0 };
			return world.latency;
		},
		'POST clock': (body) => setClock(world, body),
		'GET clock': () => setClock(world, {}),
		'POST config': (body) => {
			world.config.set(body);
			return world.config.values;
		},
		'GET config': () => world.config.values,
	};
}

// Calls the action that a control request names.
export function controlDoor(actions) {
	return async (x, body) => {
		const name = `${x.method} ${x.path.slice('/_control/'.length)}`;
		if (!Object.hasOwn(actions, name))
			throw Object.assign(new Error(`no control action "${name}"`), { status404: true });
		return actions[name](body, x.query);
	};
}
