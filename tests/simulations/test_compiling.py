"""What a question needs to start: no linear algebra, and nothing taken from who uses it beside us."""

import subprocess
import sys

import numpy as np
from numba import njit as their_njit
from numpy.typing import NDArray

from simulations import compiling


def test_questions_start_without_loading_scipy_and_the_tables() -> None:
    code = """
import sys
from simulations import questions
from simulations.paths import warm_up
warm_up()
print([name for name in ("scipy.linalg", "scipy.sparse", "scipy.spatial", "sqlalchemy.orm") if name in sys.modules])
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "[]\n"


def test_who_uses_linear_algebra_in_kernels_of_their_own_still_can() -> None:
    assert compiling.LINEAR_ALGEBRA not in sys.modules or sys.modules[compiling.LINEAR_ALGEBRA] is not None
    solve = their_njit(_solved)
    assert solve(np.diag([2.0, 4.0]), np.ones(2)).tolist() == [0.5, 0.25]


def _solved(factors: NDArray[np.float64], sums: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.linalg.solve(factors, sums)
