// What changes pages, whoever does it: the API's handlers, a person in the app, the seed. An actor is a
// bot or a person; `notes` for the webhooks are written here.

import { emptyValue, valueOf } from './values.js';

// Adds or takes away one end of a two-way relation at the other page.
function mirror(workspace, target, propertyId, page, present, actor) {
	const ids = target.values[propertyId] ?? [];
	const has = ids.includes(page.id);
	if (has === present)
		return;
	workspace.change(target, actor, { values: { ...target.values,
		[propertyId]: present ? [...ids, page.id] : ids.filter((id) => id !== page.id) } },
	{ bump: workspace.config.values.mirrored_edits_bump_time });
	workspace.note('page.properties_updated', target, actor, { properties: [propertyId] });
}

// Sets values by property id. A relation is replaced as a whole, except for pages in the trash, which
// nobody could see when the list was written.
export function setValues(workspace, page, values, actor) {
	const props = workspace.propertiesOf(page);
	const next = { ...page.values };
	const mirrored = [];
	for (const [id, value] of Object.entries(values)) {
		const property = props.find((one) => one.id === id);
		if (property.type !== 'relation') {
			next[id] = value;
			continue;
		}
		const old = valueOf(page, property);
		const unseen = old.filter((other) => {
			const target = workspace.objects.get(other);
			return target && workspace.inTrash(target) && !value.includes(other);
		});
		next[id] = [...value, ...unseen];
		if (property.config.mirror !== undefined)
			mirrored.push({ property, gone: old.filter((other) => !next[id].includes(other)),
				come: next[id].filter((other) => !old.includes(other)) });
	}
	workspace.change(page, actor, { values: next });
	for (const { property, gone, come } of mirrored)
		for (const [ids, present] of [[gone, false], [come, true]])
			for (const id of ids) {
				const target = workspace.objects.get(id);
				if (target)
					mirror(workspace, target, property.config.mirror, page, present, actor);
			}
}

// A new page; values that are not given have their defaults.
export function createPage(workspace, parent, values, actor, fields = {}) {
	const source = parent.object === 'data_source' ? parent : null;
	const page = workspace.create('page', {
		parent: parent.object === undefined ? { type: 'workspace' }
			: { type: source ? 'data_source_id' : 'page_id', id: parent.id },
		values: {}, children: [], ...fields }, actor);
	const props = workspace.propertiesOf(page);
	for (const property of props)
		if (property.type !== 'relation')
			page.values[property.id] = emptyValue(property);
	if (source && props.some((property) => property.type === 'unique_id'))
		page.number = ++source.lastNumber;
	setValues(workspace, page, values, actor);
	// The same moment: making it is not editing it.
	page.edited = page.created;
	page.history = [];
	if (!source && parent.object !== undefined)
		parent.children.push(page.id);
	workspace.note('page.created', page, actor);
	if (source)
		workspace.note('data_source.content_updated', source, actor, { blocks: [page.id] });
	return page;
}

export function editPage(workspace, page, values, actor) {
	if (Object.keys(values).length === 0)
		return;
	setValues(workspace, page, values, actor);
	workspace.note('page.properties_updated', page, actor, { properties: Object.keys(values) });
}

// The rows that are sub-items of one, all levels, where the data source has that relation.
export function subItems(workspace, page) {
	const source = workspace.sourceOf(page);
	const property = source?.props.find((one) => one.id === source.subItems);
	const out = [];
	const seen = new Set([page.id]);
	const walk = (at) => {
		for (const id of property ? valueOf(at, property) : [])
			if (!seen.has(id)) {
				seen.add(id);
				out.push(workspace.objects.get(id));
				walk(workspace.objects.get(id));
			}
	};
	walk(page);
	return out;
}

function setTrash(workspace, record, gone, actor, root) {
	workspace.change(record, actor, { in_trash: gone, trashed_at: gone ? workspace.now() : null,
		trashedWith: gone ? root.id : null });
	if (record.object === 'block')
		return;
	workspace.note(`${record.object}.${gone ? 'deleted' : 'undeleted'}`, record, actor);
	const source = workspace.sourceOf(record);
	if (source)
		workspace.note('data_source.content_updated', source, actor, { blocks: [record.id] });
}

