-- When messages that state no time came, until the broker cannot send them again: delivered twice, they are one reading.

CREATE TABLE delivery (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    client text NOT NULL,
    messages integer NOT NULL,
    packets integer[] NOT NULL,
    digests bigint[] NOT NULL,
    received_us bigint[] NOT NULL,
    CHECK (cardinality(packets) = cardinality(digests) AND cardinality(packets) = cardinality(received_us))
);
CREATE INDEX ix_delivery_client ON delivery (client, id);
COMMENT ON TABLE delivery IS 'one row a committed batch of one session: the packet identifiers, what was in them, and when they came';
COMMENT ON COLUMN delivery.messages IS 'all of the batch, also those that state their time';
