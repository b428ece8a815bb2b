// The switches. Where Todoist's documentation is silent the stand-in has a default and a switch, so
// that a client can be held to both readings. `POST /_control/config` sets them.

import { makeSwitches } from '../lib/switches.js';

export const DEFAULTS = Object.freeze({
	// Limits of the service; null switches one off.
	commands_per_request: 100,
	body_bytes: 1024 * 1024,
	oversize_status: 413,
	window_s: 900,
	partial_syncs: 1000,
	full_syncs: 100,
	rest_shares_bucket: true,
	rate_limit_headers: false,
	tasks_per_project: 300,
	sections_per_project: 20,
	projects_per_user: 300,
	labels_per_user: 500,
	labels_per_task: 100,
	over_length: 'reject',             // or 'truncate'

	// Shape of answers.
	empty_delta: 'list',               // or 'omit': the key is not there
	commands_only_full_sync: true,
	extra_fields: true,                // fields no client knows
	sparse: false,                     // optional keys that are null are left out
	updated_at_micros: false,
	tombstones: 'full',                // or 'bare': id and is_deleted only
	gzip: true,

	// Side effects and how much of them a delta shows.
	descendant_tombstones: true,
	completed_subtask_rows: true,
	moved_subtask_rows: true,
	archive_resends_items: false,
	archived_projects_in_full_sync: false,
	label_update_propagates: true,
	label_add_duplicate: 'error',      // or 'existing': the temp id maps to the label there is
	item_update_moves: 'ignore',       // or 'reject'
	trim_content: true,
	close_resets_subtasks: false,
	uncompletable_close: 'error',      // or 'ok'
	completed_at_arg: 'both',          // 'date_completed', 'completed_at' or 'both'
	recurring_completed_webhook: false,

	// Idempotency and tokens.
	uuid_retention_s: null,            // null = for ever
	errored_uuid: 'recorded',          // or 'reexecuted'
	bad_sync_token: 'reject',          // or 'full'

	// OAuth.
	oauth_error_status: 400,
	refresh_grace_s: 60,
	code_lifetime_s: 300,
	access_lifetime_s: 3600,
	revoke_kills_family: true,

	// Webhooks.
	webhook_retry_s: 900,
	webhook_retries: 3,
	webhook_timeout_ms: 5000,
	webhook_url_check: true,
});

export const makeConfig = () => makeSwitches(DEFAULTS);
