-- When the account of who is cut off was last known to be true: the watch says so every few seconds.
ALTER TABLE cut_off ADD COLUMN checked_at timestamptz;
COMMENT ON COLUMN cut_off.checked_at IS 'when the watch last held the account against the states of the elements; null: written before it said so';
