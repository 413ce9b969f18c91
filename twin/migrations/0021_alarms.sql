-- Alarms: rules as rows, what they remember, and the life of an alarm from raised to closed.

ALTER TABLE alarm DROP CONSTRAINT alarm_kind_check;
ALTER TABLE alarm ADD CONSTRAINT alarm_kind_check CHECK (kind IN
    ('people_cut_off', 'element_closed', 'service_lost', 'thing_silent', 'value', 'rate', 'inactive', 'battery_low',
     'wrong_unit', 'account'));
ALTER TABLE alarm
    ADD COLUMN thing_id integer REFERENCES thing ON DELETE SET NULL,
    ADD COLUMN is_dwelling boolean NOT NULL DEFAULT false,
    ADD COLUMN waits_since timestamptz NOT NULL DEFAULT clock_timestamp(),
    ADD COLUMN assigned_to text,
    ADD COLUMN escalated_at timestamptz,
    ADD COLUMN suppressed_by bigint REFERENCES alarm ON DELETE SET NULL,
    ADD COLUMN closed_at timestamptz,
    ADD COLUMN closed_by text,
    ADD COLUMN urgency smallint NOT NULL GENERATED ALWAYS AS (
        CASE severity WHEN 'critical' THEN 4 WHEN 'major' THEN 2 ELSE 0 END
        + CASE WHEN acknowledged_at IS NULL THEN 10 ELSE 0 END
        + CASE WHEN escalated_at IS NOT NULL AND acknowledged_at IS NULL THEN 1 ELSE 0 END) STORED,
    ADD CHECK (closed_at IS NULL OR cleared_at IS NOT NULL);
UPDATE alarm SET waits_since = raised_at;
COMMENT ON COLUMN alarm.thing_id IS 'the device it is about; null: none, or it is no longer enrolled';
COMMENT ON COLUMN alarm.is_dwelling IS 'of a device in a home: for the care role alone, also when the device is no longer enrolled';
COMMENT ON COLUMN alarm.waits_since IS 'since when it has waited to be acknowledged: raised, or become more severe after that';
COMMENT ON COLUMN alarm.escalated_at IS 'when it had waited too long; null once it is acknowledged and has become worse again';
COMMENT ON COLUMN alarm.suppressed_by IS 'the alarm of the gateway that explains this one, which is then not shown by itself';
COMMENT ON COLUMN alarm.closed_at IS 'when a person was done with it; only what has cleared can be closed';
COMMENT ON COLUMN alarm.urgency IS 'the order of the list, the greatest first: unacknowledged, severity, escalated';
CREATE INDEX ix_alarm_line ON alarm (place_id, urgency, id) WHERE cleared_at IS NULL AND suppressed_by IS NULL;
CREATE INDEX ix_alarm_unclosed ON alarm (place_id, id) WHERE cleared_at IS NOT NULL AND closed_at IS NULL;
CREATE INDEX ix_alarm_thing_id ON alarm (thing_id) WHERE thing_id IS NOT NULL;
CREATE INDEX ix_alarm_suppressed_by ON alarm (suppressed_by) WHERE suppressed_by IS NOT NULL;

CREATE TABLE alarm_event (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    alarm_id bigint NOT NULL REFERENCES alarm ON DELETE CASCADE,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    what text NOT NULL CHECK (what IN ('raised', 'worsened', 'eased', 'acknowledged', 'assigned', 'escalated', 'noted',
                                       'suppressed', 'released', 'cleared', 'closed')),
    by text,
    note text
);
CREATE INDEX ix_alarm_event_alarm_id ON alarm_event (alarm_id);
COMMENT ON TABLE alarm_event IS 'the life of an alarm, written by the database as it happens; and what people noted on it';
COMMENT ON COLUMN alarm_event.by IS 'the person; null: linli itself';

