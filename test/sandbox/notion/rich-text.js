// Rich text: limits are per request and in UTF-16 units; what is kept is normalised as the service
// does it, adjacent text of one format becomes one element.

import { missing, wrong } from './errors.js';

const PLAIN = { bold: false, italic: false, strikethrough: false, underline: false, code: false,
	color: 'default' };

function linkOf(link, path) {
	if (link === null || link === undefined)
		return null;
	if (typeof link.url !== 'string')
		throw wrong(`${path}.link.url`, 'a string', link.url);
	if (link.url.length > 2000)
		throw wrong(`${path}.link.url.length`, '≤ `2000`', link.url.length);
	// A bare host gains its slash.
	return { url: /^https?:\/\/[^/?#]+$/.test(link.url) ? `${link.url}/` : link.url };
}

function textElement(element, path, most) {
	const content = element.text?.content;
	if (content === undefined)
		throw missing(`${path}.text`);
	if (typeof content !== 'string')
		throw wrong(`${path}.text.content`, 'a string', content);
	if (most !== null && content.length > most)
		throw wrong(`${path}.text.content.length`, `≤ \`${most}\``, content.length);
	const link = linkOf(element.text.link, `${path}.text`);
	return { type: 'text', text: { content, link }, plain_text: content, href: link?.url ?? null };
}

function mentionElement(element, path) {
	const mention = element.mention ?? {};
	const type = ['user', 'date', 'page', 'database'].find((name) => mention[name]);
	if (!type)
		throw missing(`${path}.mention`);
	const value = mention[type];
	const plain = type === 'date' ? value.start : `@${value.id}`;
	return { type: 'mention', mention: { type, [type]: value }, plain_text: plain, href: null };
}

function element(value, path, switches) {
	if (typeof value !== 'object' || value === null)
		throw wrong(path, 'an object', value);
	const annotations = { ...PLAIN };
	for (const [name, set] of Object.entries(value.annotations ?? {})) {
		if (!(name in PLAIN))
			throw wrong(`${path}.annotations.${name}`, 'not present', set);
		annotations[name] = set;
	}
	let base;
	if (value.mention !== undefined) {
		base = mentionElement(value, path);
	} else if (value.equation !== undefined) {
		const { expression } = value.equation;
		if (typeof expression !== 'string' || expression.length > 1000)
			throw wrong(`${path}.equation.expression.length`, '≤ `1000`', expression?.length);
		base = { type: 'equation', equation: { expression }, plain_text: expression, href: null };
	} else {
		base = textElement(value, path, switches.rich_text_units);
	}
	const { type, plain_text, href, ...rest } = base;
	return { type, ...rest, annotations, plain_text, href };
}

const sameFormat = (a, b) => a.type === 'text' && b.type === 'text' && a.href === b.href
	&& Object.keys(PLAIN).every((name) => a.annotations[name] === b.annotations[name]);

// Empty elements vanish, neighbours of one format merge.
export function normalise(elements) {
	const out = [];
	for (const one of elements) {
		if (one.type === 'text' && one.text.content === '')
			continue;
		const last = out.at(-1);
		if (last && sameFormat(last, one)) {
			const content = last.text.content + one.text.content;
			out[out.length - 1] = { ...last, text: { ...last.text, content }, plain_text: content };
		} else {
			out.push(one);
		}
	}
	return out;
}

// Rich text of a request, checked and normalised.
export function writeRichText(list, path, switches) {
	if (!Array.isArray(list))
		throw wrong(path, 'an array', list);
	if (switches.array_elements !== null && list.length > switches.array_elements)
		throw wrong(`${path}.length`, `≤ \`${switches.array_elements}\``, list.length);
	return normalise(list.map((value, i) => element(value, `${path}[${i}]`, switches)));
}

export const plainText = (elements) => elements.map((one) => one.plain_text).join('');

// Unformatted rich text, as the person in the UI or the seed writes it.
export const richText = (content) => normalise([{ type: 'text', text: { content, link: null },
	annotations: { ...PLAIN }, plain_text: content, href: null }]);

export const formatted = (content, annotations = {}, url = null) => ({
	type: 'text', text: { content, link: url === null ? null : { url } },
	annotations: { ...PLAIN, ...annotations }, plain_text: content, href: url });
