-- What was refused, and the account: received = stored + duplicate + quarantined, always.

CREATE TABLE quarantine (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    fold_key bytea NOT NULL UNIQUE,
    topic text NOT NULL,
    format text,
    reason_code text NOT NULL,
    reason text NOT NULL,
    payload bytea NOT NULL,
    payload_bytes integer NOT NULL,
    measured_at timestamptz,
    first_seen timestamptz NOT NULL,
    last_seen timestamptz NOT NULL,
    count bigint NOT NULL CHECK (count > 0)
);
CREATE INDEX ix_quarantine_last_seen ON quarantine (last_seen);
COMMENT ON COLUMN quarantine.fold_key IS 'hash of topic, reason and payload: the same refusal again counts up this row';
COMMENT ON COLUMN quarantine.payload IS 'the first 64 KiB as received';

CREATE TABLE account (
    minute timestamptz NOT NULL,
    source text NOT NULL,
    messages bigint NOT NULL,
    received bigint NOT NULL,
    stored bigint NOT NULL,
    duplicate bigint NOT NULL,
    quarantined bigint NOT NULL,
    PRIMARY KEY (minute, source),
    CHECK (received = stored + duplicate + quarantined)
);
COMMENT ON TABLE account IS 'by minute of arrival and source (the decoder, or "unknown"); received counts readings, an undecodable message as one';
