-- What each role of the interfaces may see and change. The roles themselves are made by deploy/provision.sql.
-- Ingest, watch and the command line work as the owner, to whom none of this applies.

DO $$
BEGIN
    IF NOT pg_has_role(current_user, 'linli_api', 'SET') THEN
        RAISE EXCEPTION USING MESSAGE = 'the database''s roles are missing: run deploy/provision.sql as its superuser';
    END IF;
END $$;

CREATE FUNCTION own_grids() RETURNS integer[] LANGUAGE sql STABLE AS $$
    SELECT coalesce(nullif(current_setting('linli.grids', true), '')::integer[], '{}')
$$;
COMMENT ON FUNCTION own_grids IS 'the grids of the grid worker who asks; none where nobody has said who that is';

-- The moment's residents as they may be shown, for whoever may not read how many there were.
CREATE FUNCTION resident_shown_at(then_revision integer)
RETURNS TABLE (place_id integer, building_id integer, age_band text, residents integer)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    shown text := rtrim(pg_get_viewdef('resident_shown'::regclass), ';');
    kept text;
BEGIN
    FOREACH kept IN ARRAY ARRAY['building', 'resident_count'] LOOP
        shown := regexp_replace(shown, format('(?<=[ (])%s (?=[a-z]\M)', kept), format(
            '(SELECT %2$s FROM %1$I WHERE revision <= %3$s UNION ALL SELECT %2$s FROM %1$I_past WHERE during @> %3$s) AS ',
            kept, (SELECT string_agg(quote_ident(name), ', ') FROM columns_of(kept)), then_revision), 'g');
    END LOOP;
    RETURN QUERY EXECUTE format('SELECT s.place_id, s.building_id, s.age_band, s.residents FROM (%s) AS s', shown);
END $$;

-- Rows. `true` costs nothing: PostgreSQL folds it away, and a spatial index is still used. Where a policy looks at the
-- row, the index is not, for PostGIS's functions are not leakproof: only who must not see all pays for it.
DO $$
DECLARE
    staff constant text := 'linli_operator, linli_planner, linli_auditor, linli_integrator, linli_public';
    rule record;
BEGIN
    FOR rule IN SELECT * FROM (VALUES
        ('thing', $q$kind NOT IN ('door', 'meter')$q$,
            $q$kind NOT IN ('door', 'meter') AND EXISTS (SELECT FROM grid AS g WHERE ST_Covers(g.geom, thing.point))$q$),
        ('datastream', $q$EXISTS (SELECT FROM thing AS t WHERE t.id = thing_id)$q$, NULL),
        ('effect', $q$EXISTS (SELECT FROM datastream AS d WHERE d.id = datastream_id)$q$, NULL),
        ('effect_state', $q$EXISTS (SELECT FROM effect AS e WHERE e.id = effect_id)$q$, NULL),
        ('latest', $q$EXISTS (SELECT FROM datastream AS d WHERE d.id = datastream_id)$q$, NULL),
        ('historical_location', $q$EXISTS (SELECT FROM thing AS t WHERE t.id = thing_id)$q$, NULL),
        ('location', $q$thing_id IS NULL OR EXISTS (SELECT FROM thing AS t WHERE t.id = thing_id)$q$, NULL),
        ('grid', 'true', 'id = ANY (own_grids())'),
        ('building', 'true', 'grid_id = ANY (own_grids())'),
        ('service_loss', 'true', $q$EXISTS (SELECT FROM building AS b WHERE b.id = building_id)$q$),
        ('cut_off', 'true', 'false'),
        ('alarm', 'true', $q$CASE split_part(subject, ':', 1)
            WHEN 'thing' THEN EXISTS (SELECT FROM thing AS t WHERE t.id::text = split_part(subject, ':', 2))
            WHEN 'effect' THEN EXISTS (SELECT FROM effect AS e WHERE e.id::text = split_part(subject, ':', 2))
            ELSE false END$q$)
    ) AS v (relation, of_staff, of_grid_worker) WHERE to_regclass(relation) IS NOT NULL LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', rule.relation);
        EXECUTE format('CREATE POLICY care ON %I TO linli_care USING (true)', rule.relation);
        EXECUTE format('CREATE POLICY staff ON %I TO %s USING (%s)', rule.relation, staff, rule.of_staff);
        EXECUTE format('CREATE POLICY own_grids ON %I TO linli_grid_worker USING (%s)',
                       rule.relation, coalesce(rule.of_grid_worker, rule.of_staff));
    END LOOP;
