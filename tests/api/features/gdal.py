"""Read a served collection by GDAL, in a process of its own: GDAL waits for answers without letting Python run."""

from __future__ import annotations

import json
import sys
from typing import Any

import pyogrio


def main() -> None:
    """Print what GDAL says of the layers (no layer named) or of one layer, as JSON."""
    url, layer, options = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
    if "bbox" in options:
        options["bbox"] = tuple(options["bbox"])
    if not layer:
        sys.stdout.write(json.dumps(pyogrio.list_layers(f"OAPIF:{url}")[:, 0].tolist()))
        return
    meta, _, shapes, values = pyogrio.raw.read(f"OAPIF:{url}", layer=layer, **options)
    fields: dict[str, Any] = {name: values[i].tolist()[:1000] for i, name in enumerate(meta["fields"].tolist())}
    sys.stdout.write(json.dumps({"crs": meta["crs"], "count": len(shapes), "fields": fields}, default=str))


if __name__ == "__main__":
    main()
