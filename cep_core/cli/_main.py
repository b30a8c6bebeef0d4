"""Finds the subcommands, runs one, and ends in words and with an exit code."""

from __future__ import annotations

import argparse
import importlib
import pkgutil
from collections.abc import Sequence
from pathlib import Path

from cep_core import __version__
from cep_core.check.verdicts import Verdict
from cep_core.command_line import answered

EXIT_CODES = {Verdict.PASS: 0, Verdict.FAIL: 1, Verdict.INCONCLUSIVE: 3, Verdict.NOT_RUN: 3}

_EPILOG = "exit codes: 0 pass, 1 fail, 2 bad input, 3 inconclusive or not run"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run ``cep`` with these arguments, those of the process unless given.

    Returns:
        The exit code; see :mod:`cep_core.cli`.

    """
    parsed = parser().parse_args(arguments)
    return answered(lambda: _exit_code(parsed), as_json=getattr(parsed, "json", False))


def _exit_code(parsed: argparse.Namespace) -> int:
    try:
        return EXIT_CODES[parsed.run(parsed)]
    except TypeError as error:  # a user's model may hold anything
        raise ValueError(str(error)) from error


def parser() -> argparse.ArgumentParser:
    """The parser of the command line, subcommands and all."""
    whole = argparse.ArgumentParser(
        prog="cep", description="Continual equilibrium propagation.", epilog=_EPILOG
    )
    whole.add_argument("--version", action="version", version=f"cep-core {__version__}")
    added = whole.add_subparsers(required=True, metavar="COMMAND")
    for found in pkgutil.iter_modules([str(Path(__file__).parent)]):
        if found.name.startswith("_"):
            continue
        module = importlib.import_module(f"cep_core.cli.{found.name}")
        text = (module.__doc__ or "").strip()
        command = added.add_parser(
            found.name.replace("_", "-"),
            help=text.splitlines()[0].rstrip("."),
            description=text,
            epilog=_EPILOG,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.add_arguments(command)
        command.set_defaults(run=module.run)
    return whole
