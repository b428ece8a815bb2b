// The switches. Where Google's documentation is silent the stand-in has a default and a switch, so
// that a client can be held to both readings. `POST /_control/config` sets them.

import { makeSwitches } from '../lib/switches.js';

export const DEFAULTS = Object.freeze({
	// Limits; null switches one off. Only the first four are published.
	queries_per_day: 50000,            // per project, until midnight Pacific time
	tasks_per_list: 20000,             // not hidden
	tasks_per_user: 100000,
	subtasks_per_task: 2000,
	lists_per_user: 2000,
	user_queries: null,                // per user …
	user_window_s: 60,                 // … in so many seconds
	body_bytes: 10 * 1024 * 1024,
	batch_calls: 1000,

	// Which error the limits end in.
	daily_error: 'dailyLimitExceeded', // or 'quotaExceeded' (both 403)
	user_error: 'rateLimitExceeded',   // 429; or 'userRateLimitExceeded', 'quotaExceeded' (403)
	retry_after: false,                // a 429 of the limits says when
	storage_status: 403,               // or 429
	invalid_client_status: 401,        // or 400

	// Time and order.
	updated: 'ms',                     // or 'seconds': cut, as until 2024
	etag_skew: false,                  // the etag's clock is up to 1.3 s off that of `updated`
	updated_min: 'inclusive',          // or 'exclusive'
	updated_min_precision: 'ms',       // or 'seconds': the bound is cut
	order: 'updated',                  // newest first; or 'shuffled', 'hierarchy'
	list_order: 'created',             // or 'updated', 'shuffled'
	due_min: 'inclusive',              // or 'exclusive'
	completed_filter: 'drops_open',    // or 'keeps_open'
	filter_defaults: 'none',           // or '1970-2031': the dates one guide names
	bad_max_results: 'reject',         // zero and below; or 'default'
	last_page_token: 'omit',           // or 'empty'
	empty_items: 'list',               // or 'omit': the key is not there
	empty_links: 'list',               // or 'omit', as in 2020
	tasks_etag: 'list',                // of a collection: its list's; or 'per_filter'

	// What bumps and what is left alone.
	list_bumps: 'structure',           // or 'all': notes and due as well
	move_bumps_updated: true,
	move_bumps_children: true,         // of a task that goes to another list
	clear_bumps_updated: true,
	noop_bumps_updated: true,          // a PATCH that changes nothing

	// What a write does.
	unknown_list: 404,                 // or 400 "Invalid task list ID"
	unknown_task: 404,                 // or 400 "Invalid task ID"
	get_deleted: 200,                  // or 404
	write_deleted: 'not_found',        // or 'apply', which also lets deleted:false bring a task back
	child_tombstones: false,           // of a deleted parent
	tombstone_days: 90,
	default_list_delete: 'reject',     // or 'allow'
	move_takes_children: 'move',       // across lists; or 'promote', 'orphan'
	move_leaves_tombstone: false,      // in the list a task has left
	max_depth: null,                   // or 1: no subtasks of subtasks
	api_complete_cascades: false,      // to subtasks, as the apps do
	hidden_writable: 'insert',         // or 'always', 'never'
	over_length: 'reject',             // or 'truncate'
	length_unit: 'utf16',              // or 'codepoints'
	title_whitespace: 'keep',          // or 'trim', 'spaces' (line breaks become spaces, then trimmed)
	unknown_members: 'reject',         // or 'ignore'
	control_chars: 'keep',             // in titles and notes; or 'drop', 'reject'
	empty_due: 'reject',               // or 'clear'
	client_id_in_insert: 'ignore',     // an id in the body; or 'reject'
	reopen_needs_null: false,          // status alone does not reopen, as in 2011
	assigned_notes_status: 400,        // or 403: notes of a task from Docs
	empty_status: 204,                 // of answers without a body; or 200

	// Preconditions.
	if_match: 'enforce',               // 412; or 'conflict' (409), 'ignore'
	if_match_on_move: false,
	if_match_on_clear: false,          // with the list's etag
	body_etag: 'ignore',               // or 'enforce': an etag in the body is a precondition
	if_none_match: 'ignore',           // or '304'

	// Wire.
	gzip: true,
	gzip_needs_user_agent: true,       // "gzip" in User-Agent as well
	gzip_errors: true,
	error_status_member: true,         // false: no error carries `status`
	legacy_batch: false,               // /batch/tasks/v1 answers as well
	batch_order: 'shuffled',           // or 'given', 'reversed'
	batch_answer_order: 'given',       // or 'executed'

	// OAuth.
	auto_consent: false,               // the authorize page agrees by itself (login_hint, or the only user)
	desktop_incremental: true,         // include_granted_scopes works for desktop apps
	code_lifetime_s: 600,
	access_lifetime_s: 3599,
	refresh_unused_days: 183,
	testing_days: 7,
	refresh_tokens_per_client: 100,
	revoke_cascades: true,             // to every client of the project
	access_token_bytes: 200,           // up to 2048
	refresh_token_bytes: 103,          // up to 512
	id_token_on_refresh: true,
	id_token_issuer: 'https://accounts.google.com', // or 'accounts.google.com'
	sign_id_token: true,               // false: alg none
});

export const makeConfig = () => makeSwitches(DEFAULTS);
