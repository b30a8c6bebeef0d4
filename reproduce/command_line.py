"""The command line of everything that regenerates the paper's results."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from reproduce import conformance_command, derivation, regress, report
from reproduce.figures import command as figures_command
from reproduce.runs import collect_command
from reproduce.runs import command as run_command
from reproduce.sweep import command as sweep_command
from reproduce.table import command as table_command
from reproduce.verification import command as verify

COMMANDS = (
    verify,
    derivation,
    figures_command,
    table_command,
    regress,
    report,
    run_command,
    sweep_command,
    collect_command,
    conformance_command,
)
"""Modules that contribute a command each, by ``add_command(subparsers)``."""

NO_READER = 141
"""Exit code when nobody reads the output any more, as of a program that SIGPIPE ends."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns:
        Its exit code: 2 for bad input or a file that cannot be written, 130 when interrupted, 141
        when nobody reads the output any more.

    """
    parser = argparse.ArgumentParser(
        prog="python -m reproduce",
        description="Everything that regenerates the paper's results.",
    )
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND")
    for module in COMMANDS:
        module.add_command(subparsers)
    parsed = parser.parse_args(arguments)
    try:
        code: int = parsed.command(parsed)
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for the flush at the end
        sys.stderr.write("stopped: nobody reads the output any more\n")
        return NO_READER
    except (ValueError, OSError) as error:
        sys.stderr.write(f"error: {_told(error)}\n")
        return 2
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        return 130
    return code


def _told(error: Exception) -> str:
    """One line that names the file, if there is one."""
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    return str(error)
