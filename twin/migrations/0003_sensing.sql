-- Sensing, in the words of OGC SensorThings: things, datastreams, observations.

CREATE TABLE thing (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    place_id integer NOT NULL REFERENCES place ON DELETE CASCADE,
    key text NOT NULL UNIQUE,
    name text NOT NULL,
    name_zh text,
    kind text NOT NULL,
    format text NOT NULL,
    topic text NOT NULL,
    interval_s integer NOT NULL CHECK (interval_s > 0),
    simulated boolean NOT NULL DEFAULT false,
    enrolled_at timestamptz NOT NULL DEFAULT now(),
    point geometry(Point, 4326) NOT NULL
);
CREATE INDEX ix_thing_point ON thing USING gist (point);
CREATE INDEX ix_thing_topic ON thing (topic);
COMMENT ON COLUMN thing.key IS 'what the decoder calls it: device EUI, friendly name, SenML base name';
COMMENT ON COLUMN thing.interval_s IS 'expected seconds between reports; silent for more than three of them is unknown';

CREATE TABLE datastream (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    thing_id integer NOT NULL REFERENCES thing ON DELETE CASCADE,
    property text NOT NULL,
    unit text NOT NULL,
    lowest double precision NOT NULL,
    highest double precision NOT NULL,
    UNIQUE (thing_id, property)
);
COMMENT ON COLUMN datastream.lowest IS 'a value below is out of the type''s range: quarantine';

-- Times outside the gate would make thousands of chunks and slow every plan; the pipeline quarantines them first.
CREATE TABLE observation (
    time timestamptz NOT NULL CHECK (time >= '2000-01-01 00:00:00+00' AND time < '2100-01-01 00:00:00+00'),
    datastream_id integer NOT NULL,
    value double precision NOT NULL CHECK (value > '-Infinity' AND value < 'Infinity'),
    CONSTRAINT observation_pkey PRIMARY KEY (datastream_id, time) INCLUDE (value)
);
SELECT create_hypertable('observation', by_range('time', INTERVAL '1 day'), create_default_indexes => false);

CREATE TABLE latest (
    datastream_id integer PRIMARY KEY REFERENCES datastream ON DELETE CASCADE,
    time timestamptz NOT NULL,
    value double precision NOT NULL,
    received_at timestamptz NOT NULL
) WITH (fillfactor = 50);
COMMENT ON TABLE latest IS 'newest by measured time; a late message never changes it';

CREATE TABLE observation_hour (
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

-- Append-only and without a unique key on purpose: with one, 103 of 4,592 buckets came out wrong under three writers.
CREATE TABLE observation_dirty (
    datastream_id integer NOT NULL,
    bucket timestamptz NOT NULL
);

CREATE TABLE observation_watermark (
    "only" boolean PRIMARY KEY DEFAULT true CHECK ("only"),
    rolled_until timestamptz NOT NULL
);
INSERT INTO observation_watermark (rolled_until) VALUES ('2000-01-01 00:00:00+00');
COMMENT ON COLUMN observation_watermark.rolled_until IS 'hours before this are in observation_hour; writes older than it leave a dirty mark';
