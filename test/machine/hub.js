// The hub as the machine sees it: a person's edits, syncing many accounts by one statement, and what
// is there in the end. The functions below are the machine's own, in a schema of their own.

import { Gone, literal } from './psql.js';

const FUNCTIONS = `
CREATE SCHEMA IF NOT EXISTS machine;

-- One edit of a person: r chooses the object, q the value. What it did, or why not.
CREATE OR REPLACE FUNCTION machine.edit(person uuid, what text, r float8, q float8, token text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	n integer := (SELECT count(*) FROM tasksync.tasks WHERE user_id = person);
	p integer := (SELECT count(*) FROM tasksync.projects WHERE user_id = person);
	task tasksync.tasks;
	project uuid := (SELECT id FROM tasksync.projects WHERE user_id = person
		ORDER BY is_inbox, name LIMIT 1 OFFSET floor(q * p));
	other uuid;
BEGIN
	-- by what can be seen: ids are not the same in another run
	SELECT t.* INTO task FROM tasksync.tasks t JOIN tasksync.projects o ON o.user_id = t.user_id AND o.id = t.project_id
	LEFT JOIN tasksync.tasks u ON u.user_id = t.user_id AND u.id = t.parent_id WHERE t.user_id = person
	ORDER BY t.title, t.description, o.name, u.title, t.status, t.due_date, t.priority, t.labels, t.position
	LIMIT 1 OFFSET floor(r * n);
	SELECT t.id INTO other FROM tasksync.tasks t JOIN tasksync.projects o ON o.user_id = t.user_id AND o.id = t.project_id
	LEFT JOIN tasksync.tasks u ON u.user_id = t.user_id AND u.id = t.parent_id WHERE t.user_id = person
	ORDER BY t.title, t.description, o.name, u.title, t.status, t.due_date, t.priority, t.labels, t.position
	LIMIT 1 OFFSET floor(q * n);
	IF what = 'add' OR task.id IS NULL THEN
		INSERT INTO tasksync.tasks (user_id, project_id, title) VALUES (person, project, 'hub ' || token);
		RETURN 'add';
	END IF;
	CASE what
		WHEN 'twin' THEN
			INSERT INTO tasksync.tasks (user_id, project_id, title) VALUES (person, project, 'Milk');
		WHEN 'child' THEN
			INSERT INTO tasksync.tasks (user_id, project_id, parent_id, title)
			VALUES (person, task.project_id, task.id, 'hub ' || token);
		WHEN 'title' THEN UPDATE tasksync.tasks SET title = 'hub ' || token WHERE user_id = person AND id = task.id;
		WHEN 'same' THEN UPDATE tasksync.tasks SET title = 'Milk' WHERE user_id = person AND id = task.id;
		WHEN 'notes' THEN UPDATE tasksync.tasks SET description = 'hub ' || token WHERE user_id = person AND id = task.id;
		WHEN 'append' THEN UPDATE tasksync.tasks SET description = ltrim(description || E'\\nhub ' || token, E'\\n')
			WHERE user_id = person AND id = task.id;
		WHEN 'due' THEN UPDATE tasksync.tasks SET due_date = date '2030-01-01' + floor(q * 5)::integer, due_time = NULL,
			due_timezone = NULL, recurrence = NULL WHERE user_id = person AND id = task.id;
		WHEN 'time' THEN UPDATE tasksync.tasks SET due_date = date '2030-03-30' + floor(q * 3)::integer, due_time = '02:30',
			due_timezone = 'Europe/Lisbon', recurrence = NULL WHERE user_id = person AND id = task.id;
		WHEN 'undue' THEN UPDATE tasksync.tasks SET due_date = NULL, due_time = NULL, due_timezone = NULL, recurrence = NULL
			WHERE user_id = person AND id = task.id;
		WHEN 'label' THEN UPDATE tasksync.tasks SET labels = labels || ARRAY[(ARRAY['red', 'green'])[1 + floor(q * 2)::integer]]
			WHERE user_id = person AND id = task.id;
		WHEN 'unlabel' THEN UPDATE tasksync.tasks SET labels = labels[2:] WHERE user_id = person AND id = task.id;
		WHEN 'priority' THEN UPDATE tasksync.tasks SET priority = floor(q * 5)::integer WHERE user_id = person AND id = task.id;
		WHEN 'complete' THEN UPDATE tasksync.tasks SET status = 'done' WHERE user_id = person AND id = task.id;
		WHEN 'reopen' THEN UPDATE tasksync.tasks SET status = 'open' WHERE user_id = person AND id = task.id;
		WHEN 'delete' THEN DELETE FROM tasksync.tasks WHERE user_id = person AND id = task.id;
		WHEN 'move' THEN UPDATE tasksync.tasks SET section_id = NULL, parent_id = NULL, project_id = project
			WHERE user_id = person AND id = task.id;
		WHEN 'parent' THEN UPDATE tasksync.tasks SET section_id = NULL, parent_id = other,
			project_id = (SELECT o.project_id FROM tasksync.tasks o WHERE o.user_id = person AND o.id = other)
			WHERE user_id = person AND id = task.id;
		WHEN 'unparent' THEN UPDATE tasksync.tasks SET parent_id = NULL WHERE user_id = person AND id = task.id;
		WHEN 'order' THEN UPDATE tasksync.tasks SET position = position + 1.5 - floor(q * 4) WHERE user_id = person AND id = task.id;
		WHEN 'project' THEN
			INSERT INTO tasksync.projects (user_id, name) VALUES (person, 'project ' || token);
		WHEN 'rename' THEN UPDATE tasksync.projects SET name = 'hub ' || token
			WHERE user_id = person AND id = project AND NOT is_inbox;
		ELSE RAISE EXCEPTION 'no edit %', what;
	END CASE;
	RETURN what || ' "' || task.title || '"';
EXCEPTION WHEN check_violation OR foreign_key_violation OR unique_violation OR raise_exception THEN
	RETURN 'refused ' || what || ' ' || SQLSTATE;
END
$$;

-- Until each of these accounts is quiet or has failed; those that are quiet.
CREATE OR REPLACE FUNCTION machine.wait(accounts uuid[], patience interval) RETURNS uuid[]
LANGUAGE plpgsql AS $$
DECLARE
	give_up timestamptz := clock_timestamp() + patience;
	busy uuid[] := accounts;
	quiet uuid[] := '{}';
	done uuid[];
BEGIN
	LOOP
		-- the cheap question first: it is asked again and again
		SELECT array_agg(s.account_id) INTO done FROM tasksync.schedules s
		WHERE s.account_id = ANY (busy) AND s.leased_until IS NULL AND s.requested_at IS NULL
			AND CASE WHEN s.failures = 0 THEN tasksync.wait_for_sync(s.account_id, '0 s') END;
		quiet := quiet || coalesce(done, '{}');
		SELECT coalesce(array_agg(a), '{}') INTO busy FROM unnest(busy) a
		WHERE a <> ALL (quiet) AND NOT EXISTS (SELECT FROM tasksync.schedules s
			JOIN tasksync.accounts x ON x.user_id = s.user_id AND x.id = s.account_id
			WHERE s.account_id = a AND s.leased_until IS NULL
				AND (s.failures > 0 OR x.state NOT IN ('active', 'connecting')));
		EXIT WHEN busy = '{}' OR clock_timestamp() > give_up;
		PERFORM pg_sleep(0.01);
	END LOOP;
	RETURN quiet;
END
$$;

-- What a person has, in words and without ids, as JSON.
CREATE OR REPLACE FUNCTION machine.view(person uuid) RETURNS jsonb
LANGUAGE sql STABLE AS $$
	SELECT jsonb_build_object('user', person,
		'projects', (SELECT coalesce(jsonb_agg(jsonb_build_object('name', p.name, 'inbox', p.is_inbox, 'parent', u.name)), '[]')
			FROM tasksync.projects p LEFT JOIN tasksync.projects u ON u.user_id = p.user_id AND u.id = p.parent_id
			WHERE p.user_id = person),
		'tasks', (SELECT coalesce(jsonb_agg(jsonb_build_object('title', t.title, 'description', t.description,
				'done', t.status = 'done', 'priority', t.priority, 'labels', t.labels, 'date', t.due_date, 'time', t.due_time,
				'zone', t.due_timezone, 'instant', CASE WHEN t.due_timezone IS NOT NULL THEN to_char((t.due_date + t.due_time)
					AT TIME ZONE t.due_timezone AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') END,
				'recurrence', t.recurrence, 'project', p.name, 'inbox', p.is_inbox, 'section', s.name,
				'parent', u.title)), '[]')
			FROM tasksync.tasks t JOIN tasksync.projects p ON p.user_id = t.user_id AND p.id = t.project_id
			LEFT JOIN tasksync.sections s ON s.user_id = t.user_id AND s.id = t.section_id
			LEFT JOIN tasksync.tasks u ON u.user_id = t.user_id AND u.id = t.parent_id
			WHERE t.user_id = person))
$$;

-- All that was ever written down of a person's values.
CREATE OR REPLACE FUNCTION machine.known(person uuid) RETURNS text
LANGUAGE sql STABLE AS $$
	SELECT string_agg(line, E'\\n') FROM (
		SELECT concat(before, after) FROM tasksync.journal WHERE user_id = person
		UNION ALL SELECT concat(base, hub, remote, result) FROM tasksync.conflicts WHERE user_id = person
		UNION ALL SELECT t::text FROM tasksync.tasks t WHERE user_id = person
		UNION ALL SELECT h::text FROM tasksync.held_changes h WHERE user_id = person) x (line)
$$;

-- What a person's accounts have not when all is well.
CREATE OR REPLACE FUNCTION machine.unfinished(person uuid) RETURNS text
LANGUAGE sql STABLE AS $$
	SELECT string_agg(line, E'\\n' ORDER BY line) FROM (
		SELECT 'intent ' || op || ' ' || state || ' ' || patch::text FROM tasksync.intents WHERE user_id = person
		UNION ALL SELECT concat_ws(' ', 'link', l.kind, l.state, CASE WHEN l.dirty THEN 'dirty' END, l.error_code,
			l.error_message, CASE WHEN missing_since IS NOT NULL THEN 'missing' END, l.base::text)
		FROM tasksync.links l WHERE user_id = person
			AND (dirty OR state NOT IN ('live', 'detached') OR error_code IS NOT NULL OR missing_since IS NOT NULL)
		UNION ALL SELECT 'run ' || phase FROM tasksync.sync_runs WHERE user_id = person AND finished_at IS NULL
		UNION ALL SELECT 'lease of ' || account_id FROM tasksync.schedules WHERE user_id = person AND leased_until IS NOT NULL
		UNION ALL SELECT 'account ' || a.state || ' ' || coalesce(a.state_reason, '') FROM tasksync.accounts a
			WHERE user_id = person AND state <> 'active'
		UNION ALL SELECT 'failed ' || coalesce(error_code, '') FROM tasksync.schedules WHERE user_id = person AND failures > 0
		UNION ALL SELECT 'two objects of ' || l.hub_id FROM tasksync.links l WHERE user_id = person AND remote_id IS NOT NULL
			GROUP BY account_id, kind, remote_id, l.hub_id HAVING count(*) > 1
		UNION ALL SELECT 'a ring at ' || id FROM (
			WITH RECURSIVE above (start, id, depth) AS (
				SELECT id, parent_id, 1 FROM tasksync.tasks WHERE user_id = person AND parent_id IS NOT NULL
				UNION ALL SELECT a.start, t.parent_id, a.depth + 1 FROM above a
				JOIN tasksync.tasks t ON t.user_id = person AND t.id = a.id WHERE t.parent_id IS NOT NULL AND a.depth < 50)
			SELECT id FROM above WHERE start = id OR depth >= 50) ring) x (line)
$$;

-- What must not change in a quiet round.
CREATE OR REPLACE FUNCTION machine.stand(person uuid) RETURNS text
LANGUAGE sql STABLE AS $$
	SELECT concat_ws(' ', (SELECT sum(version) FROM tasksync.tasks WHERE user_id = person),
		(SELECT count(*) FROM tasksync.journal WHERE user_id = person),
		(SELECT count(*) FROM tasksync.conflicts WHERE user_id = person),
		(SELECT md5(string_agg(hub_id::text || account_id || state || base::text || coalesce(remote_id, ''), ',' ORDER BY hub_id, account_id))
			FROM tasksync.links WHERE user_id = person))
$$;
`;

