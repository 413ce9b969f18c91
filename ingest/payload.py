"""Read payloads strictly: JSON text and the numbers in it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from typing import TypeVar

import msgspec

from ingest.quarantine import Reason, Unreadable

T = TypeVar("T")
NAN = math.nan  # a reading's value that is not a number: the pipeline refuses it where its datastream is known
BOOLEAN_UNIT = "1"  # true and false state this unit, so that they never pass for centimetres
ANYTHING = msgspec.json.Decoder()
MISSING = object()  # what stands where a path leads nowhere
NAMED_NUMBER = re.compile(rb"[:,\[]\s*[-+]?(?:NaN|nan|Infinity|infinity|inf)\b")


def from_json(payload: bytes, decoder: msgspec.json.Decoder[T]) -> T:
    """Decode UTF-8 JSON into the decoder's type. Raises Unreadable with the reason the operator can act on.

    Refused: no text, UTF-16 and other encodings, a byte order mark, NaN and Infinity, numbers past the range of a
    double, more than one document, and nesting too deep. Of a key given twice the last counts (RFC 8259 leaves it open).
    """
    try:
        return decoder.decode(payload)
    except msgspec.ValidationError as error:
        if not _is_text(payload):
            raise Unreadable(*_why_not_json(payload, str(error))) from None
        if "out of range" in str(error):
            raise Unreadable(Reason.NOT_A_NUMBER, f"number out of range: {error}") from None
        raise Unreadable(Reason.WRONG_SHAPE, f"not the structure of this format: {error}") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Unreadable(*_why_not_json(payload, str(error))) from None
    except RecursionError:
        raise Unreadable(Reason.TOO_DEEP, "nested too deep") from None


def to_number(stated: object) -> float:
    """Give a JSON number or boolean as a float; NaN for everything else, and for an integer past the doubles."""
    if isinstance(stated, float):
        return stated
    if isinstance(stated, int):  # bool too
        try:
            return float(stated)
        except OverflowError:
            return NAN
    return NAN


def leaves(tree: dict[str, object], prefix: str = "") -> Iterator[tuple[str, object]]:
    """Walk the values of nested objects as (dotted path, value); arrays come as they are."""
    inner = [
        (prefix, iter(tree.items()))
    ]  # a list, not recursion: what the JSON decoder took must not be too deep here
    while inner:
        prefix, items = inner[-1]
        for name, value in items:
            if isinstance(value, dict):
                inner.append((f"{prefix}{name}.", iter(value.items())))
                break
            yield prefix + name, value
        else:
            inner.pop()


def follow(tree: object, path: Iterable[str | int]) -> object:
    """Give what stands in decoded JSON at the end of a path of names and indices, or MISSING."""
    for step in path:
        if isinstance(step, str):
            tree = tree.get(step, MISSING) if isinstance(tree, dict) else MISSING
        else:
            tree = tree[step] if isinstance(tree, list) and step < len(tree) else MISSING
        if tree is MISSING:
            return MISSING
    return tree


def _is_text(payload: bytes) -> bool:
    try:
        payload.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _why_not_json(payload: bytes, error: str) -> tuple[Reason, str]:
    """Find what is wrong with text that is not JSON."""
    if not payload.strip():
        return Reason.EMPTY, "empty message"
    try:
        payload.decode("utf-8")
    except UnicodeDecodeError as broken:
        return Reason.NOT_UTF8, f"not UTF-8 text (byte {broken.start})"
    if payload.startswith(b"\xef\xbb\xbf"):
        return Reason.NOT_JSON, "begins with a byte order mark"
    if NAMED_NUMBER.search(payload):
        return Reason.NOT_A_NUMBER, "NaN or Infinity is no number in JSON"
    return Reason.NOT_JSON, f"not JSON: {error}"
