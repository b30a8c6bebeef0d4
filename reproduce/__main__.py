"""``python -m reproduce COMMAND``: everything that regenerates the paper's results."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence

from reproduce import conformance_command, derivation, regress, report
from reproduce.figures import command as figures_command
from reproduce.runs import collect_command
from reproduce.runs import command as run_command
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
    collect_command,
    conformance_command,
)
"""Modules that contribute a command each, by ``add_command(subparsers)``."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code: 2 for bad input, 130 when interrupted."""
    parser = argparse.ArgumentParser(prog="python -m reproduce", description=__doc__)
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND")
    for module in COMMANDS:
        module.add_command(subparsers)
    parsed = parser.parse_args(arguments)
    try:
        code: int = parsed.command(parsed)
    except (ValueError, OSError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        return 130
    return code


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main())
