-- What is to be tried again of the quarantine: asked for by whoever mended something, done by ingest row by row.

CREATE TABLE quarantine_retry (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    quarantine_id bigint,
    reason_code text,
    topic text,
    last_id bigint NOT NULL DEFAULT 0,
    until_id bigint NOT NULL,
    asked_by text NOT NULL,
    asked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    tried integer NOT NULL DEFAULT 0,
    stored bigint NOT NULL DEFAULT 0,
    duplicate bigint NOT NULL DEFAULT 0,
    refused bigint NOT NULL DEFAULT 0,
    not_retried bigint NOT NULL DEFAULT 0,
    why text NOT NULL DEFAULT '',
    ended_at timestamptz,
    CHECK (quarantine_id IS NOT NULL OR reason_code IS NOT NULL OR topic IS NOT NULL)
);
CREATE INDEX ix_quarantine_retry_open ON quarantine_retry (id) WHERE ended_at IS NULL;
COMMENT ON COLUMN quarantine_retry.last_id IS 'the row of the quarantine that was tried last; each is tried in a transaction of its own, with this';
COMMENT ON COLUMN quarantine_retry.until_id IS 'the newest row when it was asked for: what comes later is not meant';
COMMENT ON COLUMN quarantine_retry.not_retried IS 'repeats without a time of their own, and rows whose payload is not whole';
COMMENT ON COLUMN quarantine_retry.why IS 'why the last one that was refused is refused still';

INSERT INTO closed_table (name, read_by, written_by) VALUES ('quarantine_retry', '{integrator}', '{integrator}');
