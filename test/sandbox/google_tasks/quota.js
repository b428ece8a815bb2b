// What is counted: queries per project and Pacific day, queries per user and window. Each part of a
// batch is one query.

import { limitExceeded } from './errors.js';
import { pacificDay } from './time.js';

export function makeQuota(world) {
	const projects = new Map();
	const { values } = world.config;

	function ofProject(name) {
		const day = pacificDay(world.clock.now());
		let entry = projects.get(name);
		if (entry?.day !== day) {
			entry = { day, used: 0 };
			projects.set(name, entry);
		}
		return entry;
	}

	function spendOfUser(account) {
		const now = world.clock.now();
		const length = values.user_window_s * 1000;
		if (!account.window || now >= account.window.until || now < account.window.until - length)
			account.window = { used: 0, until: now + length };
		if (account.window.used >= values.user_queries)
			throw limitExceeded(values.user_error, { retryAfter: values.retry_after
				? Math.max(1, Math.ceil((account.window.until - now) / 1000)) : undefined });
		account.window.used++;
	}

	return {
		spend(account, project) {
			const entry = ofProject(project);
			entry.used++;
			if (values.queries_per_day !== null && entry.used > values.queries_per_day)
				throw limitExceeded(values.daily_error);
			if (values.user_queries !== null)
				spendOfUser(account);
		},
		// Sets what a project has used today, so that a test need not send it.
		set(project, used) {
			ofProject(project).used = used;
		},
		list: () => Object.fromEntries([...projects.keys()].map((name) => [name, ofProject(name)])),
	};
}
