-- Who has lost which service, and the alarms that say so.

CREATE TABLE service_loss (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    place_id integer NOT NULL REFERENCES place ON DELETE CASCADE,
    service text NOT NULL,
    mobility_group text NOT NULL,
    building_id integer NOT NULL REFERENCES building ON DELETE CASCADE,
    certain boolean NOT NULL,
    limit_s integer NOT NULL,
    usual_s double precision NOT NULL,
    now_s double precision,
    facility_id integer REFERENCES facility ON DELETE SET NULL,
    residents jsonb NOT NULL,
    residents_possible jsonb NOT NULL,
    causes jsonb NOT NULL,
    since timestamptz NOT NULL,
    until timestamptz
);
CREATE UNIQUE INDEX ix_service_loss_open ON service_loss (place_id, service, mobility_group, building_id) WHERE until IS NULL;
CREATE INDEX ix_service_loss_since ON service_loss (place_id, since);
COMMENT ON COLUMN service_loss.certain IS 'false: lost only if what is unknown is closed';
COMMENT ON COLUMN service_loss.usual_s IS 'walking time with everything open, seconds, ground floor';
COMMENT ON COLUMN service_loss.now_s IS 'walking time now to the next best facility; null: none can be reached';
COMMENT ON COLUMN service_loss.residents IS 'people of the building who lost it, by age band; where not certain: who may have';
COMMENT ON COLUMN service_loss.residents_possible IS 'who lost it if all that is unknown is closed: these and no fewer';
COMMENT ON COLUMN service_loss.causes IS 'elements whose repair alone gives the service back to these people or some of them: [{kind, id}]';

CREATE TABLE cut_off (
    place_id integer PRIMARY KEY REFERENCES place ON DELETE CASCADE,
    certain jsonb NOT NULL,
    possible jsonb NOT NULL
);
COMMENT ON TABLE cut_off IS 'people cut off from any service now, each counted once: the open losses of a floor overlap';
COMMENT ON COLUMN cut_off.certain IS 'people at their own pace, by age band';
COMMENT ON COLUMN cut_off.possible IS 'the same if all that is unknown is closed: these and no fewer';

CREATE TABLE alarm (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    place_id integer NOT NULL REFERENCES place ON DELETE CASCADE,
    kind text NOT NULL CHECK (kind IN ('people_cut_off', 'element_closed', 'thing_silent', 'value')),
    subject text NOT NULL,
    severity text NOT NULL CHECK (severity IN ('critical', 'major', 'notice')),
    detail jsonb NOT NULL,
    raised_at timestamptz NOT NULL,
    acknowledged_at timestamptz,
    acknowledged_by text,
    cleared_at timestamptz,
    count integer NOT NULL DEFAULT 1
);
CREATE UNIQUE INDEX ix_alarm_open ON alarm (place_id, kind, subject) WHERE cleared_at IS NULL;
CREATE INDEX ix_alarm_raised_at ON alarm (place_id, raised_at);
COMMENT ON COLUMN alarm.subject IS 'what it is about, folded on: effect:12, thing:4, service:pharmacy';
