"""The command line of everything that regenerates the paper's results."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from cep_core.command_line import answered
from reproduce import all_stages, derivation, of_cep, regress, report
from reproduce.compare import command as compare_command
from reproduce.device import command as device_command
from reproduce.figures import command as figures_command
from reproduce.homeostasis import command as homeostasis_command
from reproduce.report import release
from reproduce.runs import collect_command
from reproduce.sweep import command as sweep_command
from reproduce.table import command as table_command
from reproduce.trainings import along_command
from reproduce.trainings import command as trainings_command
from reproduce.verification import command as verify

COMMANDS = (
    all_stages,
    verify,
    derivation,
    figures_command,
    table_command,
    regress,
    report,
    release,
    compare_command,
    sweep_command,
    collect_command,
    along_command,
    trainings_command,
    homeostasis_command,
    device_command,
    of_cep,
)
"""Modules that contribute commands, by ``add_command(subparsers)``."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns:
        Its exit code, as :func:`cep_core.command_line.answered`.

    """
    parser = argparse.ArgumentParser(
        prog="python -m reproduce",
        description="Everything that regenerates the paper's results.",
    )
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND")
    for module in COMMANDS:
        module.add_command(subparsers)
    parsed = parser.parse_args(arguments)
    return answered(lambda: parsed.command(parsed))
