-- A third answer of a sensor beside open and closed: slower. A stopped escalator is steps, a crowded path takes longer.

ALTER TABLE effect ADD slows_above double precision, ADD slows_below double precision,
    ADD slow_factor double precision CHECK (slow_factor >= 1), ADD slow_s double precision CHECK (slow_s >= 0);
ALTER TABLE effect DROP CONSTRAINT effect_check,
    ADD CHECK (num_nonnulls(closes_above, closes_below, slows_above, slows_below) > 0);
COMMENT ON COLUMN effect.slows_above IS 'beyond this, and not beyond a closing limit, the element is slower for these groups';
COMMENT ON COLUMN effect.slow_factor IS 'times the usual; this and slow_s null: an escalator is walked as steps';
COMMENT ON COLUMN effect.slow_s IS 'seconds more, after the factor';
ALTER TABLE effect_state DROP CONSTRAINT effect_state_state_check,
    ADD CHECK (state IN ('open', 'slower', 'closed', 'unknown'));
ALTER TABLE effect_history DROP CONSTRAINT effect_history_state_check,
    ADD CHECK (state IN ('open', 'slower', 'closed', 'unknown'));
