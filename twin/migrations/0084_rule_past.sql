-- What an alarm rule was is seen by whom the rule is seen: one of a device in a home by the care role alone.

SELECT keep_history(kept) FROM kept_table AS kept WHERE name = 'alarm_rule';
ALTER TABLE alarm_rule_past ENABLE ROW LEVEL SECURITY;
CREATE POLICY care ON alarm_rule_past TO linli_care USING (true);
CREATE POLICY staff ON alarm_rule_past
    TO linli_operator, linli_planner, linli_auditor, linli_integrator, linli_public, linli_grid_worker
    USING (thing_id IS NULL OR EXISTS (SELECT FROM thing AS t WHERE t.id = thing_id));
