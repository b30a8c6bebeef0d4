"""``python -m reproduce device``: what an inexact correction costs, per step and in training."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import torch

from cep_core.command_line import results_file
from cep_core.data.mnist import load
from cep_core.fields import text
from cep_core.files import write_text
from cep_core.runs.files import RunError, read_json
from cep_core.runs.provenance import processor, provenance_of_code
from cep_core.runs.row import row_named
from cep_core.terminal import progress, say
from reproduce.device.measure import gdu_errors, summary, trained, variants
from reproduce.runs.results import compact

COMMITTED = Path("reports") / "device.json"
"""Where the measures are committed, relative to the checkout."""

ROW = "corrected-C-VF-1h"
LAST = 3
"""Epochs over which the training error's end is averaged: some of these trainings are unsteady."""


def add_command(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the ``device`` command to the command line."""
    parser = subparsers.add_parser(
        "device",
        help="measure what an inexact correction costs",
        description="Holds the updates of corrected C-VF with an inexact correction against BPTT "
        "at 784-512-10, and trains a smaller network with each on the embedded digits. What is "
        "measured already is not measured again.",
    )
    parser.add_argument("--out", type=results_file, default=COMMITTED, help="file of the measures")
    parser.add_argument("--angle", type=float, default=90.0, help="initial angle, degrees")
    parser.add_argument("--hidden", type=int, default=128, help="hidden units of the trainings")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--seeds", type=int, default=1, help="trainings of each kind")
    parser.set_defaults(command=command)


def command(arguments: argparse.Namespace) -> int:
    """Measure, write, say what was found."""
    torch.set_num_threads(1)
    for field in ("hidden", "epochs", "seeds"):
        if getattr(arguments, field) < 1:
            found = getattr(arguments, field)
            raise RunError(f"{field}: expected a positive integer, found {found}")
    row = row_named(ROW).changed(angle=arguments.angle)
    small = row.changed(sizes=(row.sizes[0], arguments.hidden, row.sizes[-1]))
    data = load("mnist5k")
    settings = {
        "angle": arguments.angle,
        "row": ROW,
        "layers": row.layers,
        "trained_layers": small.layers,
        "data": data.name,
        "epochs": arguments.epochs,
        "seeds": list(range(arguments.seeds)),
        "last": min(LAST, arguments.epochs),
    }
    known = _known(arguments.out, settings)
    ways = [v for v in variants() if v.name not in known]
    errors = {str(found["variant"]): found for found in gdu_errors(row, data, 0)} if ways else {}
    samples = len(data.train_labels) * arguments.epochs * arguments.seeds
    for variant in ways:
        with progress(variant.name, samples, "digit") as advance:
            trainings = [
                trained(small, data, variant, seed, epochs=arguments.epochs, progress=advance)
                for seed in settings["seeds"]
            ]
        known[variant.name] = errors[variant.name] | {
            "test_error": trainings,
            "end": summary(trainings, settings["last"]),
            "processor": processor(),
            "code": provenance_of_code(),
        }
        listed = [known[v.name] for v in variants() if v.name in known]
        write_text(arguments.out, compact(settings | {"variants": listed}))
    for found in known.values():
        say(_told(found))
    return 0


def _known(path: Path, settings: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """What is measured already with these settings, by variant."""
    if not path.exists():
        return {}
    found = read_json(path)
    for field, value in settings.items():
        if found.values.get(field) != value:
            raise RunError(
                f"{path}: {field}: expected {value}, found {found.values.get(field)}: measures of "
                "other settings; give another file by --out"
            )
    return {entry.get("variant", text()): entry.values for entry in found.tables("variants")}


def _told(found: dict[str, Any]) -> str:
    return (
        f"  {found['variant']}: neurons {found['neurons']:.2g}, parameters "
        f"{found['parameters']:.2g}, totals {found['angle']:.2g} degrees apart; test error "
        f"{found['end']['mean']:.1f} % ({found['end']['least']:.1f} to {found['end']['most']:.1f})"
    )
