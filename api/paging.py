"""Lists by page: an opaque cursor says behind which row a page ended, so that rows that come meanwhile move nothing.

A list's query is a `Page`, its pages come by `Pages`: `next` in the answer, and a Link header, are the query of the next
page, to be asked of the same address (a relative reference, RFC 3986, 4.2: it holds behind any proxy).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple, TypeVar
from urllib.parse import urlencode

import msgspec
from fastapi import Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from api.errors import Unreadable

__all__ = ["PAGES", "Cut", "Page", "Pages"]

Row = TypeVar("Row")
Mark = tuple[Any, ...]

LONGEST = 2_000  # of a cursor
MOST = 1_000
SEAL_BYTES = 6  # tells a cursor that was cut off or is another list's; it keeps no secret
LARGEST = 2**63 - 1
NOT_ONE = "cursor: not one that this list gave"


class Page(BaseModel):
    """How much of a list, and behind which row."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    cursor: str | None = Field(default=None, max_length=LONGEST, description="from `next` of the page before")
    limit: int = Field(default=200, ge=1, le=MOST, description="rows of a page")


class Cut(NamedTuple):
    """The rows of a page, and the query of the next one; None: there is none."""

    rows: list[Any]
    next: str | None


@dataclass(frozen=True, slots=True)
class _Pages:
    """The pages of the list that is asked for."""

    request: Request
    response: Response

    def after(self, page: Page, *kinds: type) -> Mark | None:
        """Give the mark behind which the page begins, of values of these kinds; None: at the beginning.

        Raises Unreadable for what is no cursor of this list.
        """
        if page.cursor is None:
            return None
        try:
            packed = base64.urlsafe_b64decode(page.cursor.encode("ascii") + b"=" * (-len(page.cursor) % 4))
            if packed[:SEAL_BYTES] != self._seal(packed[SEAL_BYTES:]):
                raise Unreadable(NOT_ONE)
            found: Mark = msgspec.json.decode(packed[SEAL_BYTES:], type=tuple[kinds])  # type: ignore[valid-type]  # a type that is made here
        except (UnicodeEncodeError, binascii.Error, msgspec.DecodeError) as error:
            raise Unreadable(NOT_ONE) from error
        if any("\0" in one if isinstance(one, str) else isinstance(one, int) and abs(one) > LARGEST for one in found):
            raise Unreadable(NOT_ONE)
        return found

    def cut(self, rows: Sequence[Row], page: Page, mark: Callable[[Row], Mark]) -> Cut:
        """Make a page of rows that were read behind its mark, one more than its limit where there are so many."""
        if len(rows) <= page.limit:
            return Cut(list(rows), None)
        kept = list(rows[: page.limit])
        query = [pair for pair in self.request.query_params.multi_items() if pair[0] != "cursor"]
        following = f"?{urlencode([*query, ('cursor', self._cursor(mark(kept[-1])))])}"
        self.response.headers["Link"] = f'<{following}>; rel="next"'
        return Cut(kept, following)

    def of(
        self, rows: Iterable[Row], page: Page, mark: Callable[[Row], Mark], *kinds: type, descending: bool = False
    ) -> Cut:
        """Cut a page out of a list that is at hand whole; in the order of the marks, which are no two rows' and stay."""
        after = self.after(page, *kinds)
        ordered = sorted(rows, key=mark, reverse=descending)
        if after is not None:
            ordered = [row for row in ordered if (mark(row) < after if descending else mark(row) > after)]
        return self.cut(ordered, page, mark)

    def _cursor(self, mark: Mark) -> str:
        packed = msgspec.json.encode(mark)
        return base64.urlsafe_b64encode(self._seal(packed) + packed).decode("ascii").rstrip("=")

    def _seal(self, packed: bytes) -> bytes:
        path: str = self.request.scope["route"].path
        return hashlib.blake2b(path.encode() + b"\0" + packed, digest_size=SEAL_BYTES).digest()


PAGES = _Pages  # the dependency by which a route is known to give its list by page
Pages = Annotated[_Pages, Depends(_Pages)]
