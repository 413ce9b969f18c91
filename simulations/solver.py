"""Hand a linear model with whole variables to HiGHS, hear of its progress, and take back the answer with its bound.

The model is passed as arrays in one call: nothing is built variable by variable.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simulations.siting_problem import Floats, Progress, Report

if TYPE_CHECKING:
    import highspy
    from scipy.sparse import csr_array

__all__ = ["Model", "Solved", "minimise"]

Ints = NDArray[np.integer]
TOLD_EVERY_S = 0.1
GAP = 1e-9  # relative; HiGHS's own 1e-4 would call a choice optimal that is not


@dataclass(slots=True, eq=False)
class Model:
    """Minimise cost @ x, 0 ≤ x ≤ upper, whole where `whole`, all (variables,), under rows added one block at a time."""

    cost: Floats
    upper: Floats
    whole: NDArray[np.bool_]
    lower: Floats
    blocks: list[csr_array] = field(default_factory=list)
    least: list[Floats] = field(default_factory=list)
    most: list[Floats] = field(default_factory=list)

    def add(
        self, row: Ints, variable: Ints, factor: Floats | float, *, least: Floats | float, most: Floats | float
    ) -> None:
        """Add rows `least` ≤ sum of factor × variable ≤ `most`; row, variable and factor (entries,), rows from 0."""
        from scipy.sparse import coo_array, csr_array

        rows = int(row.max(initial=-1)) + 1
        if rows == 0:
            return
        values = np.broadcast_to(np.asarray(factor, np.float64), row.shape)
        self.blocks.append(csr_array(coo_array((values, (row, variable)), shape=(rows, len(self.cost)))))
        self.least.append(np.broadcast_to(np.asarray(least, np.float64), (rows,)))
        self.most.append(np.broadcast_to(np.asarray(most, np.float64), (rows,)))


@dataclass(frozen=True, slots=True, eq=False)
class Solved:
    """The best found, empty where there is none; `bound` is below every value, inf where no solution exists."""

    values: Floats
    value: float
    bound: float
    proven: bool


def minimise(
    model: Model, *, start: Floats | None = None, target: float | None = None, report: Report | None = None
) -> Solved:
    """Solve a model; `target`: stop at a solution this good. report is told of progress and says whether to go on.

    start: a solution to begin with, (variables,); a search that is stopped gives it where it has found no better.
    Raises RuntimeError where HiGHS refuses the model.
    """
    import highspy

    highs = _silent()
    highs.setOptionValue("mip_rel_gap", GAP)
    highs.setOptionValue("mip_abs_gap", 1e-6)
    if target is not None:
        highs.setOptionValue("objective_target", target)
    if highs.passModel(_as_highs(model)) == highspy.HighsStatus.kError:
        raise RuntimeError("HiGHS refuses the model")
    if start is not None:
        begun = highspy.HighsSolution()
        begun.col_value = start.tolist()
        highs.setSolution(begun)
    if report is not None:
        _listen(highs, report)
    highs.run()
    return _solved(highs, model)


def _silent() -> highspy.Highs:
    """Make a solver that prints nothing: the first in a process greets on standard output before it can be asked not to.

    The greeting goes to standard error, so that what a command prints stays one JSON document.
    """
    import highspy

    standard_output = os.dup(1)
    os.dup2(2, 1)
    try:
        highs = highspy.Highs()  # type: ignore[no-untyped-call]
    finally:
        os.dup2(standard_output, 1)
        os.close(standard_output)
    highs.silent()
    return highs


def _as_highs(model: Model) -> highspy.HighsLp:
    import highspy
    from scipy.sparse import csr_array, vstack

    given = highspy.HighsLp()
    given.num_col_ = len(model.cost)
    given.col_cost_, given.col_lower_, given.col_upper_ = model.cost, model.lower, model.upper
    kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
    given.integrality_ = [kinds[whole] for whole in model.whole.astype(int).tolist()]
    matrix = vstack(model.blocks, format="csr") if model.blocks else csr_array((0, len(model.cost)))
    given.num_row_ = matrix.shape[0]
    given.row_lower_, given.row_upper_ = (
        np.concatenate(each) if each else np.zeros(0) for each in (model.least, model.most)
    )
    given.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    given.a_matrix_.start_, given.a_matrix_.index_ = matrix.indptr, matrix.indices
    given.a_matrix_.value_ = matrix.data
    return given


def _listen(highs: highspy.Highs, report: Report) -> None:
    """Tell of progress now and then, also while a long linear model is solved before any bound is known."""
    told_at, last = -np.inf, Progress(np.inf, -np.inf, 0)

    def heard(event: highspy.highs.HighsCallbackEvent) -> None:
        nonlocal told_at, last
        if time.monotonic() - told_at < TOLD_EVERY_S:
            return
        out = event.data_out
        if event.callback_type == highspy.cb.HighsCallbackType.kCallbackMipInterrupt:
            last = Progress(out.mip_primal_bound, out.mip_dual_bound, int(out.mip_node_count))
        told_at = time.monotonic()
        if not report(last):
            told_at = -np.inf  # it is asked again until it has stopped
            event.interrupt()

    import highspy

    for each in (highs.cbMipInterrupt, highs.cbSimplexInterrupt, highs.cbIpmInterrupt):
        each.subscribe(heard)


def _solved(highs: highspy.Highs, model: Model) -> Solved:
    import highspy

    status = highs.getModelStatus()
    if status in {highspy.HighsModelStatus.kInfeasible, highspy.HighsModelStatus.kUnboundedOrInfeasible}:
        return Solved(np.zeros(0), np.inf, np.inf, proven=True)
    info = highs.getInfo()
    is_proven = status == highspy.HighsModelStatus.kOptimal
    if info.primal_solution_status != highspy.kSolutionStatusFeasible:
        return Solved(np.zeros(0), np.inf, info.mip_dual_bound, proven=False)
    values = np.array(highs.getSolution().col_value)
    values[model.whole] = np.rint(values[model.whole])
    value = float(model.cost @ values)
    bound = info.mip_dual_bound if model.whole.any() else info.objective_function_value
    bound = min(float(bound), value)
    # where times are microseconds beside hours HiGHS has called optimal what its own bound says is not
    return Solved(values, value, bound, is_proven and value - bound <= GAP * max(1.0, abs(value)))
