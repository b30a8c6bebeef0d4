"""The versioned report: one page for a person, two JSON files for a program, figures and tables."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from cep_core.check.verdicts import Verdict
from cep_core.command_line import results_folder
from cep_core.terminal import say
from reproduce.report.assemble import write_report
from reproduce.stages import STAGES


def add_report_options(parser: argparse.ArgumentParser) -> None:
    """Add where the report goes and what it is called."""
    parser.add_argument("--reports", type=results_folder, default=Path("reports"), metavar="DIR")
    parser.add_argument(
        "--label", help="name of the report; the version and commit unless given, never overwritten"
    )


def report(stages: Path, reports: Path, label: str | None) -> int:
    """Write a report and say what it says; 0: it is a pass, 1: it is not."""
    folder, word, notes = write_report(stages, reports, label)
    for note in notes:
        say(f"  {note}")
    say(f"report: {word}, {folder / 'report.html'}")
    return 0 if word == Verdict.PASS else 1


def add_command(commands: Any) -> None:
    """Add ``report`` to the command line's subparsers."""
    parser = commands.add_parser("report", help="write reports/<label>/ from the stages' results")
    parser.add_argument("--stages", type=Path, default=STAGES, metavar="DIR")
    add_report_options(parser)
    parser.set_defaults(command=_command)


def _command(arguments: argparse.Namespace) -> int:
    return report(arguments.stages, arguments.reports, arguments.label)
