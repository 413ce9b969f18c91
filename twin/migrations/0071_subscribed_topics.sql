-- Who subscribed over MQTT to which topic of SensorThings: what is new or changed is told only where somebody asked.

CREATE TABLE subscribed_topic (
    client text NOT NULL,
    topic text NOT NULL,
    entity_set text NOT NULL,
    datastream_id integer,
    life_s integer NOT NULL,
    gone_at timestamptz,
    PRIMARY KEY (client, topic)
);
COMMENT ON COLUMN subscribed_topic.entity_set IS 'what the topic is of, such as Observations';
COMMENT ON COLUMN subscribed_topic.datastream_id IS 'whose observations alone it is of; null: of any, or of no observations';
COMMENT ON COLUMN subscribed_topic.life_s IS 'how long after it has gone a client may come back and find its subscriptions';
COMMENT ON COLUMN subscribed_topic.gone_at IS 'when the client left the broker; null: it is there';
INSERT INTO closed_table (name, read_by) VALUES ('subscribed_topic', '{operator,planner,auditor,care,grid_worker,integrator}');

-- Tells which entities of a set a statement made or changed; of a thousand at once in pieces that NOTIFY takes.
CREATE FUNCTION tell_subscribers() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM subscribed_topic WHERE entity_set = TG_ARGV[0]) THEN
        PERFORM pg_notify('linli_entities', json_build_object('kind', TG_ARGV[0], 'ids', json_agg(id))::text)
        FROM (SELECT id, (row_number() OVER (ORDER BY id) - 1) / 600 AS piece FROM fresh) AS one GROUP BY piece;
    END IF;
    RETURN NULL;
END $$;

DO $$
DECLARE
    rule record;
BEGIN
    FOR rule IN SELECT * FROM (VALUES
        ('thing', 'Things'), ('location', 'Locations'), ('historical_location', 'HistoricalLocations'),
        ('datastream', 'Datastreams'), ('sensor', 'Sensors'), ('observed_property', 'ObservedProperties'),
        ('feature_of_interest', 'FeaturesOfInterest')
    ) AS v (relation, entity_set), (VALUES ('insert'), ('update')) AS e (event) LOOP
        EXECUTE format('CREATE TRIGGER %I AFTER %s ON %I REFERENCING NEW TABLE AS fresh
                        FOR EACH STATEMENT EXECUTE FUNCTION tell_subscribers(%L)',
                       rule.event || '_is_told', rule.event, rule.relation, rule.entity_set);
    END LOOP;
END $$;
