// The objects as they are stored, which is also how they go over the wire, and their JSON.

const COLORS = ['berry_red', 'red', 'orange', 'yellow', 'olive_green', 'lime_green', 'green',
	'mint_green', 'teal', 'sky_blue', 'light_blue', 'blue', 'grape', 'violet', 'lavender', 'magenta',
	'salmon', 'charcoal', 'grey', 'taupe'];

export const isColor = (name) => COLORS.includes(name);

// Keys that clients must do without when they are null (switch `sparse`).
const OPTIONAL = ['order_key', 'completed_count', 'postponed_count', 'note_count', 'deadline',
	'duration', 'section_id', 'parent_id', 'completed_at', 'completed_by_uid', 'assigned_by_uid',
	'responsible_uid', 'due', 'description'];

const stampSeconds = (account) => (account.config.values.updated_at_micros
	? account.clock.micros() : account.clock.seconds());

export function newItem(account, fields) {
	return {
		id: account.ids.object(), user_id: account.id, project_id: null, section_id: null,
		parent_id: null, content: '', description: '', priority: 1, labels: [], due: null,
		deadline: null, duration: null, child_order: 1, order_key: null, day_order: -1,
		is_collapsed: false, checked: false, is_deleted: false, added_at: account.clock.micros(),
		updated_at: stampSeconds(account), completed_at: null, completed_by_uid: null,
		added_by_uid: account.id, assigned_by_uid: null, responsible_uid: null, note_count: 0,
		completed_count: 0, postponed_count: 0, ...fields,
	};
}

export function newProject(account, fields) {
	return {
		id: account.ids.object(), name: '', description: '', color: 'charcoal', parent_id: null,
		child_order: 1, default_order: 0, order_key: null, is_collapsed: false, is_shared: false,
		can_assign_tasks: false, is_deleted: false, is_archived: false, is_favorite: false,
		is_frozen: false, view_style: 'list',
		created_at: account.clock.micros(), updated_at: stampSeconds(account), ...fields,
	};
}

export function newSection(account, fields) {
	return {
		id: account.ids.object(), user_id: account.id, project_id: null, name: '',
		description: null, section_order: 1, is_collapsed: false, is_archived: false,
		archived_at: null, is_deleted: false, added_at: account.clock.micros(),
		updated_at: stampSeconds(account), ...fields,
	};
}

export function newLabel(account, fields) {
	return {
		id: account.ids.numeric(), name: '', color: 'charcoal', item_order: 0, is_favorite: false,
		is_deleted: false, ...fields,
	};
}

export function newNote(account, fields) {
	return {
		id: account.ids.object(), content: '', posted_at: account.clock.micros(),
		posted_uid: account.id, file_attachment: null, uids_to_notify: null, reactions: null,
		is_deleted: false, ...fields,
	};
}

export function newUser(account, inboxId, token) {
	const [year] = account.clock.seconds().split('-');
	return {
		id: account.id, email: account.email, full_name: account.full_name, activated_user: true,
		auto_reminder: 30, business_account_id: null, daily_goal: 5, date_format: 0,
		dateist_lang: null, days_off: [6, 7], feature_identifier: `${account.id}_feature`,
		features: { beta: 0, dateist_inline_disabled: false, dateist_lang: null,
			has_push_reminders: true, karma_disabled: false, karma_vacation: false, restriction: 3 },
		has_magic_number: true, has_password: true, image_id: null, inbox_project_id: inboxId,
		is_celebrations_enabled: true, is_deleted: false, is_premium: account.premium,
		joinable_workspace: null, joined_at: `${year}-01-01T08:00:00.000000Z`,
		getting_started_guide_projects: null, karma: 0, karma_trend: 'up', lang: account.lang,
		next_week: 1, completed_count: 0, completed_today: 0,
		premium_status: account.premium ? 'current_personal_plan' : 'not_premium',
		premium_until: null, share_limit: 51, sort_order: 0, start_day: 1, start_page: 'today',
		theme_id: '11', time_format: 0, token, unique_prefix: 1, verification_status: 'verified',
		websocket_url: 'wss://127.0.0.1/ws?token=not-for-logs', weekend_start_day: 6,
		weekly_goal: 25,
	};
}

const EXTRA = {
	item: { goal_ids: [], sandbox_unknown: { level: 1, list: [null, true] } },
	project: { sandbox_unknown: 'ignore me' },
	section: { sandbox_unknown: null },
	label: { sandbox_unknown: 0 },
};

// What the wire shows of a record.
export function render(account, record) {
	const switches = account.config.values;
	let { data } = record;
	if (record.kind === 'user')
		data = { ...data, tz_info: account.tzInfo() };
	if (data.is_deleted && switches.tombstones === 'bare')
		return { id: data.id, is_deleted: true };
	if (switches.sparse && record.kind === 'item') {
		data = { ...data };
		for (const key of OPTIONAL)
			if (data[key] === null || (key === 'note_count' || key === 'postponed_count'))
				delete data[key];
	}
	return switches.extra_fields && EXTRA[record.kind] ? { ...data, ...EXTRA[record.kind] } : data;
}

export function renderJson(account, record) {
	const epoch = account.config.epoch();
	if (record.json === null || record.epoch !== epoch) {
		record.json = JSON.stringify(render(account, record));
		record.epoch = epoch;
	}
	return record.json;
}

// REST names a label's place differently and knows no tombstones.
export function renderLabelRest(record) {
	const { item_order, is_deleted, ...rest } = record.data;
	return { ...rest, order: item_order };
}

export function planLimits(account) {
	const limits = account.config.values;
	return {
		current: {
			plan_name: account.premium ? 'pro' : 'free', max_tasks: limits.tasks_per_project,
			max_sections: limits.sections_per_project, max_projects: limits.projects_per_user,
			max_labels: limits.labels_per_user, max_collaborators: 5, max_filters: 150,
			max_reminders_time: 700, activity_log: 1, activity_log_limit: account.premium ? -1 : 7,
			comments: true, deadlines: account.premium, durations: account.premium, labels: true,
			reminders: true, upload_limit_mb: 100, max_free_workspaces_created: 1,
		},
		next: null,
	};
}