CREATE FUNCTION alarm_lives() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    ranks constant text[] := ARRAY['notice', 'major', 'critical'];
    change integer := 0;
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO alarm_event (alarm_id, what, note) VALUES (NEW.id, 'raised', NEW.severity);
    ELSE
        change := array_position(ranks, NEW.severity) - array_position(ranks, OLD.severity);
    END IF;
    INSERT INTO alarm_event (alarm_id, what, by, note)
    SELECT NEW.id, what, by, note FROM (VALUES
        (1, change > 0, 'worsened', NULL, NEW.severity),
        (2, change < 0, 'eased', NULL, NEW.severity),
        (3, OLD.acknowledged_at IS NULL AND NEW.acknowledged_at IS NOT NULL, 'acknowledged', NEW.acknowledged_by, NULL),
        (4, OLD.assigned_to IS DISTINCT FROM NEW.assigned_to, 'assigned',
            nullif(current_setting('linli.actor', true), ''), NEW.assigned_to),
        (5, OLD.escalated_at IS NULL AND NEW.escalated_at IS NOT NULL, 'escalated', NULL, NULL),
        (6, OLD.suppressed_by IS NULL AND NEW.suppressed_by IS NOT NULL, 'suppressed', NULL, NEW.suppressed_by::text),
        (7, OLD.suppressed_by IS NOT NULL AND NEW.suppressed_by IS NULL, 'released', NULL, NULL),
        (8, OLD.cleared_at IS NULL AND NEW.cleared_at IS NOT NULL, 'cleared', NULL, NULL),
        (9, OLD.closed_at IS NULL AND NEW.closed_at IS NOT NULL, 'closed', NEW.closed_by, NULL)
    ) AS found (n, has_happened, what, by, note)
    WHERE has_happened ORDER BY n;
    RETURN NULL;
END $$;
CREATE TRIGGER alarm_lives AFTER INSERT OR UPDATE ON alarm FOR EACH ROW EXECUTE FUNCTION alarm_lives();

CREATE TABLE alarm_rule (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('value', 'rate', 'battery_low', 'thing_silent', 'inactive', 'service_lost',
                                       'people_cut_off', 'element_closed', 'wrong_unit', 'account')),
    severity text NOT NULL CHECK (severity IN ('critical', 'major', 'notice')),
    thing_kind text,
    thing_id integer REFERENCES thing ON DELETE CASCADE,
    property text,
    above double precision,
    below double precision,
    clear_below double precision,
    clear_above double precision,
    within_s integer CHECK (within_s > 0),
    hold_s integer NOT NULL DEFAULT 0 CHECK (hold_s >= 0),
    lock_s integer NOT NULL DEFAULT 0 CHECK (lock_s >= 0),
    intervals double precision CHECK (intervals >= 1),
    from_local time,
    until_local time,
    service text,
    mobility_group text,
    people integer CHECK (people > 0),
    escalate_after_s integer CHECK (escalate_after_s > 0),
    enabled boolean NOT NULL DEFAULT true,
    source text NOT NULL,
    certainty text NOT NULL CHECK (certainty IN ('V1', 'V2', 'RH', 'A')),
    CHECK (kind NOT IN ('value', 'rate', 'battery_low') OR (property IS NOT NULL AND (above IS NOT NULL OR below IS NOT NULL))),
    CHECK (kind <> 'rate' OR within_s IS NOT NULL),
    CHECK (kind <> 'thing_silent' OR intervals IS NOT NULL),
    CHECK (kind <> 'inactive' OR (property IS NOT NULL AND below IS NOT NULL)),
    CHECK (kind <> 'service_lost' OR people IS NOT NULL),
    CHECK ((from_local IS NULL) = (until_local IS NULL))
);
CREATE UNIQUE INDEX ix_alarm_rule_name ON alarm_rule (name, thing_id) NULLS NOT DISTINCT;
CREATE INDEX ix_alarm_rule_thing_id ON alarm_rule (thing_id);
COMMENT ON COLUMN alarm_rule.thing_kind IS 'the type of device; null: every one';
COMMENT ON COLUMN alarm_rule.thing_id IS 'for this device alone, in place of the rule of the same name; null: for all of the type';
COMMENT ON COLUMN alarm_rule.above IS 'past this: the value; of a rate the change within_s. Together with hold_s';
COMMENT ON COLUMN alarm_rule.below IS 'the same downwards; of inactivity: a change smaller than this is none';
COMMENT ON COLUMN alarm_rule.clear_below IS 'hysteresis: once raised by above, cleared only below this; null: the same limit';
COMMENT ON COLUMN alarm_rule.within_s IS 'the span of a rate, the window of inactivity; of inactivity null: since local midnight';
COMMENT ON COLUMN alarm_rule.lock_s IS 'what is raised stands for at least so long';
COMMENT ON COLUMN alarm_rule.intervals IS 'silent after so many reporting intervals without a reading';
COMMENT ON COLUMN alarm_rule.from_local IS 'holds only from then until until_local, by the clock of the place; past midnight where it is later';
COMMENT ON COLUMN alarm_rule.people IS 'raised when so many residents have certainly lost the service; service and mobility_group null: any';
COMMENT ON COLUMN alarm_rule.escalate_after_s IS 'an alarm of this kind and severity escalates when it waits longer; null: never';
COMMENT ON COLUMN alarm_rule.certainty IS 'V1 read in the source, V2 at second hand, RH remembered, A an assumption of ours';

