"""The commands under `linli load`: one a kind of file, each in one transaction.

`linli.py` gives them the database by the context's object, a function that finds its URL.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ingest.loaders import receipt_commands

if TYPE_CHECKING:
    from ingest.loaders.receipt import Receipt
    from twin.db import Connection

__all__ = ["loading"]

SHOWN = "receipts"  # of this command, in its context

loading = typer.Typer(help="Load what a place is made of: linli load KIND FILE. 导入", no_args_is_help=True)
receipt_commands.add_to(loading)

File = Annotated[Path, typer.Argument(help="The file.")]
PlaceCode = Annotated[str | None, typer.Option(help="The place's code, where there are several.")]
Datum = Annotated[
    str | None,
    typer.Option(
        help="What its coordinates are, such as WGS84, CGCS2000, GCJ-02, BD-09, EPSG:4549, local:CONTROL.csv."
    ),
]
Partial = Annotated[bool, typer.Option("--partial", help="Load the good rows of a file with refused ones.")]


@loading.command("demo")
def load_demo(context: typer.Context) -> None:
    """Load the demo place; a second time changes nothing. 导入演示地区"""
    from ingest.loaders import demo

    with _transaction(context) as connection:
        _show(context, demo.load_demo(connection, _say))


@loading.command("place")
def load_place(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A description such as demo/place.toml, with its files beside it.")],
) -> None:
    """Load a place and all files that its description names. 导入地区"""
    from ingest.loaders import demo

    with _transaction(context, file) as connection:
        _show(context, demo.load_folder(connection, file, _say))


@loading.command("osm")
def load_osm(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="An OpenStreetMap extract, such as .osm.pbf or .osm.")],
    *,
    place: Annotated[str, typer.Option(help="The place's code.")],
    boundary: Annotated[
        Path | None, typer.Option(help="Its boundary in GeoJSON; a place that is new needs one.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="Its name; the code where not said.")] = None,
    name_zh: Annotated[str | None, typer.Option(help="Its Chinese name.")] = None,
    timezone: Annotated[str, typer.Option(help="Its time zone, such as Asia/Shanghai.")] = "UTC",
    residents: Annotated[int, typer.Option(min=0, help="Its official number of residents.")] = 0,
    households: Annotated[int, typer.Option(min=0, help="Its official number of households.")] = 0,
) -> None:
    """Load network, buildings, facilities and base map of a place from OpenStreetMap. 导入地图"""
    from ingest.loaders import osm
    from ingest.loaders.place import read_boundary
    from twin import places

    with _transaction(context, file) as connection:
        if boundary is None:
            known = places.get(connection, place)
            place_id, area = known.id, places.boundary(connection, known.id)
        else:
            area = read_boundary(boundary)
            place_id = places.put(
                connection,
                code=place,
                name=name or place,
                name_zh=name_zh or name or place,
                boundary=area,
                timezone=timezone,
                residents=residents,
                households=households,
                attribution=osm.ATTRIBUTION,
            )
        _show(context, osm.load_osm(connection, place_id, file, area, _say))


@loading.command("grids")
def load_grids(
    context: typer.Context,
    file: Annotated[
        Path | None, typer.Argument(help="GeoJSON, GeoPackage or Shapefile; without it grids are generated.")
    ] = None,
    *,
    datum: Datum = None,
    place: PlaceCode = None,
    code_prefix: Annotated[str, typer.Option(help="First six digits of generated codes.")] = "990000",
) -> None:
    """Load streets, communities and grids, or generate them from the map. 导入网格"""
    from ingest.loaders import generated_grids, grids, positions
    from twin import places

    with _transaction(context, file) as connection:
        here = places.get(connection, place)
        if file is None:
            _show(context, [generated_grids.generate(connection, here, code_prefix=code_prefix)])
        else:
            known = positions.declared(datum, file) if datum else None
            _show(context, [grids.load(connection, file, place=here, datum=known)])


@loading.command("residents")
def load_residents(
    context: typer.Context,
    file: Annotated[
        Path, typer.Argument(help="Counts by building, grid or cell, or a description with totals (.toml).")
    ],
    *,
    place: PlaceCode = None,
    partial: Partial = False,
    datum: Datum = None,
    suppressed: Annotated[
        list[str] | None, typer.Option(help="A code that stands for a suppressed count: 99, or 99=2 to put 2 people.")
    ] = None,
    square_m: Annotated[float, typer.Option(min=1, help="Side of squares given by their corner [m].")] = 250.0,
) -> None:
    """Load counts of residents by age band, or estimate them from official totals. 导入居民数"""
    from ingest.loaders import positions, residents
    from twin import places

    codes = residents.suppressions(suppressed or [])
    known = positions.declared(datum, file) if datum else None
    with _transaction(context, file) as connection:
        here = places.get(connection, place)
        if file.suffix == ".toml":
            _show(context, [residents.estimate(connection, file, place=here)])
        else:
            _show(
                context,
                [
                    residents.given(
                        connection,
                        file,
                        place=here,
                        partial=partial,
                        suppressed=codes,
                        datum=known,
                        square_m=square_m,
                    )
                ],
            )


@loading.command("welfare")
def load_welfare(context: typer.Context, file: File, *, place: PlaceCode = None, partial: Partial = False) -> None:
    """Load counts of people at risk, apart from the residents. 导入特殊群体人数"""
    from ingest.loaders import welfare
    from twin import places

    with _transaction(context, file) as connection:
        _show(context, [welfare.load(connection, file, place=places.get(connection, place), partial=partial)])


@loading.command("facilities")
def load_facilities(
    context: typer.Context,
    file: File,
    *,
    datum: Datum = None,
    place: PlaceCode = None,
    partial: Partial = False,
    kinds: Annotated[Path | None, typer.Option(help="Your own names of services, as facility_kinds.toml.")] = None,
) -> None:
    """Load facilities from a table (.csv, .xlsx) or a layer of points (.geojson, .gpkg, .shp). 导入设施"""
    from ingest.loaders import facilities, positions
    from twin import places

    known = positions.declared(datum, file) if datum else None
    with _transaction(context, file) as connection:
        here = places.get(connection, place)
        _show(context, [facilities.load(connection, file, place=here, datum=known, partial=partial, own_kinds=kinds)])


@loading.command("devices")
def load_devices(
    context: typer.Context, file: File, *, datum: Datum = None, place: PlaceCode = None, partial: Partial = False
) -> None:
    """Enrol devices from a table (.csv, .xlsx); the datum is of their positions, where they have any. 导入设备"""
    from ingest.loaders import devices, positions
    from twin import places

    known = positions.declared(datum, file) if datum else None
    with _transaction(context, file) as connection:
        here = places.get(connection, place)
        _show(context, [devices.load(connection, file, place=here, datum=known, partial=partial)])


@loading.command("elevation")
def load_elevation(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="Heights: GeoTIFF (.tif), or SRTM (.hgt).")],
    *,
    error_m: Annotated[
        float | None, typer.Option(min=0.01, help="Standard error of a height against its neighbours [m].")
    ] = None,
    place: PlaceCode = None,
) -> None:
    """Take the slopes of ways without an incline tag from a height model, where it resolves them. 导入高程"""
    from ingest.loaders import elevation
    from twin import places

    with _transaction(context, file) as connection:
        _show(context, [elevation.load(connection, file, place=places.get(connection, place), error_m=error_m)])


@loading.command("norms")
def load_norms(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A city's own norms (.toml), as twin/norms/cn_local.toml.")],
    *,
    place: PlaceCode = None,
) -> None:
    """Load a city's own norms into a place; what they were is kept. 导入地方标准"""
    from ingest.loaders import norms
    from twin import places

    with _transaction(context, file) as connection:
        _show(context, [norms.load(connection, file, place=places.get(connection, place))])


