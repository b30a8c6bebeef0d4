"""``python -m reproduce COMMAND``: everything that regenerates the paper's results."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType

__all__ = ["main"]


def _leave(_signal: int, _frame: FrameType | None) -> None:
    """End at once: there is nothing yet to be closed, and imports take exceptions for failures."""
    os.write(2, b"interrupted\n")
    os._exit(130)


if __name__ == "__main__":  # before a second or two of imports
    _answered = [
        s for s in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(s) != signal.SIG_IGN
    ]
    for _one in _answered:
        signal.signal(_one, _leave)

from reproduce.command_line import main  # noqa: E402 - see above

if __name__ == "__main__":
    for _one in _answered:
        signal.signal(_one, signal.default_int_handler)
    sys.exit(main())
