// Property values of a page: what a write may say, what is kept, what a read shows.

import { readDate, writeDate } from './dates.js';
import { invalid, wrong } from './errors.js';
import { readUuid } from './ids.js';
import { plainText, writeRichText } from './rich-text.js';
import { checkOptionName, COLORS, findInBody, newOption, READ_ONLY, sameName } from './schema.js';
import { roundedTime } from './times.js';

export const emptyValue = (property) => {
	switch (property.type) {
		case 'title': case 'rich_text': case 'multi_select': case 'people': case 'relation':
		case 'files': return [];
		case 'checkbox': return false;
		case 'status': return property.config.default;
		default: return null;
	}
};

// A property that came after the page was made is empty there, a status as well.
export const valueOf = (page, property) => page.values[property.id]
	?? (property.type === 'status' ? null : emptyValue(property));

export const optionOf = (property, id) =>
	property.config.options.find((option) => option.id === id) ?? null;

// The option that {id} or {name} means. An unknown name makes one, for the types that may.
function writeOption(x, property, entry, path) {
	const { options } = property.config;
	if (typeof entry !== 'object' || entry === null || (entry.id === undefined
		&& entry.name === undefined))
		throw invalid(`body failed validation. Fix one:\n${path}.id should be defined, instead was `
			+ `\`undefined\`.\n${path}.name should be defined, instead was \`undefined\`.`);
	if (entry.color !== undefined && !COLORS.includes(entry.color))
		throw wrong(`${path}.color`, COLORS.map((color) => `"${color}"`).join(', '), entry.color);
	const known = options.find((option) => option.id === entry.id)
		?? options.find((option) => entry.name !== undefined && sameName(option.name,
			String(entry.name)));
	if (known) {
		if (entry.color !== undefined && entry.color !== known.color
			&& x.world.config.values.option_color_mismatch === 'reject')
			throw invalid(`Cannot update color of select with name: ${known.name}.`);
		return known.id;
	}
	if (entry.name === undefined)
		throw invalid(`${property.type === 'status' ? 'Status' : 'Select'} option "${entry.id}" does `
			+ 'not exist.');
	if (property.type === 'status')
		throw invalid(`Invalid status option. Status option "${entry.name}" does not exist.`);
	checkOptionName(entry.name, path);
	if (x.world.config.values.select_options === 'reject')
		throw invalid(`Select option "${entry.name}" does not exist.`);
	const option = newOption(x.workspace, entry.name, entry.color);
	x.newOptions.push({ property, option });
	// The same new name twice in one request is one option.
	options.push(option);
	return option.id;
}

function list(value, path, most) {
	if (!Array.isArray(value))
		throw wrong(path, 'an array', value);
	if (most !== null && value.length > most)
		throw wrong(`${path}.length`, `≤ \`${most}\``, value.length);
	return value;
}

function writeRelation(x, property, value, path) {
	const target = x.workspace.objects.get(property.config.data_source_id);
	const ids = list(value, path, x.world.config.values.relations_per_request).map((entry, i) => {
		const id = readUuid(entry?.id);
		if (id === null)
			throw wrong(`${path}[${i}].id`, 'a valid uuid', entry?.id);
		const page = x.workspace.objects.get(id);
		if (!page || page.object !== 'page' || page.parent.id !== target?.id
			|| !x.workspace.visible(x.bot, page))
			throw invalid(`Page with ID ${id} is not in the related data source or is not shared.`);
		return id;
	});
	return [...new Set(ids)];
}

function writePeople(x, value, path) {
	return list(value, path, 100).map((entry, i) => {
		const id = readUuid(entry?.id);
		if (id === null || !(x.workspace.people.has(id) || x.workspace.bots.has(id)))
			throw invalid(`${path}[${i}].id: Could not find user with ID: ${entry?.id}.`);
		return id;
	});
}

function writeText(value, path, most) {
	if (value !== null && typeof value !== 'string')
		throw wrong(path, 'a string or `null`', value);
	if (value !== null && value.length > most)
		throw wrong(`${path}.length`, `≤ \`${most}\``, value.length);
	return value === '' ? null : value;
}

