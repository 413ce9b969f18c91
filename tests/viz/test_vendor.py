"""What is vendored is what is on record, and nothing that is served asks for anything elsewhere."""

import hashlib
import json
import re
import tomllib

import pydeck

from viz import assets

VENDOR = assets.STATIC / "vendor"
ENTRIES = tomllib.loads((VENDOR / "VENDOR.toml").read_text(encoding="utf-8"))["file"]
OUTSIDE = re.compile(r"(?:https?:)?//[a-z0-9.-]+\.[a-z]{2,}", re.IGNORECASE)
WORDS = {
    "MIT": "Permission is hereby granted",
    "Apache-2.0": "Apache License\n                           Version 2.0",
    "BSD-3-Clause": "Redistribution and use in source and binary forms",
}
NAMESPACES = {"http://www.w3.org"}


def test_every_vendored_file_has_the_hash_on_record() -> None:
    found = {entry["name"]: hashlib.sha256((VENDOR / entry["name"]).read_bytes()).hexdigest() for entry in ENTRIES}

    assert found == {entry["name"]: entry["sha256"] for entry in ENTRIES}


def test_every_vendored_file_has_its_licence_beside_it() -> None:
    for entry in ENTRIES:
        text = (VENDOR / entry["licence_file"]).read_text()
        for licence in (entry["licence"], *(part["licence"] for part in entry.get("inside", []))):
            assert WORDS[licence] in text
    on_disk = {path.name for path in VENDOR.iterdir()}
    assert on_disk == {"VENDOR.toml", *(entry[key] for entry in ENTRIES for key in ("name", "licence_file"))}


def test_the_vendored_deck_is_of_the_line_that_pydeck_writes_specs_for() -> None:
    line = re.search(r"(\d+\.\d+)", pydeck.frontend_semver.DECKGL_SEMVER)

    assert line is not None
    decks = [entry for entry in ENTRIES if "deck.gl" in entry["package"]]
    assert {entry["version"].rsplit(".", 1)[0] for entry in decks} == {line.group(1)}


def test_no_file_of_ours_names_an_outside_address() -> None:
    ours = {name: asset for name, asset in assets.read().files.items() if not name.startswith("vendor/")}
    named = {name: set(OUTSIDE.findall(asset.content.decode())) - NAMESPACES for name, asset in ours.items()}

    assert {name: found for name, found in named.items() if found} == {}


def test_the_content_is_in_the_version() -> None:
    first = assets.read()

    assert first.version == assets.read().version
    assert re.fullmatch(r"[0-9a-f]{12}", first.version)
    assert json.dumps(sorted(first.files)) != "[]"
