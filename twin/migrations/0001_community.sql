-- The community: places, grids, buildings, resident counts, facilities and what the base map draws.
-- Geometry is stored in WGS 84 (EPSG:4326, lon/lat); lengths and areas are taken in place.metric_srid only.

CREATE EXTENSION IF NOT EXISTS postgis;
CREATE EXTENSION IF NOT EXISTS timescaledb;

CREATE TABLE place (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code text NOT NULL UNIQUE,
    name text NOT NULL,
    name_zh text NOT NULL,
    boundary geometry(MultiPolygon, 4326) NOT NULL,
    metric_srid integer NOT NULL,
    timezone text NOT NULL,
    residents integer NOT NULL CHECK (residents >= 0),
    households integer NOT NULL CHECK (households >= 0),
    attribution text NOT NULL,
    data_time timestamptz,
    network_version integer NOT NULL DEFAULT 0,
    residents_method text NOT NULL DEFAULT '',
    loaded_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON COLUMN place.network_version IS 'counts up with every change of network, buildings, residents or facilities';
COMMENT ON COLUMN place.residents_method IS 'how counts by building were made, with the stated error';

CREATE TABLE grid (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    place_id integer NOT NULL REFERENCES place ON DELETE CASCADE,
    parent_id integer REFERENCES grid ON DELETE CASCADE,
    level text NOT NULL CHECK (level IN ('street', 'community', 'grid')),
    code text NOT NULL,
    name text NOT NULL,
    name_zh text NOT NULL,
    households integer NOT NULL CHECK (households >= 0),
    generated boolean NOT NULL,
    geom geometry(MultiPolygon, 4326) NOT NULL,
    UNIQUE (place_id, code)
);
CREATE INDEX ix_grid_geom ON grid USING gist (geom);
CREATE INDEX ix_grid_parent_id ON grid (parent_id);

CREATE TABLE building (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    place_id integer NOT NULL REFERENCES place ON DELETE CASCADE,
    source_id text NOT NULL,
    grid_id integer REFERENCES grid ON DELETE SET NULL,
    name text,
    address text,
    kind text NOT NULL,
    residential boolean NOT NULL,
    floors smallint NOT NULL CHECK (floors >= 1),
    floors_assumed boolean NOT NULL,
    lift boolean,
    footprint_m2 double precision NOT NULL,
    households integer NOT NULL DEFAULT 0 CHECK (households >= 0),
    node_id integer,
    node_m double precision,
    point geometry(Point, 4326) NOT NULL,
    geom geometry(MultiPolygon, 4326) NOT NULL,
    UNIQUE (place_id, source_id)
);
CREATE INDEX ix_building_geom ON building USING gist (geom);
CREATE INDEX ix_building_grid_id ON building (grid_id);
COMMENT ON COLUMN building.source_id IS 'n/w/r and the OpenStreetMap id, or the code in the user''s file';
COMMENT ON COLUMN building.lift IS 'true, false, or null: not known';
COMMENT ON COLUMN building.node_id IS 'network node its entrance hangs on; null where none is near';
COMMENT ON COLUMN building.node_m IS 'metres from the entrance to that node';

CREATE TABLE resident_count (
    building_id integer NOT NULL REFERENCES building ON DELETE CASCADE,
    age_band text NOT NULL CHECK (age_band ~ '^[0-9]+(-[0-9]+|\+)$'),
    residents integer NOT NULL CHECK (residents >= 0),
    PRIMARY KEY (building_id, age_band)
);

CREATE TABLE facility (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    place_id integer NOT NULL REFERENCES place ON DELETE CASCADE,
    source_id text NOT NULL,
    service text NOT NULL,
    name text NOT NULL,
    name_zh text,
    opening_hours text,
    step_free boolean,
    capacity integer CHECK (capacity >= 0),
    source text NOT NULL,
    node_id integer,
    node_m double precision,
    point geometry(Point, 4326) NOT NULL,
    UNIQUE (place_id, source_id, service)
);
CREATE INDEX ix_facility_point ON facility USING gist (point);
COMMENT ON COLUMN facility.source IS 'osm, or the name of the file it came from; "demo" marks invented ones';
COMMENT ON COLUMN facility.step_free IS 'true, false, or null: not known';

CREATE TABLE map_feature (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    place_id integer NOT NULL REFERENCES place ON DELETE CASCADE,
    source_id text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('street', 'rail', 'water', 'green', 'land')),
    class text NOT NULL,
    name text,
    geom geometry(Geometry, 4326) NOT NULL
);
CREATE INDEX ix_map_feature_geom ON map_feature USING gist (geom);
COMMENT ON TABLE map_feature IS 'drawn under everything, never computed on';
COMMENT ON COLUMN map_feature.class IS 'street: OpenStreetMap highway value; water: sea, river, pool; green: park, garden, wood';
