-- Devices that described themselves and are not enrolled: offered, never made by themselves.

CREATE TABLE offer (
    key text NOT NULL,
    format text NOT NULL,
    topic text NOT NULL,
    properties jsonb NOT NULL,
    first_seen timestamptz NOT NULL,
    last_seen timestamptz NOT NULL,
    measured_at timestamptz,
    readings bigint NOT NULL,
    PRIMARY KEY (key, format)
);
CREATE INDEX ix_offer_last_seen ON offer (last_seen);
COMMENT ON COLUMN offer.properties IS 'property to {unit, value} as last stated; null: none, or no number';
COMMENT ON COLUMN offer.measured_at IS 'the newest time that a payload states or, where none does, of arrival; null: none that a calendar has';
