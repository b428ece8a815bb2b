// The journal of a history without what is different each time: ids, tokens of time, names of runs.

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
const TIME = /\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}[.0-9]*(Z|[+-]\d{2}:?\d{2})/g;

const stable = (value) => JSON.stringify(value, (key, part) => (part !== null && typeof part === 'object'
	&& !Array.isArray(part) ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1))) : part));

// One text for each history: an object is known by what it was called first.
export async function journalsOf(hub, histories) {
	const rows = await hub.journal(histories.map((history) => history.user)) ?? [];
	return histories.map((history) => {
		const own = rows.filter(([user]) => user === history.user);
		const names = new Map();
		for (const [, id, version, kind, , , , after] of own)
			if (version === 1)
				names.set(id, `${kind} ${after?.title ?? after?.name}`);
		const objects = new Map();
		for (const [, id, version, , op, origin, before, after] of own) {
			const who = origin ? `side ${history.accounts.indexOf(origin)}` : 'hub';
			const line = `${version} ${op} by ${who}: ${stable(before)} -> ${stable(after)}`
				.replace(TIME, 'T').replace(UUID, (found) => names.get(found) ?? 'id');
			objects.set(id, `${objects.get(id) ?? `${names.get(id)}\n`}  ${line}\n`);
		}
		return [...objects.values()].sort().join('');
	});
}
