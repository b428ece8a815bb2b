// The rate budget: a fixed number of requests per window of 60 seconds and connection, by the plan of
// the workspace; on order one more budget for all connections of a workspace together.

import { rateLimited } from './errors.js';

const PER_WINDOW = { free: 180, plus: 180, business: 600, enterprise: 600 };

function take(holder, most, world, reason) {
	const now = world.clock.now();
	const length = world.config.values.rate_window_s * 1000;
	const window = holder.windows.current;
	if (!window || now >= window.until || now < window.until - length)
		holder.windows.current = { used: 0, until: now + length };
	const { current } = holder.windows;
	if (current.used >= most)
		throw rateLimited(Math.max(1, Math.ceil((current.until - now) / 1000)), reason);
	current.used++;
}

export function spend(x) {
	const { rate_limit: limit, workspace_rate_limit: shared } = x.world.config.values;
	if (!x.bot)
		return {};
	if (shared !== null)
		take(x.workspace, shared, x.world, 'public_api_space_request_rate_limit');
	if (limit !== null)
		take(x.bot, limit === 'plan' ? PER_WINDOW[x.workspace.plan] : limit, x.world,
			'public_api_request_rate_limit');
	return {};
}
