"""What is wrong with a mapping is said in one line, at the line of its text where that is."""

from __future__ import annotations

import pytest

from ingest.mapping import Wrong, filter_of, parse

GOOD = """topic = "yard/{device}/state"
thing_key = "{device}"

[time]
path = "$.ts"
format = "epoch_s"

[[points]]
property = "depth"
path = "$.level"

[[points]]
property = "battery"
path = "$.bat"
optional = true
"""


def test_a_mapping_gives_the_filter_of_its_topics() -> None:
    assert filter_of(parse(GOOD)) == "yard/+/state"


@pytest.mark.parametrize(
    ("old", "new", "line", "reason"),
    [
        ('topic = "yard', 'topic = "ya+rd', 1, "levels are words"),
        ('thing_key = "{device}"', 'thing_key = "{street}"', 2, "names parts that the topic has not: street"),
        ('format = "epoch_s"', 'format = "soon"', 6, "neither iso"),
        ('path = "$.level"', 'path = "level"', 10, "not a path"),
        ('path = "$.bat"', 'path = "$.bat["', 14, "not a path"),
        ("optional = true", 'optional = "perhaps"', 15, "valid boolean"),
        ('property = "battery"\n', "", 12, "Field required"),
        ("[time]", "[time", 4, "at line 4"),
        ("optional = true", "may_be_missing = true", 15, "Extra inputs"),
    ],
)
def test_the_line_of_a_mistake_is_named(old: str, new: str, line: int, reason: str) -> None:
    with pytest.raises(Wrong, match=reason) as found:
        parse(GOOD.replace(old, new, 1))
    assert found.value.line == line
    assert "\n" not in str(found.value)
