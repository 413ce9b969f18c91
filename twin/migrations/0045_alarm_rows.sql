-- Which alarms each role sees: those of devices in homes are the care role's, a grid worker's are of devices in own grids.

DO $$
DECLARE
    staff constant text := 'linli_operator, linli_planner, linli_auditor, linli_integrator, linli_public';
    rule record;
BEGIN
    DROP POLICY staff ON alarm;
    DROP POLICY own_grids ON alarm;
    EXECUTE format('CREATE POLICY staff ON alarm TO %s USING (NOT is_dwelling)', staff);
    CREATE POLICY own_grids ON alarm TO linli_grid_worker
        USING (EXISTS (SELECT FROM thing AS t WHERE t.id = thing_id));
    FOR rule IN SELECT * FROM (VALUES
        ('alarm_event', 'EXISTS (SELECT FROM alarm AS a WHERE a.id = alarm_id)'),
        ('alarm_watch', 'EXISTS (SELECT FROM datastream AS d WHERE d.id = datastream_id)'),
        ('alarm_rule', 'thing_id IS NULL OR EXISTS (SELECT FROM thing AS t WHERE t.id = thing_id)')
    ) AS v (relation, of_staff) LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', rule.relation);
        EXECUTE format('CREATE POLICY care ON %I TO linli_care USING (true)', rule.relation);
        EXECUTE format('CREATE POLICY staff ON %I TO %s, linli_grid_worker USING (%s)', rule.relation, staff, rule.of_staff);
    END LOOP;
END $$;
INSERT INTO closed_table (name, read_by, written_by) VALUES ('away', '{care}', '{care}');