// Into the trash, with the sub-items on order; out of it, with those that went along.
export function trash(workspace, record, actor, { cascade = false } = {}) {
	if (!record.in_trash)
		setTrash(workspace, record, true, actor, record);
	if (cascade && record.object === 'page')
		for (const page of subItems(workspace, record))
			if (!page.in_trash)
				setTrash(workspace, page, true, actor, record);
}

export function restore(workspace, record, actor) {
	if (record.in_trash)
		setTrash(workspace, record, false, actor, record);
	for (const other of workspace.objects.values())
		if (other.in_trash && other.trashedWith === record.id)
			setTrash(workspace, other, false, actor, record);
}

export function archive(workspace, page, archived, actor) {
	workspace.change(page, actor, { is_archived: archived },
		{ bump: workspace.config.values.archive_bumps_time });
	const event = workspace.config.values.webhook_archive_event;
	if (event)
		workspace.note(event, page, actor);
}

// To another data source or page. Values stay where a property of the same name and type is there;
// the title always does.
export function movePage(workspace, page, target, actor) {
	const old = workspace.propertiesOf(page);
	const from = workspace.sourceOf(page);
	const cleared = Object.fromEntries(old.filter((property) => property.type === 'relation')
		.map((property) => [property.id, []]));
	setValues(workspace, page, cleared, actor);
	from?.rows.delete(page);
	const parent = workspace.parentOf(page);
	if (parent?.children)
		parent.children = parent.children.filter((id) => id !== page.id);
	const source = target.object === 'data_source' ? target : null;
	const props = source ? source.props : [{ id: 'title', name: 'title', type: 'title', config: {} }];
	const values = {};
	for (const property of props) {
		const same = old.find((one) => one.type === property.type
			&& (one.type === 'title' || one.name === property.name));
		const value = same && page.values[same.id];
		values[property.id] = value === undefined || property.type === 'relation'
			? emptyValue(property) : carried(same, property, value);
	}
	workspace.change(page, actor, { values,
		parent: { type: source ? 'data_source_id' : 'page_id', id: target.id } });
	if (source) {
		source.rows.add(page);
		if (props.some((property) => property.type === 'unique_id'))
			page.number = ++source.lastNumber;
	} else {
		target.children.push(page.id);
	}
	workspace.note('page.moved', page, actor);
	for (const one of [from, source])
		if (one)
			workspace.note('data_source.content_updated', one, actor, { blocks: [page.id] });
}

// A value in the terms of another property: options go by name, unknown ones are made.
function carried(from, to, value) {
	if (!from.config.options)
		return value;
	const translate = (id) => {
		const option = from.config.options.find((one) => one.id === id);
		if (!option)
			return null;
		const same = to.config.options.find((one) =>
			one.name.toLowerCase() === option.name.toLowerCase());
		if (!same && to.type !== 'status')
			to.config.options.push({ ...option });
		return same?.id ?? (to.type === 'status' ? to.config.default : option.id);
	};
	return Array.isArray(value) ? value.map(translate).filter((id) => id !== null)
		: value === null ? null : translate(value);
}

// The schema was changed: `done` lists the properties, [{id, name, action}].
export function schemaEdited(workspace, source, actor, done) {
	workspace.change(source, actor, {});
	if (workspace.config.values.schema_edits_bump_time)
		for (const page of source.rows)
			workspace.change(page, actor, {});
	workspace.note('data_source.schema_updated', source, actor, { schema: done });
}

export function bodyEdited(workspace, page, actor, blocks) {
	workspace.change(page, actor, {}, { bump: actor.type !== 'bot'
		|| workspace.config.values.api_body_edits_bump_time });
	workspace.note('page.content_updated', page, actor, { blocks });
}

// The page a block is in.
export function pageOfBlock(workspace, record) {
	let at = record;
	while (at && at.object !== 'page')
		at = workspace.parentOf(at);
	return at;
}
