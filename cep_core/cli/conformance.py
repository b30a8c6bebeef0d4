"""Hold the definition against numbers that another implementation has left in files.

One line per array with the largest absolute difference, and a verdict per file. The format of the
files is that of tests/data/conformance/README.md in the project's repository.

    cep conformance curves.npz training.npz
    cep conformance training.npz --engine fast --tol 1e-6
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import Any, get_args

from cep_core.check.verdicts import Verdict
from cep_core.command_line import BAD_INPUT
from cep_core.conformance.compare import TOLERANCES, compare
from cep_core.conformance.files import ConformanceError, read
from cep_core.terminal import answer_json, say
from cep_core.training.engine import EngineName


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The files, what passes and what computes."""
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="conformance .npz file")
    parser.add_argument(
        "--tol",
        type=float,
        help="largest absolute difference that passes "
        f"(default {TOLERANCES['training']:g} for training, {TOLERANCES['curves']:g} for curves)",
    )
    parser.add_argument(
        "--engine",
        choices=get_args(EngineName),
        default="reference",
        help="what trains the training files: the definition (default) or the fast engine",
    )
    parser.add_argument("--json", action="store_true", help="the answer as JSON")


def run(arguments: argparse.Namespace) -> Verdict | int:
    """Compare every file; what is wrong with one is said and does not stop the others.

    Raises:
        ValueError: the tolerance is none.

    """
    if arguments.tol is not None and not arguments.tol >= 0:
        raise ValueError(f"--tol: expected a number of at least 0, found {arguments.tol}")
    found = []
    for path in arguments.files:
        found.append(_compared(path, arguments.engine, arguments.tol))
        if not arguments.json:
            say("\n".join(_lines(path, found[-1])))
    verdicts = {answer.get("verdict") for answer in found}
    verdict = Verdict.FAIL if "fail" in verdicts else Verdict.PASS
    unread = sum("error" in answer for answer in found)
    if arguments.json:
        answer = {"verdict": None if unread else verdict.value, "files": found}
        answer_json(answer)
    return BAD_INPUT if unread else verdict


def _compared(path: Path, engine: EngineName, tolerance: float | None) -> dict[str, Any]:
    try:
        file = read(path)
        comparisons = compare(file, engine)
    except ConformanceError as error:
        return {"file": str(path), "error": str(error)}
    except (ValueError, ArithmeticError, MemoryError) as error:
        told = " ".join(str(error).split())
        told = f"{path}: expected values that can be computed with, found: {told}"
        return {"file": str(path), "error": told}
    allowed = TOLERANCES[file.kind] if tolerance is None else tolerance
    largest = max(c.difference for c in comparisons)
    return {
        "file": str(path),
        "kind": file.kind,
        "verdict": "pass" if largest <= allowed else "fail",
        "largest_difference": _finite(largest),
        "tolerance": _finite(allowed),
        "arrays": [
            {
                "array": c.array,
                "compared": c.count,
                "difference": _finite(c.difference),
                "passes": c.difference <= allowed,
            }
            for c in comparisons
        ],
    }


def _finite(value: float) -> float | str:
    """JSON has no infinity."""
    return value if math.isfinite(value) else str(value)


def _lines(path: Path, answer: dict[str, Any]) -> list[str]:
    if "error" in answer:
        return [f"error: {answer['error']}"]
    lines = []
    for array in answer["arrays"]:
        mark = "" if array["passes"] else "  <-- exceeds the tolerance"
        difference = f"{float(array['difference']):9.2e}"
        difference = difference if array["compared"] else "none to compare"
        lines.append(f"  {array['array']:<20} {difference}{mark}")
    said = "pass" if answer["verdict"] == "pass" else "FAIL"
    largest, tolerance = float(answer["largest_difference"]), float(answer["tolerance"])
    lines.append(f"{path.name}: {said} (largest difference {largest:.2e}, tolerance {tolerance:g})")
    return lines
