-- A city's own norms, with the past of each file: what was asked for when, and who changed it.

CREATE TABLE norm_set (
    place_id integer NOT NULL REFERENCES place ON DELETE CASCADE,
    set_id text NOT NULL,
    version text NOT NULL,
    content text NOT NULL,
    PRIMARY KEY (place_id, set_id)
);
COMMENT ON COLUMN norm_set.content IS 'the file as it was given: TOML';
INSERT INTO kept_table (name, keys) VALUES ('norm_set', '{place_id,set_id}');
