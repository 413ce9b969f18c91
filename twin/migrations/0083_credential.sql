-- Which devices were given an account of the broker, by whom and when. The secrets are the broker's, and not here.

CREATE TABLE credential (
    thing_key text PRIMARY KEY,
    made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    made_by text NOT NULL,
    withdrawn_at timestamptz,
    withdrawn_by text
);
COMMENT ON TABLE credential IS 'by the key of the device, which may have been taken out of the register meanwhile';

INSERT INTO closed_table (name, read_by, written_by) VALUES ('credential', '{integrator}', '{integrator}');
