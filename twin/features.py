"""The base map: what is drawn under everything, and every layer of the twin as GeoJSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import shapely
import sqlalchemy as sa

from twin.db import Connection
from twin.errors import NotFound
from twin.history import as_of
from twin.staging import ewkb, stage

__all__ = ["LAYERS", "FeatureRow", "geojson", "store"]

Kind = Literal["street", "rail", "water", "green", "land"]
DECIMALS = 6  # of a degree: 11 cm


@dataclass(frozen=True, slots=True)
class FeatureRow:
    """A feature of the base map; its shape in degrees, WGS 84. class_ is one of the classes of its kind."""

    source_id: str
    kind: Kind
    class_: str
    geom: shapely.Geometry
    name: str | None = None


def store(connection: Connection, place_id: int, rows: Sequence[FeatureRow]) -> tuple[int, int]:
    """Make the place's base map these features; give how many are new or changed and how many went.

    Nothing refers to a feature, so one that changed is removed and added.
    """
    shapes = ewkb([row.geom for row in rows])
    stage(
        connection,
        "staged_feature",
        {"source_id": "text", "kind": "text", "class": "text", "name": "text", "geom": "geometry"},
        ((row.source_id, row.kind, row.class_, row.name, shape) for row, shape in zip(rows, shapes, strict=True)),
    )
    removed = connection.execute(sa.text(REMOVE), {"place": place_id}).rowcount
    added = connection.execute(sa.text(ADD), {"place": place_id}).rowcount
    return added, removed


def geojson(connection: Connection, place_id: int, layer: str, revision: int | None = None) -> bytes:
    """Give a layer of a place, or what it was after a revision, as a GeoJSON FeatureCollection, UTF-8.

    Streets come in drawing order, the widest class last. Raises NotFound for a layer there is not.
    """
    if layer not in LAYERS:
        raise NotFound(f"no map layer {layer!r}; there are {', '.join(LAYERS)}")
    query = COLLECTION.format(features=as_of(LAYERS[layer], revision), decimals=DECIMALS)
    return str(connection.execute(sa.text(query), {"place": place_id, "kind": layer}).scalar_one()).encode()


REMOVE = """
DELETE FROM map_feature AS old
WHERE place_id = :place AND NOT EXISTS (
    SELECT FROM staged_feature AS new
    WHERE (new.source_id, new.kind, new.class) = (old.source_id, old.kind, old.class)
      AND new.name IS NOT DISTINCT FROM old.name AND new.geom = old.geom)
"""

ADD = """
INSERT INTO map_feature (place_id, source_id, kind, class, name, geom)
SELECT :place, source_id, kind, class, name, geom FROM staged_feature AS new
WHERE NOT EXISTS (
    SELECT FROM map_feature AS old
    WHERE old.place_id = :place AND (new.source_id, new.kind, new.class) = (old.source_id, old.kind, old.class)
      AND new.name IS NOT DISTINCT FROM old.name AND new.geom = old.geom)
"""

# One statement, built by PostGIS: the rows give id, properties and a place in the order.
COLLECTION = """
SELECT json_build_object('type', 'FeatureCollection', 'features', coalesce(json_agg(json_build_object(
    'type', 'Feature', 'id', id, 'geometry', ST_AsGeoJSON(geom, {decimals})::json,
    'properties', json_strip_nulls(properties)) ORDER BY rank, id), '[]'::json))::text
FROM ({features}) AS feature
"""

BASE = """
SELECT id, json_build_object('class', class, 'name', name) AS properties, geom, -ST_Area(geom) AS rank
FROM {map_feature} AS map_feature WHERE place_id = :place AND kind = :kind
"""

STREET_ORDER = (
    "footway", "track", "cycleway", "steps", "pedestrian", "service", "living_street", "unclassified", "residential",
    "tertiary", "secondary", "primary", "trunk", "motorway",
)  # fmt: skip

LAYERS: dict[str, str] = {
    "street": f"""
SELECT id, json_build_object('class', class, 'name', name) AS properties, geom,
    coalesce(array_position(ARRAY{list(STREET_ORDER)}, class), 0) AS rank
FROM {{map_feature}} AS map_feature WHERE place_id = :place AND kind = :kind
""",
    "rail": BASE,
    "water": BASE,
    "green": BASE,
    "land": BASE,
    "buildings": """
SELECT id, json_build_object('name', name, 'kind', kind, 'floors', floors, 'residential', residential) AS properties,
    geom, 0 AS rank
FROM {building} AS building WHERE place_id = :place
""",
    "grids": """
SELECT id, json_build_object('code', code, 'name', name, 'name_zh', name_zh, 'level', level) AS properties, geom,
    CASE level WHEN 'street' THEN 0 WHEN 'community' THEN 1 ELSE 2 END AS rank
FROM {grid} AS grid WHERE place_id = :place
""",
    "facilities": """
SELECT id, json_build_object('service', service, 'name', name, 'name_zh', name_zh, 'hours', opening_hours,
    'source', source) AS properties, point AS geom, 0 AS rank
FROM {facility} AS facility WHERE place_id = :place
""",
    "network": """
SELECT id, json_build_object('kind', kind, 'source', source_id, 'name', name) AS properties, geom, 0 AS rank
FROM {network_edge} AS network_edge WHERE place_id = :place
""",
}
