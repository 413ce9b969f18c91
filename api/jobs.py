"""Questions that take more than a moment: a thread of this process computes them, a row of the database tells of them.

Any process can say how far a run is and stop it, for who computes asks the row. A process that dies leaves a run that
nobody has heard of for a while; it is begun anew when asked for again.
"""

from __future__ import annotations

import contextvars
import logging
import threading
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from simulations import asking, questions
from twin import runs
from twin.db import UNAVAILABLE, Engine
from twin.errors import NotFound, Refused, Stale

__all__ = ["BEAT_S", "MOST", "Jobs"]

BEAT_S = 0.5  # how often a run says how far it is, and hears whether to stop
MOST = 2  # computed at once in one process; who asks for more is told to come again

log = logging.getLogger(__name__)


class Jobs:
    """The runs that this process computes."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._room = threading.BoundedSemaphore(MOST)

    def start(
        self,
        place: str,
        at: datetime | None,
        name: str,
        question: msgspec.Struct,
        inputs: Mapping[str, Any],
        *,
        by: str | None,
    ) -> str:
        """Begin a run unless it is done or being computed, and give its hash; Stale where too many are.

        The thread acts for whoever asked: it sees what they may see.
        """
        found = runs.hash_of(inputs)
        if not self._room.acquire(blocking=False):
            raise Stale(f"{MOST} questions are being computed already; ask again when one is done")
        try:
            with self.engine.begin() as connection:
                place_id = asking.place_id(connection, place)
                is_mine = runs.begin(connection, place_id, name, inputs, by=by)
        except BaseException:
            self._room.release()
            raise
        if not is_mine:
            self._room.release()
            return found
        work = (self._run, place, at, name, question, dict(inputs))
        threading.Thread(target=contextvars.copy_context().run, args=work, name=f"run {found[:8]}", daemon=True).start()
        return found

    def _run(self, place: str, at: datetime | None, name: str, question: msgspec.Struct, inputs: asking.Inputs) -> None:
        """Compute a run, and say how it ended; where the database is away it is lost, and begun anew when asked for."""
        found = runs.hash_of(inputs)
        try:
            state, answer, reason = self._answer(place, at, name, question, inputs)
            with self.engine.begin() as connection:
                runs.end(connection, found, state, answer=answer, reason=reason)
        except UNAVAILABLE as error:
            log.warning("run %s is lost: %s", found[:8], type(error).__name__)
        finally:
            self._room.release()

    def _answer(
        self, place: str, at: datetime | None, name: str, question: msgspec.Struct, inputs: asking.Inputs
    ) -> tuple[str, dict[str, Any] | None, str | None]:
        try:
            with self.engine.begin() as connection:
                asked = asking.again(asking.load(connection, place, at), inputs)  # as it was when the question came
                with _Beat(self.engine, runs.hash_of(inputs)) as heard:
                    return "done", questions.ask(asked, name, question, heard), None
        except InterruptedError:
            return "stopped", None, None
        except (Refused, NotFound, Stale, ValueError, RuntimeError) as error:
            return "failed", None, " ".join(str(error).split())


class _Beat:
    """Tells of a run now and then while it is computed, whether it has come further or not, and hears whether to go on."""

    def __init__(self, engine: Engine, found: str) -> None:
        self.engine, self.found = engine, found
        self._said: Mapping[str, Any] = {}
        self._goes_on = True
        self._ended = threading.Event()
        context = contextvars.copy_context()
        self._thread = threading.Thread(target=context.run, args=(self._tell,), name=f"beat {found[:8]}", daemon=True)

    def __enter__(self) -> asking.Heard:
        self._thread.start()
        return self._heard

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _heard(self, progress: Mapping[str, Any]) -> bool:
        self._said = dict(progress)
        return self._goes_on

    def _tell(self) -> None:
        while not self._ended.wait(BEAT_S):
            try:
                with self.engine.begin() as connection:
                    self._goes_on = runs.progress(connection, self.found, self._said)
            except UNAVAILABLE as error:
                log.warning("run %s cannot be told of: %s", self.found[:8], type(error).__name__)
