// Objects as answers show them, in the form of the version that was asked for.

import { roundedTime } from './times.js';
import { readValue, showUser } from './values.js';

export const NEWEST = '2026-03-11';
export const VERSIONS = ['2025-09-03', NEWEST];

const dashless = (id) => id.replaceAll('-', '');

// Before 2026-03-11 `archived` stands beside `in_trash` and means the same.
export const trashFields = (version, gone) => (version === NEWEST ? { in_trash: gone }
	: { archived: gone, in_trash: gone });

export function showParent(workspace, record) {
	const { type, id } = record.parent;
	if (type === 'workspace')
		return { type, workspace: true };
	if (type === 'data_source_id')
		return { type, data_source_id: id, database_id: workspace.objects.get(id).parent.id };
	return { type, [type]: id };
}

function common(workspace, record, version) {
	const switches = workspace.config.values;
	return {
		object: record.object, id: record.id,
		created_time: roundedTime(record.created, switches),
		last_edited_time: roundedTime(record.edited, switches),
		created_by: showUser(workspace, record.created_by),
		last_edited_by: showUser(workspace, record.edited_by),
		...trashFields(version, workspace.inTrash(record)),
	};
}

const TRUNCATED = new Set(['relation', 'people']);

// One entry of `properties`; lists of references end at 25 elements.
export function showProperty(workspace, bot, page, property) {
	const { type } = property;
	const most = workspace.config.values.inline_references;
	let value = readValue(workspace, bot, page, property);
	const out = { id: workspace.idShown(property), type };
	if (TRUNCATED.has(type)) {
		out[type] = value.slice(0, most);
		if (type === 'relation')
			out.has_more = value.length > most;
	} else {
		if (type === 'title' || type === 'rich_text')
			value = untilMention(value, most);
		out[type] = value;
	}
	return out;
}

// Rich text is cut after so many mentions, never by its length.
function untilMention(elements, most) {
	let mentions = 0;
	const end = elements.findIndex((one) => one.type === 'mention' && ++mentions > most);
	return end < 0 ? elements : elements.slice(0, end);
}

export function showPage(x, page, wanted = null) {
	const { workspace, bot, version } = x;
	const properties = {};
	for (const property of workspace.propertiesOf(page))
		if (wanted === null || wanted.has(property.id))
			properties[property.name] = showProperty(workspace, bot, page, property);
	return {
		...common(workspace, page, version),
		parent: showParent(workspace, page), is_archived: workspace.isArchived(page),
		is_locked: page.is_locked, icon: page.icon, cover: page.cover, properties,
		url: `https://www.notion.so/${dashless(page.id)}`, public_url: null,
		...(workspace.config.values.extra_fields ? { x_unheard_of: { level: 1 } } : {}),
	};
}

export function showDatabase(x, database) {
	const { workspace, bot, version } = x;
	return {
		...common(workspace, database, version),
		title: database.title, description: [], parent: showParent(workspace, database),
		is_inline: database.is_inline ?? false, is_locked: database.is_locked, icon: database.icon,
		cover: database.cover, url: `https://www.notion.so/${dashless(database.id)}`,
		public_url: null,
		data_sources: workspace.sourcesOf(database)
			.filter((source) => !workspace.inTrash(source) && workspace.visible(bot, source))
			.map((source) => ({ id: source.id, name: source.name })),
	};
}

export function showSource(x, source, schema) {
	const { workspace, version } = x;
	const database = workspace.objects.get(source.parent.id);
	return {
		...common(workspace, source, version),
		title: source.title, description: [], parent: showParent(workspace, source),
		database_parent: showParent(workspace, database), is_inline: database.is_inline ?? false,
		icon: source.icon, cover: source.cover, properties: schema,
		url: `https://www.notion.so/${dashless(database.id)}`, public_url: null,
	};
}

export function showBlock(x, block) {
	const { workspace, version } = x;
	return {
		...common(workspace, block, version),
		parent: showParent(workspace, block), has_children: liveChildren(workspace, block).length > 0,
		type: block.type, [block.type]: block.content,
	};
}

// What is shown below a page or block: blocks, and the pages and databases that lie in it.
export const liveChildren = (workspace, record) => (record.children ?? [])
	.map((id) => workspace.objects.get(id)).filter((child) => child && !child.in_trash);
