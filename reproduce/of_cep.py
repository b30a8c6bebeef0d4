"""The commands of ``cep`` that go with the checkout: ``run ROW`` trains as ``cep train`` does."""

from __future__ import annotations

import argparse

from cep_core.cli import add_command as add
from cep_core.cli import conformance, train

NAMES = {"run": train, "conformance": conformance}


def add_command(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add them under the names that they have here."""
    for name, command in NAMES.items():
        add(subparsers, name, command)
