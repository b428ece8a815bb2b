// The schema of a data source: property definitions as they are kept, shown and patched.

import { invalid, wrong } from './errors.js';
import { encodeProperty } from './ids.js';

export const COLORS = ['default', 'gray', 'brown', 'orange', 'yellow', 'green', 'blue', 'purple',
	'pink', 'red'];
export const READ_ONLY = new Set(['created_time', 'last_edited_time', 'created_by',
	'last_edited_by', 'unique_id', 'formula', 'rollup', 'button']);
export const TYPES = ['title', 'rich_text', 'checkbox', 'status', 'select', 'multi_select', 'date',
	'people', 'relation', 'number', 'url', 'email', 'phone_number', 'created_time',
	'last_edited_time', 'created_by', 'last_edited_by', 'unique_id', 'formula', 'rollup', 'files'];
const GROUPS = [['To-do', 'gray'], ['In progress', 'blue'], ['Complete', 'green']];
const NEW_STATUS = [['Not started', 'default', 0], ['In progress', 'blue', 1], ['Done', 'green', 2]];

export const sameName = (a, b) => a.toLowerCase() === b.toLowerCase();

export function newOption(workspace, name, color) {
	return { id: workspace.ids.option(), name, color: color ?? workspace.random.pick(COLORS),
		description: null };
}

export function checkOptionName(name, path) {
	if (typeof name !== 'string' || name === '')
		throw wrong(`${path}.name`, 'a non-empty string', name);
	if (name.includes(','))
		throw invalid(`Invalid select option, commas not allowed: ${name}`);
	if (name.length > 100)
		throw wrong(`${path}.name.length`, '≤ `100`', name.length);
}

// Status options: [[name, color, group number], …]; the first is the default.
export function statusConfig(workspace, list = NEW_STATUS) {
	const options = list.map(([name, color]) => newOption(workspace, name, color));
	const groups = GROUPS.map(([name, color], number) => ({ id: workspace.ids.uuid(), name, color,
		option_ids: options.filter((option, i) => list[i][2] === number).map((option) => option.id) }));
	return { options, groups, default: options[0]?.id ?? null };
}

export function newProperty(workspace, name, type, config = {}) {
	return { id: type === 'title' ? 'title' : workspace.ids.property(), name, description: null, type,
		config };
}

// Both ends of a two-way relation between two data sources (or of one with itself).
export function addDualRelation(workspace, source, name, target, mirrorName) {
	const one = newProperty(workspace, name, 'relation');
	const other = newProperty(workspace, mirrorName, 'relation');
	one.config = { data_source_id: target.id, type: 'dual_property', mirror: other.id };
	other.config = { data_source_id: source.id, type: 'dual_property', mirror: one.id };
	source.props.push(one);
	target.props.push(other);
	return [one, other];
}

function showRelation(workspace, property) {
	const { data_source_id: id, type, mirror } = property.config;
	const target = workspace.objects.get(id);
	const other = target?.props.find((candidate) => candidate.id === mirror);
	return {
		database_id: target?.parent.id ?? null, data_source_id: id, type,
		[type]: type === 'dual_property' && other ? { synced_property_id: encodeProperty(other.id),
			synced_property_name: other.name } : {},
	};
}

function showConfig(workspace, property) {
	const { type, config } = property;
	switch (type) {
		case 'select': case 'multi_select': return { options: config.options };
		case 'status': return { options: config.options, groups: config.groups };
		case 'relation': return showRelation(workspace, property);
		case 'number': return { format: config.format ?? 'number' };
		case 'unique_id': return { prefix: config.prefix ?? null };
		case 'formula': return { expression: config.expression ?? 'length(prop("Name"))' };
		default: return {};
	}
}

export function showSchema(workspace, bot, source) {
	const out = {};
	for (const property of source.props) {
		// The far end of a relation that is not shared: the relation is not there either.
		const target = property.type === 'relation'
			&& workspace.objects.get(property.config.data_source_id);
		if (property.type === 'relation' && (!target || !workspace.visible(bot, target)))
			continue;
		out[property.name] = { id: workspace.idShown(property), name: property.name,
			description: property.description, type: property.type,
			[property.type]: showConfig(workspace, property) };
	}
	return out;
}

// A property by its name or id, as JSON bodies write it.
export function findInBody(props, key, switches) {
	const mode = switches.body_property_ids;
	return props.find((property) => property.name === key)
		?? props.find((property) => property.id === key
			&& (mode !== 'encoded' || encodeProperty(key) === key))
		?? (mode === 'decoded' ? undefined
			: props.find((property) => property.id !== 'title' && encodeProperty(property.id) === key));
}

