"""Bring the texts of templates, modules and words into viz/texts/*.po; translations that are there stay."""

from __future__ import annotations

from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

VIZ = Path(__file__).parent.parent / "viz"
METHODS = [("texts/**.py", "python"), ("**.py", "python"), ("pages/**.j2", "jinja2"), ("static/js/**.js", "javascript")]
KEYWORDS: dict[str, tuple[int, ...] | None] = {"_": None, "N_": None, "t": None}


def extracted() -> Catalog:
    """Find every text in viz/ that is shown."""
    catalog = Catalog(project="linli", fuzzy=False)
    found = extract_from_dir(
        VIZ, METHODS, keywords=KEYWORDS, options_map={"static/js/**.js": {"template_string": "true"}}
    )
    for _file, _line, message, _comments, _context in sorted(found, key=lambda row: (row[0], row[1])):
        catalog.add(message)
    return catalog


def main() -> None:
    """Update each catalogue: new texts come in empty, those no longer shown go."""
    for path in sorted((VIZ / "texts").glob("*.po")):
        with path.open("rb") as file:
            catalog = read_po(file, locale=path.stem)
        catalog.update(extracted(), no_fuzzy_matching=True)
        catalog.obsolete.clear()
        for message in catalog:
            if path.stem == "en" and not message.string:
                message.string = message.id  # the key is the English text
        with path.open("wb") as file:
            write_po(file, catalog, no_location=True, omit_header=False, width=120, sort_output=True)
        empty = [str(message.id) for message in catalog if message.id and not message.string]
        print(
            f"{path.name}: {len(catalog)} texts, {len(empty)} not translated{''.join(f'{chr(10)}  {text}' for text in empty)}"
        )


if __name__ == "__main__":
    main()
