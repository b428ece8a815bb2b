// Outgoing webhooks on their way: sent, repeated until they are taken, and on order lost, doubled,
// delayed or out of order. What a delivery says and how often it is repeated is the service's to know.

// The status of the answer; 0 when there was none, which counts like a wrong one.
export async function post(url, body, headers, timeoutMs) {
	try {
		const answer = await fetch(url, { method: 'POST', body, redirect: 'manual',
			signal: AbortSignal.timeout(timeoutMs),
			headers: { 'Content-Type': 'application/json', ...headers } });
		await answer.arrayBuffer();
		return answer.status;
	} catch {
		return 0;
	}
}

// `request(delivery)` gives {url, body, headers} of the attempt whose number is delivery.attempts;
// `taken(status)` whether that is a receipt; `waitMs(attempts)` when to try again, null for never;
// `ended(delivery)` is told when it is done with.
export function makeDeliveries(world, { request, taken, waitMs, ended = () => {} }) {
	let deliveries = [];
	let held = [];                    // for reordering
	let stopped = false;
	const behaviour = { lose: 0, duplicate: 0, delay_ms: 0, reorder: false };

	async function attempt(delivery) {
		if (stopped)
			return;
		delivery.attempts++;
		const { attempts } = delivery;
		const { url, body, headers } = request(delivery);
		const status = await post(url, body, headers, world.config.values.webhook_timeout_ms);
		delivery.statuses.push(status);
		delivery.done = taken(status);
		const wait = delivery.done ? null : waitMs(attempts);
		if (wait === null)
			ended(delivery);
		else
			world.clock.after(wait, () => attempt(delivery));
	}

	function dispatch(delivery) {
		for (let i = 0; i <= behaviour.duplicate; i++)
			setTimeout(() => attempt(delivery), behaviour.delay_ms).unref();
	}

	return {
		add(fields) {
			const delivery = { ...fields, attempts: 0, statuses: [], done: false, lost: false };
			deliveries.push(delivery);
			if (behaviour.lose > 0) {
				behaviour.lose--;
				delivery.lost = true;
			} else if (behaviour.reorder) {
				held.push(delivery);
			} else {
				dispatch(delivery);
			}
		},
		behave(changes) {
			Object.assign(behaviour, changes);
			if (!behaviour.reorder) {
				// What was held back leaves newest first.
				held.reverse().forEach(dispatch);
				held = [];
			}
			return behaviour;
		},
		all: () => deliveries,
		clear() {
			deliveries = [];
		},
		stop() {
			stopped = true;
		},
		stopped: () => stopped,
	};
}

// The part of the control interface that concerns deliveries; `webhooks()` has behave, list, clear.
export const deliveryActions = (webhooks) => ({
	'POST webhooks/behaviour': (body) => webhooks().behave(body),
	'GET webhooks/deliveries': () => webhooks().list(),
	'DELETE webhooks/deliveries': () => {
		webhooks().clear();
		return { ok: true };
	},
});