const ids = (list) => `ARRAY[${list.map(literal).join(',')}]::uuid[]`;

export class Hub {
	constructor(psql, { revive }) {
		this.psql = psql;
		this.revive = revive;
	}

	async prepare(urls) {
		for (const [setting, url] of Object.entries(urls))
			await this.psql.run(`ALTER SYSTEM SET ${setting} = ${literal(url)}`);
		await this.psql.run('SELECT pg_reload_conf()');
		await this.psql.run(FUNCTIONS);
	}

	// Through a crash of the server: what is run must be fine to be run twice.
	async stubborn(sql) {
		for (let attempt = 0; ; attempt++)
			try {
				return await this.psql.run(sql);
			} catch (error) {
				if (!(error instanceof Gone) && !/starting up|recovery mode|shutting down|terminat|could not connect|connection/.test(error.message))
					throw error;
				if (attempt > 200)
					throw error;
				await this.revive();
				await new Promise((resolve) => { setTimeout(resolve, 50); });
			}
	}

	async stubbornJson(sql) {
		return JSON.parse(await this.stubborn(sql) || 'null');
	}

	// people: [{email, accounts: [{provider, token, policy}]}] → the same with ids, in order
	async join(people) {
		const list = people.map(({ email, accounts }) => ({ email, accounts }));
		const rows = await this.stubbornJson(`
			CREATE TEMP TABLE IF NOT EXISTS joined (email text, nth integer, user_id uuid, account_id uuid, policy jsonb);
			TRUNCATE joined;
			BEGIN;
			WITH made AS MATERIALIZED (SELECT r.email, r.accounts, tasksync.create_user(r.email) AS user_id
				FROM jsonb_to_recordset(${literal(JSON.stringify(list))}) r(email text, accounts jsonb))
			INSERT INTO joined
			SELECT m.email, a.nth, m.user_id, c.account_id, nullif(a.account -> 'policy', 'null')
			FROM made m CROSS JOIN LATERAL jsonb_array_elements(m.accounts) WITH ORDINALITY a (account, nth)
			CROSS JOIN LATERAL tasksync.connect_account(a.account ->> 'provider', user_id => m.user_id,
				token => a.account ->> 'token') c;
			SELECT count(tasksync.set_sync_interval(account_id, interval '24 hours')) FROM joined \\g /dev/null
			SELECT count(tasksync.set_policy(account_id, policy)) FROM joined \\g /dev/null
			SELECT sum(tasksync.link_all(account_id)) FROM joined \\g /dev/null
			SELECT count(tasksync.pause_account(account_id)) FROM joined \\g /dev/null
			COMMIT;
			SELECT jsonb_agg(to_jsonb(j)) FROM joined j`);
		return people.map((person) => {
			const own = rows.filter((row) => row.email === person.email).sort((a, b) => a.nth - b.nth);
			return { user: own[0].user_id, accounts: own.map((row) => row.account_id) };
		});
	}