END $$;
CREATE POLICY administrator ON grid TO linli_administrator USING (true);

-- Tables that not all of the staff may read. `past`: nobody but the owner.
CREATE TABLE closed_table (
    name text PRIMARY KEY,
    read_by text[] NOT NULL DEFAULT '{}',
    written_by text[] NOT NULL DEFAULT '{}'
);
COMMENT ON TABLE closed_table IS 'who may read and write a table that is not open to the staff; of a table that is not here see grant_roles';
INSERT INTO closed_table (name, read_by, written_by) VALUES
    ('user_account', '{sign_in,administrator}', '{sign_in,administrator}'),
    ('user_session', '{sign_in,administrator}', '{sign_in,administrator}'),
    ('user_token', '{sign_in,administrator}', '{sign_in,administrator}'),
    ('audit_entry', '{security_auditor}', DEFAULT),
    ('resident_count', '{integrator}', '{integrator}'),
    ('resident_unlocated', '{integrator}', '{integrator}'),
    ('welfare_count', '{care}', DEFAULT),
    ('quarantine', '{integrator}', '{integrator}'),
    ('run', '{operator,planner,auditor,care,integrator}', '{operator,planner,auditor,care}'),
    ('closed_table', DEFAULT, DEFAULT),
    ('kept_table', DEFAULT, DEFAULT),
    ('migration', DEFAULT, DEFAULT);

CREATE FUNCTION grant_roles() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    every constant text[] := '{public,operator,planner,auditor,care,grid_worker,integrator,administrator,security_auditor,sign_in}';
    staff constant text[] := '{operator,planner,auditor,care,grid_worker,integrator}';
    open_to_public constant text[] := '{place,grid,building,facility,map_feature,network_node,network_edge,resident_shown,
        thing,datastream,latest,effect,effect_state,observed_property,layer_version}';
    relation record;
    readers text[];
    writers text[];
BEGIN
    FOR relation IN
        SELECT c.relname AS name, c.relkind AS kind, closed.read_by, closed.written_by FROM pg_class AS c
        LEFT JOIN closed_table AS closed ON closed.name = c.relname
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'v', 'p') AND pg_get_userbyid(c.relowner) = current_user
    LOOP
        readers := coalesce(relation.read_by, staff);
        writers := coalesce(relation.written_by, '{operator,planner,care,grid_worker,integrator}');
        IF relation.name ~ '_past$' THEN  -- what was is read by those who read what is, and written by triggers alone
            readers := coalesce((SELECT read_by FROM closed_table WHERE name = regexp_replace(relation.name, '_past$', '')), staff);
        END IF;
        IF relation.name ~ '_past$' OR relation.name = 'revision' OR relation.kind = 'v' THEN
            writers := '{}';
        END IF;
        IF relation.name = ANY (open_to_public) THEN
            readers := readers || '{public}';
        END IF;
        IF relation.name IN ('place', 'grid') THEN
            readers := readers || '{administrator,security_auditor}';
        END IF;
        EXECUTE format('REVOKE ALL ON %I FROM %s', relation.name, (SELECT string_agg('linli_' || r, ', ') FROM unnest(every) AS r));
        IF cardinality(readers) > 0 THEN
            EXECUTE format('GRANT SELECT ON %I TO %s', relation.name, (SELECT string_agg('linli_' || r, ', ') FROM unnest(readers) AS r));
        END IF;
        IF cardinality(writers) > 0 THEN
            EXECUTE format('GRANT INSERT, UPDATE, DELETE ON %I TO %s', relation.name, (SELECT string_agg('linli_' || r, ', ') FROM unnest(writers) AS r));
        END IF;
    END LOOP;
    -- whoever may report a reading may have one set aside, and reads no payload
    GRANT INSERT, UPDATE ON quarantine TO linli_operator, linli_planner, linli_care, linli_grid_worker;
    GRANT SELECT (fold_key, first_seen, last_seen, retried_at, count) ON quarantine
        TO linli_operator, linli_planner, linli_care, linli_grid_worker;
    -- names and roles of accounts, never their secrets
    GRANT SELECT (id, name, role, grids, locked_until, disabled, created_at) ON user_account TO linli_security_auditor;
    EXECUTE format('GRANT EXECUTE ON FUNCTION audit_append, audit_broken TO %s', (SELECT string_agg('linli_' || r, ', ') FROM unnest(every) AS r));
END $$;
COMMENT ON FUNCTION grant_roles IS
    'db.migrate() calls it: every table is open to the staff, but for closed_table; observations of welfare devices are reached by their datastream';
