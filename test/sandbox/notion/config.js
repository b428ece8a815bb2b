// The switches. Where Notion's documentation is silent the stand-in has a default and a switch, so
// that a client can be held to both readings. `POST /_control/config` sets them.

import { makeSwitches } from '../lib/switches.js';

export const DEFAULTS = Object.freeze({
	// Limits of the service; null switches one off.
	body_bytes: 500 * 1024,
	oversize_status: 413,              // or 400
	rate_window_s: 60,
	rate_limit: 'plan',                // requests per window and connection, or null
	workspace_rate_limit: null,        // requests per window of all connections of a workspace
	rich_text_units: 2000,
	array_elements: 100,
	inline_references: 25,             // what a page shows of a relation or of people
	query_cap: 10000,
	rows_per_data_source: 250000,
	gzip: true,

	// Times.
	rounding: 'floor',                 // or 'nearest', to the minute
	api_body_edits_bump_time: false,
	schema_edits_bump_time: false,     // of all rows of the data source
	comments_bump_time: false,
	archive_bumps_time: false,
	mirrored_edits_bump_time: true,    // of the page at the other end of a relation
	date_form: 'offset',               // '2026-09-15T09:00:00.000-07:00', or 'utc'
	date_seconds: 'keep',              // or 'drop': seconds become :00
	echo_time_zone: true,              // or false: read back as an offset, time_zone null

	// Reading.
	query_lag_s: 0,                    // a query shows the rows as they were so long ago
	search_lag_s: 0,                   // and the search index what was there and shared
	short_pages: false,                // pages shorter than page_size although has_more is true
	request_status_complete: false,    // say request_status also when nothing is cut off
	trash_parameters: 'reject',        // in_trash/archived in a query: or 'ignore'
	multi_select_order: 'written',     // or 'schema'
	number_precision: 'double',        // or 'single'
	extra_fields: true,                // fields no client knows

	// Writing.
	body_property_ids: 'both',         // 'encoded', 'decoded' or 'both' in JSON bodies
	unknown_property: 'reject',        // or 'ignore'
	select_options: 'create',          // or 'reject': the connection may not edit the data source
	option_color_mismatch: 'reject',   // or 'ignore'
	status_null: 'default',            // or 'null': no default option is set
	trash_cascades_to_subitems: false,
	trashed_edit: 400,                 // or 404
	relations_per_request: 100,
	update_old_str_repeated: 'reject', // or 'first': more than one match without replace_all_matches

	// OAuth.
	access_lifetime_s: null,           // null: until revoked
	refresh_tokens: true,              // or false: refresh_token null
	refresh_rotation: true,
	refresh_grace_s: 0,                // a used refresh token still works for so long
	refresh_kills_old_access: true,
	reauthorize: 'same_bot',           // or 'new_bot'
	reauthorize_kills_old: false,
	code_lifetime_s: 600,
	redirect_uri_check: true,          // the rule about when the token request must name it
	owner: 'full',                     // 'partial' (only an id) or 'workspace'
	iat_unit: 's',                     // or 'ms'

	// Identity.
	author_id: 'bot_id',               // or 'other': created_by shows /users/me, which bot_id is not

	// Webhooks.
	webhook_aggregation_s: 5,
	webhook_create_delete: 'none',     // or 'final': the last event alone
	webhook_retry_s: 60,               // doubles with each attempt
	webhook_attempts: 8,
	webhook_pause_after: null,         // so many lost events in a row pause the subscription
	webhook_timeout_ms: 5000,
	webhook_handshake_signed: true,
	webhook_title_event: 'properties', // 'content', or 'both', for the title of a row
	webhook_ids: 'encoded',            // or 'decoded', in updated_properties
	webhook_archive_event: null,       // or an event's name
	webhook_own_writes: true,
});

export const makeConfig = () => makeSwitches(DEFAULTS);
