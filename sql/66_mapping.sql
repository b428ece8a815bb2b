-- Which property of a container holds which field of its tasks, where the
-- provider leaves that open. What fits is known to the provider's code alone;
-- here is who may say it, and where it is kept.

CREATE FUNCTION tasksync.map_fields(provider text, known jsonb, mapping jsonb) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'tasksync_sql_map_fields' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION tasksync.map_fields(text, jsonb, jsonb) IS 'Internal: a mapping in normal form for a container of which known is known, null for the proposal. 22023 if it does not fit, 0A000 if the provider has nothing to map.';

CREATE FUNCTION tasksync.link_of(link uuid) RETURNS tasksync.project_links
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	found_link tasksync.project_links;
	me uuid := tasksync.current_user_id();
BEGIN
	SELECT p.* INTO found_link FROM tasksync.project_links p
	WHERE p.id = link AND p.user_id = coalesce(me, p.user_id);
	IF found_link.id IS NULL THEN
		RAISE EXCEPTION USING ERRCODE = 'no_data_found',
			MESSAGE = format('link "%s" does not exist', link),
			HINT = 'SELECT id, project_id, remote_id FROM tasksync.project_links lists them.';
	END IF;
	RETURN found_link;
END
$$;
COMMENT ON FUNCTION tasksync.link_of(uuid) IS 'Internal: a link of the current person, or any link when the session acts for nobody. P0002 otherwise.';

CREATE FUNCTION tasksync.mapping(link uuid) RETURNS jsonb
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	p tasksync.project_links := tasksync.link_of(link);
BEGIN
	RETURN (
		SELECT jsonb_build_object('mapping', coalesce(p.mapping, c.config -> 'mapping'),
			'is_set', p.mapping IS NOT NULL, 'properties', c.config -> 'properties')
		FROM tasksync.containers c
		WHERE c.user_id = p.user_id AND c.account_id = p.account_id AND c.remote_id = p.remote_id);
END
$$;
COMMENT ON FUNCTION tasksync.mapping(uuid) IS 'How the fields of tasks lie in the container of a link: mapping (role to property, as set_mapping() takes it), is_set (false: as proposed), properties (what there is to choose from: id, name, type, options). Null before the container was read. Errors: P0002 no such link.';

CREATE FUNCTION tasksync.set_mapping(link uuid, mapping jsonb DEFAULT NULL) RETURNS jsonb
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	p tasksync.project_links := tasksync.link_of(link);
	known jsonb;
	chosen jsonb;
BEGIN
	SELECT c.config INTO known FROM tasksync.containers c
	WHERE c.user_id = p.user_id AND c.account_id = p.account_id AND c.remote_id = p.remote_id;
	IF known IS NULL THEN
		RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state',
			MESSAGE = format('nothing is known yet of the container of link "%s"', link),
			HINT = 'Wait until it was read: SELECT tasksync.sync_now(account_id).';
	END IF;
	SELECT tasksync.map_fields(a.provider, known, set_mapping.mapping) INTO chosen
	FROM tasksync.accounts a WHERE a.user_id = p.user_id AND a.id = p.account_id;
	-- another scope: the container is read whole, and nothing in an older read is missing
	UPDATE tasksync.project_links x
	SET mapping = chosen, scope_version = x.scope_version + 1, updated_at = now()
	WHERE x.user_id = p.user_id AND x.id = p.id;
	PERFORM tasksync.request_sync(p.user_id, ARRAY[p.account_id]);
	RETURN chosen;
END
$$;
COMMENT ON FUNCTION tasksync.set_mapping(uuid, jsonb) IS 'Says which property of the container holds which field of the tasks of a link, and returns the whole mapping. Keys are status, due, priority, labels, description, parent, sync_id; a value is the id or name of a property, or an object: {"status": {"property": "State", "done": ["Done", "Dropped"], "close": "Done", "open": "Next"}, "priority": {"property": "Prio", "options": {"4": "Urgent"}}, "labels": {"property": "Tags", "create": false}, "description": {"body": true}}; null takes a role away, and roles that are not named are proposed. done: options or groups of options; create: whether labels may make new options; sync_id: a text property in which the hub''s id of each task is kept. Null in place of the mapping: as proposed for the container as it is now. The container is read whole at once. Errors: 22023 a mapping that does not fit, 55000 the container was not read yet, 0A000 the provider has nothing to map, P0002 no such link.';
