"""What a question needs to start: no linear algebra, and nothing taken from who uses it beside us."""

import subprocess
import sys


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
    code = """
import numba, numpy as np
from simulations.paths import warm_up
warm_up()
print(numba.njit(lambda factors: np.linalg.solve(factors, factors))(np.diag([2.0, 4.0])).tolist())
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "[[1.0, 0.0], [0.0, 1.0]]\n"
