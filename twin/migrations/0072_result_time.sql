-- A datastream's first and last result time, for which SensorThings asks with every datastream.
CREATE INDEX ix_observation_detail_result_time ON observation_detail (datastream_id, result_time) WHERE result_time IS NOT NULL;
