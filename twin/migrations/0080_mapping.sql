-- How plain JSON is read, as rows that an integrator writes; and the history of these and of the alarm rules.

CREATE TABLE mapping (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE CHECK (name ~ '^[^[:cntrl:]]{1,80}$'),
    text text NOT NULL CHECK (octet_length(text) <= 32768),
    enabled boolean NOT NULL DEFAULT true
);
COMMENT ON TABLE mapping IS 'ingest reads by these before the subscriptions of its settings, and hears of a change at once';
COMMENT ON COLUMN mapping.text IS 'TOML, as ingest/mapping.py describes it; checked before it is kept';

INSERT INTO kept_table (name, keys) VALUES ('mapping', '{id}'), ('alarm_rule', '{id}');
INSERT INTO closed_table (name, read_by, written_by) VALUES ('mapping', '{operator,integrator}', '{integrator}');
