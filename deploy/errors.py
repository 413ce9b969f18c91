"""Name what can go wrong at the edge, with the command that mends it."""


class Unavailable(Exception):
    """Raise where a service or tool is missing; the message is one line for the operator."""

    def __init__(self, what: str, *, mend: str = "") -> None:
        super().__init__(f"{what}: {mend}" if mend else what)
        self.what = what
        self.mend = mend
