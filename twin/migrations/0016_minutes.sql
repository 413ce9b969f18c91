-- Minutes beside the hours, of things that report every ten seconds or faster: of slower ones they would be as large as the readings.

CREATE TABLE observation_minute (
    datastream_id integer NOT NULL,
    bucket timestamptz NOT NULL,
    n integer NOT NULL,
    total double precision NOT NULL,
    lowest double precision NOT NULL,
    highest double precision NOT NULL,
    last_time timestamptz NOT NULL,
    last_value double precision NOT NULL,
    PRIMARY KEY (datastream_id, bucket)
) WITH (fillfactor = 70);
COMMENT ON TABLE observation_minute IS 'whole from a datastream''s first minute here to the watermark; what is before is added up from the observations';

-- From when a thing reports at another pace, its minutes begin anew, so that none is left out between them.
CREATE FUNCTION thing_changes_pace() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM observation_minute m USING datastream d WHERE d.id = m.datastream_id AND d.thing_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER thing_changes_pace AFTER UPDATE OF interval_s ON thing
    FOR EACH ROW WHEN (OLD.interval_s IS DISTINCT FROM NEW.interval_s) EXECUTE FUNCTION thing_changes_pace();
