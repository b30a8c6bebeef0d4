"""``python -m reproduce collect RUNS``: small copies of what long runs have recorded, to commit."""

from __future__ import annotations

import argparse
from pathlib import Path

from cep_core.command_line import results_folder
from cep_core.terminal import say
from reproduce.runs.results import COMMITTED, collect


def add_command(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the ``collect`` command to the command line."""
    parser = subparsers.add_parser(
        "collect",
        help="copy the results of long runs, to be committed",
        description="Copies the results of every run below RUNS, finished or not, to "
        "OUT/ROW/…seedSEED.json: errors, residuals and norms of every epoch, and which code on "
        "which machine trained it.",
    )
    parser.add_argument("runs", metavar="RUNS", type=Path, help="folder of run directories")
    parser.add_argument(
        "--out", type=results_folder, default=COMMITTED, help="folder of the copies"
    )
    parser.set_defaults(command=command)


def command(arguments: argparse.Namespace) -> int:
    """Copy; say how far each run has come."""
    found = collect(arguments.runs, arguments.out)
    for path, results in found:
        say(
            f"{path}: {results['epochs']} of {results['epochs_of_paper']} epochs on "
            f"{results['data']['name']}, test error {results['test_error'][-1]:.2f} %"
        )
    if not found:
        say(f"no results of runs below {arguments.runs}")
    return 0
