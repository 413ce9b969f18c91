"""Find things by what they are called, and look into them: grid, building, facility, device."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from api.asked import Db, ThePlace
from twin import counts, inside, search
from twin.inside import Part, Whole
from twin.terms import Service, ThingKind
from viz import texts, words

router = APIRouter()

MOST_TEXT = 100
LARGEST_ID = 2**31 - 1


class Sought(BaseModel):
    """What is typed, of any language the screens speak."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    text: str = Field(max_length=MOST_TEXT)


@router.get("/api/search")
def find(connection: Db, place: ThePlace, sought: Annotated[Sought, Query()]) -> dict[str, Any]:
    """Find devices, facilities, grids, buildings and streets by their names, addresses and codes, few of each kind."""
    found = search.find(connection, place.id, sought.text, meant=meant(sought.text))
    return {"found": [_hit(asdict(hit)) for hit in found]}


def meant(text: str) -> list[str]:
    """Give the services and kinds of devices that a text names, as a screen calls them in any of its languages."""
    typed = text.strip().casefold()
    if not typed:
        return []
    terms = []
    for language in texts.languages():
        spoken = words.spoken(texts.translations(language).gettext)
        named = [*((each.value, spoken["service"][each.value]) for each in Service)]
        named += [(each.value, spoken["thing_kind"][each.value]) for each in ThingKind]
        terms += [term for term, word in named if word.casefold().startswith(typed)]
    return sorted(set(terms))


def _hit(row: dict[str, Any]) -> dict[str, Any]:
    lon, lat = row.pop("lon"), row.pop("lat")
    return row | {"position": [round(lon, 6), round(lat, 6)]}


@router.get("/api/inside/{kind}/{key}")
def look(
    connection: Db,
    place: ThePlace,
    kind: Annotated[Literal["grid", "building", "facility", "thing"], Path()],
    key: Annotated[int, Path(ge=0, le=LARGEST_ID)],
) -> dict[str, Any]:
    """Look into a grid (0: the place), a building, a facility or a device: what it is, where it is in, what is in it."""
    found = inside.look(connection, place.id, kind, key)
    return _part(found.part) | {
        "path": [_part(part) for part in found.path],
        "inside": [_part(part) for part in found.parts],
        **_people(found),
        "facts": {name: value for name, value in found.facts.items() if name != "called"},
    }


def _part(part: Part) -> dict[str, Any]:
    row = _hit(asdict(part))
    residents, distance = row.pop("residents"), row.pop("distance_m")
    if residents is not None:
        row["residents"] = counts.count(residents)
    return row | ({} if distance is None else {"distance_m": round(distance)})


def _people(found: Whole) -> dict[str, Any]:
    if not found.bands:
        return {"bands": []}
    total = counts.count(sum(n for _, n in found.bands))
    return {"bands": [{"band": band, "count": counts.count(n)} for band, n in found.bands], "residents": total}
