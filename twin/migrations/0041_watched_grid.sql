-- What a device watches may be a whole grid: that links it, and closes nothing.
ALTER TABLE thing ADD COLUMN watched_grid_id integer REFERENCES grid ON DELETE SET NULL;
CREATE INDEX ix_thing_watched_grid_id ON thing (watched_grid_id);
COMMENT ON COLUMN thing.watched_grid_id IS 'the grid that it watches; null: none, or an element by its effects';
