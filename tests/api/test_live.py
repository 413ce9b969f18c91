"""The live stream: the whole board first, then what changed, within 300 ms of the commit; a slow screen harms nobody."""

import asyncio
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import psycopg
import pytest
from starlette.types import Message

from api import board, live
from api.live import Hub, Screen, Stream
from twin import alarms, db, places
from twin.alarms import Wanted

PATIENCE_S = 20.0


@pytest.fixture
def engine(monaco: str) -> Iterator[db.Engine]:
    engine = db.engine(monaco)
    yield engine
    engine.dispose()


def events(message: bytes) -> dict[str, dict[str, object]]:
    """The sections in a message, by name."""
    blocks = [block.split("\n")[-2:] for block in message.decode().strip().split("\n\n")]
    return {name.removeprefix("event: "): json.loads(data.removeprefix("data: ")) for name, data in blocks}


def last_id(message: bytes) -> str:
    """The id of the last event, which is the only one that has one."""
    *before, last = message.decode().strip().split("\n\n")
    assert not any(block.startswith("id: ") for block in before)
    return last.split("\n")[0].removeprefix("id: ")


def raise_alarm(engine: db.Engine) -> None:
    with engine.begin() as connection:
        wanted = [Wanted("people_cut_off", "service:pharmacy", "major", {"people": {"80+": 17}})]
        alarms.settle(connection, places.get(connection).id, ["people_cut_off"], wanted, datetime.now(UTC))


async def sent(screen: Screen, hub: Hub) -> dict[str, dict[str, object]]:
    await asyncio.wait_for(screen.wake.wait(), PATIENCE_S)
    screen.wake.clear()
    return events(hub.message(screen))


def test_a_screen_gets_the_whole_board_and_then_only_what_changed(monaco: str, engine: db.Engine) -> None:
    async def run() -> None:
        hub = Hub(monaco, engine, None)
        hub.start()
        try:
            await asyncio.wait_for(hub.ready.wait(), PATIENCE_S)
            screen = Screen()
            hub.screens.add(screen)
            first = await sent(screen, hub)
            assert set(first) == set(board.SECTIONS)
            assert all(section["whole"] for section in first.values())
            assert len(first["things"]["rows"]) == 80  # type: ignore[arg-type]
            await asyncio.to_thread(raise_alarm, engine)
            second = await sent(screen, hub)
            assert set(second) == {"alarms"}
            shown = second["alarms"]["rows"]
            total = shown.pop("total")  # type: ignore[attr-defined]
            (row,) = shown.values()  # type: ignore[attr-defined]
            assert (second["alarms"]["whole"], row["people"]["value"], total["waiting"]) == (False, 15, 1)
        finally:
            await asyncio.to_thread(hub.stop)

    asyncio.run(run())


def test_a_screen_that_takes_nothing_keeps_only_keys_and_gets_the_newest(monaco: str, engine: db.Engine) -> None:
    async def run() -> None:
        hub = Hub(monaco, engine, None)
        screen = Screen()
        hub.screens.add(screen)
        hub.message(screen)
        for n in range(1000):
            hub._publish("figures", {"all": json.dumps({"n": n})})
        assert screen.pending == {"figures": {"all"}}
        assert events(hub.message(screen))["figures"]["rows"] == {"all": {"n": 999}}

    asyncio.run(run())


