-- What OGC SensorThings says of a thing beyond the twin's own words. What is null is derived when it is read.

CREATE TABLE observed_property (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code text NOT NULL UNIQUE,
    name text NOT NULL,
    definition text NOT NULL,
    description text NOT NULL,
    properties jsonb
);
COMMENT ON COLUMN observed_property.code IS 'what devices call it; a client''s gets a code of its own';
INSERT INTO observed_property (code, name, definition, description) VALUES
    ('in_service', 'In service', 'urn:linli:property:in_service', '1: the lift or escalator runs, 0: it does not. 运行状态'),
    ('open', 'Open', 'urn:linli:property:open', '1: the gate lets people through, 0: it does not. 开启状态'),
    ('depth', 'Water depth', 'urn:linli:property:depth', 'Depth of standing water above the ground. 积水深度'),
    ('pm2_5', 'PM2.5', 'http://dd.eionet.europa.eu/vocabulary/aq/pollutant/6001', 'Mass of particles under 2.5 µm in air. 细颗粒物'),
    ('laeq', 'LAeq', 'urn:linli:property:laeq', 'Equivalent continuous A-weighted sound level. 等效连续 A 声级'),
    ('temperature', 'Air temperature', 'http://mmisw.org/ont/cf/parameter/air_temperature', 'Temperature of the air. 气温'),
    ('humidity', 'Relative humidity', 'http://mmisw.org/ont/cf/parameter/relative_humidity', 'Relative humidity of the air. 相对湿度'),
    ('contact', 'Contact', 'urn:linli:property:contact', '1: the door is closed, 0: it is open. 门磁状态'),
    ('volume', 'Water volume', 'urn:linli:property:volume', 'Water that has run through the meter since it was set. 累计水量'),
    ('battery', 'Battery', 'urn:linli:property:battery', 'Charge left in the device''s battery. 电池电量');

CREATE TABLE sensor (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code text NOT NULL UNIQUE,
    name text NOT NULL,
    description text NOT NULL,
    encoding_type text NOT NULL,
    metadata jsonb NOT NULL,
    properties jsonb
);
COMMENT ON TABLE sensor IS 'a type of device; of enrolled devices, their kind';
INSERT INTO sensor (code, name, description, encoding_type, metadata) VALUES
    ('lift', 'Lift controller', 'Says whether a lift runs. 电梯', 'text/plain', '"GB/T 24476-2023 says what a lift reports"'),
    ('gate', 'Gate controller', 'Says whether a gate lets people through. 门禁', 'text/plain', '"on change, and every 5 to 15 minutes"'),
    ('water_level', 'Water level sensor', 'Depth of standing water on a way. 积水水位', 'text/plain', '"every 10 to 15 minutes, more often when wet"'),
    ('pm', 'Particulate sensor', 'Fine particles in the air. 颗粒物', 'text/plain', '"GB 3095-2026 sets the limits"'),
    ('noise', 'Sound level meter', 'Noise in the open. 噪声', 'text/plain', '"GB 3096-2008 sets the limits"'),
    ('climate', 'Climate sensor', 'Temperature and humidity. 温湿度', 'text/plain', '"every 10 minutes"'),
    ('door', 'Door contact', 'Says whether a door is closed. 门磁', 'text/plain', '"on change, and once a day"'),
    ('meter', 'Water meter', 'Water used. 水表', 'text/plain', '"hourly to daily"');

CREATE TABLE location (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    thing_id integer REFERENCES thing ON DELETE CASCADE,
    name text,
    description text,
    encoding_type text NOT NULL DEFAULT 'application/geo+json',
    properties jsonb,
    geom geometry(Geometry, 4326) NOT NULL,
    CONSTRAINT location_name_check CHECK (thing_id IS NOT NULL OR (name IS NOT NULL AND description IS NOT NULL))
);
CREATE INDEX ix_location_geom ON location USING gist (geom);
CREATE INDEX ix_location_thing_id ON location (thing_id);
COMMENT ON COLUMN location.thing_id IS 'the device it was written down for when that was enrolled or moved, and goes with; null: given by a client';
COMMENT ON COLUMN location.name IS 'null: the name of its device';

ALTER TABLE thing ADD COLUMN description text;
ALTER TABLE thing ADD COLUMN properties jsonb;
ALTER TABLE thing ADD COLUMN location_id integer;
ALTER TABLE thing ADD CONSTRAINT thing_location_id_fkey FOREIGN KEY (location_id) REFERENCES location ON DELETE SET NULL;
ALTER TABLE thing ALTER COLUMN point DROP NOT NULL;
CREATE INDEX ix_thing_location_id ON thing (location_id);
COMMENT ON COLUMN thing.point IS 'a point of the location it stands at, which a trigger sees to; null: a client has told of no place, and no map shows it';
COMMENT ON COLUMN thing.format IS 'the payload format; http: made by a client, and no device that linli configures';

