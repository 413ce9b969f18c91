-- Changes that were asked for with a key of the client's own: asked again, each is answered again and not made again.

CREATE TABLE asked_once (
    owner text NOT NULL,
    key_hash bytea NOT NULL,
    request_hash bytea NOT NULL,
    attempt uuid NOT NULL,
    asked_at timestamptz NOT NULL DEFAULT now(),
    made_at timestamptz,
    status integer,
    answer bytea,
    PRIMARY KEY (owner, key_hash),
    CHECK ((status IS NULL) = (answer IS NULL))
);
CREATE INDEX ix_asked_once_asked_at ON asked_once (asked_at);
COMMENT ON TABLE asked_once IS 'what the interfaces keep for a day for each Idempotency-Key';
COMMENT ON COLUMN asked_once.owner IS 'the account, or who asks without one';
COMMENT ON COLUMN asked_once.key_hash IS 'SHA-256 of the key, which itself opens the answer and is kept nowhere';
COMMENT ON COLUMN asked_once.made_at IS 'written by the transaction that makes the change: it is made, whatever becomes of the answer';
COMMENT ON COLUMN asked_once.answer IS 'encrypted under the key: it may hold a secret that is shown once';

INSERT INTO closed_table (name, read_by, written_by) VALUES ('asked_once', '{sign_in}', '{sign_in}');

-- Whoever makes the change says so in its transaction, by the number of the attempt alone.
CREATE FUNCTION asked_once_made(which uuid) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE asked_once SET made_at = clock_timestamp() WHERE attempt = which AND made_at IS NULL;
    RETURN FOUND;
END $$;
