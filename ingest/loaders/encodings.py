"""Which encoding a text is in: what the .cpg beside it says, else UTF-8, else GB18030 where it reads as Chinese."""

from __future__ import annotations

import codecs
from pathlib import Path

from ingest.loaders.refusal import RefusedFile

__all__ = ["GB18030", "UTF_8", "declared", "of_text"]

UTF_8, GB18030 = "utf-8-sig", "gb18030"
CPG = {"65001": "utf-8", "936": "gbk", "54936": "gb18030", "OEM 936": "gbk", "ANSI 936": "gbk"}
CHUNK = 2**20
# Almost every sequence of bytes from 0x81 on is some sign in GB18030; a text is taken for Chinese where nine in ten of
# its signs are of the 6,763 characters and signs of GB 2312, which every Chinese text is written in.
LEAST_SHARE = 0.9


def declared(path: Path) -> str | None:
    """Give the encoding that the .cpg beside a file declares, None where there is none; Refused where it is unknown."""
    found = next((path.with_suffix(each) for each in (".cpg", ".CPG") if path.with_suffix(each).is_file()), None)
    if found is None:
        return None
    name = found.read_bytes()[:40].decode("ascii", errors="replace").strip()
    try:
        return codecs.lookup(CPG.get(name.upper(), name)).name
    except LookupError:
        raise RefusedFile("text-encoding", path, why=f".cpg says {name!r}") from None


def of_text(path: Path) -> str:
    """Give the encoding to open a text with; RefusedFile where it is none, in bounded memory."""
    said = declared(path)
    if said is not None:
        wrong = _wrong(path, said)
        if wrong is not None:
            raise RefusedFile("text-encoding", path, why=f".cpg says {said}, byte {wrong} is not")
        return said
    wrong = _wrong(path, UTF_8)
    if wrong is None:
        return UTF_8
    if _wrong(path, GB18030) is None and _is_chinese(path):
        return GB18030
    raise RefusedFile("text-encoding", path, why=f"byte {wrong}")


def _wrong(path: Path, encoding: str) -> int | None:
    """Give the byte from which on a file is not of an encoding, None where all of it is."""
    decoder = codecs.getincrementaldecoder(encoding)()
    before = 0
    with path.open("rb") as file:
        while True:
            chunk = file.read(CHUNK)
            held = len(decoder.getstate()[0])
            try:
                decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                return before - held + error.start
            if not chunk:
                return None
            before += len(chunk)


def _is_chinese(path: Path) -> bool:
    common = signs = 0
    with path.open(encoding=GB18030, newline="") as file:
        while chunk := file.read(CHUNK):
            for sign in chunk:
                if not sign.isascii():
                    signs += 1
                    common += bool(sign.encode("gb2312", errors="ignore"))
    return common >= LEAST_SHARE * signs
