-- What somebody corrected by hand: an import leaves those columns as they are, and does not take the row away.

ALTER TABLE network_edge ADD COLUMN by_hand text[] NOT NULL DEFAULT '{}';
ALTER TABLE building ADD COLUMN by_hand text[] NOT NULL DEFAULT '{}';
ALTER TABLE facility ADD COLUMN by_hand text[] NOT NULL DEFAULT '{}';
COMMENT ON COLUMN network_edge.by_hand IS 'the columns that were corrected by hand';
COMMENT ON COLUMN building.by_hand IS 'the columns that were corrected by hand';
COMMENT ON COLUMN facility.by_hand IS 'the columns that were corrected by hand';
