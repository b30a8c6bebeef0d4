"""Progress of long work: a bar on a terminal, a line a minute elsewhere."""

from __future__ import annotations

import json
import shlex
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tqdm import tqdm

from cep_core.command_line import INTERRUPTED

INTERVAL = 60.0
"""Seconds between two lines."""


@contextmanager
def progress(
    what: str, total: int, unit: str, *, quiet: bool = False
) -> Iterator[Callable[[int], None]]:
    """Yield a function to be called with the number of units that have been done since last time.

    Args:
        what: what is being done, e.g. ``"EP-1h: epoch 3/30"``.
        total: how many units there are.
        unit: their name, singular.
        quiet: show nothing.

    """
    if quiet:
        yield _ignore
        return
    if on_terminal():
        with tqdm(total=total, desc=what, unit=unit, leave=False) as bar:
            yield bar.update
        return
    done, said = 0, time.monotonic()

    def advance(units: int) -> None:
        nonlocal done, said
        done += units
        if time.monotonic() - said >= INTERVAL:
            said = time.monotonic()
            say(f"{what}: {done} of {total} {unit}s")

    yield advance


def _ignore(units: int) -> None:
    """Show nothing."""


def say(text: str) -> None:
    """Print a line of progress at once."""
    print(text, flush=True)  # noqa: T201 - the command line's own output


def answer_json(answer: Any) -> None:
    """Print a command's answer as JSON.

    Raises:
        ValueError: there is a NaN or an infinity in it, which JSON has not.

    """
    sys.stdout.write(json.dumps(answer, indent=2, allow_nan=False) + "\n")


def interrupted(folder: Path) -> int:
    """Say how to resume what is in ``folder``; return the exit code of an interrupted command."""
    called = Path(sys.argv[0])
    module = ("python", "-m", called.parent.name)
    program = module if called.name == "__main__.py" else (called.name,)
    again = shlex.join([*program, *sys.argv[1:]])
    say(f"interrupted; every finished epoch is in {folder}. Resume with: {again}")
    return INTERRUPTED


def on_terminal() -> bool:
    """Tell whether progress can be drawn over itself."""
    return sys.stderr.isatty()
