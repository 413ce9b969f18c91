-- Simulation runs, kept under the hash of all that went into them: the same question of the same twin has one row.

CREATE TABLE run (
    hash text PRIMARY KEY CHECK (hash ~ '^[0-9a-f]{64}$'),
    place_id integer NOT NULL REFERENCES place ON DELETE CASCADE,
    question text NOT NULL,
    inputs jsonb NOT NULL,
    network_version integer NOT NULL,
    state text NOT NULL CHECK (state IN ('running', 'done', 'stopped', 'failed')),
    progress jsonb,
    answer jsonb,
    reason text,
    stop_asked boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by text,
    seen_at timestamptz NOT NULL DEFAULT now(),
    CHECK ((state = 'done') = (answer IS NOT NULL))
);
CREATE INDEX ix_run_place_id_created_at ON run (place_id, created_at);
COMMENT ON COLUMN run.hash IS 'SHA-256 of the inputs in canonical JSON';
COMMENT ON COLUMN run.inputs IS 'the question whole: edits, moment, what the sensors said, norm and network version';
COMMENT ON COLUMN run.answer IS 'as it may be shown: made of residents as resident_shown has them';
COMMENT ON COLUMN run.reason IS 'why it failed, in one line';
COMMENT ON COLUMN run.seen_at IS 'when who computes it last said so; one that runs and has not been seen for a while is lost';
