// Request limits per user in windows of 15 minutes of the virtual clock: one bucket for full syncs,
// one for everything else.

import { tooMany } from './errors.js';

function windowOf(account, bucket) {
	const { window_s: seconds } = account.config.values;
	const now = account.now();
	const window = account.windows[bucket];
	if (!window || now >= window.until || now < window.until - seconds * 1000)
		account.windows[bucket] = { used: 0, until: now + seconds * 1000 };
	return account.windows[bucket];
}

// Counts a request; throws the 429 when the window is used up. Returns headers for the answer.
export function spend(account, kind) {
	const switches = account.config.values;
	if (kind === 'rest' && !switches.rest_shares_bucket)
		return {};
	const bucket = kind === 'full' ? 'full' : 'partial';
	const most = bucket === 'full' ? switches.full_syncs : switches.partial_syncs;
	if (most === null)
		return {};
	const window = windowOf(account, bucket);
	if (window.used >= most)
		throw tooMany(Math.max(1, Math.ceil((window.until - account.now()) / 1000)));
	window.used++;
	return switches.rate_limit_headers ? {
		'x-ratelimit-limit': String(most), 'x-ratelimit-remaining': String(most - window.used),
		'x-ratelimit-reset': String(Math.ceil(window.until / 1000)),
	} : {};
}
