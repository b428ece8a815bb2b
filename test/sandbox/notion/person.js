// What a person does in the app: the control interface's `edit`. The same rules as the API's, without
// its limits, and more: schemas, sharing, the trash can.

import { addBlocks, clearBlocks } from './blocks.js';
import { addComment } from './comments.js';
import { decodeProperty } from './ids.js';
import { fromMarkdown } from './markdown.js';
import { archive, bodyEdited, createPage, editPage, movePage, restore, schemaEdited, trash }
	from './operations.js';
import { richText } from './rich-text.js';
import { dropProperty, newOption, newProperty, patchSchema, statusConfig } from './schema.js';
import { addDatabase, addSource } from './seed.js';
import { writeValues } from './values.js';

const NO_LIMITS = { rich_text_units: null, array_elements: null, relations_per_request: null,
	unknown_property: 'reject', select_options: 'create', body_property_ids: 'both' };

// Sees everything and may do everything.
export const adminOf = (workspace) => ({ id: 'admin', type: 'person', everything: true, workspace,
	roots: new Map(), denied: new Set(), capabilities: { user_info: 'email' } });

const contextFor = (world, workspace) => ({ workspace, bot: adminOf(workspace),
	world: { clock: world.clock, config: { values: { ...world.config.values, ...NO_LIMITS } } } });

// A plain value as the API writes it: text for a title, a name for an option, ids for a relation.
function asRequest(property, value) {
	const { type } = property;
	const ids = (list, key) => [list ?? []].flat().map((one) =>
		(typeof one === 'string' ? { [key]: one } : one));
	if (value !== null && typeof value === 'object' && !Array.isArray(value) && type in value)
		return value;
	switch (type) {
		case 'title': case 'rich_text': return { [type]: typeof value === 'string'
			? [{ text: { content: value } }] : value ?? [] };
		case 'select': case 'status': return { [type]: typeof value === 'string' ? { name: value }
			: value };
		case 'multi_select': return { [type]: ids(value, 'name') };
		case 'relation': case 'people': return { [type]: ids(value, 'id') };
		case 'date': return { [type]: typeof value === 'string' ? { start: value } : value };
		default: return { [type]: value };
	}
}

function propertyOf(source, key) {
	const found = source.props.find((one) => one.name === key || one.id === key)
		?? source.props.find((one) => one.id === decodeProperty(key));
	if (!found)
		throw new Error(`no property "${key}"`);
	return found;
}

function valuesOf(world, workspace, holder, properties) {
	const props = workspace.propertiesOf(holder);
	const request = {};
	for (const [key, value] of Object.entries(properties ?? {}))
		request[key] = asRequest(propertyOf({ props }, key), value);
	return writeValues(contextFor(world, workspace), props, request);
}

const optionOf = (property, key) => {
	const found = property.config.options?.find((one) => one.id === key || one.name === key);
	if (!found)
		throw new Error(`no option "${key}"`);
	return found;
};

function writeBody(workspace, page, markdown, actor) {
	clearBlocks(workspace, page);
	bodyEdited(workspace, page, actor, addBlocks(workspace, page, fromMarkdown(markdown), actor));
}

