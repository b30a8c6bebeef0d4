"""Hold a model and a rule of your own against the theorem.

FACTORY is a function without arguments, package.module:function or path/to/file.py:function. It
returns what gducheck takes, by name: at least network, x and y, and usually parameters and start.

    def hopfield():
        return {"network": PrimitiveNetwork(phi), "x": x, "y": y, "parameters": {"W": W}, ...}

    cep gducheck my_package.models:hopfield
    cep gducheck models.py:hopfield --rule EP --steps 6 --json
    cep gducheck models.py:hopfield --csv errors.csv --plot errors.svg
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from cep_core.check.gducheck import gducheck
from cep_core.check.model import arguments_of, factory_named
from cep_core.check.verdicts import Verdict
from cep_core.files import write_text
from cep_core.terminal import answer_json

_OPTIONS = ("rule", "steps", "betas", "kappa", "estimator", "free_steps", "tolerance")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Those of gducheck that are numbers or words; they replace those of the factory."""
    parser.add_argument("factory", metavar="FACTORY")
    parser.add_argument("--rule", metavar="NAME", help="EP, C-EP or C-VF")
    parser.add_argument("--steps", type=int, metavar="K", help="steps of the nudged phase")
    parser.add_argument(
        "--betas", type=_numbers, metavar="B,B,…", help="nudging strengths, decreasing in size"
    )
    parser.add_argument("--kappa", type=float, metavar="KAPPA", help="ratio eta / beta'")
    parser.add_argument("--estimator", choices=["one-sided", "centred"])
    parser.add_argument("--free-steps", type=int, metavar="T", help="most steps of the free phase")
    parser.add_argument("--tolerance", type=float, metavar="CHANGE", help="at which it has settled")
    parser.add_argument("--json", action="store_true", help="the answer as JSON")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write the errors as a table")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw the errors into a file")


def _numbers(text: str) -> tuple[float, ...]:
    return tuple(float(part) for part in text.split(","))


def run(arguments: argparse.Namespace) -> Verdict:
    """Check, print, and write what was asked for.

    Raises:
        ValueError: the factory, or what it returns, cannot be used.

    """
    given: dict[str, Any] = arguments_of(factory_named(arguments.factory), arguments.factory)
    for name in _OPTIONS:
        if getattr(arguments, name) is not None:
            given[name] = getattr(arguments, name)
    result = gducheck(**given)
    if arguments.json:
        answer_json(result.as_json())
    else:
        sys.stdout.write(f"{result}\n")
    if arguments.csv is not None:
        write_text(arguments.csv, result.to_frame().to_csv(index=False))
    if arguments.plot is not None:
        result.plot().savefig(arguments.plot, dpi=150)
    return result.verdict
