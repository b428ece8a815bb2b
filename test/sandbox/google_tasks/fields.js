// Partial responses: fields=nextPageToken,items(id,title,assignmentInfo/linkToTask). A selector that
// names what the resource does not have is refused.

import { invalidParameter } from './errors.js';

const TASK = { kind: 1, id: 1, etag: 1, title: 1, updated: 1, selfLink: 1, parent: 1, position: 1,
	notes: 1, status: 1, due: 1, completed: 1, deleted: 1, hidden: 1, webViewLink: 1,
	links: { type: 1, description: 1, link: 1 },
	assignmentInfo: { surfaceType: 1, linkToTask: 1,
		driveResourceInfo: { driveFileId: 1, resourceKey: 1 }, spaceInfo: { space: 1 } } };
const LIST = { kind: 1, id: 1, etag: 1, title: 1, updated: 1, selfLink: 1 };

const SHAPES = {
	task: TASK,
	tasks: { kind: 1, etag: 1, nextPageToken: 1, items: TASK },
	list: LIST,
	lists: { kind: 1, etag: 1, nextPageToken: 1, items: LIST },
};

// selectors := path [ '(' selectors ')' ] { ',' … };  path := name { '/' name }
function parse(text) {
	let at = 0;
	const bad = () => invalidParameter('fields', `Invalid field selection ${text}`);

	function selectors() {
		const out = [];
		for (;;) {
			out.push(selector());
			if (text[at] !== ',')
				return out;
			at++;
		}
	}
	function selector() {
		const found = /^(\*|[A-Za-z][A-Za-z0-9]*)(\/(\*|[A-Za-z][A-Za-z0-9]*))*/.exec(text.slice(at));
		if (!found)
			throw bad();
		at += found[0].length;
		let children = null;
		if (text[at] === '(') {
			at++;
			children = selectors();
			if (text[at++] !== ')')
				throw bad();
		}
		return { path: found[0].split('/'), children };
	}
	const out = selectors();
	if (at !== text.length)
		throw bad();
	return out;
}

// The selection as a tree {name: true | tree} that fits the shape.
function fit(list, shape, text) {
	const out = {};
	for (const { path: [name, ...rest], children } of list) {
		const names = name === '*' ? Object.keys(shape) : [name];
		for (const one of names) {
			const inner = shape[one];
			if (!inner)
				throw invalidParameter('fields', `Invalid field selection ${one}`);
			const below = rest.length > 0 ? [{ path: rest, children }] : children;
			if (below && inner === 1)
				throw invalidParameter('fields', `Invalid field selection ${text}`);
			const chosen = below ? fit(below, inner, text) : true;
			out[one] = out[one] === undefined || typeof chosen !== 'object' || out[one] === true
				? chosen : { ...out[one], ...chosen };
		}
	}
	return out;
}

function pick(value, tree) {
	if (tree === true || typeof value !== 'object' || value === null)
		return value;
	if (Array.isArray(value))
		return value.map((entry) => pick(entry, tree));
	return Object.fromEntries(Object.entries(value).filter(([name]) => tree[name])
		.map(([name, inner]) => [name, pick(inner, tree[name])]));
}

// A function that cuts an answer of this shape; throws at once when the selector does not fit it.
export function selection(text, shape) {
	if (text === undefined || text === '')
		return (value) => value;
	const tree = fit(parse(text), SHAPES[shape], text);
	return (value) => pick(value, tree);
}
