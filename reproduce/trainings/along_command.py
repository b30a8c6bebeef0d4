"""``python -m reproduce along RUN...``: the theorem's hypotheses along the trainings of runs."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import torch

from cep_core.command_line import results_folder
from cep_core.fields import text, whole
from cep_core.files import write_text
from cep_core.runs.directory import RunDirectory, essence, hash_of, read_run
from cep_core.runs.files import RunError, read_json, read_results
from cep_core.runs.provenance import provenance_of_code
from cep_core.runs.row import row_of_identity
from cep_core.terminal import progress, say
from reproduce.runs.results import compact, name_of
from reproduce.trainings.along import Measured, checkpoints_of, measured_at

ALONG = Path("reports") / "along"
"""Where the measures along trainings are committed, relative to the checkout."""


def add_command(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the ``along`` command to the command line."""
    parser = subparsers.add_parser(
        "along",
        help="measure the theorem's hypotheses along trainings",
        description="Measures at every kept checkpoint of every run below RUNS: the residual of "
        "the free phase, the largest stable learning rate against the one used, the angle to "
        "BPTT's gradient, RelMSE. Epochs that are measured already are not measured again.",
    )
    parser.add_argument("runs", metavar="RUNS", type=Path, help="folder of run directories")
    parser.add_argument("--out", type=results_folder, default=ALONG, help="folder of the measures")
    parser.set_defaults(command=command)


def command(arguments: argparse.Namespace) -> int:
    """Measure; say what was found at every checkpoint."""
    torch.set_num_threads(1)
    folders = sorted(path.parent for path in arguments.runs.rglob("run.json"))
    if not folders:
        say(f"no runs below {arguments.runs}")
    for folder in folders:
        _measure(folder, arguments.out)
    return 0


def _measure(folder: Path, out: Path) -> None:
    place, results = read_run(folder), read_results(folder / "results.json")
    row = row_of_identity(results["row"], place.identity["spec"])
    path = out / name_of(row.name, results["seed"], place.identity)
    known = read_along(path, run=hash_of(essence(place.identity))) if path.exists() else {}
    left = [epoch for epoch in checkpoints_of(place) if epoch not in known]
    with progress(f"{row.name} seed {results['seed']}", len(left), "checkpoint") as advance:
        for epoch in left:
            found = measured_at(row, place, epoch)
            known[epoch] = found.as_json()
            write_text(path, compact(_contents(row.name, results["seed"], place, known)))
            advance(1)
            say(f"  {row.name} seed {results['seed']}, epoch {epoch}: {_told(found)}")


def _contents(
    row: str, seed: int, place: RunDirectory, known: dict[int, dict[str, Any]]
) -> dict[str, Any]:
    return {
        "row": row,
        "seed": seed,
        "run": hash_of(essence(place.identity)),
        "code": provenance_of_code(),
        "measured": [known[epoch] for epoch in sorted(known)],
    }


def read_along(path: Path, *, run: str | None = None) -> dict[int, dict[str, Any]]:
    """What is measured of a run, by epoch.

    Args:
        path: of the measures.
        run: hash of the run's essence; they must be of this one.

    Raises:
        RunError: the file is not that; the text names it and the field.

    """
    found = read_json(path)
    theirs = found.get("run", text())
    if run is not None and theirs != run:
        raise RunError(f"{path}: run: expected {run}, found {theirs}: measures of another run")
    return {entry.get("epoch", whole()): entry.values for entry in found.tables("measured")}


def _told(found: Measured) -> str:
    def margin(value: float | None) -> str:
        return "none" if value is None else f"{value:.2f}"

    return (
        f"residual {found.residual:.1e}, {100 * found.moving:.2f} % move and "
        f"{100 * found.cycling:.2f} % go round in two, margin {margin(found.positive.margin)} and "
        f"{margin(found.negative.margin)}, angle {found.positive.angle_whole:.1f}° and "
        f"{found.negative.angle_whole:.1f}°" + (f" ({found.why})" if found.why else "")
    )
