-- A number for each layer that grows with every change to it: caches of tiles ask for it, and for nothing else.

CREATE TABLE layer_version (
    layer text PRIMARY KEY,
    version bigint NOT NULL DEFAULT 1
);
COMMENT ON TABLE layer_version IS 'raised in the transaction of the change, so that no reader has a new number with old features';

INSERT INTO layer_version (layer) VALUES ('grids'), ('buildings'), ('facilities'), ('network'), ('things'), ('losses');

CREATE FUNCTION raise_layer_version() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    UPDATE layer_version SET version = version + 1 WHERE layer = TG_ARGV[0];
    RETURN NULL;
END $$;

CREATE TRIGGER layer_version AFTER INSERT OR UPDATE OR DELETE ON grid
    FOR EACH STATEMENT EXECUTE FUNCTION raise_layer_version('grids');
CREATE TRIGGER layer_version AFTER INSERT OR UPDATE OR DELETE ON building
    FOR EACH STATEMENT EXECUTE FUNCTION raise_layer_version('buildings');
CREATE TRIGGER layer_version AFTER INSERT OR UPDATE OR DELETE ON facility
    FOR EACH STATEMENT EXECUTE FUNCTION raise_layer_version('facilities');
CREATE TRIGGER layer_version AFTER INSERT OR UPDATE OR DELETE ON network_edge
    FOR EACH STATEMENT EXECUTE FUNCTION raise_layer_version('network');
CREATE TRIGGER layer_version AFTER INSERT OR UPDATE OR DELETE ON thing
    FOR EACH STATEMENT EXECUTE FUNCTION raise_layer_version('things');
CREATE TRIGGER layer_version AFTER INSERT OR UPDATE OR DELETE ON service_loss
    FOR EACH STATEMENT EXECUTE FUNCTION raise_layer_version('losses');

-- Whether the tables are of the server's version is asked before anybody has signed in.
GRANT SELECT ON migration TO PUBLIC;
