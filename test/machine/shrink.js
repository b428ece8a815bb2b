// Makes a failing history smaller while it fails in the same way: steps first, in ever smaller pieces,
// then the faults among them, then accounts. The attempts of one size run side by side as a wave.

const kindOf = (trouble) => /^[^:]*/.exec(trouble)[0];

// Without the account: its steps go, the ones after it move up.
function withoutAccount(plan, gone) {
	const steps = plan.steps.filter((step) => step.side !== gone).map((step) => ({ ...step,
		...(step.side > gone ? { side: step.side - 1 } : {}),
		...(step.sides ? { sides: step.sides.filter((side) => side !== gone)
			.map((side) => side - (side > gone)) } : {}) })).filter((step) => step.sides?.length !== 0);
	return { ...plan, accounts: plan.accounts.filter((_, n) => n !== gone), steps };
}

function pieces(plan, size, only) {
	const places = plan.steps.map((step, n) => n).filter((n) => !only || plan.steps[n].type === only);
	const smaller = [];
	for (let at = 0; at < places.length; at += size) {
		const gone = new Set(places.slice(at, at + size));
		smaller.push({ ...plan, steps: plan.steps.filter((_, n) => !gone.has(n)) });
	}
	return smaller;
}

export async function shrink(wave, history, { trouble, width, patience_s = 180, say = () => {} }) {
	const wanted = new Set(history.troubles.map(kindOf));
	const until = performance.now() + patience_s * 1000;
	let best = history;

	// The first of these plans that still fails, or null.
	async function tryAll(plans) {
		for (let at = 0; at < plans.length && performance.now() < until; at += width) {
			const ran = await wave.run(plans.slice(at, at + width), trouble);
			const failing = ran.find((one) => one.troubles.some((text) => wanted.has(kindOf(text))));
			if (failing)
				return failing;
		}
		return null;
	}

	async function reduce(candidates) {
		for (;;) {
			const found = await tryAll(candidates(best.plan));
			if (!found)
				return;
			best = found;
			say(`${best.plan.steps.length} steps, ${best.plan.accounts.length} accounts`);
		}
	}

	const again = await tryAll([history.plan]);
	if (!again)
		return null;
	best = again;
	for (let size = Math.ceil(best.plan.steps.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2))
		await reduce((plan) => pieces(plan, size));
	await reduce((plan) => pieces(plan, 1, 'fault'));
	await reduce((plan) => (plan.accounts.length > 2
		? plan.accounts.map((_, n) => withoutAccount(plan, n)) : []));
	await reduce((plan) => pieces(plan, 1));
	return best;
}
