"""Write a first mapping of a message that nobody reads: what can be seen in it, for a person to mend."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator

from ingest.mapping import PATH
from ingest.payload import ANYTHING, from_json

__all__ = ["draft"]

MOST_POINTS = 40
TIMES = frozenset(
    ("at", "date", "datetime", "measured_at", "t", "time", "timestamp", "ts", "event_time", "last_seen", "sampletime")
)
EPOCHS = ((1e17, "epoch_ns"), (1e14, "epoch_us"), (1e11, "epoch_ms"), (0.0, "epoch_s"))  # from that number on
NUMBER = re.compile(r"[-+]?\d+(\.\d+)?([eE][-+]?\d+)?")
OWN_TOPIC = re.compile(r"linli/v1/([^/]+)/up(/.*)?")  # where each account of the broker may write


def draft(topic: str, payload: bytes, known: Collection[tuple[str, str]]) -> str:
    """Write the TOML of a mapping that reads a message; known: (thing key, property) of the register.

    Units are left out, for none is ever guessed. Raises Unreadable for what is no JSON.
    """
    top = from_json(payload, ANYTHING)
    way, item = _items(top)
    levels, named = _named(topic, {key for key, _ in known})
    lines = [f"topic = {json.dumps(levels, ensure_ascii=False)}", f'thing_key = "{named}"']
    if way is not None:
        lines.append(f'items = "{way}[*]"')
    leaves = [(path, name, value) for path, name, value in _leaves(item, "$") if PATH.fullmatch(path)]
    moment = next((one for one in leaves if one[1].lower() in TIMES), None)
    if moment is None and way is not None:
        moment = next(((f"${path}", n, v) for path, n, v in _leaves(top, "$") if n.lower() in TIMES), None)
    if moment is not None:
        lines += ["", "[time]", f'path = "{moment[0]}"', f'format = "{_format(moment[2])}"']
    names = {name.lower(): name for _, name in known}
    points = [one for one in leaves if one is not moment and _is_number(one[2])][:MOST_POINTS]
    for path, name, value in points:
        lines += ["", "[[points]]", f"property = {json.dumps(names.get(name.lower(), name), ensure_ascii=False)}"]
        lines.append(f'path = "{path}"')
        lines += ["text = true"] if isinstance(value, str) else []
        lines += ["optional = true"] if len(points) > 1 else []
    if not points:
        lines += ["", "[[points]]", 'property = ""', 'path = "$"']
    return "\n".join(lines) + "\n"


def _items(top: object) -> tuple[str | None, object]:
    """Find the one array of objects in a message, and give the path of it and its first element."""
    if isinstance(top, list) and top and isinstance(top[0], dict):
        return "$", top[0]
    if isinstance(top, dict):
        arrays = [(name, value) for name, value in top.items() if isinstance(value, list) and value]
        if len(arrays) == 1 and isinstance(arrays[0][1][0], dict) and PATH.fullmatch(f"$.{arrays[0][0]}"):
            return f"$.{arrays[0][0]}", arrays[0][1][0]
    return None, top


def _leaves(tree: object, path: str) -> Iterator[tuple[str, str, object]]:
    """Walk the values of nested objects as (path, name, value)."""
    if isinstance(tree, dict):
        for name, value in tree.items():
            if isinstance(value, dict):
                yield from _leaves(value, f"{path}.{name}")
            else:
                yield f"{path}.{name}", str(name), value
    elif not isinstance(tree, list):
        yield path, "value", tree


def _named(topic: str, keys: Collection[str]) -> tuple[str, str]:
    """Choose the level of a topic that names the device: a registered key, else one with a digit, else the last but one."""
    levels = topic.split("/")
    own = OWN_TOPIC.fullmatch(topic)
    candidates = [number for number, level in enumerate(levels) if level in keys]
    candidates += [2] if own else []
    candidates += [number for number, level in enumerate(levels) if any(c.isdigit() for c in level) and len(level) > 1]
    at = candidates[0] if candidates else max(0, len(levels) - 2)
    levels = [level if not set(level) & set("+#{}") else "+" for level in levels]
    levels[at] = "{device}"
    return "/".join(levels), "{device}"


def _format(value: object) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return next(name for least, name in EPOCHS if abs(value) >= least)
    return "iso"


def _is_number(value: object) -> bool:
    """Tell whether a value is a number, true or false, or a number in quotes."""
    return isinstance(value, int | float) or (isinstance(value, str) and NUMBER.fullmatch(value) is not None)
