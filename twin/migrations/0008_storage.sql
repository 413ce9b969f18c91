-- Storage that lasts: days beside the hours, what has left the observations, and packed days.

CREATE TABLE observation_day (
    datastream_id integer NOT NULL,
    day date NOT NULL,
    n integer NOT NULL,
    total double precision NOT NULL,
    lowest double precision NOT NULL,
    highest double precision NOT NULL,
    last_time timestamptz NOT NULL,
    last_value double precision NOT NULL,
    PRIMARY KEY (datastream_id, day)
) WITH (fillfactor = 70);
COMMENT ON COLUMN observation_day.day IS 'in the time zone of the place: 23 or 25 hours long where the clocks change';

ALTER TABLE observation_watermark ADD COLUMN days_until timestamptz NOT NULL DEFAULT '2000-01-01 00:00:00+00';
COMMENT ON COLUMN observation_watermark.days_until IS 'days that ended by this are in observation_day; never after rolled_until';

-- The hours of one day are read at its end. They come nearly in the order of time, so some pages name them.
CREATE INDEX ix_observation_hour_bucket ON observation_hour USING brin (bucket);

CREATE TABLE observation_floor (
    datastream_id integer PRIMARY KEY REFERENCES datastream ON DELETE CASCADE,
    raw_from timestamptz NOT NULL
);
COMMENT ON TABLE observation_floor IS 'from when a datastream''s observations are whole: those before were dropped or packed, and their hours and days are final';

CREATE TABLE observation_packed (
    datastream_id integer NOT NULL,
    day date NOT NULL,
    times timestamptz[] NOT NULL,
    numbers double precision[] NOT NULL,
    PRIMARY KEY (datastream_id, day),
    CHECK (cardinality(times) = cardinality(numbers))
);
COMMENT ON TABLE observation_packed IS 'the cold tier: the observations of one datastream and one day UTC, in order of time, that are no longer in observation';
