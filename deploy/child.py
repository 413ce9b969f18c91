"""Become another program that ends when its parent does.

Run as `python -m deploy.child PARENT_PID PROGRAM ARGUMENT...`. The kernel sends SIGTERM to
the program when the supervisor dies, whatever killed it.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # <linux/prctl.h>


def main() -> None:
    """Ask for the signal, see that the parent still lives, and become the program."""
    parent, *argv = sys.argv[1:]
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM):
        raise OSError(ctypes.get_errno(), "prctl")
    if os.getppid() != int(parent):
        sys.exit("the supervisor is gone")
    os.execvp(argv[0], argv)


if __name__ == "__main__":
    main()
