-- Results that are no numbers: words of a code list, stored as their codes beside the numbers, and free text in a table of its own.

ALTER TABLE datastream ADD COLUMN result text NOT NULL DEFAULT 'number' CHECK (result IN ('number', 'category', 'text'));
COMMENT ON COLUMN datastream.result IS 'number: also a truth, 0 or 1 with the unit 1; category: one of the words in `category`; text: any';

CREATE TABLE category (
    datastream_id integer NOT NULL REFERENCES datastream ON DELETE CASCADE,
    code smallint NOT NULL CHECK (code >= 0),
    word text NOT NULL CHECK (word <> ''),
    PRIMARY KEY (datastream_id, code),
    UNIQUE (datastream_id, word)
);
COMMENT ON TABLE category IS 'the words a datastream may say; observation holds the code, which a word keeps for good';

CREATE TABLE observation_text (
    datastream_id integer NOT NULL,
    time timestamptz NOT NULL CHECK (time >= '2000-01-01 00:00:00+00' AND time < '2100-01-01 00:00:00+00'),
    value text NOT NULL CHECK (length(value) <= 1000),
    PRIMARY KEY (datastream_id, time)
);
CREATE INDEX ix_observation_text_time ON observation_text USING brin (time);
CREATE TRIGGER observation_counts AFTER INSERT ON observation_text
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION observation_counts();

CREATE TABLE latest_text (
    datastream_id integer PRIMARY KEY REFERENCES datastream ON DELETE CASCADE,
    time timestamptz NOT NULL,
    value text NOT NULL,
    received_at timestamptz NOT NULL
) WITH (fillfactor = 50);
COMMENT ON TABLE latest_text IS 'newest by measured time, as latest is of numbers';