-- What a rule remembers of a datastream that is past its limit or raised; without a row all is well.
CREATE TABLE alarm_watch (
    datastream_id integer NOT NULL REFERENCES datastream ON DELETE CASCADE,
    rule_id integer NOT NULL REFERENCES alarm_rule ON DELETE CASCADE,
    past_since timestamptz,
    stands_since timestamptz,
    reading_time timestamptz NOT NULL,
    value double precision NOT NULL,
    PRIMARY KEY (datastream_id, rule_id)
);
COMMENT ON COLUMN alarm_watch.past_since IS 'since when readings are past the limit; null: the last one was not';
COMMENT ON COLUMN alarm_watch.stands_since IS 'since when the rule is raised; null: it holds on';

CREATE TABLE alarm_rule_change (
    n bigint NOT NULL
);
COMMENT ON TABLE alarm_rule_change IS
    'a number drawn for each change of the rules and of what they are bound to; workers keep the rules in memory as long as the sum stays. Append-only, so that no writer waits for another; drawn, so that what was rolled back is never taken for what came instead';
INSERT INTO alarm_rule_change VALUES (1);
CREATE FUNCTION alarm_rules_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO alarm_rule_change SELECT (random() * 2147483647)::bigint;
    RETURN NULL;
END $$;
CREATE TRIGGER alarm_rules_change AFTER INSERT OR UPDATE OR DELETE ON alarm_rule
    FOR EACH STATEMENT EXECUTE FUNCTION alarm_rules_change();
CREATE TRIGGER alarm_rules_change AFTER INSERT OR DELETE OR UPDATE OF property, thing_id ON datastream
    FOR EACH STATEMENT EXECUTE FUNCTION alarm_rules_change();
CREATE TRIGGER alarm_rules_change AFTER UPDATE OF kind, place_id ON thing
    FOR EACH STATEMENT EXECUTE FUNCTION alarm_rules_change();

CREATE TABLE thing_gateway (
    thing_id integer PRIMARY KEY REFERENCES thing ON DELETE CASCADE,
    gateway_id integer NOT NULL REFERENCES thing ON DELETE CASCADE,
    CHECK (thing_id <> gateway_id)
);
CREATE INDEX ix_thing_gateway_gateway_id ON thing_gateway (gateway_id);
COMMENT ON TABLE thing_gateway IS 'by which gateway a device reports: while that one fails, the silence of this one is explained';

CREATE TABLE away (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    thing_id integer NOT NULL REFERENCES thing ON DELETE CASCADE,
    from_at timestamptz NOT NULL,
    until_at timestamptz NOT NULL,
    noted_by text NOT NULL,
    CHECK (from_at < until_at)
);
CREATE INDEX ix_away_thing_id ON away (thing_id, until_at);
COMMENT ON TABLE away IS 'nobody is at home: inactivity of the device there raises nothing, and is counted from the return on';
