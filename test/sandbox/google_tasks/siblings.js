// The order of siblings. Each list has one group per parent: ids in order, of what is neither hidden
// nor deleted. A position is the index in the group, so every change of order renumbers the siblings
// without touching them.

const group = (list, parent) => {
	const key = parent ?? '';
	if (!list.groups.has(key))
		list.groups.set(key, { ids: [], index: null });
	return list.groups.get(key);
};

export const siblingsOf = (list, parent) => list.groups.get(parent ?? '')?.ids ?? [];

// Puts a task after a sibling, or first when `previous` is null.
export function place(list, task, previous) {
	const { ids } = group(list, task.parent);
	ids.splice(previous === null ? 0 : ids.indexOf(previous) + 1, 0, task.id);
	group(list, task.parent).index = null;
}

export function placeLast(list, task) {
	const siblings = group(list, task.parent);
	siblings.ids.push(task.id);
	siblings.index = null;
}

export function takeOut(list, task) {
	const siblings = list.groups.get(task.parent ?? '');
	const at = siblings ? siblings.ids.indexOf(task.id) : -1;
	if (at < 0)
		return;
	siblings.ids.splice(at, 1);
	siblings.index = null;
	if (siblings.ids.length === 0)
		list.groups.delete(task.parent ?? '');
}

// The named ones first, in this order; others keep theirs behind them.
export function reorder(list, parent, ids) {
	const siblings = group(list, parent);
	const named = ids.filter((id) => siblings.ids.includes(id));
	siblings.ids = [...named, ...siblings.ids.filter((id) => !named.includes(id))];
	siblings.index = null;
}

// Makes the positions of many tasks cheap to ask for.
export function indexGroups(list) {
	for (const siblings of list.groups.values())
		siblings.index ??= new Map(siblings.ids.map((id, at) => [id, at]));
}

const pad = (value) => String(value).padStart(20, '0');

export function positionOf(list, task) {
	if (task.deleted)
		return task.lastPosition;
	if (task.hidden)
		return pad(9999999999999999999n - BigInt(Math.floor(task.completed ?? task.updated)));
	const siblings = list.groups.get(task.parent ?? '');
	return pad(Math.max(0, siblings?.index?.get(task.id) ?? siblings?.ids.indexOf(task.id) ?? 0));
}
