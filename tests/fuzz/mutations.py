"""Change an input: half the time its bytes, as libFuzzer does, and half the time the tree of JSON that a message is."""

from __future__ import annotations

import importlib
import json
import random
from typing import Any

from tests.fuzz.seeds import OWN_TOPIC, SEPARATOR

__all__ = ["mutated"]

atheris: Any = importlib.import_module("atheris")

ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 0.5, -0.0, 1e308, 10**19, 10**400, float("nan"), float("inf"), "", "\0", "\ud800", "21,5",
    "21.5", "NaN", "1e999", "ON", "2026-11-24T08:00:00Z", "2026-02-30", "24:00", "20261124T080000Z", 1_795_507_200,
    1_795_507_200_000, [], {}, [[]], {"value": 1, "time": 1}, "{{ value_json.x }}", "~/x", "${u}", "\u202e", "x" * 5_000,
)  # fmt: skip


def mutated(data: bytes, longest: int, seed: int) -> bytes:
    """Give another input of at most so many bytes; libFuzzer's own change where no message is JSON."""
    rng = random.Random(seed)
    pieces = data.split(SEPARATOR)
    at = rng.randrange(len(pieces))
    head, payload = _cut(pieces[at])
    if rng.random() < 0.5:
        try:
            tree = json.loads(payload)
        except (ValueError, RecursionError):
            tree = None
        if tree is not None:
            pieces[at] = head + json.dumps(_changed(tree, rng), ensure_ascii=rng.random() < 0.5).encode(
                "utf-8", "surrogatepass"
            )
            return SEPARATOR.join(pieces)[:longest]
    changed: bytes = atheris.Mutate(data, longest)
    return changed


def _cut(piece: bytes) -> tuple[bytes, bytes]:
    if piece[:1] == bytes([OWN_TOPIC]):
        topic, line, payload = piece.partition(b"\n")
        return topic + line, payload
    return piece[:1], piece[1:]


def _changed(tree: Any, rng: random.Random) -> Any:
    """Put something odd in the place of a random part, take the part away, or double it."""
    if tree and rng.random() < 0.8:
        if isinstance(tree, dict):
            return _changed_object(tree, rng)
        if isinstance(tree, list):
            return _changed_list(tree, rng)
    return rng.choice(ODD)


def _changed_object(tree: dict[str, Any], rng: random.Random) -> dict[str, Any]:
    key, how = rng.choice(sorted(tree)), rng.random()
    if how < 0.1:
        return {one: value for one, value in tree.items() if one != key}
    if how < 0.2:
        return {**tree, str(rng.choice(ODD)): tree[key]}
    return {**tree, key: _changed(tree[key], rng)}


def _changed_list(tree: list[Any], rng: random.Random) -> list[Any]:
    at, how = rng.randrange(len(tree)), rng.random()
    if how < 0.1:
        return tree[:at] + tree[at + 1 :]
    if how < 0.2:
        return [*tree, tree[at]]
    return [*tree[:at], _changed(tree[at], rng), *tree[at + 1 :]]
