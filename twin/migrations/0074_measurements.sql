-- What somebody measured on the spot, with a photo where there is one, and the element of the twin that it is of.

CREATE TABLE photo (
    hash text PRIMARY KEY CHECK (hash ~ '^[0-9a-f]{64}$'),
    media_type text NOT NULL,
    width integer NOT NULL,
    height integer NOT NULL,
    content bytea,
    taken_in_at timestamptz NOT NULL DEFAULT now(),
    removed_at timestamptz,
    removed_by text,
    CHECK ((content IS NULL) = (removed_at IS NOT NULL))
);
COMMENT ON TABLE photo IS 'photos of elements, drawn anew from their points: nothing that the camera wrote beside them is left';
COMMENT ON COLUMN photo.hash IS 'SHA-256 of the content as it is kept';
COMMENT ON COLUMN photo.content IS 'null: taken away, for somebody is to be seen on it';

CREATE TABLE measurement (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    place_id integer NOT NULL REFERENCES place ON DELETE CASCADE,
    element_kind text NOT NULL CHECK (element_kind IN ('edge', 'facility', 'building')),
    element_source text NOT NULL,
    kind text NOT NULL,
    value double precision,
    word text,
    unit text NOT NULL,
    measured_at timestamptz NOT NULL,
    measured_by text NOT NULL,
    note text NOT NULL DEFAULT '',
    photo_hash text REFERENCES photo (hash),
    written_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    revision integer,
    CHECK ((value IS NULL) <> (word IS NULL))
);
CREATE INDEX ix_measurement_place_id_element_kind_element_source ON measurement (place_id, element_kind, element_source);
CREATE INDEX ix_measurement_photo_hash ON measurement (photo_hash);
COMMENT ON TABLE measurement IS 'measurements on the spot, never changed: one that was wrong is followed by a better one';
COMMENT ON COLUMN measurement.element_source IS 'source id of the edge, facility or building, which outlives an import';
COMMENT ON COLUMN measurement.value IS 'in unit; null where the measurement is a word';
COMMENT ON COLUMN measurement.revision IS 'the revision in which the element became as measured; null: it stayed as it was';

INSERT INTO closed_table (name, read_by, written_by) VALUES
    ('measurement', '{operator,planner,auditor,care,integrator}', DEFAULT),
    ('photo', '{operator,planner,auditor,care,integrator}', DEFAULT);

-- The one way in which an auditor, who changes nothing else, changes the network: by what was measured.
CREATE FUNCTION measurement_put(
    place integer, of_kind text, of_source text, what text, number float8, said text, in_unit text, at timestamptz,
    remark text, picture text, changed_column text, changed_value text
) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    who text := coalesce(nullif(current_setting('linli.actor', true), ''), session_user);
    relation text := CASE of_kind WHEN 'edge' THEN 'network_edge' ELSE of_kind END;
    type text := CASE of_kind || '.' || changed_column
        WHEN 'edge.width_m' THEN 'float8' WHEN 'edge.incline' THEN 'float8' WHEN 'edge.step_count' THEN 'smallint'
        WHEN 'edge.kerb' THEN 'text' WHEN 'edge.surface' THEN 'text' WHEN 'edge.barrier' THEN 'text'
        WHEN 'facility.step_free' THEN 'boolean' WHEN 'building.lift' THEN 'boolean' END;
    put integer;
BEGIN
    IF changed_column IS NOT NULL AND type IS NULL THEN
        RAISE EXCEPTION 'no measurement changes % of %', changed_column, of_kind;
    END IF;
    INSERT INTO measurement (place_id, element_kind, element_source, kind, value, word, unit, measured_at, measured_by, note, photo_hash)
    VALUES (place, of_kind, of_source, what, number, said, in_unit, at, who, remark, picture) RETURNING id INTO put;
    -- one that was measured before another and written after it is history, not the present
    IF changed_column IS NULL OR EXISTS (
        SELECT FROM measurement AS m WHERE m.place_id = place AND m.element_kind = of_kind AND m.element_source = of_source
        AND m.kind = what AND m.id <> put AND m.measured_at > at
    ) THEN
        RETURN put;
    END IF;
    EXECUTE format(
        'UPDATE %1$I SET %2$I = CAST($1 AS %3$s), by_hand = ARRAY(SELECT DISTINCT unnest(by_hand || $2) ORDER BY 1)
          WHERE place_id = $3 AND source_id = $4', relation, changed_column, type)
    USING changed_value, changed_column, place, of_source;
    UPDATE measurement SET revision = this_revision() WHERE id = put;
    UPDATE place SET network_version = network_version + 1 WHERE place.id = measurement_put.place;
    RETURN put;
END $$;

CREATE FUNCTION photo_put(sha text, kind text, wide integer, high integer, bytes bytea) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    INSERT INTO photo (hash, media_type, width, height, content) VALUES (sha, kind, wide, high, bytes)
    ON CONFLICT (hash) DO NOTHING
$$;

CREATE FUNCTION photo_remove(sha text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE photo SET content = NULL, removed_at = now(),
        removed_by = coalesce(nullif(current_setting('linli.actor', true), ''), session_user)
     WHERE hash = sha AND content IS NOT NULL;
    RETURN FOUND;
END $$;

REVOKE EXECUTE ON FUNCTION measurement_put, photo_put, photo_remove FROM PUBLIC;
GRANT EXECUTE ON FUNCTION measurement_put, photo_put, photo_remove TO linli_operator, linli_planner, linli_auditor;
