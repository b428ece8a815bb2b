// How faults choose their requests is the same for every stand-in, and so is this test of it.

import assert from 'node:assert/strict';

// `ann` and `ben` are two people of the box with `call(method, path)`, `path` a thing both may GET;
// `arm(person, spec)` arms a fault for one of them.
export async function checkMatching(box, { ann, ben, path, arm }) {
	async function statuses(n, who = ann) {
		const out = [];
		for (let i = 0; i < n; i++)
			out.push((await who.call('GET', path)).status);
		return out;
	}
	await arm(ann, { kind: 'status', status: 503, times: 2 });
	assert.deepEqual(await statuses(2, ben), [200, 200]);
	assert.deepEqual(await statuses(3), [503, 503, 200]);
	await arm(ann, { kind: 'status', status: 503, match: { nth: 2 } });
	assert.deepEqual(await statuses(3), [200, 503, 200]);
	await arm(ann, { kind: 'status', status: 503, match: { after: 1 }, times: 0 });
	assert.deepEqual(await statuses(3), [200, 503, 503]);
	await box.control('DELETE', `faults?token=${ann.token}`);
	await arm(ann, { kind: 'status', status: 503, match: { path: '/no/such/path$' } });
	await arm(ann, { kind: 'status', status: 503, match: { method: 'PUT' } });
	assert.deepEqual(await statuses(1), [200]);
	await box.control('DELETE', `faults?token=${ann.token}`);
	await box.control('POST', 'faults', { kind: 'status', status: 503, times: 0,
		match: { probability: 0.5 } });
	const mixed = await statuses(40, ben);
	assert.ok(mixed.includes(200) && mixed.includes(503));
	await box.control('DELETE', 'faults');
	const { ids } = await box.control('POST', 'faults', [
		{ token: ann.token, kind: 'status', status: 500 },
		{ token: ann.token, kind: 'cut_before', match: { nth: 9 } }]);
	await statuses(1);
	const panel = await box.control('GET', 'faults');
	assert.deepEqual(panel.fired.map((entry) => [entry.id, entry.kind]), [[ids[0], 'status']]);
	assert.deepEqual(panel.pending.map((entry) => [entry.id, entry.seen]), [[ids[1], 1]]);
	await box.control('DELETE', `faults?id=${ids[1]}`);
	assert.deepEqual((await box.control('GET', 'faults')).pending, []);
	await assert.rejects(box.control('POST', 'faults', { kind: 'frob' }), /unknown kind of fault/);
}
