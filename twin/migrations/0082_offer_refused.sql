-- A device that nobody wants is not offered again with each of its messages.

ALTER TABLE offer ADD COLUMN refused_at timestamptz, ADD COLUMN refused_by text;
COMMENT ON COLUMN offer.refused_at IS 'since when it is not offered; null: it is';
