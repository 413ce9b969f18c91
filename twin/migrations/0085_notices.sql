-- What is said to those who live somewhere: a lift that will be serviced, water that will be turned off.

CREATE TABLE notice (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    place_id integer NOT NULL REFERENCES place ON DELETE CASCADE,
    grid_id integer REFERENCES grid ON DELETE CASCADE,
    building_id integer REFERENCES building ON DELETE CASCADE,
    text text NOT NULL,
    text_zh text NOT NULL,
    begins_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    written_by text NOT NULL,
    written_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    withdrawn_by text,
    withdrawn_at timestamptz,
    CHECK (num_nonnulls(grid_id, building_id) <= 1),
    CHECK (text <> '' OR text_zh <> ''),
    CHECK (ends_at > begins_at),
    CHECK ((withdrawn_by IS NULL) = (withdrawn_at IS NULL))
);
CREATE INDEX ix_notice_place_id_ends_at ON notice (place_id, ends_at);
CREATE INDEX ix_notice_grid_id ON notice (grid_id);
CREATE INDEX ix_notice_building_id ON notice (building_id);
COMMENT ON TABLE notice IS 'notices to the public, for a building, a grid or, with neither, the whole place; one that is withdrawn stays on record';
COMMENT ON COLUMN notice.text IS 'in English; empty where it is in Chinese alone';

INSERT INTO closed_table (name, read_by, written_by) VALUES
    ('notice', '{public,operator,planner,auditor,care,grid_worker,integrator}', '{operator,care,grid_worker}');
ALTER TABLE notice ENABLE ROW LEVEL SECURITY;
CREATE POLICY everybody ON notice FOR SELECT USING (true);
CREATE POLICY desk ON notice TO linli_operator, linli_care USING (true);
-- the buildings that a grid worker sees are those of own grids
CREATE POLICY own_grids ON notice TO linli_grid_worker
    USING (grid_id = ANY (own_grids()) OR EXISTS (SELECT FROM building AS b WHERE b.id = building_id));
