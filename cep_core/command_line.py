"""How every command of the project starts and ends: in words and with an exit code.

Nothing is imported here but the standard library, so that an interrupt finds its answer while
PyTorch is still loading.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import NoReturn

BAD_INPUT = 2
INTERRUPTED = 130
NO_READER = 141
"""As of a program that SIGPIPE ends: nobody reads the output any more."""


def start(module: str) -> NoReturn:
    """Import ``module``, run its ``main()`` as :func:`answered`, and exit with what it returns.

    While modules load an interrupt ends the process at once: there is nothing yet to be closed, and
    imports take exceptions for failures. What was ignored when the process began stays ignored.
    """
    interrupts = [
        s for s in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(s) != signal.SIG_IGN
    ]
    for one in interrupts:
        signal.signal(one, _leave)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a name may hold any bytes
    main: Callable[[], int] = importlib.import_module(module).main
    for one in interrupts:
        signal.signal(one, signal.default_int_handler)
    code = answered(main)
    for one in interrupts:
        signal.signal(one, _leave)
    sys.exit(code)


def answered(run: Callable[[], int], *, as_json: bool = False) -> int:
    """Run a command and return its exit code; what ends it early is said in one line.

    The codes: 2 for bad input, a file that cannot be read or written or a package that is not
    installed, 130 when interrupted, 141 when nobody reads the output any more.

    Args:
        run: returns the exit code.
        as_json: whether bad input is said on standard output too, as ``{"error": …}``.

    """
    try:
        code = run()
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for the flush at the end
        _say("stopped: nobody reads the output any more")
        return NO_READER
    except (ValueError, OSError, ImportError) as error:
        return _refused(_told(error), as_json=as_json)
    except MemoryError:
        said = "memory: expected enough for these sizes, found too little"
        return _refused(said, as_json=as_json)
    except KeyboardInterrupt:
        _say("interrupted")
        return INTERRUPTED
    return code


def results_folder(text: str) -> Path:
    """Argument of a command that will write into a folder: refused now, not when all is computed.

    Raises:
        argparse.ArgumentTypeError: it is no folder and none can be made there.

    """
    path = Path(text)
    nearest = path
    while not os.path.lexists(nearest):
        nearest = nearest.parent
    if nearest.is_symlink() and not nearest.exists():
        found = f"a symbolic link to {nearest.readlink()}, which is not there"
    elif not nearest.is_dir():
        found = "a file"
    elif not os.access(nearest, os.W_OK | os.X_OK):
        found = "one that cannot be written"
    else:
        return path
    raise argparse.ArgumentTypeError(f"{nearest}: expected a folder, found {found}")


def results_file(text: str) -> Path:
    """Argument of a command that will write a file, refused as that of :func:`results_folder`.

    Raises:
        argparse.ArgumentTypeError: it is a folder, or none can be made for it.

    """
    path = Path(text)
    results_folder(str(path.parent))
    if path.is_dir():
        raise argparse.ArgumentTypeError(f"{path}: expected a file, found a folder")
    return path


def _leave(_signal: int, _frame: FrameType | None) -> None:
    os.write(2, b"interrupted\n")
    os._exit(INTERRUPTED)


def _refused(told: str, *, as_json: bool) -> int:
    _say(f"error: {told}")
    if as_json:
        sys.stdout.write(json.dumps({"error": told}) + "\n")
    return BAD_INPUT


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def _told(error: Exception) -> str:
    """One line that names the file, if there is one."""
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    return " ".join(str(error).split())
