-- Which reading closes what. An element is an edge of the network, a facility, or the lift of a building.

CREATE TABLE effect (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    datastream_id integer NOT NULL REFERENCES datastream ON DELETE CASCADE,
    element_kind text NOT NULL CHECK (element_kind IN ('edge', 'facility', 'building_lift')),
    element_id integer NOT NULL,
    mobility_groups text[],
    closes_above double precision,
    closes_below double precision,
    opens_below double precision,
    opens_above double precision,
    max_closed_s integer CHECK (max_closed_s > 0),
    CHECK (closes_above IS NOT NULL OR closes_below IS NOT NULL)
);
CREATE INDEX ix_effect_datastream_id ON effect (datastream_id);
CREATE INDEX ix_effect_element ON effect (element_kind, element_id);
COMMENT ON COLUMN effect.mobility_groups IS 'the groups it closes the element for; null: for all';
COMMENT ON COLUMN effect.opens_below IS 'hysteresis: once closed by closes_above, open again only below this; null: the same limit';
COMMENT ON COLUMN effect.max_closed_s IS 'a closure older than this without a new reading becomes unknown: a lost release must not close an edge for ever';

CREATE TABLE effect_state (
    effect_id integer PRIMARY KEY REFERENCES effect ON DELETE CASCADE,
    state text NOT NULL CHECK (state IN ('open', 'closed', 'unknown')),
    since timestamptz NOT NULL,
    reading_time timestamptz
);
COMMENT ON COLUMN effect_state.reading_time IS 'measured time of the last reading judged; null: never seen';

CREATE TABLE effect_history (
    effect_id integer NOT NULL REFERENCES effect ON DELETE CASCADE,
    state text NOT NULL CHECK (state IN ('open', 'closed', 'unknown')),
    since timestamptz NOT NULL,
    written_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX ix_effect_history_effect_id_since ON effect_history (effect_id, since);
