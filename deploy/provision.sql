-- Make the owner of linli's database, the roles that its interfaces work as, the database, and its extensions.
-- Run by the superuser; safe to run again. The password comes from the environment.
\getenv owner_password LINLI_OWNER_PASSWORD
SELECT 'CREATE ROLE linli' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'linli') \gexec
ALTER ROLE linli LOGIN CREATEDB PASSWORD :'owner_password';
GRANT pg_monitor TO linli;
-- nobody signs in as these; the owner becomes one of them for one transaction at a time
SELECT format('CREATE ROLE %I NOLOGIN', role)
FROM unnest('{linli_api,linli_sign_in,linli_public,linli_operator,linli_planner,linli_auditor,linli_care,linli_grid_worker,linli_integrator,linli_administrator,linli_security_auditor}'::text[]) AS role
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) \gexec
GRANT linli_api, linli_sign_in, linli_public, linli_operator, linli_planner, linli_auditor, linli_care, linli_grid_worker,
    linli_integrator, linli_administrator, linli_security_auditor TO linli WITH INHERIT FALSE, SET TRUE;
SELECT 'CREATE DATABASE linli OWNER linli'
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'linli') \gexec
REVOKE CONNECT ON DATABASE linli FROM PUBLIC;
\connect linli
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS timescaledb;
CREATE EXTENSION IF NOT EXISTS postgis;