// Each returns the id that a temp_id stands for, if it makes something.
const COMMANDS = {
	page_create({ world, workspace, actor, object }, args) {
		const parent = args.data_source_id ? object(args.data_source_id)
			: args.page_id ? object(args.page_id) : {};
		const values = valuesOf(world, workspace, parent.object === 'data_source' ? parent
			: { object: 'page', parent: { type: 'page_id' } }, args.properties);
		const page = createPage(workspace, parent, values, actor);
		if (args.markdown !== undefined)
			writeBody(workspace, page, args.markdown, actor);
		return page.id;
	},
	page_update({ world, workspace, actor, object }, args) {
		const page = object(args.id);
		editPage(workspace, page, valuesOf(world, workspace, page, args.properties), actor);
	},
	// In the app the sub-items go along.
	page_trash({ workspace, actor, object }, args) {
		trash(workspace, object(args.id), actor, { cascade: args.cascade ?? true });
	},
	page_restore({ workspace, actor, object }, args) {
		restore(workspace, object(args.id), actor);
	},
	page_purge({ workspace, object }, args) {
		workspace.forget(object(args.id));
	},
	page_archive({ workspace, actor, object }, args) {
		archive(workspace, object(args.id), args.archived ?? true, actor);
	},
	page_move({ workspace, actor, object }, args) {
		movePage(workspace, object(args.id), object(args.data_source_id ?? args.page_id), actor);
	},
	page_lock({ workspace, actor, object }, args) {
		workspace.change(object(args.id), actor, { is_locked: args.locked ?? true });
	},
	body_write({ workspace, actor, object }, args) {
		writeBody(workspace, object(args.id), args.markdown, actor);
	},
	comment_create({ workspace, actor, object }, args) {
		return addComment(workspace, object(args.id), richText(args.text), actor).id;
	},

	database_create({ workspace, actor, object }, args) {
		const { parent_id: parent, ...what } = args;
		return addDatabase(workspace, { ...what, parent: parent && object(parent) }, actor).id;
	},
	data_source_create({ workspace, actor, object }, { database_id: id, name, ...what }) {
		const source = addSource(workspace, object(id), name, what, actor);
		workspace.note('data_source.created', source, actor);
		return source.id;
	},
	data_source_rename({ workspace, actor, object }, { id, name }) {
		workspace.change(object(id), actor, { name, title: richText(name) });
	},
	object_trash({ workspace, actor, object }, args) {
		trash(workspace, object(args.id), actor);
	},
	object_restore({ workspace, actor, object }, args) {
		restore(workspace, object(args.id), actor);
	},

	property_create({ workspace, schema }, args) {
		return schema(args, (source) => {
			const { name, type, options = [] } = args;
			const config = type === 'status' ? statusConfig(workspace)
				: type === 'select' || type === 'multi_select'
					? { options: options.map((one) => newOption(workspace, one)) } : {};
			const property = newProperty(workspace, name, type, config);
			source.props.push(property);
			return [property, 'created'];
		});
	},
	property_rename({ schema }, args) {
		return schema(args, (source) => {
			const property = propertyOf(source, args.property);
			property.name = args.name;
			return [property, 'updated'];
		});
	},
	property_delete({ workspace, schema }, args) {
		return schema(args, (source) => {
			const property = propertyOf(source, args.property);
			dropProperty(workspace, source, property);
			return [property, 'deleted'];
		});
	},
	option_create({ workspace, schema }, args) {
		return schema(args, (source) => {
			const property = propertyOf(source, args.property);
			const option = newOption(workspace, args.name, args.color);
			property.config.options.push(option);
			property.config.groups?.find((one) => one.name === (args.group ?? 'To-do'))
				.option_ids.push(option.id);
			return [property, 'updated'];
		});
	},
	option_rename({ schema }, args) {
		return schema(args, (source) => {
			const property = propertyOf(source, args.property);
			optionOf(property, args.option).name = args.name;
			return [property, 'updated'];
		});
	},
	option_group({ schema }, args) {
		return schema(args, (source) => {
			const property = propertyOf(source, args.property);
			const { id } = optionOf(property, args.option);
			for (const group of property.config.groups) {
				group.option_ids = group.option_ids.filter((one) => one !== id);
				if (group.name === args.group)
					group.option_ids.push(id);
			}
			return [property, 'updated'];
		});
	},
	option_delete({ world, workspace, schema }, args) {
		return schema(args, (source) => {
			const property = propertyOf(source, args.property);
			const gone = optionOf(property, args.option);
			patchSchema(workspace, source, { [property.name]: { [property.type]: { options:
				property.config.options.filter((one) => one !== gone) } } }, world.config.values);
			return [property, 'updated'];
		});
	},

	share({ world, workspace, object, token }, args) {
		workspace.share(world.accountOf({ token, ...args }), object(args.id));
	},
	unshare({ world, workspace, object, token }, args) {
		workspace.unshare(world.accountOf({ token, ...args }), object(args.id));
	},
	// The connection is removed from the workspace: its tokens are dead.
	disconnect({ world, token }, args) {
		const bot = world.accountOf({ token, ...args });
		bot.disconnected = true;
		world.tokens.delete(bot.token);
		world.oauth.kill(bot);
	},
};

export const COMMAND_NAMES = Object.keys(COMMANDS);

// {token | workspace_id, person_id?, commands: [{type, temp_id?, args}]}: in order, the first that is
// refused ends it with an error.
export function edit(world, body) {
	const workspace = world.workspaceOf(body);
	const actor = world.personOf(body);
	const mapping = {};
	const object = (id) => {
		const found = workspace.objects.get(mapping[id] ?? id);
		if (!found)
			throw new Error(`no object has the id ${id}`);
		return found;
	};
	const schema = (args, change) => {
		const source = object(args.data_source_id);
		const [property, action] = change(source);
		schemaEdited(workspace, source, actor, [{ id: property.id, name: property.name, action }]);
		return workspace.idShown(property);
	};
	const context = { world, workspace, actor, object, schema, token: body.token };
	for (const { type, temp_id: temp, args = {} } of body.commands) {
		if (!Object.hasOwn(COMMANDS, type))
			throw new Error(`unknown command "${type}"; known: ${COMMAND_NAMES.join(', ')}`);
		const id = COMMANDS[type](context, resolve(args, mapping));
		if (temp !== undefined && id !== undefined)
			mapping[temp] = id;
	}
	return { temp_id_mapping: mapping, sync_status: {} };
}

// Temporary ids stand in property values, too.
function resolve(value, mapping) {
	if (typeof value === 'string')
		return Object.hasOwn(mapping, value) ? mapping[value] : value;
	if (Array.isArray(value))
		return value.map((one) => resolve(one, mapping));
	if (typeof value === 'object' && value !== null)
		return Object.fromEntries(Object.entries(value).map(([key, one]) =>
			[key, resolve(one, mapping)]));
	return value;
}
