"""Make viz/static/vendor/ again from the npm registry, and check each file against VENDOR.toml.

`python scripts/vendor.py` needs npm and is run by hand when a version changes; nothing else in linli needs npm.
Exits 1 and writes nothing when a file's hash is not the one on record; `--record` prints the new hashes instead.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from collections.abc import Sequence
from pathlib import Path

VENDOR = Path(__file__).parent.parent / "viz" / "static" / "vendor"


def unpack(package: str, version: str, folder: Path) -> Path:
    """Have npm fetch one package (it checks the registry's own integrity hash) and give its tar file."""
    command = ["npm", "pack", "--silent", "--ignore-scripts", "--pack-destination", str(folder), f"{package}@{version}"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return folder / done.stdout.strip().splitlines()[-1]


def member(tar: tarfile.TarFile, path: str) -> bytes:
    """Read one file of a package; npm puts all of them under `package/`."""
    found = tar.extractfile(f"package/{path}")
    if found is None:
        raise SystemExit(f"{path} is not a file in the package")
    return found.read()


def members(package: str, version: str, paths: Sequence[str]) -> list[bytes]:
    """Fetch one package and read some of its files."""
    with tempfile.TemporaryDirectory() as folder, tarfile.open(unpack(package, version, Path(folder))) as tar:
        return [member(tar, path) for path in paths]


def main() -> None:
    """Fetch every file that VENDOR.toml names, and in one file the licences of all that is in it."""
    record = "--record" in sys.argv[1:]
    entries = tomllib.loads((VENDOR / "VENDOR.toml").read_text(encoding="utf-8"))["file"]
    contents: dict[str, bytes] = {}
    for entry in entries:
        paths = [entry["npm_path"], *entry["npm_licence_paths"]]
        contents[entry["name"]], *licences = members(entry["package"], entry["version"], paths)
        for part in entry.get("inside", []):
            licences += members(part["package"], part["version"], part["npm_licence_paths"])
        contents[entry["licence_file"]] = b"\n\n".join(licences)
        found = hashlib.sha256(contents[entry["name"]]).hexdigest()
        if record:
            print(entry["name"], found)
        elif found != entry["sha256"]:
            raise SystemExit(f"{entry['name']}: sha256 {found}, on record {entry['sha256']}: nothing written")
    for name, content in contents.items():
        (VENDOR / name).write_bytes(content)


if __name__ == "__main__":
    main()