	async pause(accounts) {
		await this.stubborn(`SELECT count(tasksync.pause_account(a)) FROM unnest(${ids(accounts)}) a`);
	}

	// Reads and writes these accounts while all others stand still; those that became quiet.
	async sync(accounts, { patience = '20 s', pause = true } = {}) {
		if (accounts.length === 0)
			return [];
		await this.stubborn(`SELECT count(tasksync.resume_account(a)) FROM unnest(${ids(accounts)}) a`);
		const quiet = await this.stubbornJson(
			`SELECT to_jsonb(machine.wait(${ids(accounts)}, ${literal(patience)}))`);
		if (pause)
			await this.pause(accounts);
		return quiet;
	}

	// [{person, what, r, q, token}] → what came of each
	async edit(edits) {
		if (edits.length === 0)
			return [];
		return this.stubbornJson(`SELECT jsonb_agg(machine.edit(person, what, r, q, token) ORDER BY n)
			FROM ROWS FROM (jsonb_to_recordset(${literal(JSON.stringify(edits))})
				AS (person uuid, what text, r float8, q float8, token text)) WITH ORDINALITY
				x (person, what, r, q, token, n)`);
	}

	// One of the functions above for many people: {user → value}
	async ask(name, users) {
		return this.stubbornJson(`SELECT jsonb_object_agg(u, to_jsonb(machine.${name}(u))) FROM unnest(${ids(users)}) u`);
	}

	// Everything that waits for a decision is decided: half of it this way, half the other.
	async decide(users) {
		return Number(await this.stubborn(`
			WITH h AS MATERIALIZED (SELECT h.id, row_number() OVER (ORDER BY h.held_at, h.id) % 2 AS half
				FROM tasksync.held_changes h WHERE h.user_id = ANY (${ids(users)}) AND h.status = 'held')
			SELECT tasksync.approve_held(coalesce((SELECT array_agg(id) FROM h WHERE half = 0), '{}'))
				+ tasksync.reject_held(coalesce((SELECT array_agg(id) FROM h WHERE half = 1), '{}'))`));
	}

	async journal(users) {
		return this.stubbornJson(`SELECT jsonb_agg(jsonb_build_array(j.user_id, j.hub_id, j.version, j.kind, j.op,
				j.origin_account_id, j.before, j.after) ORDER BY j.user_id, j.hub_id, j.version)
			FROM tasksync.journal j WHERE j.user_id = ANY (${ids(users)})`);
	}
}
