-- Files that were sent to be loaded, what became of them, and how far they are.

CREATE TABLE import_job (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    place_id integer REFERENCES place ON DELETE SET NULL,
    kind text NOT NULL,
    file_name text NOT NULL,
    bytes bigint NOT NULL CHECK (bytes >= 0),
    digest text NOT NULL CHECK (digest ~ '^[0-9a-f]{64}$'),
    datum text,
    partial boolean NOT NULL DEFAULT false,
    asked_by text NOT NULL,
    asked_at timestamptz NOT NULL DEFAULT now(),
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'running', 'done', 'refused', 'interrupted')),
    step text NOT NULL DEFAULT '',
    ended_at timestamptz,
    receipts jsonb,
    refusal jsonb,
    CHECK ((ended_at IS NULL) = (state IN ('waiting', 'running'))),
    CHECK ((receipts IS NOT NULL) = (state = 'done')),
    CHECK ((refusal IS NOT NULL) = (state IN ('refused', 'interrupted')))
);
CREATE INDEX ix_import_job_place_id ON import_job (place_id);
COMMENT ON TABLE import_job IS 'one file sent through the API; its process holds an advisory lock of (LOCK, id) while it works';
COMMENT ON COLUMN import_job.receipts IS 'what each kind of row gave: read, added, changed, removed, unchanged, rejected, notes';
COMMENT ON COLUMN import_job.refusal IS 'one line, as en and zh';

-- How many are not located, as it may be shown: twin/counts.py says why.
CREATE VIEW unlocated_shown WITH (security_barrier) AS
SELECT u.place_id, u.age_band, (s.step * ((u.residents + s.step / 2) / s.step))::integer AS residents
FROM resident_unlocated AS u
CROSS JOIN LATERAL (
    SELECT CASE WHEN split_part(u.age_band, '-', 2) ~ '^([0-9]|1[0-3])$' THEN 10 ELSE 5 END AS step
) AS s;
