// Kinds of faults that need no knowledge of the service: delays, cut connections, statuses before or
// after the work, rows and bytes of an answer that are not what they should be.

export const errorPage = (status) => `<html>\r\n<head><title>${status} Bad Gateway</title></head>\r\n`
	+ `<body>\r\n<center><h1>${status} Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n`;

const nested = (depth) => '['.repeat(depth) + ']'.repeat(depth);

// In place of the object's last brace, which blanks may follow.
const append = (body, ...parts) => Buffer.concat([body.subarray(0, body.lastIndexOf('}')), ...parts]);

// Kinds that change the bytes. `field` is the one whose text invalid_utf8 spoils.
export const byteKinds = (field) => ({
	truncate_json: (body, fault) =>
		body.subarray(0, fault.bytes ?? Math.floor(body.length * (fault.keep ?? 0.5))),
	garbage: (body, fault) => Buffer.from(fault.body ?? '<!doctype html><p>not what you asked for'),
	invalid_utf8(body, fault) {
		const mark = new RegExp(`"${fault.field ?? field}": ?"`).exec(body.toString('latin1'));
		const bytes = Buffer.from([0xc3, 0x28, 0xff]);
		if (!mark)
			return Buffer.concat([Buffer.from('{"text":"'), bytes, Buffer.from('"}')]);
		const at = mark.index + mark[0].length;
		return Buffer.concat([body.subarray(0, at), bytes, body.subarray(at)]);
	},
	deep_nesting: (body, fault) =>
		append(body, Buffer.from(`,"deep":${nested(fault.depth ?? 100000)}}`)),
	huge_body: (body, fault) => append(body, Buffer.from(',"padding":"'),
		Buffer.alloc((fault.mb ?? 100) * 1024 * 1024, 0x78), Buffer.from('"}')),
});

// Kinds that change the rows of an answer while it is still an object. `defaults` names the service's
// list (`resource`), the keys that missing_keys takes away, and the key that drop_key does.
export function rowKinds({ resource, fields, key }) {
	const listOf = (answer, fault) => answer[fault.resource ?? resource];
	const rowsOf = (answer, fault) => {
		const list = listOf(answer, fault);
		return (Array.isArray(list) ? list : [])
			.filter((row) => fault.id_is === undefined || row.id === fault.id_is);
	};
	return {
		rowsOf,
		kinds: {
			duplicate_items(answer, fault) {
				const list = listOf(answer, fault);
				if (Array.isArray(list))
					list.push(...structuredClone(list));
			},
			set_field(answer, fault) {
				for (const row of rowsOf(answer, fault))
					row[fault.field] = fault.value;
			},
			missing_keys(answer, fault) {
				for (const row of rowsOf(answer, fault))
					for (const name of fault.fields ?? fields)
						delete row[name];
			},
			drop_rows(answer, fault) {
				const list = listOf(answer, fault);
				if (Array.isArray(list))
					answer[fault.resource ?? resource] =
						list.filter((row) => !(fault.ids ?? []).includes(row.id));
			},
			drop_key(answer, fault) {
				delete answer[fault.key ?? key];
			},
		},
	};
}

// What has to be done on the way, whatever the service is.
export const WIRE_KINDS = ['cut_before', 'cut_after_commit', 'cut_mid_body', 'status', 'slow',
	'slow_ms'];

export function wireOrders(faults) {
	const find = (kind) => faults.find((fault) => fault.kind === kind);
	const slow = faults.filter((fault) => fault.kind === 'slow' || fault.kind === 'slow_ms');
	const delay = (after) => slow.filter((fault) => (fault.when === 'after') === after)
		.reduce((sum, fault) => sum + (fault.ms ?? 1000), 0);
	const status = find('status');
	return {
		kinds: faults.map((fault) => fault.kind),
		delayBefore: delay(false),
		delayAfter: delay(true),
		cutBefore: find('cut_before'),
		cutAfter: find('cut_after_commit'),
		cutMid: find('cut_mid_body'),
		statusBefore: status && !status.applied ? status : undefined,
		statusAfter: status?.applied ? status : undefined,
	};
}

// What was written is changed by the server: {mode: trim|upper|append|truncate|replace, …}.
export function alteredText(fault, text) {
	switch (fault.mode ?? 'trim') {
		case 'trim': return text.trim();
		case 'upper': return text.toUpperCase();
		case 'append': return text + (fault.text ?? ' (edited)');
		case 'truncate': return [...text].slice(0, fault.length ?? 10).join('');
		default: return text.split(fault.from ?? '').join(fault.to ?? '');
	}
}

// Applies what concerns the answer. Errors are left alone: they have no rows to spoil.
export function spoilAnswer(answer, { object = [], bytes = [] }, objectKinds, bytesKinds) {
	if (answer.status !== 200 || (object.length === 0 && bytes.length === 0))
		return answer;
	let { body } = answer;
	if (object.length > 0) {
		const value = JSON.parse(String(body));
		for (const fault of object)
			objectKinds[fault.kind](value, fault);
		body = JSON.stringify(value);
	}
	let spoiled = Buffer.from(body);
	const headers = { ...answer.headers };
	for (const fault of bytes) {
		spoiled = bytesKinds[fault.kind](spoiled, fault);
		if (fault.content_type)
			headers['content-type'] = fault.content_type;
	}
	return { ...answer, headers, body: spoiled };
}
