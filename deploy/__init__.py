"""The services linli stands on: PostgreSQL and an MQTT broker, found or started."""
