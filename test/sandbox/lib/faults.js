// The panel of faults: what a test has armed, which of it meets a request, and what has fired.
// A fault says nothing about the service; what a kind does is the service's file to know.
//
// {kind, user_id?, match: {path?, query?, method?, command?, content?, sync?, reads?, writes?,
//  probability?, after?, nth?}, times?, …parameters of the kind}.  `times` is 1 unless given; 0 means until it is cleared.

import { seededRandom } from './rng.js';

// The text of what a command writes, whatever the service calls it.
export const textOf = ({ args }) => String(args?.content ?? args?.name ?? args?.title ?? '');

export function faultPanel(seed) {
	const random = seededRandom(`faults ${seed}`);
	let pending = [];
	let fired = [];
	let last = 0;

	// `seen` counts the requests that meet the conditions, so that "the third sync" can be named.
	function meets(fault, request) {
		const match = fault.match;
		if (fault.user_id !== undefined && fault.user_id !== request.user_id)
			return false;
		if (match.method && match.method !== request.method)
			return false;
		if (match.path && !new RegExp(match.path).test(request.path))
			return false;
		if (match.query && !new RegExp(match.query).test(request.query ?? ''))
			return false;
		if (match.sync && match.sync !== request.sync)
			return false;
		if (match.writes && !request.writes)
			return false;
		if (match.reads && !request.reads)
			return false;
		if (match.command && !request.commands.some((command) => command.type === match.command))
			return false;
		if (match.content && !request.commands.some((command) =>
			textOf(command).includes(match.content)))
			return false;
		fault.seen++;
		if (match.nth && fault.seen !== match.nth)
			return false;
		if (match.after && fault.seen <= match.after)
			return false;
		return match.probability === undefined || random.next() < match.probability;
	}

	return {
		arm(spec) {
			const { token, all, match = {}, times = 1, ...rest } = spec;
			const fault = { id: ++last, ...rest, match, times, seen: 0, fired: 0 };
			pending.push(fault);
			return fault;
		},
		take(request) {
			if (pending.length === 0)
				return [];
			const hit = pending.filter((fault) => meets(fault, request));
			for (const fault of hit) {
				fault.fired++;
				fired.push({ id: fault.id, kind: fault.kind, path: request.path,
					user_id: request.user_id, request: request.seq });
			}
			if (hit.length > 0)
				pending = pending.filter((fault) => fault.times === 0 || fault.fired < fault.times);
			return hit;
		},
		list: () => ({ pending: pending.map(({ snapshots, ...fault }) => fault), fired }),
		clear({ id, user_id } = {}) {
			const everything = id === undefined && user_id === undefined;
			pending = pending.filter((fault) => !everything
				&& (id === undefined || fault.id !== id)
				&& (user_id === undefined || fault.user_id !== user_id));
			if (everything)
				fired = [];
		},
	};
}
