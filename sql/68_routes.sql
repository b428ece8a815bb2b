-- What a link carries, and in which direction: filters and routes.
--
-- A filter is one rule for both directions (src/sync/filter.c): what it does not
-- let through stays where it is. Nothing is ever deleted because of it.

CREATE FUNCTION tasksync.filter_effect(
	p tasksync.project_links, filter jsonb,
	OUT stays integer, OUT leaves integer, OUT rejoins integer, OUT creates integer, OUT outside integer, OUT crossing uuid[])
	LANGUAGE sql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT count(*) FILTER (WHERE x.linked AND x.after), count(*) FILTER (WHERE x.linked AND NOT x.after),
		count(*) FILTER (WHERE x.detached AND x.after AND NOT x.before),
		count(*) FILTER (WHERE x.unlinked AND x.after AND (p).direction <> 'pull'),
		count(*) FILTER (WHERE NOT x.linked AND NOT x.after),
		array_agg(x.id) FILTER (WHERE x.before <> x.after)
	FROM (
		SELECT t.id, coalesce(l.state IN ('live', 'pending_create', 'held', 'pending_delete'), false) AS linked,
			coalesce(l.state = 'detached' AND l.remote_id IS NOT NULL, false) AS detached,
			l.state IS NULL OR (l.state = 'detached' AND l.remote_id IS NULL) AS unlinked,
			tasksync.carries(p, t) AS before, tasksync.filter_matches(filter_effect.filter, tasksync.task_record(t)) AS after
		FROM tasksync.tasks t
		LEFT JOIN tasksync.links l ON l.user_id = t.user_id AND l.hub_id = t.id AND l.account_id = (p).account_id
		WHERE t.user_id = (p).user_id AND t.project_id = (p).project_id) x;
END;
COMMENT ON FUNCTION tasksync.filter_effect(tasksync.project_links, jsonb) IS 'Internal: what a filter, in normal form, would do to the tasks of a link, and which ones it judges differently than the present one.';

CREATE FUNCTION tasksync.preview_filter(
	link uuid, filter jsonb,
	OUT stays integer, OUT leaves integer, OUT rejoins integer, OUT creates integer, OUT outside integer)
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	SELECT e.stays, e.leaves, e.rejoins, e.creates, e.outside INTO stays, leaves, rejoins, creates, outside
	FROM tasksync.filter_effect(tasksync.link_of(link), tasksync.normal_filter(filter)) e;
END
$$;
COMMENT ON FUNCTION tasksync.preview_filter(uuid, jsonb) IS 'What set_filter() would do to the tasks that are here, as counts: stays (linked and still carried), leaves (linked, would be detached: both copies stay, nothing is deleted), rejoins (detached, would be taken up again), creates (would be created there), outside (not linked, and would stay so). What the container has and the hub does not is not counted: it would be read. Errors: 22023 a filter that is not understood, P0002 no such link.';

CREATE FUNCTION tasksync.rescope(p tasksync.project_links) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	UPDATE tasksync.project_links x SET scope_version = x.scope_version + 1, updated_at = now()
	WHERE x.user_id = p.user_id AND x.id = p.id;
	-- what an older read lacked proves nothing any more
	UPDATE tasksync.links l SET missing_since = NULL
	WHERE l.user_id = p.user_id AND l.account_id = p.account_id AND l.missing_since IS NOT NULL
		AND l.hub_id IN (SELECT t.id FROM tasksync.tasks t WHERE t.user_id = p.user_id AND t.project_id = p.project_id);
	PERFORM tasksync.read_new_links(a) FROM tasksync.accounts a WHERE a.user_id = p.user_id AND a.id = p.account_id;
END
$$;
COMMENT ON FUNCTION tasksync.rescope(tasksync.project_links) IS 'Internal: the scope of a link is another one: absences of older reads count for nothing, and its container is read whole.';

CREATE FUNCTION tasksync.set_filter(
	link uuid, filter jsonb,
	OUT stays integer, OUT leaves integer, OUT rejoins integer, OUT creates integer, OUT outside integer)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	p tasksync.project_links := tasksync.link_of(link);
	wanted jsonb := tasksync.normal_filter(filter);
	crossing uuid[];