CREATE TABLE historical_location (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    thing_id integer NOT NULL REFERENCES thing ON DELETE CASCADE,
    location_id integer NOT NULL REFERENCES location ON DELETE CASCADE,
    time timestamptz NOT NULL
);
CREATE INDEX ix_historical_location_thing_id_time ON historical_location (thing_id, time);
CREATE INDEX ix_historical_location_location_id ON historical_location (location_id);

-- A device that is enrolled or moved gets a new location and a line of history; a client's own location stays as it is.
CREATE FUNCTION thing_stands() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    place integer;
BEGIN
    IF NEW.point IS NULL OR EXISTS (
        SELECT FROM location WHERE id = NEW.location_id AND ST_PointOnSurface(geom) = NEW.point) THEN
        RETURN NULL;
    END IF;
    INSERT INTO location (thing_id, geom) VALUES (NEW.id, NEW.point) RETURNING id INTO place;
    INSERT INTO historical_location (thing_id, location_id, time)
    VALUES (NEW.id, place, CASE TG_OP WHEN 'INSERT' THEN NEW.enrolled_at ELSE now() END);
    UPDATE thing SET location_id = place WHERE id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER thing_stands AFTER INSERT OR UPDATE OF point ON thing FOR EACH ROW EXECUTE FUNCTION thing_stands();
UPDATE thing SET point = point;

ALTER TABLE datastream ADD COLUMN name text;
ALTER TABLE datastream ADD COLUMN description text;
ALTER TABLE datastream ADD COLUMN observation_type text;
ALTER TABLE datastream ADD COLUMN unit_of_measurement jsonb;
ALTER TABLE datastream ADD COLUMN properties jsonb;
ALTER TABLE datastream ADD COLUMN observed_property_id integer REFERENCES observed_property;
ALTER TABLE datastream ADD COLUMN sensor_id integer REFERENCES sensor;
CREATE INDEX ix_datastream_observed_property_id ON datastream (observed_property_id);
CREATE INDEX ix_datastream_sensor_id ON datastream (sensor_id);
COMMENT ON COLUMN datastream.unit_of_measurement IS 'as a client wrote it, where the name and symbol of the unit''s code are others; null: those of the code';

-- Where none is said, a datastream observes what its property is called, by the type of device that its thing is.
CREATE FUNCTION datastream_observes() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    device text;
BEGIN
    IF NEW.observed_property_id IS NULL THEN
        SELECT id INTO NEW.observed_property_id FROM observed_property WHERE code = NEW.property;
        IF NOT FOUND THEN
            INSERT INTO observed_property (code, name, definition, description)
            VALUES (NEW.property, NEW.property, 'urn:linli:property:' || NEW.property, '')
            ON CONFLICT (code) DO UPDATE SET code = excluded.code RETURNING id INTO NEW.observed_property_id;
        END IF;
    END IF;
    IF NEW.sensor_id IS NULL THEN
        SELECT kind INTO device FROM thing WHERE id = NEW.thing_id;
        SELECT id INTO NEW.sensor_id FROM sensor WHERE code = device;
        IF NOT FOUND THEN
            INSERT INTO sensor (code, name, description, encoding_type, metadata)
            VALUES (device, device, '', 'text/plain', '""')
            ON CONFLICT (code) DO UPDATE SET code = excluded.code RETURNING id INTO NEW.sensor_id;
        END IF;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER datastream_observes BEFORE INSERT OR UPDATE ON datastream FOR EACH ROW EXECUTE FUNCTION datastream_observes();
UPDATE datastream SET property = property;
ALTER TABLE datastream ALTER COLUMN observed_property_id SET NOT NULL;
ALTER TABLE datastream ALTER COLUMN sensor_id SET NOT NULL;

CREATE TABLE feature_of_interest (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    description text NOT NULL,
    encoding_type text NOT NULL,
    properties jsonb,
    geom geometry(Geometry, 4326) NOT NULL
);
CREATE INDEX ix_feature_of_interest_geom ON feature_of_interest USING gist (geom);
COMMENT ON TABLE feature_of_interest IS 'those that clients made; else a datastream is about the element it closes, or where its thing stands';

CREATE TABLE observation_detail (
    datastream_id integer NOT NULL REFERENCES datastream ON DELETE CASCADE,
    time timestamptz NOT NULL,
    phenomenon_start timestamptz,
    result_time timestamptz,
    valid_from timestamptz,
    valid_to timestamptz,
    quality jsonb,
    parameters jsonb,
    feature_id integer REFERENCES feature_of_interest ON DELETE SET NULL,
    CONSTRAINT observation_detail_pkey PRIMARY KEY (datastream_id, time)
);
CREATE INDEX ix_observation_detail_feature_id ON observation_detail (feature_id);
COMMENT ON TABLE observation_detail IS 'what a client says of an observation beyond time and value: few have any';
COMMENT ON COLUMN observation_detail.phenomenon_start IS 'of an interval; it is stored at its end';
