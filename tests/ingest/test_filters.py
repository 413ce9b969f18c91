"""A session subscribes to each topic once: what another filter covers already is left out."""

from __future__ import annotations

import pytest

from ingest.filters import Filters, covers
from ingest.settings import IngestSettings, Subscription

SETTINGS = IngestSettings(subscriptions=(Subscription(filter="senml/#", decoder="senml"),), group="night")


@pytest.mark.parametrize(
    ("wide", "narrow", "expected"),
    [
        ("a/#", "a/b/c", True),
        ("a/#", "a", True),
        ("a/+", "a/b", True),
        ("a/+", "a/+", True),
        ("a/+", "a/#", False),
        ("a/b", "a/+", False),
        ("a/+/c", "a/b/d", False),
        ("a/b/c", "a/b", False),
    ],
)
def test_a_filter_covers_another_where_each_of_its_topics_is_of_it(wide: str, narrow: str, *, expected: bool) -> None:
    assert covers(wide, narrow) is expected


def test_what_a_mapping_wants_is_added_and_taken_away_again() -> None:
    filters = Filters(SETTINGS)
    own = ["$share/night/senml/#", "$share/night/linli/v1/+/up/#"]
    assert [name for name, _ in filters.all(is_first=True)] == own
    wanted = ["yard/+/state", "senml/+/x", "linli/v1/+/up/state"]
    new, gone = filters.change(wanted)
    assert ([name for name, _ in new], gone) == (["$share/night/yard/+/state"], [])
    assert [name for name, _ in filters.all(is_first=False)] == [*own, "$share/night/yard/+/state"]
    new, gone = filters.change([])
    assert (new, gone) == ([], ["$share/night/yard/+/state"])
