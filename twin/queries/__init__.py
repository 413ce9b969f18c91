"""Questions to the twin in the words of OGC SensorThings: entities, filters and expansions become SQL here."""
