-- What the registers say of a facility, slopes taken from heights, people who are not located, welfare groups apart.

ALTER TABLE facility
    ADD COLUMN organisation text CHECK (organisation ~ '^[0-9A-HJ-NPQRTUWXY]{18}$'),
    ADD COLUMN floor smallint CHECK (floor BETWEEN -9 AND 200 AND floor <> 0),
    ADD COLUMN address text,
    ADD COLUMN building_id integer REFERENCES building ON DELETE SET NULL,
    ADD COLUMN entrance geometry(Point, 4326),
    ADD COLUMN staff integer CHECK (staff >= 0),
    ADD COLUMN office_m2 double precision CHECK (office_m2 >= 0),
    ADD COLUMN service_m2 double precision CHECK (service_m2 >= 0),
    ADD COLUMN activity_m2 double precision CHECK (activity_m2 >= 0),
    ADD COLUMN emergency_m2 double precision CHECK (emergency_m2 >= 0);
CREATE INDEX ix_facility_entrance ON facility USING gist (entrance);
CREATE INDEX ix_facility_building_id ON facility (building_id);
COMMENT ON COLUMN facility.organisation IS 'unified social credit code (GB 32100-2015) of who runs it';
COMMENT ON COLUMN facility.floor IS '1 is the ground floor, -1 the first below it; null: not known';
COMMENT ON COLUMN facility.entrance IS 'where people go in; null: at the point';
COMMENT ON COLUMN facility.office_m2 IS 'floor area by function: office 办公, service 服务, activity 活动, emergency 应急';

ALTER TABLE network_edge
    ADD COLUMN elevation_incline double precision,
    ADD COLUMN elevation_error double precision CHECK (elevation_error > 0),
    ADD CONSTRAINT network_edge_elevation_check CHECK ((elevation_incline IS NULL) = (elevation_error IS NULL));
COMMENT ON COLUMN network_edge.elevation_incline IS 'rise over run from tail to head by a height model; used where incline is null';
COMMENT ON COLUMN network_edge.elevation_error IS 'standard error of elevation_incline, by the height model''s own';

-- An edge that runs elsewhere than it did has no slope that was measured there.
CREATE FUNCTION forget_elevation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.elevation_incline := NULL;
    NEW.elevation_error := NULL;
    RETURN NEW;
END
$$;
CREATE TRIGGER forget_elevation BEFORE UPDATE OF geom ON network_edge FOR EACH ROW
    WHEN (NOT ST_Equals(OLD.geom, NEW.geom) OR ST_StartPoint(OLD.geom) <> ST_StartPoint(NEW.geom))
    EXECUTE FUNCTION forget_elevation();

CREATE TABLE resident_unlocated (
    place_id integer NOT NULL REFERENCES place ON DELETE CASCADE,
    age_band text NOT NULL CHECK (age_band ~ '^[0-9]+(-[0-9]+|\+)$'),
    residents integer NOT NULL CHECK (residents > 0),
    PRIMARY KEY (place_id, age_band)
);
COMMENT ON TABLE resident_unlocated IS 'residents whom no building is known of: in every denominator, in no place';

CREATE TABLE welfare_count (
    place_id integer NOT NULL REFERENCES place ON DELETE CASCADE,
    area_kind text NOT NULL CHECK (area_kind IN ('building', 'grid', 'cell')),
    area_code text NOT NULL,
    welfare_group text NOT NULL CHECK (welfare_group IN ('living_alone', 'disabled', 'left_behind')),
    people integer NOT NULL CHECK (people > 0),
    PRIMARY KEY (place_id, area_kind, area_code, welfare_group)
);
COMMENT ON TABLE welfare_count IS 'people at risk as counts, never persons; not shown below 10, and apart from the residents';
