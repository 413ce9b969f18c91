-- What readings say beside their values: the unit they come in.

ALTER TABLE datastream ADD COLUMN stated_unit text;
ALTER TABLE datastream ADD COLUMN wrong_unit text;
COMMENT ON COLUMN datastream.stated_unit IS 'the unit, as a UCUM code, that readings were first stated in; another one later is no longer believed';
COMMENT ON COLUMN datastream.wrong_unit IS 'the unit of the readings that are set aside now; null: the last ones came in the right one';

ALTER TABLE alarm DROP CONSTRAINT alarm_kind_check;
ALTER TABLE alarm ADD CONSTRAINT alarm_kind_check CHECK (kind IN
    ('people_cut_off', 'element_closed', 'thing_silent', 'value', 'wrong_unit', 'account'));
COMMENT ON COLUMN alarm.kind IS 'wrong_unit: a device states another unit than before; account: what came and what is stored differ';
