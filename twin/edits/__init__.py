"""Changes to things, datastreams and observations that a client of SensorThings makes."""
