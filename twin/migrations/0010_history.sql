-- History: what a row was before a change, from when to when, and who changed it why.
-- A kept table holds what is; beside it, NAME_past holds what was. Rows say by which revision they became so.

CREATE TABLE revision (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    actor text NOT NULL,
    reason text NOT NULL
);
CREATE INDEX ix_revision_at ON revision (at);
COMMENT ON TABLE revision IS 'what one transaction changed in the kept tables has its number; twin/acting.py says who and why';

CREATE TABLE kept_table (
    name text PRIMARY KEY,
    keys text[] NOT NULL,
    unkept text[] NOT NULL DEFAULT '{}'
);
COMMENT ON COLUMN kept_table.keys IS 'the columns that say which row it is; they never change';
COMMENT ON COLUMN kept_table.unkept IS 'columns whose change is no news: counters, and what the ingest notes for itself';

-- The number of this transaction's revision; the first that asks opens it, so that what changes nothing has none.
CREATE FUNCTION this_revision() RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    opened integer := nullif(current_setting('linli.revision', true), '')::integer;
BEGIN
    IF opened IS NULL THEN
        INSERT INTO revision (actor, reason)
        VALUES (coalesce(nullif(current_setting('linli.actor', true), ''), session_user),
                coalesce(current_setting('linli.reason', true), ''))
        RETURNING id INTO opened;
        PERFORM set_config('linli.revision', opened::text, true);
    END IF;
    RETURN opened;
END $$;

-- Before rows are added: their default reads the setting, which is quicker than a call for each.
CREATE FUNCTION revision_begins() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM this_revision();
    RETURN NULL;
END $$;

CREATE FUNCTION revision_stamps() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.revision := coalesce(nullif(current_setting('linli.revision', true), '')::integer, this_revision());
    RETURN NEW;
END $$;

-- Keeps what stood before the statement. Rows made and changed within one revision never were. Its arguments are the
-- history's name, the columns, and how `was` and the row as it is now match; planned anew each time, for one row or all.
CREATE FUNCTION past_is_kept() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    still text := '';
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF NOT EXISTS (SELECT FROM was) THEN
            RETURN NULL;
        END IF;
        PERFORM this_revision();
    ELSIF coalesce(current_setting('linli.revision', true), '') = '' THEN
        RETURN NULL;  -- no row was stamped: nothing is news
    ELSE
        still := format('JOIN %I AS is_now ON is_now.revision = $1 AND %s', TG_TABLE_NAME, TG_ARGV[3]);
    END IF;
    EXECUTE format('INSERT INTO %I (%s, during) SELECT %s, int4range(was.revision, $1) FROM was %s WHERE was.revision <> $1',
                   TG_ARGV[0], TG_ARGV[1], TG_ARGV[2], still)
    USING current_setting('linli.revision')::integer;
    RETURN NULL;
END $$;

CREATE FUNCTION columns_of(kept text) RETURNS TABLE (name name, type text, n smallint) LANGUAGE sql STABLE AS $$
    SELECT attname, format_type(atttypid, atttypmod), attnum FROM pg_attribute
    WHERE attrelid = kept::regclass AND attnum > 0 AND NOT attisdropped
$$;

CREATE FUNCTION keep_history(kept kept_table) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    past text := kept.name || '_past';
    missing record;
    arguments text;