// A property by its id in a path, where one decoding has taken place already.
export const findInPath = (props, key) => props.find((property) => property.id === key);

// The properties that `filter_properties` asks for, or null for all of them.
export function wantedProperties(x, props) {
	const names = [...x.parameters.getAll('filter_properties'),
		...x.parameters.getAll('filter_properties[]')];
	if (names.length === 0)
		return null;
	return new Set(names.map((name) => {
		const found = props.find((property) => property.name === name || property.id === name);
		if (!found)
			throw invalid(`${name} is not a property that exists.`);
		return found.id;
	}));
}

function patchOptions(workspace, property, body, path) {
	const list = body.options;
	if (list === undefined)
		return;
	if (!Array.isArray(list))
		throw wrong(`${path}.options`, 'an array', list);
	if (list.length > 100)
		throw wrong(`${path}.options.length`, '≤ `100`', list.length);
	const old = property.config.options;
	// Replacement: what is left out is deleted. A rename is answered with 200 and not done.
	property.config.options = list.map((entry, i) => {
		const known = old.find((option) => option.id === entry.id
			|| (entry.name !== undefined && sameName(option.name, entry.name)));
		if (known)
			return { ...known, color: entry.color ?? known.color };
		checkOptionName(entry.name, `${path}.options[${i}]`);
		return newOption(workspace, entry.name, entry.color ?? 'default');
	});
	if (property.type !== 'status')
		return;
	const { config } = property;
	for (const group of config.groups)
		group.option_ids = group.option_ids.filter((id) =>
			config.options.some((option) => option.id === id));
	list.forEach((entry, i) => {
		const { id } = config.options[i];
		if (!config.groups.some((group) => group.option_ids.includes(id)))
			(config.groups.find((group) => group.name === entry.group) ?? config.groups[0])
				.option_ids.push(id);
	});
	if (!config.options.some((option) => option.id === config.default))
		config.default = config.options[0]?.id ?? null;
}

// Deletes a property from a schema; the other end of a two-way relation goes with it.
export function dropProperty(workspace, source, property) {
	source.props = source.props.filter((one) => one !== property);
	const target = property.type === 'relation' && property.config.mirror !== undefined
		&& workspace.objects.get(property.config.data_source_id);
	if (target)
		target.props = target.props.filter((one) => one.id !== property.config.mirror);
}

function addProperty(workspace, source, key, entry) {
	const type = entry.type ?? TYPES.find((name) => name in entry);
	if (!TYPES.includes(type))
		throw wrong(`body.properties.${key}`, 'a property schema', entry);
	if (type === 'title')
		throw invalid('A data source has exactly one title property.');
	const name = entry.name ?? key;
	const body = entry[type] ?? {};
	if (type === 'relation') {
		const target = workspace.objects.get(body.data_source_id);
		if (!target)
			throw wrong(`body.properties.${key}.relation.data_source_id`, 'a data source', undefined);
		if ((body.type ?? (body.dual_property ? 'dual_property' : '')) === 'dual_property')
			return addDualRelation(workspace, source, name, target,
				body.dual_property?.synced_property_name ?? `Related to ${source.name}`)[0];
		const one = newProperty(workspace, name, type, { data_source_id: target.id,
			type: 'single_property' });
		source.props.push(one);
		return one;
	}
	const property = newProperty(workspace, name, type, type === 'status' ? statusConfig(workspace)
		: type === 'select' || type === 'multi_select' ? { options: [] } : { ...body });
	if (body.options?.length > 0)
		patchOptions(workspace, property, body, `body.properties.${key}.${type}`);
	source.props.push(property);
	return property;
}

// Applies `properties` of a schema PATCH; returns what was done, for the webhook.
export function patchSchema(workspace, source, patch, switches) {
	const done = [];
	const said = (property, action) => done.push({ id: property.id, name: property.name, action });
	for (const [key, entry] of Object.entries(patch)) {
		const property = findInBody(source.props, key, switches);
		if (entry === null) {
			if (!property)
				throw invalid(`${key} is not a property that exists.`);
			if (property.type === 'title')
				throw invalid('Cannot delete the title property.');
			dropProperty(workspace, source, property);
			said(property, 'deleted');
		} else if (!property) {
			said(addProperty(workspace, source, key, entry), 'created');
		} else {
			if (entry.name !== undefined && entry.name !== property.name) {
				if (source.props.some((other) => other.name === entry.name))
					throw invalid(`Cannot rename property to "${entry.name}": the name is taken.`);
				property.name = entry.name;
			}
			const body = entry[property.type];
			if (body && property.config.options)
				patchOptions(workspace, property, body, `body.properties.${key}.${property.type}`);
			said(property, 'updated');
		}
	}
	return done;
}

