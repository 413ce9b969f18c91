-- Whether a row is of a device in a dwelling stands in the row itself: a policy that looks at one column costs nothing and
-- misleads no plan, where one that looks the device up cost two thirds of the shortest reads.

CREATE FUNCTION stands_in_dwelling(kind text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT kind IN ('door', 'meter')
$$;
COMMENT ON FUNCTION stands_in_dwelling IS 'whether devices of this kind stand in dwellings: twin.devices.WELFARE';

ALTER TABLE datastream ADD COLUMN is_dwelling boolean NOT NULL DEFAULT false;
ALTER TABLE datastream_past ADD COLUMN is_dwelling boolean;
ALTER TABLE effect ADD COLUMN is_dwelling boolean NOT NULL DEFAULT false;
ALTER TABLE effect_past ADD COLUMN is_dwelling boolean;
ALTER TABLE effect_state ADD COLUMN is_dwelling boolean NOT NULL DEFAULT false;
ALTER TABLE latest ADD COLUMN is_dwelling boolean NOT NULL DEFAULT false;
ALTER TABLE latest_text ADD COLUMN is_dwelling boolean NOT NULL DEFAULT false;
ALTER TABLE location ADD COLUMN is_dwelling boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN datastream.is_dwelling IS 'of a device in a dwelling; triggers keep it, here and wherever the column is';
COMMENT ON COLUMN location.is_dwelling IS 'a device in a dwelling stands here, or stood';
UPDATE kept_table SET unkept = unkept || '{is_dwelling}' WHERE name IN ('datastream', 'effect');  -- it is the device's news

CREATE FUNCTION datastream_in_dwelling() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    NEW.is_dwelling := (SELECT stands_in_dwelling(kind) FROM thing WHERE id = NEW.thing_id);
    RETURN NEW;
END $$;
CREATE TRIGGER in_dwelling BEFORE INSERT OR UPDATE OF thing_id ON datastream
    FOR EACH ROW EXECUTE FUNCTION datastream_in_dwelling();

CREATE FUNCTION effect_in_dwelling() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    NEW.is_dwelling := (SELECT is_dwelling FROM datastream WHERE id = NEW.datastream_id);
    RETURN NEW;
END $$;
CREATE TRIGGER in_dwelling BEFORE INSERT OR UPDATE OF datastream_id ON effect
    FOR EACH ROW EXECUTE FUNCTION effect_in_dwelling();

CREATE FUNCTION effect_state_in_dwelling() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    NEW.is_dwelling := (SELECT is_dwelling FROM effect WHERE id = NEW.effect_id);
    RETURN NEW;
END $$;
CREATE TRIGGER in_dwelling BEFORE INSERT ON effect_state FOR EACH ROW EXECUTE FUNCTION effect_state_in_dwelling();

-- Once a statement, and of the rows that are new alone: readings that only replace one are the rule, and cost no look-up.
CREATE FUNCTION latest_in_dwelling() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM fresh) THEN
        EXECUTE format('UPDATE %I AS l SET is_dwelling = true FROM fresh AS f JOIN datastream AS d ON d.id = f.datastream_id
                        WHERE l.datastream_id = f.datastream_id AND d.is_dwelling', TG_TABLE_NAME);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER in_dwelling AFTER INSERT ON latest REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION latest_in_dwelling();
CREATE TRIGGER in_dwelling AFTER INSERT ON latest_text REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION latest_in_dwelling();

CREATE FUNCTION location_in_dwelling() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    NEW.is_dwelling := EXISTS (SELECT FROM thing WHERE id = NEW.thing_id AND stands_in_dwelling(kind));
    RETURN NEW;
END $$;
CREATE TRIGGER in_dwelling BEFORE INSERT ON location FOR EACH ROW EXECUTE FUNCTION location_in_dwelling();

CREATE FUNCTION historical_location_in_dwelling() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE location SET is_dwelling = true WHERE id = NEW.location_id AND NOT is_dwelling
       AND EXISTS (SELECT FROM thing WHERE id = NEW.thing_id AND stands_in_dwelling(kind));
    RETURN NULL;
END $$;
CREATE TRIGGER in_dwelling AFTER INSERT OR UPDATE ON historical_location
    FOR EACH ROW EXECUTE FUNCTION historical_location_in_dwelling();

-- A device that becomes one of a dwelling, or is none any more, takes all that is its own along.
CREATE FUNCTION thing_in_dwelling() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE datastream SET is_dwelling = stands_in_dwelling(NEW.kind) WHERE thing_id = NEW.id;
    UPDATE location AS l SET is_dwelling =
        EXISTS (SELECT FROM thing AS t WHERE t.id = l.thing_id AND stands_in_dwelling(t.kind))
        OR EXISTS (SELECT FROM historical_location AS h JOIN thing AS t ON t.id = h.thing_id
                   WHERE h.location_id = l.id AND stands_in_dwelling(t.kind))
    WHERE l.thing_id = NEW.id OR l.id IN (SELECT location_id FROM historical_location WHERE thing_id = NEW.id);
    RETURN NULL;
END $$;
CREATE TRIGGER in_dwelling AFTER UPDATE OF kind ON thing FOR EACH ROW
    WHEN (stands_in_dwelling(OLD.kind) <> stands_in_dwelling(NEW.kind)) EXECUTE FUNCTION thing_in_dwelling();

CREATE FUNCTION datastream_took_along() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE latest SET is_dwelling = NEW.is_dwelling WHERE datastream_id = NEW.id;
    UPDATE latest_text SET is_dwelling = NEW.is_dwelling WHERE datastream_id = NEW.id;
    UPDATE effect_state SET is_dwelling = NEW.is_dwelling FROM effect AS e WHERE e.id = effect_id AND e.datastream_id = NEW.id;
    UPDATE effect SET is_dwelling = NEW.is_dwelling WHERE datastream_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER took_along AFTER UPDATE ON datastream FOR EACH ROW
    WHEN (OLD.is_dwelling IS DISTINCT FROM NEW.is_dwelling) EXECUTE FUNCTION datastream_took_along();

-- What is there already.
ALTER TABLE latest_text ENABLE ROW LEVEL SECURITY;
ALTER TABLE thing_past ENABLE ROW LEVEL SECURITY;
ALTER TABLE datastream_past ENABLE ROW LEVEL SECURITY;
ALTER TABLE effect_past ENABLE ROW LEVEL SECURITY;
ALTER TABLE grid_past ENABLE ROW LEVEL SECURITY;
ALTER TABLE building_past ENABLE ROW LEVEL SECURITY;
UPDATE datastream AS d SET is_dwelling = true FROM thing AS t WHERE t.id = d.thing_id AND stands_in_dwelling(t.kind);
UPDATE datastream_past AS d SET is_dwelling =
    EXISTS (SELECT FROM thing AS t WHERE t.id = d.thing_id AND stands_in_dwelling(t.kind))
    OR EXISTS (SELECT FROM thing_past AS t WHERE t.id = d.thing_id AND stands_in_dwelling(t.kind));
UPDATE effect_past AS e SET is_dwelling =
    EXISTS (SELECT FROM datastream AS d WHERE d.id = e.datastream_id AND d.is_dwelling)
    OR EXISTS (SELECT FROM datastream_past AS d WHERE d.id = e.datastream_id AND d.is_dwelling);
UPDATE location AS l SET is_dwelling = true
WHERE EXISTS (SELECT FROM thing AS t WHERE t.id = l.thing_id AND stands_in_dwelling(t.kind))
   OR EXISTS (SELECT FROM historical_location AS h JOIN thing AS t ON t.id = h.thing_id
              WHERE h.location_id = l.id AND stands_in_dwelling(t.kind));

-- What was is seen by those who see what is. A row of the past without a mark is nobody's of the staff.
DO $$
DECLARE
    staff constant text := 'linli_operator, linli_planner, linli_auditor, linli_integrator, linli_public';
    rule record;
BEGIN
    FOR rule IN SELECT * FROM (VALUES
        ('datastream', 'NOT is_dwelling', NULL),
        ('effect', 'NOT is_dwelling', NULL),
        ('effect_state', 'NOT is_dwelling', NULL),
        ('latest', 'NOT is_dwelling', NULL),
        ('location', 'NOT is_dwelling', 'NOT is_dwelling AND (thing_id IS NULL OR EXISTS (SELECT FROM thing AS t WHERE t.id = thing_id))'),
        ('latest_text', 'NOT is_dwelling', 'EXISTS (SELECT FROM datastream AS d WHERE d.id = datastream_id)'),
        ('thing_past', 'NOT stands_in_dwelling(kind)',
            'NOT stands_in_dwelling(kind) AND EXISTS (SELECT FROM grid AS g WHERE ST_Covers(g.geom, thing_past.point))'),
        ('datastream_past', 'NOT is_dwelling', 'EXISTS (SELECT FROM thing AS t WHERE t.id = thing_id)'),
        ('effect_past', 'NOT is_dwelling', 'EXISTS (SELECT FROM datastream AS d WHERE d.id = datastream_id)'),
        ('grid_past', 'true', 'id = ANY (own_grids())'),
        ('building_past', 'true', 'grid_id = ANY (own_grids())')
    ) AS v (relation, of_staff, of_grid_worker) LOOP
        EXECUTE format('DROP POLICY IF EXISTS staff ON %I', rule.relation);
        EXECUTE format('CREATE POLICY staff ON %I TO %s USING (%s)', rule.relation, staff, rule.of_staff);
        IF rule.of_grid_worker IS NOT NULL THEN
            EXECUTE format('DROP POLICY IF EXISTS own_grids ON %I', rule.relation);
            EXECUTE format('CREATE POLICY own_grids ON %I TO linli_grid_worker USING (%s)', rule.relation, rule.of_grid_worker);
        END IF;
        IF rule.relation ~ '_past$' OR rule.relation = 'latest_text' THEN
            EXECUTE format('CREATE POLICY care ON %I TO linli_care USING (true)', rule.relation);
        END IF;
    END LOOP;
END $$;
