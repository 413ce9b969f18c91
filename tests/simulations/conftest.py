"""The kernels compile on their first call: no test's time is judged by that."""

from hypothesis import settings

settings.register_profile("kernels", deadline=None)
settings.load_profile("kernels")
