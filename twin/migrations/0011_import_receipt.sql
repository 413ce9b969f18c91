-- What each import did, so that it can be looked up and taken back.

CREATE TABLE import_receipt (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL,
    file_name text NOT NULL,
    digest text NOT NULL CHECK (digest ~ '^([0-9a-f]{64})?$'),
    actor text NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    read integer NOT NULL CHECK (read >= 0),
    added integer NOT NULL CHECK (added >= 0),
    changed integer NOT NULL CHECK (changed >= 0),
    removed integer NOT NULL CHECK (removed >= 0),
    rejected integer NOT NULL CHECK (rejected >= 0),
    receipts jsonb NOT NULL,
    revision integer,
    undone_by_revision integer
);
COMMENT ON COLUMN import_receipt.digest IS 'SHA-256 of the file; empty where there was none, as for generated grids';
COMMENT ON COLUMN import_receipt.receipts IS 'by kind of row: what, read, added, changed, removed, rejected with reasons, notes';
COMMENT ON COLUMN import_receipt.revision IS 'what it changed has this revision; null: it did not come to write';
COMMENT ON COLUMN import_receipt.undone_by_revision IS 'the revision that put back what was before; null: it stands';
