-- What keeps the twin true: the unit that readings come in, states that do not flap, and an account that is checked.

ALTER TABLE datastream ADD COLUMN stated_unit text;
ALTER TABLE datastream ADD COLUMN wrong_unit text;
COMMENT ON COLUMN datastream.stated_unit IS 'the unit, as a UCUM code, that readings were first stated in; another one later is no longer believed';
COMMENT ON COLUMN datastream.wrong_unit IS 'the unit of the readings that are set aside now; null: the last ones came in the right one';

ALTER TABLE alarm DROP CONSTRAINT alarm_kind_check;
ALTER TABLE alarm ADD CONSTRAINT alarm_kind_check CHECK (kind IN
    ('people_cut_off', 'element_closed', 'thing_silent', 'value', 'wrong_unit', 'account'));
COMMENT ON COLUMN alarm.kind IS 'wrong_unit: a device states another unit than before; account: what came and what is stored differ';

ALTER TABLE effect ADD COLUMN hold_s integer NOT NULL DEFAULT 0 CHECK (hold_s >= 0);
ALTER TABLE effect ADD COLUMN lock_s integer NOT NULL DEFAULT 0 CHECK (lock_s >= 0);
COMMENT ON COLUMN effect.hold_s IS 'readings must be past a limit for so many seconds, by measured time, before the element closes or opens';
COMMENT ON COLUMN effect.lock_s IS 'what has closed stays closed for at least so many seconds; a lock never delays a closing';
ALTER TABLE effect_state ADD COLUMN past_since timestamptz;
COMMENT ON COLUMN effect_state.past_since IS 'measured time since which readings have been past the limit to the other state; null: they are not';

-- What the tables say of themselves, to hold the account against: written by the database, not by who keeps the account.
CREATE TABLE observation_count (
    inserted bigint NOT NULL
);
COMMENT ON TABLE observation_count IS 'rows that observation has taken in, to be added up; append-only, so that no writer waits for another';
INSERT INTO observation_count SELECT sum(stored) FROM account HAVING count(*) > 0;

CREATE FUNCTION observation_counts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO observation_count SELECT count(*) FROM added HAVING count(*) > 0;
    RETURN NULL;
END $$;
CREATE TRIGGER observation_counts AFTER INSERT ON observation
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION observation_counts();

CREATE FUNCTION account_check(OUT accounted bigint, OUT inserted bigint, OUT quarantined bigint, OUT set_aside bigint)
LANGUAGE sql STABLE AS $$
    SELECT (SELECT coalesce(sum(stored), 0) FROM account)::bigint,
           (SELECT coalesce(sum(inserted), 0) FROM observation_count)::bigint,
           (SELECT coalesce(sum(quarantined), 0) FROM account)::bigint,
           (SELECT coalesce(sum(count), 0) FROM quarantine)::bigint
$$;
COMMENT ON FUNCTION account_check IS 'the account against the tables, in one snapshot: the first two are equal, and the last two';

ALTER TABLE quarantine ADD COLUMN thing_key text;
ALTER TABLE quarantine ADD COLUMN property text;
ALTER TABLE quarantine ADD COLUMN retried_at timestamptz;
COMMENT ON COLUMN quarantine.thing_key IS 'the device of a single reading, property its property; null: the whole message was set aside';
COMMENT ON COLUMN quarantine.retried_at IS 'when the kept payload was taken after all; what is counted still are repeats whose times are not known';