@contextmanager
def _transaction(context: typer.Context, file: Path | None = None) -> Iterator["Connection"]:
    """Open the database that the context finds; what is raised inside leaves nothing behind."""
    from ingest.loaders.lines import shown
    from ingest.loaders.receipt import keep
    from ingest.loaders.refusal import RefusedFile
    from twin import db
    from twin.acting import IMPORT, acting
    from twin.errors import NotFound, Refused

    try:
        with db.opened(context.obj()) as engine, engine.begin() as connection:
            acting(connection, IMPORT, f"load {context.info_name} {file.name if file else ''}".strip())
            yield connection
            number = keep(connection, str(context.info_name), file, context.meta.get(SHOWN, ()))
    except RefusedFile:
        raise  # it is in the reader's language already
    except (Refused, NotFound) as refusal:
        raise type(refusal)(shown(str(refusal))) from None
    _say(f"receipt {number}; linli load undo {number} takes it back")


def _show(context: typer.Context, receipts: Iterable["Receipt"]) -> None:
    """Print the receipts, and lay them by for the transaction to keep."""
    context.meta[SHOWN] = list(receipts)
    for receipt in context.meta[SHOWN]:
        for line in receipt.lines():
            _say(line)


def _say(line: str) -> None:
    from ingest.loaders.lines import shown

    typer.echo(shown(line))
