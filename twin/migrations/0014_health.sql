-- How devices are, kept as their readings come in; and readings that contradict what is stored.

ALTER TABLE account ADD COLUMN conflict bigint NOT NULL DEFAULT 0;
ALTER TABLE account ADD CONSTRAINT account_conflict_check CHECK (conflict <= duplicate);
COMMENT ON COLUMN account.conflict IS 'of the duplicates, those with another value than the one of that datastream and time, which stays';

-- Append-only, without a key: a worker waits for no other, and what a batch costs does not grow with the devices there are.
CREATE TABLE thing_tally (
    thing_id integer NOT NULL,
    last_seen timestamptz NOT NULL,
    stored integer NOT NULL,
    duplicate integer NOT NULL,
    conflict integer NOT NULL,
    quarantined integer NOT NULL,
    late integer NOT NULL,
    skew_s double precision NOT NULL,
    battery double precision NOT NULL,
    rssi double precision NOT NULL
);
COMMENT ON TABLE thing_tally IS 'what one batch brought of one thing, until it is added to thing_health; NaN: it said nothing of it';

CREATE TABLE thing_health (
    thing_id integer PRIMARY KEY REFERENCES thing ON DELETE CASCADE,
    last_seen timestamptz NOT NULL,
    stored bigint NOT NULL,
    duplicate bigint NOT NULL,
    conflict bigint NOT NULL,
    quarantined bigint NOT NULL,
    late bigint NOT NULL,
    skew_s double precision,
    battery double precision,
    rssi double precision
) WITH (fillfactor = 70);
COMMENT ON COLUMN thing_health.last_seen IS 'when something came of it last, also what was set aside';
COMMENT ON COLUMN thing_health.late IS 'stored readings that came after a newer one of their datastream';
COMMENT ON COLUMN thing_health.skew_s IS 'measured minus received, the largest of the hour of last_seen: the way takes time, so that the clock is at least so far ahead, and about so far behind; null: it states no times';
COMMENT ON COLUMN thing_health.rssi IS 'dBm';
