-- What devices and edge nodes numbered and what of it never came: losses on the way, whoever lost it.

CREATE TABLE sequence (
    source text NOT NULL,
    key text NOT NULL,
    last bigint NOT NULL,
    last_at timestamptz NOT NULL,
    lost bigint NOT NULL,
    gaps bigint NOT NULL,
    gap_at timestamptz,
    PRIMARY KEY (source, key)
);
COMMENT ON TABLE sequence IS 'the last number of each numbered sender (fCnt of LoRaWAN, seq of Sparkplug B), and how many were left out';
COMMENT ON COLUMN sequence.gap_at IS 'when the last gap was noticed; null: never one';
INSERT INTO closed_table (name, read_by) VALUES ('sequence', '{operator,auditor,integrator}');
