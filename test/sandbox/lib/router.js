// Method and path to handler. Paths are lower case and exact, as the services have it; a segment
// `:name` matches one segment. A Map per segment keeps the look-up independent of the number of
// routes. Why no web framework: cut connections, broken bodies and HTTP/2 on the same port need the
// bare socket anyway, and the stand-in must start without installed packages.

export function router() {
	const root = { next: new Map(), param: null, methods: new Map() };

	return {
		add(method, path, handler, options = {}) {
			let node = root;
			const names = [];
			for (const part of path.split('/').slice(1)) {
				if (part.startsWith(':')) {
					names.push(part.slice(1));
					node.param ??= { next: new Map(), param: null, methods: new Map() };
					node = node.param;
				} else {
					if (!node.next.has(part))
						node.next.set(part, { next: new Map(), param: null, methods: new Map() });
					node = node.next.get(part);
				}
			}
			node.methods.set(method, { handler, names, path, ...options });
		},
		// A route with its parameters, or null. A literal segment wins over a parameter.
		find(method, path) {
			const parts = path.split('/').slice(1);
			const values = [];

			function walk(node, depth) {
				if (depth === parts.length)
					return node.methods.get(method) ?? null;
				const literal = node.next.get(parts[depth]);
				const found = literal && walk(literal, depth + 1);
				if (found)
					return found;
				if (!node.param || parts[depth] === '')
					return null;
				values[depth] = parts[depth];
				return walk(node.param, depth + 1);
			}
			const route = walk(root, 0);
			if (!route)
				return null;
			const params = {};
			let i = 0;
			route.path.split('/').slice(1).forEach((part, depth) => {
				if (part.startsWith(':'))
					params[route.names[i++]] = safeDecode(values[depth]);
			});
			return { route, params };
		},
	};
}

function safeDecode(text) {
	try {
		return decodeURIComponent(text);
	} catch {
		return text;
	}
}
