"""``python -m reproduce conformance FILE…``: hold the definition against conformance files."""

from __future__ import annotations

import argparse
from pathlib import Path

from cep_core.conformance.compare import TOLERANCES, compare
from cep_core.conformance.files import ConformanceError, read
from cep_core.training.engine import EngineName
from reproduce.terminal import say


def add_command(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the ``conformance`` command to the command line."""
    parser = subparsers.add_parser(
        "conformance",
        help="hold the definition against files of numbers from the authors' code",
        description="Prints one line per array with the largest absolute difference and a verdict "
        "per file. Exit code 0: all pass; 1: a difference exceeds the tolerance; 2: a file is "
        "malformed.",
    )
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="conformance .npz file")
    parser.add_argument(
        "--tol",
        type=float,
        help="largest absolute difference that passes "
        f"(default {TOLERANCES['training']:g} for training, {TOLERANCES['curves']:g} for curves)",
    )
    parser.add_argument(
        "--engine",
        choices=("reference", "fast"),
        default="reference",
        help="what trains the training files: the definition (default) or the fast engine",
    )
    parser.set_defaults(command=command)


def command(arguments: argparse.Namespace) -> int:
    """Run the comparison; return the exit code."""
    if arguments.tol is not None and not arguments.tol >= 0:
        say(f"error: --tol: expected a number of at least 0, found {arguments.tol}")
        return 2
    return max(_compare_file(path, arguments.engine, arguments.tol) for path in arguments.files)


def _compare_file(path: Path, engine: EngineName, tolerance: float | None) -> int:
    """Compare one file; what is wrong with it is said and does not stop the others."""
    try:
        file = read(path)
        comparisons = compare(file, engine)
    except ConformanceError as error:
        say(f"error: {error}")
        return 2
    except (ValueError, ArithmeticError, MemoryError) as error:
        text = " ".join(str(error).split())
        say(f"error: {path}: expected values that can be computed with, found: {text}")
        return 2
    if tolerance is None:
        tolerance = TOLERANCES[file.kind]
    for comparison in comparisons:
        mark = "" if comparison.difference <= tolerance else "  <-- exceeds the tolerance"
        difference = f"{comparison.difference:9.2e}" if comparison.count else "none to compare"
        say(f"  {comparison.array:<20} {difference}{mark}")
    largest = max(c.difference for c in comparisons)
    passed = largest <= tolerance
    say(
        f"{path.name}: {'pass' if passed else 'FAIL'} "
        f"(largest difference {largest:.2e}, tolerance {tolerance:g})"
    )
    return 0 if passed else 1
