-- Make the owner of linli's database, the database, and its extensions.
-- Run by the superuser; safe to run again. The password comes from the environment.
\getenv owner_password LINLI_OWNER_PASSWORD
SELECT 'CREATE ROLE linli' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'linli') \gexec
ALTER ROLE linli LOGIN CREATEDB PASSWORD :'owner_password';
GRANT pg_monitor TO linli;
SELECT 'CREATE DATABASE linli OWNER linli'
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'linli') \gexec
REVOKE CONNECT ON DATABASE linli FROM PUBLIC;
\connect linli
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS timescaledb;
CREATE EXTENSION IF NOT EXISTS postgis;
