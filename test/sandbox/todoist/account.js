// One user's data and its change log. Every change gives the object the next number; a delta is what
// has a number above the client's, found from the end of the log, so that its cost is that of the
// changes and not of the account. An object's JSON is kept until it changes: a full sync of ten
// thousand tasks is a concatenation.

import { offsetMinutes } from './zones.js';

export const KINDS = ['project', 'section', 'item', 'label', 'note', 'project_note', 'reminder',
	'filter', 'collaborator', 'collaborator_state', 'user'];

// Resource type of the sync endpoint to kind.
export const RESOURCES = {
	projects: 'project', sections: 'section', items: 'item', labels: 'label', notes: 'note',
	project_notes: 'project_note', reminders: 'reminder', filters: 'filter',
	collaborators: 'collaborator', collaborator_states: 'collaborator_state',
};

export class Account {
	constructor({ id, email, full_name, timezone, lang, premium, ids, clock, config }) {
		Object.assign(this, { id, email, full_name, timezone, lang, premium, ids, clock, config });
		this.seq = 0;
		this.log = [];
		this.objects = Object.fromEntries(KINDS.map((kind) => [kind, new Map()]));
		this.children = new Map();      // task id → Set of records of its living subtasks
		this.members = new Map();       // project id → Set of records of its living tasks
		this.active = new Map();        // project id → number of tasks that are not done
		this.uuids = new Map();         // uuid → {status, temp_id, id, at}
		this.moved = [];                // {type, old_id, new_id}
		this.legacy = new Map();        // new id → old numeric id
		this.activity = [];
		this.syncTokens = new Map();    // sync_token → position
		this.watch = null;              // called with (event, record, extra) for webhooks
		this.windows = {};              // rate windows by bucket
	}

	// A new object; returns its record {kind, data, seq, at, json}.
	create(kind, data) {
		const record = { kind, data, seq: 0, json: null, epoch: -1 };
		this.objects[kind].set(data.id, record);
		if (kind === 'item')
			this.#place(record);
		this.touch(record);
		return record;
	}

	touch(record) {
		record.seq = ++this.seq;
		record.json = null;
		this.log.push({ seq: record.seq, record });
		// Superseded entries are swept when they are the large majority: amortised constant cost.
		if (this.log.length > 1024 && this.log.length > 4 * (this.#total() + 1))
			this.log = this.log.filter((entry) => entry.seq === entry.record.seq);
	}

	#total() {
		let total = 0;
		for (const kind of KINDS)
			total += this.objects[kind].size;
		return total;
	}

	// Changes a record's data. The indexes of tasks are kept by taking it out and putting it back.
	change(record, fields, { silent = false } = {}) {
		if (record.kind === 'item')
			this.#unplace(record);
		Object.assign(record.data, fields);
		if ('updated_at' in record.data && !silent)
			record.data.updated_at = this.config.values.updated_at_micros
				? this.clock.micros() : this.clock.seconds();
		if (record.kind === 'item')
			this.#place(record);
		if (silent)
			record.json = null;
		else
			this.touch(record);
		return record;
	}

	#place(record) {
		const { data } = record;
		if (data.is_deleted)
			return;
		add(this.members, data.project_id, record);
		if (data.parent_id)
			add(this.children, data.parent_id, record);
		if (!data.checked)
			this.active.set(data.project_id, this.activeIn(data.project_id) + 1);
	}

	#unplace(record) {
		const { data } = record;
		if (data.is_deleted)
			return;
		this.members.get(data.project_id)?.delete(record);
		if (data.parent_id)
			this.children.get(data.parent_id)?.delete(record);
		if (!data.checked)
			this.active.set(data.project_id, this.activeIn(data.project_id) - 1);
	}

	activeIn(projectId) {
		return this.active.get(projectId) ?? 0;
	}

	// The living object of an id, or undefined.
	find(kind, id) {
		const record = this.objects[kind].get(id);
		return record && !record.data.is_deleted ? record : undefined;
	}

	childrenOf(id) {
		return [...(this.children.get(id) ?? [])];
	}

	itemsIn(projectId) {
		return [...(this.members.get(projectId) ?? [])];
	}

	// All living tasks below one, parents before children.
	descendants(record) {
		const out = [];
		for (const child of this.childrenOf(record.data.id))
			out.push(child, ...this.descendants(child));
		return out;
	}

	siblings(data) {
		const pool = data.parent_id ? this.childrenOf(data.parent_id)
			: this.itemsIn(data.project_id).filter((record) => record.data.parent_id === null
				&& record.data.section_id === data.section_id);
		return pool.filter((record) => record.data.id !== data.id);
	}

	living(kind) {
		return [...this.objects[kind].values()].filter((record) => !record.data.is_deleted);
	}

	// Records changed after a position, oldest first, each once.
	changedSince(position) {
		let low = 0;
		let high = this.log.length;
		while (low < high) {
			const middle = (low + high) >> 1;
			if (this.log[middle].seq <= position)
				low = middle + 1;
			else
				high = middle;
		}
		const out = [];
		for (let i = low; i < this.log.length; i++)
			if (this.log[i].seq === this.log[i].record.seq)
				out.push(this.log[i].record);
		return out;
	}

	isHidden(projectId) {
		return this.objects.project.get(projectId)?.data.is_archived ?? false;
	}

	emit(event, record, extra = {}) {
		const { data } = record;
		const [type, verb] = event.split(':');
		if (type === 'item' || type === 'project' || type === 'section' || type === 'note')
			this.activity.push({
				id: this.activity.length + 1, object_type: type, object_id: data.id,
				event_type: extra.intent === 'item_completed' ? 'completed' : verb,
				event_date: this.clock.micros(),
				parent_project_id: data.project_id ?? null,
				parent_item_id: data.parent_id ?? data.item_id ?? null,
				initiator_id: this.id,
				extra_data: { content: data.content ?? data.name, client: extra.source ?? null },
			});
		this.watch?.(event, record, extra);
	}

	now() {
		return this.clock.now();
	}

	tzInfo() {
		const minutes = offsetMinutes(this.timezone, this.now());
		const sign = minutes < 0 ? '-' : '+';
		const [hours, rest] = [Math.trunc(minutes / 60), Math.abs(minutes % 60)];
		const two = (n) => String(Math.abs(n)).padStart(2, '0');
		const winter = offsetMinutes(this.timezone, Date.UTC(2026, 0, 1));
		return {
			timezone: this.timezone, hours, minutes: rest, is_dst: minutes === winter ? 0 : 1,
			gmt_string: `${sign}${two(hours)}:${two(rest)}`,
		};
	}
}

function add(index, key, record) {
	let set = index.get(key);
	if (!set)
		index.set(key, set = new Set());
	set.add(record);
}
