-- Codes of communities and grids that hold for a time only, and what came in their stead.

CREATE TABLE code_validity (
    place_id integer NOT NULL REFERENCES place ON DELETE CASCADE,
    code text NOT NULL,
    valid_from date,
    valid_to date,
    successors text[] NOT NULL DEFAULT '{}',
    PRIMARY KEY (place_id, code),
    CHECK (valid_from < valid_to),
    CHECK (valid_to IS NOT NULL OR successors = '{}')
);
COMMENT ON COLUMN code_validity.valid_to IS 'the first day on which the code is revoked; null: it stands';
COMMENT ON COLUMN code_validity.successors IS 'the codes that came in its stead, more than one where it was split';
INSERT INTO kept_table (name, keys) VALUES ('code_validity', '{place_id,code}');
