"""What a loader says, in Chinese: receipts and refusals are given to people in both languages."""

from __future__ import annotations

from pathlib import Path

from ingest.loaders.chinese import in_chinese
from ingest.loaders.refusal import RefusedFile, language
from twin.errors import NotFound, Refused

__all__ = ["of_refusal", "shown"]


def shown(text: str) -> str:
    """Give what a command says, line by line, in Chinese where the command line's locale is; else as it is."""
    if language() != "zh":
        return text
    lines = []
    for line in text.splitlines():
        words = line.strip()
        file, colon, _ = words.partition(": ")
        head = f"{file}{colon}" if colon and Path(file).suffix else ""
        chinese = in_chinese(words.removeprefix(head))
        lines.append(line.replace(words, head + chinese) if chinese else line)
    return "\n".join(lines)


def of_refusal(refusal: Refused | NotFound, path: Path) -> list[dict[str, str]]:
    """Give the lines of a refusal in both languages, without the file's folder."""
    if isinstance(refusal, RefusedFile):
        return [{"en": refusal.text("en"), "zh": refusal.text("zh")}]
    lines = [line.strip().removeprefix(f"{path}: ").replace(str(path), path.name) for line in str(refusal).splitlines()]
    return [{"en": line, "zh": in_chinese(line) or line} for line in lines]
