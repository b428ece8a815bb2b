\echo Use "CREATE EXTENSION tasksync" to load this file. \quit
SET LOCAL search_path TO pg_catalog, pg_temp;

-- A plain CREATE SCHEMA: if somebody prepared a schema of this name, the
-- installation fails instead of running inside it, and DROP EXTENSION takes
-- the schema along because it is a member.
CREATE SCHEMA tasksync;
COMMENT ON SCHEMA tasksync IS 'TaskSync: one person''s tasks, kept the same in every connected task service. Tables and functions for applications and operators.';
