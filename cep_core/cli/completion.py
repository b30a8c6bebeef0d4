"""Print what makes a shell complete the command line with TAB.

    cep completion bash > ~/.local/share/bash-completion/completions/cep
    cep completion zsh  > ~/.zfunc/_cep               with ~/.zfunc in $fpath

The script is static, so that a TAB need not wait for PyTorch to be imported; print it again when a
new version has other options. Needs shtab (the extra "completion").
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from cep_core.check.verdicts import Verdict
from cep_core.cli import _main
from cep_core.command_line import results_file
from cep_core.libraries import library
from cep_core.runs.row import row_names

SHELLS = ("bash", "zsh", "tcsh")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The shell."""
    parser.add_argument("shell", choices=SHELLS)


def run(arguments: argparse.Namespace) -> Verdict:
    """Print the script.

    Raises:
        ImportError: shtab is not installed.

    """
    shtab = library("shtab", "completion")
    parser = _main.parser()
    for action in _actions(parser):
        if action.type in {Path, results_file}:
            action.complete = shtab.FILE  # type: ignore[attr-defined]
        elif action.dest in {"row", "model"}:
            action.choices = row_names()
    sys.stdout.write(shtab.complete(parser, arguments.shell) + "\n")
    return Verdict.PASS


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    for action in parser._actions:  # noqa: SLF001 - argparse has no other way to them
        yield action
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001 - likewise
            for below in action.choices.values():
                yield from _actions(below)
