// What the tests of every stand-in share: a server per test file and short ways to call both doors.

export async function openBox(startServer, { seed = 1 } = {}) {
	const server = await startServer({ seed });
	const { url } = server;

	async function control(method, path, body) {
		const answer = await fetch(`${url}/_control/${path}`, {
			method, body: body === undefined ? undefined : JSON.stringify(body),
		});
		const value = await answer.json();
		if (!answer.ok)
			throw new Error(`${method} ${path}: ${JSON.stringify(value)}`);
		return value;
	}

	// The raw answer of an API call: status, headers, text, and the JSON if it is some.
	async function call(token, method, path, body, headers = {}) {
		const answer = await fetch(url + path, {
			method, redirect: 'manual',
			headers: {
				...(token ? { authorization: `Bearer ${token}` } : {}),
				...(body !== undefined && typeof body !== 'string'
					? { 'content-type': 'application/json' } : {}),
				...headers,
			},
			body: body === undefined || typeof body === 'string' ? body : JSON.stringify(body),
		});
		const text = await answer.text();
		let json;
		try {
			json = JSON.parse(text);
		} catch {
			// Some faults answer with something else on purpose.
		}
		return { status: answer.status, headers: answer.headers, text, json };
	}

	// Runs a test with other switches and puts them back.
	async function withSwitches(switches, act) {
		const before = await control('GET', 'config');
		await control('POST', 'config', switches);
		try {
			return await act();
		} finally {
			await control('POST', 'config', Object.fromEntries(
				Object.keys(switches).map((name) => [name, before[name]])));
		}
	}

	return { ...server, control, call, withSwitches };
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Polls a condition; a test that waits for nothing fails with what it waited for.
export async function until(what, check, timeout = 5000) {
	const end = Date.now() + timeout;
	for (;;) {
		const value = await check();
		if (value)
			return value;
		if (Date.now() > end)
			throw new Error(`gave up waiting: ${what}`);
		await sleep(10);
	}
}
