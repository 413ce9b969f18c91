"""Cut a network into districts that are computed apart and joined to the same bits as if computed whole.

A way within the limit never leaves the nodes within the limit of where it begins. So a district takes with it a rim of
all nodes that any group could reach within the limit from one of its own: then every label of its own nodes up to the
limit, and who wins where two facilities are equally near, is what the whole network gives. Beyond the limit nothing is
said. Districts are runs of nodes in Hilbert order; each is one Parquet file on storage that all workers see.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import parquet

from simulations.graph import CLOSED, Graph, build, links
from simulations.paths import UNREACHED, Seeds, nearest, seeds

__all__ = ["Labels", "Whole", "cut", "joined", "solve", "solve_whole"]

Ints = NDArray[np.int32]
Longs = NDArray[np.int64]
Labels = dict[str, Longs]  # by question, (nodes,)


@dataclass(frozen=True, slots=True, eq=False)
class Whole:
    """A network and what is asked of it; nodes in Hilbert order.

    times: by the name of a group in a state of the network, (2 * edges,) ms or CLOSED. sources: by question, the name of
    the times that it is walked with, and its facilities.
    """

    nodes: int
    tail: Ints
    head: Ints
    times: Mapping[str, Ints]
    sources: Mapping[str, tuple[str, Seeds]]


def solve_whole(whole: Whole, *, limit_ms: int) -> Labels:
    """Compute all questions in one piece: label time << 32 | facility up to the limit, UNREACHED beyond."""
    graph = build(whole.nodes, whole.tail, whole.head)
    laid = {name: links(graph, times) for name, times in whole.times.items()}
    return {
        question: _up_to(nearest(graph, laid[walked], at).label, limit_ms)
        for question, (walked, at) in whole.sources.items()
    }


def cut(whole: Whole, folder: Path, *, districts: int, limit_ms: int) -> list[Path]:
    """Write each district with its rim, and give the files; raises ValueError where there are no districts to be made."""
    if districts < 1:
        raise ValueError(f"{districts} districts; 1 or more are needed")
    folder.mkdir(parents=True, exist_ok=True)
    graph = build(whole.nodes, whole.tail, whole.head)
    laid = links(graph, _quickest(whole))
    files = []
    for number, own in enumerate(np.array_split(np.arange(whole.nodes, dtype=np.int32), districts)):
        if len(own):
            file = folder / f"district-{number:05}.parquet"
            _write(file, _district(whole, own, _within(graph, laid, own, limit_ms), limit_ms))
            files.append(file)
    return files


def solve(file: Path) -> Path:
    """Compute one district from its file alone, and write the labels of its own nodes beside it; gives that file."""
    part = _read(file)
    graph = build(len(part["nodes"]), part["tail"], part["head"])
    laid = {name: links(graph, part[f"times/{name}"]) for name in _names(part, "times/")}
    answer = {"own": part["nodes"][part["own"]]}
    for question in _names(part, "walked/"):
        walked = bytes(part[f"walked/{question}"]).decode()
        at = seeds(*(part[f"{column}/{question}"] for column in ("seed_node", "seed_ms", "seed_facility")))
        label = nearest(graph, laid[walked], at).label[part["own"]]
        answer[f"label/{question}"] = _up_to(label, int(part["limit_ms"][0]))
    out = file.with_suffix(".labels.parquet")
    _write(out, answer)
    return out


def joined(whole: Whole, files: Iterable[Path]) -> Labels:
    """Put the districts' labels together; raises ValueError where a node is in none or in two."""
    found = {question: np.full(whole.nodes, UNREACHED, np.int64) for question in whole.sources}
    seen = np.zeros(whole.nodes, np.int32)
    for file in files:
        part = _read(file)
        seen[part["own"]] += 1
        for question, label in found.items():
            label[part["own"]] = part[f"label/{question}"]
    if not np.all(seen == 1):
        raise ValueError(f"{int((seen != 1).sum())} nodes are not in one district each")
    return found


def _quickest(whole: Whole) -> Ints:
    """Give the least time that any group takes for each edge, either way, laid out as arc times."""
    least = np.full(len(whole.tail), np.iinfo(np.int32).max, np.int32)
    for times in whole.times.values():
        both = np.where(times == CLOSED, np.iinfo(np.int32).max, times).reshape(-1, 2)
        least = np.minimum(least, both.min(axis=1, initial=np.iinfo(np.int32).max)).astype(np.int32)
    return np.repeat(np.where(least == np.iinfo(np.int32).max, CLOSED, least), 2).astype(np.int32)


def _within(graph: Graph, laid: Ints, own: Ints, limit_ms: int) -> Ints:
    """Give the nodes within the limit of a district's own, these among them, ascending."""
    nothing = np.zeros(len(own), np.int32)
    found = nearest(graph, laid, seeds(own, nothing, nothing))
    return np.flatnonzero((found.label < UNREACHED) & (found.label >> 32 <= limit_ms)).astype(np.int32)


def _district(whole: Whole, own: Ints, nodes: Ints, limit_ms: int) -> dict[str, NDArray[Any]]:
    """Gather a district as named columns, its nodes numbered anew."""
    number = np.full(whole.nodes, -1, np.int32)
    number[nodes] = np.arange(len(nodes), dtype=np.int32)
    inside = np.flatnonzero((number[whole.tail] >= 0) & (number[whole.head] >= 0))
    part: dict[str, NDArray[Any]] = {
        "nodes": nodes,
        "own": number[own],
        "tail": number[whole.tail[inside]],
        "head": number[whole.head[inside]],
        "limit_ms": np.array([limit_ms], np.int64),
    }
    for name, times in whole.times.items():
        part[f"times/{name}"] = times.reshape(-1, 2)[inside].ravel()
    for question, (walked, at) in whole.sources.items():
        here = number[at.nodes] >= 0
        part[f"walked/{question}"] = np.frombuffer(walked.encode(), np.uint8)
        part[f"seed_node/{question}"] = number[at.nodes[here]]
        part[f"seed_ms/{question}"] = (at.labels[here] >> 32).astype(np.int32)
        part[f"seed_facility/{question}"] = (at.labels[here] & 0xFFFFFFFF).astype(np.int32)
    return part


def _up_to(label: Longs, limit_ms: int) -> Longs:
    return np.where((label < UNREACHED) & (label >> 32 <= limit_ms), label, UNREACHED)


def _names(part: Mapping[str, NDArray[Any]], prefix: str) -> list[str]:
    return [name.removeprefix(prefix) for name in part if name.startswith(prefix)]


def _write(file: Path, columns: Mapping[str, NDArray[Any]]) -> None:
    """Write columns of different lengths as lists of one row; whole or not at all, whoever else writes the same."""
    kinds = {name: pa.list_(pa.from_numpy_dtype(column.dtype)) for name, column in columns.items()}
    table = pa.table({name: pa.array([column], type=kinds[name]) for name, column in columns.items()})
    unfinished = file.with_name(f"{file.name}.{os.getpid()}")
    parquet.write_table(table, unfinished, use_dictionary=False, compression="lz4", write_statistics=False)
    unfinished.replace(file)


def _read(file: Path) -> dict[str, NDArray[Any]]:
    table = parquet.read_table(file)
    return {name: table.column(name).chunk(0).values.to_numpy(zero_copy_only=False) for name in table.column_names}
