-- The rules that hold until somebody changes them: one or more a device type, each with where its number comes from.
-- A city edits the rows; a later release adds rows and leaves those that are there.

INSERT INTO alarm_rule (name, kind, severity, thing_kind, property, above, clear_below, hold_s, source, certainty) VALUES
    ('water on the way', 'value', 'notice', 'water_level', 'depth', 5, 3, 60,
        'wheels fail first; the first warning colour of several cities is any standing water', 'A'),
    ('water too deep to walk', 'value', 'major', 'water_level', 'depth', 15, 12, 60, 'ankle height', 'A'),
    ('water closes the road', 'value', 'critical', 'water_level', 'depth', 25, 20, 60,
        'closing depth that Shanghai and Shenyang have published for underpasses', 'V2'),
    ('fine dust', 'value', 'notice', 'pm', 'pm2_5', 75, 65, 1800,
        'GB 3095-2012, class 2, 24 h mean; here a mean of nothing, so it must hold for half an hour', 'V2'),
    ('fine dust, heavy', 'value', 'major', 'pm', 'pm2_5', 150, 130, 1800, 'HJ 633-2012: heavy pollution begins at 150', 'RH'),
    ('heat', 'value', 'notice', 'climate', 'temperature', 35, 33, 1800, 'the day temperature of a heat warning, CMA', 'RH'),
    ('heat, dangerous', 'value', 'major', 'climate', 'temperature', 40, 38, 1800, 'the red heat warning, CMA', 'RH');

INSERT INTO alarm_rule (name, kind, severity, thing_kind, property, above, clear_below, hold_s, from_local, until_local,
                        source, certainty) VALUES
    ('noise by day', 'value', 'notice', 'noise', 'laeq', 60, 57, 600, '06:00', '22:00', 'GB 3096-2008, class 2', 'RH'),
    ('noise by night', 'value', 'notice', 'noise', 'laeq', 50, 47, 600, '22:00', '06:00', 'GB 3096-2008, class 2', 'RH');

INSERT INTO alarm_rule (name, kind, severity, thing_kind, property, above, within_s, hold_s, source, certainty) VALUES
    ('water rises fast', 'rate', 'major', 'water_level', 'depth', 10, 900, 0, 'half an hour before a road closes', 'A'),
    ('water runs in a home', 'rate', 'notice', 'meter', 'volume', 1.5, 86400, 0,
        '1 to 2 m3 a day at one person is a leak: practice of water companies', 'V2');

INSERT INTO alarm_rule (name, kind, severity, property, below, clear_above, lock_s, source, certainty) VALUES
    ('battery low', 'battery_low', 'notice', 'battery', 20, 25, 86400, 'makers warn at 10 to 20 %', 'V2');

INSERT INTO alarm_rule (name, kind, severity, thing_kind, intervals, source, certainty) VALUES
    ('silent', 'thing_silent', 'notice', NULL, 3, 'as the states of the elements: more than three missed reports', 'A'),
    ('silent gateway', 'thing_silent', 'major', 'gateway', 2, 'all behind it are silent too', 'A'),
    ('silent lift', 'thing_silent', 'major', 'lift', 3, 'who depends on it has to know', 'A');

-- By the clock of the place: nobody sleeps through noon.
INSERT INTO alarm_rule (name, kind, severity, thing_kind, property, below, within_s, from_local, until_local, source, certainty) VALUES
    ('no water used in 12 hours', 'inactive', 'major', 'meter', 'volume', 0.01, 43200, '08:00', '22:00',
        '0.01 m3 in 12 h: Shanghai and Shenzhen for people living alone', 'V2'),
    ('no water used today', 'inactive', 'critical', 'meter', 'volume', 0.01, NULL, '20:00', '23:59', 'a whole day', 'A'),
    ('door not moved in 24 hours', 'inactive', 'notice', 'door', 'contact', 1, 86400, '08:00', '22:00', '24 to 48 h', 'A');

INSERT INTO alarm_rule (name, kind, severity, service, mobility_group, people, source, certainty) VALUES
    ('many without a pharmacy', 'service_lost', 'major', 'pharmacy', NULL, 50, 'no norm says when an outage is grave', 'A'),
    ('many without a clinic', 'service_lost', 'major', 'clinic', NULL, 50, 'no norm says when an outage is grave', 'A'),
    ('very old people without a canteen', 'service_lost', 'major', 'canteen', '85+', 10, 'a meal a day hangs on it', 'A'),
    ('very many lose a service', 'service_lost', 'critical', NULL, NULL, 500, 'no norm says when an outage is grave', 'A');

-- How long an alarm may wait to be taken on.
UPDATE alarm_rule SET escalate_after_s = CASE severity WHEN 'critical' THEN 300 WHEN 'major' THEN 1800 END;
INSERT INTO alarm_rule (name, kind, severity, escalate_after_s, source, certainty) VALUES
    ('people cut off wait', 'people_cut_off', 'critical', 300, 'a rescuer is to be at a lift within half an hour, TSG T5002; the call must go out long before', 'A'),
    ('some cut off wait', 'people_cut_off', 'major', 1800, 'the same', 'A'),
    ('the account waits', 'account', 'critical', 900, 'readings may be lost', 'A'),
    ('a wrong unit waits', 'wrong_unit', 'major', 86400, 'a working day', 'A');
