"""The same documents for people: a title, links and a table, by one template."""

from __future__ import annotations

import json
from typing import Any

from viz import pages, texts

__all__ = ["page"]

MOST_TEXT = 200  # characters of a cell


def page(document: dict[str, Any], language: str, *, static: str) -> str:
    """Write a document as HTML: features and collections as a table, everything else as its JSON."""
    features = document.get("features")
    rows = [one["properties"] | {"id": one["id"]} for one in features] if features is not None else []
    heads = list(rows[0]) if rows else []
    whole = {name: value for name, value in document.items() if name not in ("links", "features", "collections")}
    return pages.render(
        "document.html.j2",
        language,
        static=static,
        html_lang=texts.HTML_LANGUAGES[language],
        title=str(document.get("title") or document.get("id") or "linli"),
        description=str(document.get("description", "")),
        links=[one for one in document.get("links", []) if not one.get("templated")],
        collections=document.get("collections", []),
        heads=["id", *(head for head in heads if head != "id")],
        rows=rows,
        whole=json.dumps(whole, ensure_ascii=False, indent=2),
        matched=document.get("numberMatched"),
        cell=_cell,
    )


def _cell(value: object) -> str:
    return "" if value is None else str(value)[:MOST_TEXT]