// The value of a request, checked, in the form that is kept.
function writeValue(x, property, value, path) {
	const { type } = property;
	switch (type) {
		case 'title': case 'rich_text': return writeRichText(value, path, x.world.config.values);
		case 'checkbox':
			if (typeof value !== 'boolean')
				throw wrong(path, 'a boolean', value);
			return value;
		case 'number':
			if (value !== null && typeof value !== 'number')
				throw wrong(path, 'a number or `null`', value);
			return value !== null && x.world.config.values.number_precision === 'single'
				? Math.fround(value) : value;
		case 'select': return value === null ? null : writeOption(x, property, value, path);
		case 'status':
			if (value !== null)
				return writeOption(x, property, value, path);
			return x.world.config.values.status_null === 'default' ? property.config.default : null;
		case 'multi_select':
			return [...new Set(list(value, path, 100).map((entry, i) =>
				writeOption(x, property, entry, `${path}[${i}]`)))];
		case 'date': return writeDate(value, path);
		case 'people': return writePeople(x, value, path);
		case 'relation': return writeRelation(x, property, value, path);
		case 'url': return writeText(value, path, 2000);
		case 'email': case 'phone_number': return writeText(value, path, 200);
		case 'files': return list(value, path, 100);
		default: throw invalid(`Cannot update the ${type} property "${property.name}".`);
	}
}

// All values of a request: {property id: value}. Nothing is changed before all of them are in order,
// new options included.
export function writeValues(x, props, body) {
	const out = {};
	if (typeof body !== 'object' || body === null || Array.isArray(body))
		throw wrong('body.properties', 'an object', body);
	x.newOptions = [];
	try {
		for (const [key, entry] of Object.entries(body)) {
			const property = findInBody(props, key, x.world.config.values);
			if (!property) {
				if (x.world.config.values.unknown_property === 'ignore')
					continue;
				throw invalid(`${key} is not a property that exists.`);
			}
			if (READ_ONLY.has(property.type))
				throw invalid(`${property.name} is a read-only property (${property.type}) and cannot `
					+ 'be updated.');
			const path = `body.properties.${key}.${property.type}`;
			if (typeof entry !== 'object' || entry === null || entry[property.type] === undefined) {
				const other = entry && typeof entry === 'object'
					&& Object.keys(entry).find((name) => name !== 'id' && name !== 'type');
				throw other ? invalid(`${property.name} is expected to be ${property.type}.`)
					: wrong(path, 'defined', undefined);
			}
			out[property.id] = writeValue(x, property, entry[property.type], path);
		}
	} catch (error) {
		for (const { property, option } of x.newOptions)
			property.config.options.splice(property.config.options.indexOf(option), 1);
		throw error;
	}
	return out;
}

const option = (property, id) => {
	const found = id === null ? null : optionOf(property, id);
	return found && { id: found.id, name: found.name, color: found.color };
};

// The related pages that can be read: neither in the trash nor hidden from this bot.
export function related(workspace, bot, ids) {
	return ids.filter((id) => {
		const page = workspace.objects.get(id);
		return page && !workspace.inTrash(page) && (bot === null || workspace.visible(bot, page));
	});
}

export function showUser(workspace, id) {
	return { object: 'user', id: workspace.config.values.author_id === 'other'
		? workspace.bots.get(id)?.shownId ?? id : id };
}

export function showPerson(workspace, bot, id) {
	const person = workspace.people.get(id);
	if (!person || bot?.capabilities.user_info === 'none')
		return showUser(workspace, id);
	return { object: 'user', id, type: 'person', name: person.name, avatar_url: null,
		person: bot?.capabilities.user_info === 'email' ? { email: person.email } : {} };
}

// The value as a read shows it, complete: the cut at 25 is the caller's.
export function readValue(workspace, bot, page, property) {
	const value = valueOf(page, property);
	const switches = workspace.config.values;
	switch (property.type) {
		case 'select': case 'status': return option(property, value);
		case 'multi_select': {
			const ids = switches.multi_select_order === 'schema'
				? property.config.options.map(({ id }) => id).filter((id) => value.includes(id)) : value;
			return ids.map((id) => option(property, id)).filter(Boolean);
		}
		case 'date': return readDate(value, switches);
		case 'people': return value.map((id) => showPerson(workspace, bot, id));
		case 'relation': {
			const target = workspace.objects.get(property.config.data_source_id);
			const seen = target && (bot === null || workspace.visible(bot, target));
			return seen ? related(workspace, bot, value).map((id) => ({ id })) : [];
		}
		case 'created_time': return roundedTime(page.created, switches);
		case 'last_edited_time': return roundedTime(page.edited, switches);
		case 'created_by': return showPerson(workspace, bot, page.created_by);
		case 'last_edited_by': return showPerson(workspace, bot, page.edited_by);
		case 'unique_id': return { prefix: property.config.prefix ?? null, number: page.number };
		case 'formula': // The one formula there is: how long the title is.
			return { type: 'number', number: plainText(page.values.title ?? []).length };
		case 'rollup': return { type: 'unsupported', unsupported: {}, function: 'count' };
		default: return value;
	}
}
