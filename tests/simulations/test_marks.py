"""Names stand in no log of the watch: marks planted in devices, facilities and addresses are looked for."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

import numpy as np
import pytest
import sqlalchemy as sa

from deploy.services import Services
from simulations.community import Community
from simulations.ranking import rank, street_lifts
from simulations.states import element_id
from tests.conftest import _copied
from tests.simulations.test_watch import is_cut_off, lift_device, wait_for, watching
from twin import db, observations, places
from twin.devices import register
from twin.enrolment import enrol

MARK = "mark-13912345678-zhang"
NAMED = """
UPDATE thing SET name = :mark, name_zh = :mark;
UPDATE facility SET name = :mark, name_zh = :mark;
UPDATE grid SET name = :mark, name_zh = :mark
"""


def test_no_name_is_in_the_watchs_log_when_people_are_cut_off(
    services: Services, monaco: Community, monaco_template: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    worst = element_id(monaco, rank(monaco, (), street_lifts(monaco))[0].elements[0])
    with _copied(services, monaco_template) as url, db.opened(url) as engine:
        with engine.begin() as connection:
            key = connection.scalar(sa.text("SELECT source_id FROM network_edge WHERE id = :id"), {"id": worst})
            enrol(connection, places.get(connection).id, [lift_device(str(key).partition(":")[0])])
            for statement in NAMED.strip().split(";"):
                connection.execute(sa.text(statement), {"mark": MARK})
        with watching(url):
            with engine.begin() as connection:
                ids = [slot.datastream_id for slot in register(connection).values()]
                now = datetime.now(UTC)
                time_us = np.full(len(ids), round(now.timestamp() * 1e6), np.int64)
                batch = observations.Batch(np.array(ids, np.int32), time_us, np.zeros(len(ids)), now)
                observations.record(connection, batch)
            wait_for(engine, is_cut_off)
    logged = [record.getMessage() + str(record.exc_text or "") for record in caplog.records]
    assert any(line.startswith("losses:") for line in logged)
    assert [line for line in logged if MARK in line] == []
