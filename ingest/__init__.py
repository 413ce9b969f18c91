"""From an MQTT message to a committed observation."""
