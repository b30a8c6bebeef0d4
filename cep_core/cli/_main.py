"""Finds the subcommands, runs one, and ends in words and with an exit code."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import pkgutil
import sys
from collections.abc import Sequence
from pathlib import Path

from cep_core import __version__
from cep_core.check.verdicts import Verdict

EXIT_CODES = {Verdict.PASS: 0, Verdict.FAIL: 1, Verdict.INCONCLUSIVE: 3, Verdict.NOT_RUN: 3}
BAD_INPUT, INTERRUPTED, NO_READER = 2, 130, 141

_EPILOG = "exit codes: 0 pass, 1 fail, 2 bad input, 3 inconclusive or not run"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run ``cep`` with these arguments, those of the process unless given.

    Returns:
        The exit code; see :mod:`cep_core.cli`.

    """
    parsed = _parser().parse_args(arguments)
    try:
        code = EXIT_CODES[parsed.run(parsed)]
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for the flush at the end
        return NO_READER
    except (ValueError, TypeError, ImportError, OSError) as error:
        return _refused(error, as_json=getattr(parsed, "json", False))
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        return INTERRUPTED
    return code


def _refused(error: Exception, *, as_json: bool) -> int:
    told = " ".join(str(error).split())
    if isinstance(error, OSError) and error.filename is not None:
        told = f"{error.filename}: {error.strerror}"
    sys.stderr.write(f"error: {told}\n")
    if as_json:
        sys.stdout.write(json.dumps({"error": told}) + "\n")
    return BAD_INPUT


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="cep", description="Continual equilibrium propagation.", epilog=_EPILOG
    )
    parser.add_argument("--version", action="version", version=f"cep-core {__version__}")
    added = parser.add_subparsers(required=True, metavar="COMMAND")
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
    return parser