def test_a_screen_that_takes_nothing_for_long_is_dropped(
    monaco: str, engine: db.Engine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(live, "SLOW_S", 0.1)

    async def run() -> None:
        hub = Hub(monaco, engine, None)
        hub.ready.set()
        known = []

        async def receive() -> Message:
            await asyncio.sleep(3600)
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            if b"event" in message.get("body", b""):
                known.append(len(hub.screens))
                await asyncio.sleep(3600)

        await asyncio.wait_for(Stream(hub)({"type": "http", "headers": []}, receive, send), PATIENCE_S)
        assert (known, hub.screens) == ([1], set())

    asyncio.run(run())
    assert "a screen took nothing for 0 s and was dropped" in caplog.text


def test_who_comes_back_is_sent_what_changed_since_and_what_is_gone(monaco: str, engine: db.Engine) -> None:
    async def run() -> None:
        hub = Hub(monaco, engine, None)
        hub._publish("alarms", {"1": '{"n":1}', "2": '{"n":2}'})
        hub._publish("figures", {"all": '{"n":0}'})
        had = last_id(hub.message(hub.screen("")))
        assert events(hub.message(hub.screen(had))).keys() == {"tick"}
        hub._publish("alarms", {"2": '{"n":2}', "3": '{"n":3}'})
        back = events(hub.message(hub.screen(had)))
        assert back["alarms"]["rows"] == {"1": None, "3": {"n": 3}}
        assert back.keys() == {"alarms"}
        assert back["alarms"]["whole"] is False
        for strange in (
            "",
            "x",
            f"{hub.life}-",
            f"{hub.life}-99",
            f"{hub.life}--1",
            "00000000-1",
            "\u00b2-\u00b2",
            "1" * 999,
        ):
            assert events(hub.message(hub.screen(strange))).keys() == set(board.SECTIONS)

    asyncio.run(run())


def test_who_has_missed_more_than_is_known_begins_anew(
    monaco: str, engine: db.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "MOST_GONE", 5)

    async def run() -> None:
        hub = Hub(monaco, engine, None)
        hub._publish("alarms", {"0": "{}"})
        had = last_id(hub.message(hub.screen("")))
        for n in range(1, 5):
            hub._publish("alarms", {str(n): "{}"})
        assert events(hub.message(hub.screen(had)))["alarms"]["rows"] == dict.fromkeys("0123") | {"4": {}}
        for n in range(5, 40):
            hub._publish("alarms", {str(n): "{}"})
        assert len(hub.changed) <= 7
        assert events(hub.message(hub.screen(had)))["alarms"]["whole"] is True

    asyncio.run(run())


def test_a_row_that_is_gone_is_sent_as_null(monaco: str, engine: db.Engine) -> None:
    async def run() -> None:
        hub = Hub(monaco, engine, None)
        screen = Screen()
        hub.screens.add(screen)
        hub._publish("alarms", {"1": "{}"})
        hub.message(screen)
        hub._publish("alarms", {})
        assert events(hub.message(screen))["alarms"]["rows"] == {"1": None}

    asyncio.run(run())


def test_losing_the_database_for_a_moment_is_no_end_of_the_stream(monaco: str, engine: db.Engine) -> None:
    async def run() -> None:
        hub = Hub(monaco, engine, None)
        hub.start()
        try:
            await asyncio.wait_for(hub.ready.wait(), PATIENCE_S)
            screen = Screen()
            hub.screens.add(screen)
            await sent(screen, hub)
            await asyncio.to_thread(cut, monaco)
            await asyncio.to_thread(raise_alarm, engine)
            assert "alarms" in await sent(screen, hub)
        finally:
            await asyncio.to_thread(hub.stop)

    asyncio.run(run())


def cut(url: str) -> None:
    """End every other connection to the database."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("""
            SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid() AND usename = current_user
        """)


def test_that_nobody_watches_is_seen_though_readings_come_all_the_time(
    monaco: str, engine: db.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "PULSE_S", 0.2)

    async def run() -> dict[str, object]:
        hub = Hub(monaco, engine, None)
        hub.start()
        try:
            await asyncio.wait_for(hub.ready.wait(), PATIENCE_S)
            with engine.begin() as connection:
                connection.exec_driver_sql(
                    "INSERT INTO cut_off (place_id, certain, possible, checked_at) SELECT id, '{}', '{}', now() FROM place"
                )
            end = time.monotonic() + PATIENCE_S
            while time.monotonic() < end and "true" not in hub.rows["watch"]["all"]:
                hub._spoil(("figures",))  # as each batch of readings does
                await asyncio.sleep(0.05)
            with engine.begin() as connection:
                connection.exec_driver_sql("UPDATE cut_off SET checked_at = now() - interval '16 s'")
            while time.monotonic() < end and "false" not in hub.rows["watch"]["all"]:
                hub._spoil(("figures",))
                await asyncio.sleep(0.05)
            return dict(json.loads(hub.rows["watch"]["all"]))
        finally:
            await asyncio.to_thread(hub.stop)

    told = asyncio.run(run())
    assert told["watched"] is False
    assert told["since"] is not None
