-- The walking network. One row an edge, walkable both ways unless one_way says otherwise.

CREATE TABLE network_node (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    place_id integer NOT NULL REFERENCES place ON DELETE CASCADE,
    source_id text NOT NULL,
    level double precision,
    point geometry(Point, 4326) NOT NULL,
    UNIQUE (place_id, source_id)
);
CREATE INDEX ix_network_node_point ON network_node USING gist (point);
COMMENT ON COLUMN network_node.source_id IS 'n and the OpenStreetMap id; a lift''s node is split into n…:a, n…:b, one a side';

CREATE TABLE network_edge (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    place_id integer NOT NULL REFERENCES place ON DELETE CASCADE,
    source_id text NOT NULL,
    tail_id integer NOT NULL REFERENCES network_node ON DELETE CASCADE,
    head_id integer NOT NULL REFERENCES network_node ON DELETE CASCADE,
    kind text NOT NULL CHECK (kind IN ('path', 'street', 'crossing', 'steps', 'escalator', 'lift')),
    one_way boolean NOT NULL DEFAULT false,
    length_m double precision NOT NULL CHECK (length_m >= 0),
    incline double precision,
    step_count smallint,
    kerb text,
    surface text,
    width_m double precision,
    wheelchair text,
    barrier text,
    lit boolean,
    tunnel boolean NOT NULL DEFAULT false,
    name text,
    geom geometry(LineString, 4326) NOT NULL,
    UNIQUE (place_id, source_id)
);
CREATE INDEX ix_network_edge_geom ON network_edge USING gist (geom);
CREATE INDEX ix_network_edge_tail_id ON network_edge (tail_id);
CREATE INDEX ix_network_edge_head_id ON network_edge (head_id);
COMMENT ON COLUMN network_edge.source_id IS 'w, the OpenStreetMap way and :index of the piece; a lift: n and its node, :index where it joins more than two sides';
COMMENT ON COLUMN network_edge.incline IS 'rise over run from tail to head, null where not known; steps have none';
COMMENT ON COLUMN network_edge.tunnel IS 'under ground: no building and no facility hangs on it';
COMMENT ON COLUMN network_edge.barrier IS 'OpenStreetMap barrier value of a node on the edge: gate, bollard, …';

ALTER TABLE building ADD CONSTRAINT building_node_id_fkey FOREIGN KEY (node_id) REFERENCES network_node ON DELETE SET NULL;
ALTER TABLE facility ADD CONSTRAINT facility_node_id_fkey FOREIGN KEY (node_id) REFERENCES network_node ON DELETE SET NULL;
