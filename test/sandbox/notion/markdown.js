// Blocks as Markdown and back. It does not round-trip byte for byte, as the service's does not: special
// characters gain escapes, blank lines vanish, numbers of lists start anew.

import { formatted, normalise } from './rich-text.js';

const SPECIAL = /[\\*_~`[\]<>]/g;

function inlineText(one) {
	if (one.type !== 'text')
		return one.type === 'equation' ? `$${one.plain_text}$` : one.plain_text;
	const { annotations: style } = one;
	let text = style.code ? `\`${one.plain_text}\`` : one.plain_text.replace(SPECIAL, '\\$&');
	text = text.replaceAll('\n', '<br>');
	if (style.bold)
		text = `**${text}**`;
	if (style.italic)
		text = `*${text}*`;
	if (style.strikethrough)
		text = `~~${text}~~`;
	return one.href ? `[${text}](${one.href})` : text;
}

const inline = (elements) => elements.map(inlineText).join('');

const PREFIX = { heading_1: '# ', heading_2: '## ', heading_3: '### ', bulleted_list_item: '- ',
	quote: '> ', toggle: '- ', callout: '> ' };

// One block as a line (code: several). `number` is its place in a numbered list.
function blockLines(block, number) {
	const { type, content } = block;
	switch (type) {
		case 'divider': return ['---'];
		case 'code': return [`\`\`\`${content.language}`,
			...content.rich_text.map((one) => one.plain_text).join('').split('\n'), '```'];
		case 'to_do': return [`- [${content.checked ? 'x' : ' '}] ${inline(content.rich_text)}`];
		case 'numbered_list_item': return [`${number}. ${inline(content.rich_text)}`];
		default: return [(PREFIX[type] ?? '') + inline(content.rich_text)];
	}
}

// {markdown, unknown}: what cannot be said in Markdown is named and its id listed. `childrenOf` gives
// the visible children of a block or page.
export function toMarkdown(parent, childrenOf) {
	const lines = [];
	const unknown = [];

	function walk(record, indent) {
		let number = 0;
		for (const block of childrenOf(record)) {
			number = block.type === 'numbered_list_item' ? number + 1 : 0;
			if (block.object !== 'block') {
				const tag = block.object === 'page' ? 'page' : 'database';
				lines.push(`${indent}<${tag} url="https://www.notion.so/${
					block.id.replaceAll('-', '')}"></${tag}>`);
			} else if (['bookmark', 'embed', 'breadcrumb'].includes(block.type)) {
				unknown.push(block.id);
				lines.push(`${indent}<unknown url="https://www.notion.so/${
					block.id.replaceAll('-', '')}" alt="${block.type}"/>`);
			} else {
				lines.push(...blockLines(block, number).map((line) => indent + line));
				walk(block, `${indent}\t`);
			}
		}
	}
	walk(parent, '');
	return { markdown: lines.join('\n'), unknown };
}

const MARKS = [['**', 'bold'], ['~~', 'strikethrough'], ['*', 'italic'], ['_', 'italic']];

// Inline Markdown as rich text.
export function readInline(text, style = {}, url = null) {
	const out = [];
	let plain = '';
	const flush = () => {
		if (plain !== '')
			out.push(formatted(plain, style, url));
		plain = '';
	};
	for (let i = 0; i < text.length;) {
		const rest = text.slice(i);
		const link = /^\[((?:\\.|[^\]\\])*)\]\(([^)\s]+)\)/.exec(rest);
		const code = /^`([^`]+)`/.exec(rest);
		const mark = MARKS.find(([sign]) => rest.startsWith(sign)
			&& rest.indexOf(sign, sign.length + 1) > 0);
		if (rest[0] === '\\' && rest.length > 1) {
			plain += rest[1];
			i += 2;
		} else if (rest.startsWith('<br>')) {
			plain += '\n';
			i += 4;
		} else if (code) {
			flush();
			out.push(formatted(code[1], { ...style, code: true }, url));
			i += code[0].length;
		} else if (link) {
			flush();
			out.push(...readInline(link[1], style, link[2]));
			i += link[0].length;
		} else if (mark) {
			const [sign, name] = mark;
			const end = text.indexOf(sign, i + sign.length + 1);
			flush();
			out.push(...readInline(text.slice(i + sign.length, end), { ...style, [name]: true }, url));
			i = end + sign.length;
		} else {
			plain += rest[0];
			i++;
		}
	}
	flush();
	return normalise(out);
}

const LINES = [
	[/^(#{1,3})\s+(.*)$/, (found) => [`heading_${found[1].length}`, found[2]]],
	[/^[-*]\s+\[([ xX])\]\s?(.*)$/, (found) => ['to_do', found[2],
		{ checked: found[1] !== ' ' }]],
	[/^[-*]\s+(.*)$/, (found) => ['bulleted_list_item', found[1]]],
	[/^\d+[.)]\s+(.*)$/, (found) => ['numbered_list_item', found[1]]],
	[/^>\s?(.*)$/, (found) => ['quote', found[1]]],
];

function readLine(line) {
	if (/^(---+|\*\*\*+)$/.test(line))
		return { type: 'divider', content: {}, children: [] };
	for (const [pattern, make] of LINES) {
		const found = pattern.exec(line);
		if (found) {
			const [type, text, more = {}] = make(found);
			return { type, content: { rich_text: readInline(text), color: 'default', ...more },
				children: [] };
		}
	}
	return { type: 'paragraph', content: { rich_text: readInline(line), color: 'default' },
		children: [] };
}

// Markdown as a tree of blocks: [{type, content, children}].
export function fromMarkdown(text) {
	const root = { children: [] };
	const open = [root];          // the block at each depth that may get children
	const lines = text.replaceAll('\r\n', '\n').split('\n');

	for (let i = 0; i < lines.length; i++) {
		const line = lines[i];
		if (line.trim() === '')
			continue;
		const spaces = /^[\t ]*/.exec(line)[0].replaceAll('\t', '  ').length;
		const depth = Math.min(Math.floor(spaces / 2), open.length - 1);
		const fence = /^\s*```(.*)$/.exec(line);
		let block;
		if (fence) {
			const body = [];
			while (++i < lines.length && !/^\s*```\s*$/.test(lines[i]))
				body.push(lines[i]);
			block = { type: 'code', content: { rich_text: normalise([formatted(body.join('\n'))]),
				caption: [], language: fence[1].trim() || 'plain text' }, children: [] };
		} else {
			block = readLine(line.trim());
		}
		open[depth].children.push(block);
		open.length = depth + 1;
		open.push(block);
	}
	return root.children;
}
