"""Finds the subcommands, runs one, and ends in words and with an exit code."""

from __future__ import annotations

import argparse
import importlib
import pkgutil
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, cast

from cep_core import __version__
from cep_core.check.verdicts import Verdict
from cep_core.command_line import answered

EXIT_CODES = {Verdict.PASS: 0, Verdict.FAIL: 1, Verdict.INCONCLUSIVE: 3, Verdict.NOT_RUN: 3}

_EPILOG = "exit codes: 0 pass, 1 fail, 2 bad input, 3 inconclusive or not run"


class Command(Protocol):
    """A subcommand: what a module of :mod:`cep_core.cli` holds."""

    __doc__: str | None
    __name__: str

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add the command's arguments."""

    def run(self, arguments: argparse.Namespace) -> Verdict | int:
        """Do what is asked and print the answer; return its verdict, or another exit code."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run ``cep`` with these arguments, those of the process unless given.

    Returns:
        The exit code; see :mod:`cep_core.cli`.

    """
    parsed = parser().parse_args(arguments)
    return answered(lambda: parsed.command(parsed), as_json=getattr(parsed, "json", False))


def parser() -> argparse.ArgumentParser:
    """The parser of the command line, subcommands and all."""
    whole = argparse.ArgumentParser(
        prog="cep", description="Continual equilibrium propagation.", epilog=_EPILOG
    )
    whole.add_argument("--version", action="version", version=f"cep-core {__version__}")
    subparsers = whole.add_subparsers(required=True, metavar="COMMAND")
    for found in pkgutil.iter_modules([str(Path(__file__).parent)]):
        if not found.name.startswith("_"):
            module = importlib.import_module(f"cep_core.cli.{found.name}")
            add_command(subparsers, found.name.replace("_", "-"), cast("Command", module))
    return whole


def add_command(
    subparsers: argparse._SubParsersAction[argparse.ArgumentParser], name: str, command: Command
) -> None:
    """Add a subcommand; ``command(arguments)`` of what is parsed returns its exit code."""
    text = (command.__doc__ or "").strip()
    parser = subparsers.add_parser(
        name,
        help=text.splitlines()[0].rstrip("."),
        description=text,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_arguments(parser)

    def exit_code(parsed: argparse.Namespace) -> int:
        try:
            answer = command.run(parsed)
        except TypeError as error:  # a user's model may hold anything
            raise ValueError(str(error)) from error
        return EXIT_CODES[answer] if isinstance(answer, Verdict) else answer

    parser.set_defaults(command=exit_code)
