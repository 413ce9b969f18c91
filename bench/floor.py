"""The floor in C++: what a bucket queue costs without Python, compiled on the spot by g++."""

from __future__ import annotations

import ctypes
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

SOURCE = Path(__file__).with_name("floor.cpp")
SHIFT = 12  # buckets of 4 s: the quickest of 9 to 13 on both towns


def compiled() -> ctypes.CDLL:
    """Compile and load it; raises CalledProcessError or FileNotFoundError where g++ cannot."""
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder) / "floor.so"
        flags = ("-O3", "-march=native", "-std=c++17", "-shared", "-fPIC")
        subprocess.run(["g++", *flags, str(SOURCE), "-o", str(library)], check=True)
        return ctypes.CDLL(str(library))


def nearest(
    library: ctypes.CDLL, indptr: NDArray[np.int32], links: NDArray[np.int32], at: NDArray[np.int32]
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Give time [ms] and owner of every node, 2**31 - 1 and -1 where no facility is reached."""
    nodes = len(indptr) - 1
    time_ms, owner = np.empty(nodes, np.int32), np.empty(nodes, np.int32)
    arrays = [ctypes.c_void_p(each.ctypes.data) for each in (indptr, links, at, time_ms, owner)]
    longest = int(links[:, 1].max())
    library.nearest(nodes, *arrays[:2], len(at), arrays[2], longest, SHIFT, *arrays[3:])
    return time_ms, owner
