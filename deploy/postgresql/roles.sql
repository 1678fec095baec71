-- The two roles of a Niva database on PostgreSQL 15 or newer, and what each may do in it.
--
--   psql -X "postgres://ADMINISTRATOR@HOST/DATABASE" -f roles.sql
--   psql -X -v migrate=NAME -v serve=NAME "postgres://…" -f roles.sql     -- with names of one's own
--
-- Run it on each of the three databases as its administrator: before the first migration, and after every migration. It
-- may be run again at any time, also while services run: all of it takes effect at once, or none of it.
--
-- What a later migration makes is narrow until then: the serving role may read and add rows, and nothing else.

\set ON_ERROR_STOP on
\set QUIET on
\if :{?migrate}
\else
\set migrate niva_migrate
\endif
\if :{?serve}
\else
\set serve niva_serve
\endif

BEGIN;
-- A notice about each existing role would only hide what matters.
SET LOCAL client_min_messages = warning;

-- Roles belong to the server, not to a database: another run may make them at the same moment.
SELECT format(
    'DO $do$ BEGIN CREATE ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS; '
    'EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $do$', role)
FROM unnest(ARRAY[:'migrate', :'serve']) AS role
\gexec

-- A role that was there before must not be able to do more, by itself or through another.
SELECT format(
    'DO $do$ BEGIN RAISE EXCEPTION %L; END $do$',
    format('%s may do more than it should: superuser, createrole, createdb, replication, bypassrls or a membership', rolname))
FROM pg_roles
WHERE (rolname IN (:'migrate', :'serve') AND (rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls))
   OR (rolname = :'serve' AND EXISTS (SELECT FROM pg_auth_members WHERE member = pg_roles.oid))
\gexec

-- Nobody else comes in.
SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database())
UNION ALL
SELECT format('GRANT CONNECT ON DATABASE %I TO %I, %I', current_database(), :'migrate', :'serve')
\gexec

-- One role owns all there is, and alone can change what tables are, their triggers included.
ALTER SCHEMA public OWNER TO :"migrate";
REVOKE ALL ON SCHEMA public FROM PUBLIC, :"serve";
GRANT USAGE ON SCHEMA public TO :"serve";
SELECT format('ALTER TABLE %s OWNER TO %I', oid::regclass, :'migrate')
FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND relowner <> (:'migrate')::regrole
UNION ALL
SELECT format('ALTER FUNCTION %s OWNER TO %I', oid::regprocedure, :'migrate')
FROM pg_proc
WHERE pronamespace = 'public'::regnamespace AND proowner <> (:'migrate')::regrole
\gexec

-- What later migrations make.
ALTER DEFAULT PRIVILEGES FOR ROLE :"migrate" IN SCHEMA public GRANT SELECT, INSERT ON TABLES TO :"serve";

-- What there is: the serving role reads and adds rows everywhere but in the list of migrations, which it reads, …
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC, :"serve";
GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA public TO :"serve";
SELECT format('REVOKE INSERT ON %s FROM %I', oid::regclass, :'serve')
FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relname = 'seaql_migrations'
\gexec

-- … and changes and deletes rows of all tables but of those that are added to alone: the ones named here, and every
-- other whose rows a trigger of the schema keeps from any change. Nobody but the owner can empty a table (TRUNCATE).
SELECT format('GRANT UPDATE, DELETE ON %s TO %I', c.oid::regclass, :'serve')
FROM pg_class AS c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
  AND c.relname NOT IN ('seaql_migrations', 'payment_line', 'payment_hold', 'author', 'fact', 'fact_revision', 'feed_event',
                        'audit_record', 'audit_about', 'audit_seal')
  AND NOT EXISTS (
      SELECT FROM pg_trigger AS t JOIN pg_proc AS p ON p.oid = t.tgfoid
      WHERE t.tgrelid = c.oid AND p.proname = 'niva_append_only'
        AND t.tgqual IS NULL           -- of every row, not only of some
        AND t.tgtype & 17 = 17)        -- for each row (1), before an update (16)
\gexec

-- Of the audit trail it deletes what a checkpoint stands for, and is a year old: triggers refuse the rest.
SELECT format('GRANT DELETE ON %s TO %I', oid::regclass, :'serve')
FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relname IN ('audit_record', 'audit_about', 'audit_seal')
\gexec

COMMIT;
