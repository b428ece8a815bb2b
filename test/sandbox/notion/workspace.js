// One workspace: people, bots, and a tree of pages, databases, data sources and blocks. What a bot may
// see follows from the pages that were shared with it: the nearest decision upwards counts.

import { encodeProperty } from './ids.js';

const PURGE_MS = 30 * 86400000;

// A page outside of any data source has a title and nothing else.
const PLAIN_PAGE = [{ id: 'title', name: 'title', description: null, type: 'title', config: {} }];

export class Workspace {
	constructor({ id, name, plan, ids, random, clock, config, webhooks }) {
		Object.assign(this, { id, name, plan, ids, random, clock, config, webhooks });
		this.icon = null;
		this.people = new Map();
		this.bots = new Map();
		this.objects = new Map();
		this.comments = new Map();
		this.tasks = new Map();         // asynchronous tasks by id
		this.version = 0;               // counts every change; cached query results depend on it
		this.windows = {};              // rate windows of the workspace
		this.creationBlocked = false;   // the plan's block limit is used up
	}

	now() {
		return this.clock.now();
	}

	create(object, fields, actor) {
		const at = this.now();
		const record = { object, id: this.ids.uuid(), created: at, edited: at,
			created_by: actor.id, edited_by: actor.id, in_trash: false, trashed_at: null,
			is_archived: false, is_locked: false, icon: null, cover: null, history: [], ...fields };
		this.objects.set(record.id, record);
		this.version++;
		if (record.object === 'page' && record.parent.type === 'data_source_id')
			this.objects.get(record.parent.id).rows.add(record);
		return record;
	}

	// Changes a record; a query that lags shows what it was before.
	change(record, actor, fields, { bump = true } = {}) {
		if (this.config.values.query_lag_s > 0 && record.object === 'page')
			record.history = [...record.history.slice(-20), { until: this.now(),
				shot: { ...record, history: [], values: { ...record.values } } }];
		Object.assign(record, fields);
		if (bump) {
			record.edited = this.now();
			record.edited_by = actor.id;
		}
		this.version++;
		return record;
	}

	forget(record) {
		this.objects.delete(record.id);
		this.sourceOf(record)?.rows.delete(record);
		this.version++;
	}

	parentOf(record) {
		return record.parent.type === 'workspace' ? null : this.objects.get(record.parent.id) ?? null;
	}

	// The data source a row is in, or null for any other page.
	sourceOf(record) {
		return record.object === 'page' && record.parent.type === 'data_source_id'
			? this.objects.get(record.parent.id) : null;
	}

	propertiesOf(record) {
		return record.object === 'data_source' ? record.props
			: this.sourceOf(record)?.props ?? PLAIN_PAGE;
	}

	// Whether it or anything above it lies in the trash.
	inTrash(record) {
		for (let at = record; at; at = this.parentOf(at))
			if (at.in_trash)
				return true;
		return false;
	}

	isArchived(record) {
		for (let at = record; at; at = this.parentOf(at))
			if (at.is_archived)
				return true;
		return false;
	}

	purged(record) {
		for (let at = record; at; at = this.parentOf(at))
			if (at.in_trash && this.now() - at.trashed_at > PURGE_MS)
				return true;
		return false;
	}

	visible(bot, record) {
		for (let at = record; at; at = this.parentOf(at)) {
			if (bot.denied.has(at.id))
				return false;
			if (bot.roots.has(at.id))
				return true;
		}
		return bot.everything;
	}

	// The object of an id that this bot may see, or undefined.
	find(bot, id, ...kinds) {
		const record = this.objects.get(id);
		return record && kinds.includes(record.object) && this.visible(bot, record)
			&& !this.purged(record) ? record : undefined;
	}

	share(bot, record) {
		bot.denied.delete(record.id);
		bot.roots.set(record.id, this.now());
		this.version++;
	}

	unshare(bot, record) {
		bot.roots.delete(record.id);
		if (this.visible(bot, record))
			bot.denied.add(record.id);
		this.version++;
	}

	// The database that an id in a pasted URL or an old parent names, with its data sources.
	sourcesOf(database) {
		return database.sources.map((id) => this.objects.get(id)).filter(Boolean);
	}

	// The rows of a data source that a query may show.
	rowsOf(source) {
		return [...source.rows];
	}

	topLevel() {
		return [...this.objects.values()].filter((record) => record.parent.type === 'workspace'
			&& record.object !== 'block' && !record.in_trash);
	}

	note(type, record, actor, extra) {
		this.webhooks().note(this, type, record, actor, extra);
	}

	idShown(property) {
		return property.shown ??= encodeProperty(property.id);
	}
}
