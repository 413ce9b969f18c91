-- How long each state held by local day, kept when the readings that it was added up from are let go.

CREATE TABLE state_day (
    datastream_id integer NOT NULL REFERENCES datastream ON DELETE CASCADE,
    day date NOT NULL,
    word text NOT NULL,
    us bigint NOT NULL CHECK (us > 0),
    PRIMARY KEY (datastream_id, day, word)
);
COMMENT ON TABLE state_day IS 'days of categories, texts and truths (true, false) up to the last one here; younger ones are added up from the readings';
COMMENT ON COLUMN state_day.word IS 'empty: unknown';
COMMENT ON COLUMN state_day.day IS 'in the time zone of the place';
