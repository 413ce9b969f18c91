"""The compiler of our kernels, loaded without the linear algebra that none of them uses.

numba looks for scipy's when it loads, to be able to compile `numpy.dot`: half of what loading it costs. It is told that
there is none, for as long as it looks; kernels of others that use it find it all the same when they are compiled.
"""

import sys
from importlib import import_module

from numba import njit

__all__ = ["njit"]

LINEAR_ALGEBRA = "scipy.linalg"

if LINEAR_ALGEBRA not in sys.modules:
    sys.modules[LINEAR_ALGEBRA] = None  # type: ignore[assignment]  # how Python is told that there is no such module
    try:
        import_module("numba.np.arraymath")
    finally:
        del sys.modules[LINEAR_ALGEBRA]