BEGIN
    IF to_regclass(kept.name) IS NULL THEN
        RETURN;  -- a later migration makes it
    END IF;
    IF coalesce(current_setting('linli.revision', true), '') = '' THEN
        PERFORM set_config('linli.revision', (SELECT min(id)::text FROM revision), true);
    END IF;
    EXECUTE format('ALTER TABLE %I ADD COLUMN IF NOT EXISTS revision integer NOT NULL
                    DEFAULT current_setting(''linli.revision'')::integer', kept.name);
    EXECUTE format('COMMENT ON COLUMN %I.revision IS %L', kept.name, 'the revision that made the row what it is');
    IF to_regclass(past) IS NULL THEN
        EXECUTE format('CREATE TABLE %I AS TABLE %I WITH NO DATA', past, kept.name);
        EXECUTE format('ALTER TABLE %I ADD COLUMN during int4range NOT NULL', past);
        EXECUTE format('CREATE INDEX %I ON %I USING gist (during)', 'ix_' || past || '_during', past);
        EXECUTE format('CREATE INDEX %I ON %I (%s)', 'ix_' || past || '_keys', past, array_to_string(kept.keys, ', '));
        EXECUTE format('COMMENT ON COLUMN %I.during IS %L', past, 'from the revision that made it so to the one that ended it');
    END IF;
    FOR missing IN SELECT name, type FROM columns_of(kept.name) WHERE name NOT IN (SELECT c.name FROM columns_of(past) AS c) LOOP
        EXECUTE format('ALTER TABLE %I ADD COLUMN %I %s', past, missing.name, missing.type);
    END LOOP;
    EXECUTE format('CREATE OR REPLACE TRIGGER revision_begins BEFORE INSERT ON %I
                    FOR EACH STATEMENT EXECUTE FUNCTION revision_begins()', kept.name);
    EXECUTE (
        SELECT format('CREATE OR REPLACE TRIGGER revision_stamps BEFORE UPDATE ON %I FOR EACH ROW
                       WHEN ((%s) IS DISTINCT FROM (%s)) EXECUTE FUNCTION revision_stamps()', kept.name,
                      string_agg(format('OLD.%I', name), ', ' ORDER BY n),
                      string_agg(format('NEW.%I', name), ', ' ORDER BY n))
        FROM columns_of(kept.name) WHERE name <> ALL (kept.unkept) AND name <> 'revision');
    SELECT format('%L, %L, %L, %L', past,
                  string_agg(format('%I', name), ', ' ORDER BY n),
                  string_agg(format('was.%I', name), ', ' ORDER BY n),
                  (SELECT string_agg(format('is_now.%1$I = was.%1$I', key), ' AND ') FROM unnest(kept.keys) AS key))
      INTO arguments FROM columns_of(kept.name);
    EXECUTE format('CREATE OR REPLACE TRIGGER update_is_kept AFTER UPDATE ON %I REFERENCING OLD TABLE AS was
                    FOR EACH STATEMENT EXECUTE FUNCTION past_is_kept(%s)', kept.name, arguments);
    EXECUTE format('CREATE OR REPLACE TRIGGER delete_is_kept AFTER DELETE ON %I REFERENCING OLD TABLE AS was
                    FOR EACH STATEMENT EXECUTE FUNCTION past_is_kept(%s)', kept.name, arguments);
END $$;
COMMENT ON FUNCTION keep_history IS 'db.migrate() calls it for each kept table: a column that a table got, its history gets too';

INSERT INTO kept_table (name, keys, unkept) VALUES
    ('place', '{id}', '{network_version,loaded_at}'),
    ('grid', '{id}', DEFAULT),
    ('building', '{id}', DEFAULT),
    ('resident_count', '{building_id,age_band}', DEFAULT),
    ('facility', '{id}', DEFAULT),
    ('map_feature', '{id}', DEFAULT),
    ('network_node', '{id}', DEFAULT),
    ('network_edge', '{id}', DEFAULT),
    ('thing', '{id}', DEFAULT),
    ('datastream', '{id}', '{stated_unit,wrong_unit}'),
    ('effect', '{id}', DEFAULT),
    ('resident_unlocated', '{place_id,age_band}', DEFAULT),
    ('welfare_count', '{place_id,area_kind,area_code,welfare_group}', DEFAULT);

-- What is there already has been so since the places were loaded, as far as anybody knows.
INSERT INTO revision (at, actor, reason)
SELECT coalesce(min(loaded_at), now()), 'system', 'there before history was kept' FROM place;
SELECT keep_history(kept) FROM kept_table AS kept;

-- What an effect said outlives it: a moment of the past has the states of that moment.
ALTER TABLE effect_history DROP CONSTRAINT effect_history_effect_id_fkey;