BEGIN
	SELECT x.* INTO p FROM tasksync.project_links x WHERE x.user_id = p.user_id AND x.id = p.id FOR UPDATE;
	SELECT e.* INTO stays, leaves, rejoins, creates, outside, crossing FROM tasksync.filter_effect(p, wanted) e;
	IF p.filter IS NOT DISTINCT FROM wanted THEN
		RETURN;
	END IF;
	UPDATE tasksync.project_links x SET filter = wanted WHERE x.user_id = p.user_id AND x.id = p.id;
	PERFORM tasksync.route_tasks(p.user_id, crossing, p.account_id);
	PERFORM tasksync.rescope(p);
END
$$;
COMMENT ON FUNCTION tasksync.set_filter(uuid, jsonb) IS 'Says which tasks a link carries, in both directions; null: all of the project. {"labels": {"any": ["work"], "all": […], "none": ["private"]}, "min_priority": 1..4, "has_due": true or false}: a task has to meet every key that is there. A task that does not is neither sent nor taken in. One that stops meeting it is detached: both sides keep their copy and go their own ways; when it meets the filter again, the two are one again and are merged as usual. Nothing is deleted. The container is read whole at once. Returns the counts of preview_filter(). Errors: 22023 a filter that is not understood, P0002 no such link.';

CREATE FUNCTION tasksync.set_route(link uuid, direction text DEFAULT NULL, on_remote_delete text DEFAULT NULL) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	p tasksync.project_links := tasksync.link_of(link);
	becomes text;
BEGIN
	SELECT x.* INTO p FROM tasksync.project_links x WHERE x.user_id = p.user_id AND x.id = p.id FOR UPDATE;
	becomes := coalesce(direction, p.direction);
	IF becomes NOT IN ('both', 'pull', 'push') THEN
		RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
			MESSAGE = format('direction "%s" is not known', direction),
			HINT = 'Use both, pull (the provider''s changes come in) or push (the hub''s changes go out).';
	END IF;
	IF on_remote_delete NOT IN ('propagate', 'unlink', 'complete') THEN
		RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
			MESSAGE = format('on_remote_delete "%s" is not known', on_remote_delete),
			HINT = 'Use propagate (deleted here, too), unlink (kept here) or complete (done here).';
	END IF;
	UPDATE tasksync.project_links x
	SET direction = becomes, on_remote_delete = coalesce(set_route.on_remote_delete, p.on_remote_delete), updated_at = now()
	WHERE x.user_id = p.user_id AND x.id = p.id;
	IF becomes = p.direction THEN
		RETURN;
	END IF;
	IF becomes = 'pull' THEN
		-- nothing leaves any more: what was never sent has no counterpart to wait for
		DELETE FROM tasksync.links l
		USING tasksync.tasks t
		WHERE t.user_id = p.user_id AND t.project_id = p.project_id AND l.user_id = p.user_id AND l.hub_id = t.id
			AND l.account_id = p.account_id AND l.state = 'pending_create' AND l.remote_id IS NULL
			AND NOT EXISTS (
				SELECT FROM tasksync.intents i
				WHERE i.user_id = l.user_id AND i.account_id = l.account_id AND i.hub_id = l.hub_id);
	ELSIF p.direction = 'pull' THEN
		UPDATE tasksync.links l SET dirty = true
		WHERE l.user_id = p.user_id AND l.account_id = p.account_id AND l.state = 'live'
			AND tasksync.project_of(l.kind, p.user_id, l.hub_id) = p.project_id;
		PERFORM tasksync.create_missing(p.user_id, p.account_id, p.project_id);
	END IF;
	PERFORM tasksync.rescope(p);
END
$$;
COMMENT ON FUNCTION tasksync.set_route(uuid, text, text) IS 'Changes the direction of a link (both, pull or push) and what a deletion at the provider does here (propagate, unlink or complete); null leaves either as it is. A link that begins to send sends what differs and what is missing there; one that begins to take in reads the container whole. Errors: 22023 an unknown word, P0002 no such link.';
