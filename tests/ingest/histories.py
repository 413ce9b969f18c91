"""Real histories in ../shared, written as recordings for the tests that play them."""

from __future__ import annotations

import csv
import gzip
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

PLACE = """
INSERT INTO place (code, name, name_zh, boundary, metric_srid, timezone, residents, households, attribution)
VALUES ('h', 'History', '历史', ST_Multi(ST_MakeEnvelope(7, 43, 8, 44, 4326)), 32632, 'UTC', 10, 5, '')
"""
STORED = """
SELECT t.key, (extract(epoch FROM o.time) * 1000000)::bigint AS time_us, o.value
  FROM observation o JOIN datastream d ON d.id = o.datastream_id JOIN thing t ON t.id = d.thing_id
"""
FORMATS = (
    ("chirpstack", "application/1/device/{key}/event/up"),
    ("zigbee2mqtt", "zigbee2mqtt/{key}"),
    ("senml", "senml/{key}"),
    ("senml", "senml/more/{key}"),
)
WINDOW = timedelta(days=29)  # ingest takes what was measured at most 30 days ago
BEIJING = timezone(timedelta(hours=8))
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class History:
    """A recording, its devices' keys, and what must be stored: (key, measured microseconds) to value."""

    path: Path
    keys: list[str]
    expected: dict[tuple[str, int], float]


def lifts(shared: Path, path: Path, *, whole: bool = False) -> History:
    """The states of 277 lifts: 1 where the category is ON, 0 otherwise; `whole`: all of it, at its own times."""
    with (shared / "data/lifts/dcmetro_elevator_statuses.csv").open(encoding="utf-8") as file:
        rows = [
            (datetime.fromisoformat(row["start_utc"]), row["unit_id"], float(row["category"] == "ON"))
            for row in csv.DictReader(file)
        ]
    key_of = {unit: f"{number:016x}" for number, unit in enumerate(sorted({unit for _, unit, _ in rows}), start=1)}
    return _written(path, "in_service", [(time, key_of[unit], value) for time, unit, value in rows], whole=whole)


def air(shared: Path, path: Path, *, whole: bool = False) -> History:
    """Hourly PM2.5 of three stations from March 2013 on; what is missing there (NA) is no reading."""
    rows = []
    for number, station in enumerate(("Aotizhongxin", "Dongsi", "Gucheng"), start=1):
        with gzip.open(shared / f"data/air/PRSA_{station}.csv.gz", "rt", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                year, month, day, hour = (int(row[part]) for part in ("year", "month", "day", "hour"))
                if row["PM2.5"] != "NA":
                    time = datetime(year, month, day, hour, tzinfo=BEIJING)
                    rows.append((time, f"{number:016x}", float(row["PM2.5"])))
    return _written(path, "pm2_5", rows, whole=whole)


def _written(path: Path, name: str, rows: list[tuple[datetime, str, float]], *, whole: bool) -> History:
    """Write the rows in the order of time; or their first WINDOW, moved so that it ends now, by whole seconds."""
    rows.sort()
    first = rows[0][0]
    moved = (
        timedelta(0) if whole else (datetime.now(UTC) - first - WINDOW) // timedelta(seconds=1) * timedelta(seconds=1)
    )
    kept = [(time + moved, key, value) for time, key, value in rows if whole or time - first < WINDOW]
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["time", "key", "property", "value"])
        table.writerows([time.isoformat(), key, name, value] for time, key, value in kept)
    expected = {(key, (time - EPOCH) // timedelta(microseconds=1)): value for time, key, value in kept}
    return History(path, sorted({key for _, key, _ in kept}), expected)
