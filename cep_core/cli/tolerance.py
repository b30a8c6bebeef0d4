"""Measure how imperfect a device may be before the GDU property and training suffer.

A row of the paper's table, with small hidden layers, runs on devices that differ from the ideal in
one way each: mismatch, asymmetry, bits of the weights or of their updates, noise. At every level it
prints how far the updates are from the ideal network's gradients, and what the device learns of the
embedded digits. The phase that is held against BPTT is nudged inside, weakly (--beta), by weights
that hardly move: there the ideal's error is small. Training is the row's own.

    cep tolerance                                      C-EP-1h, everything, some minutes
    cep tolerance EP-1h --only update_bits --only noise=0.001,0.01
    cep tolerance C-VF-1h --angle 90 --plot tolerance.svg --json > tolerance.json
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from typing import Any

import torch

from cep_core.check.verdicts import Verdict
from cep_core.cli.train import add_data_option
from cep_core.command_line import results_file
from cep_core.data.mnist import load
from cep_core.device.plot import plot
from cep_core.device.tolerance import (
    BETA,
    CHANCE,
    LEVELS,
    WORDS,
    Measured,
    small,
    tolerance,
    tolerated,
)
from cep_core.files import replacing
from cep_core.runs.row import row_named
from cep_core.terminal import answer_json, progress

Levels = list[tuple[str, float]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What is measured, how long it trains, and where the answer goes."""
    parser.add_argument(
        "row",
        nargs="?",
        default="C-EP-1h",
        metavar="ROW",
        help="a row with dense layers, or a .toml file of one (default C-EP-1h)",
    )
    parser.add_argument(
        "--only",
        type=_levels,
        action="extend",
        metavar="NAME[=L,L…]",
        help=f"one of {', '.join(LEVELS)}, at these levels; may be given again (default: all)",
    )
    for option, default, told in (
        ("--hidden", 64, "units of every hidden layer"),
        ("--epochs", 2, "length of every training"),
        ("--seeds", 1, "devices and trainings per level"),
        ("--samples", None, "training digits, the first"),
    ):
        shown = default or "all"
        parser.add_argument(
            option, type=_count, default=default, metavar="N", help=f"{told} (default {shown})"
        )
    parser.add_argument(
        "--beta", type=float, default=BETA, help=f"held against BPTT at it (default {BETA:g})"
    )
    parser.add_argument("--angle", type=float, help="initial angle in degrees; C-VF only")
    parser.add_argument("--stochastic", action="store_true", help="round updates by chance")
    add_data_option(parser)
    parser.add_argument(
        "--margin",
        type=float,
        default=5.0,
        help="percentage points of training error that may be lost (default 5)",
    )
    parser.add_argument("--json", action="store_true", help="the answer as JSON")
    parser.add_argument("--plot", type=results_file, metavar="FILE", help="draw it into a file")


def _count(text: str) -> int:
    if not (text.isdecimal() and int(text) > 0):
        raise argparse.ArgumentTypeError(f"expected a positive integer, found {text!r}")
    return int(text)


def _levels(text: str) -> Levels:
    name, given, values = text.partition("=")
    if name not in LEVELS:
        raise argparse.ArgumentTypeError(f"expected one of {', '.join(LEVELS)}, found {name!r}")
    try:
        levels = tuple(float(v) for v in values.split(",")) if given else LEVELS[name]
    except ValueError:
        expected = f"expected numbers separated by commas, found {values!r}"
        raise argparse.ArgumentTypeError(f"{name}: {expected}") from None
    return [(name, level) for level in levels]


def run(arguments: argparse.Namespace) -> Verdict:
    """Measure, print, draw; *inconclusive* if the ideal device learns nothing in this time.

    Raises:
        ValueError: row, levels or data are not as they should be.

    """
    torch.set_num_threads(1)
    changes = {} if arguments.angle is None else {"angle": arguments.angle}
    row = small(row_named(arguments.row), arguments.hidden).changed(**changes)
    data = load(arguments.data)
    levels: Levels = arguments.only or [(n, v) for n, values in LEVELS.items() for v in values]
    learned = len(data.train_labels[: arguments.samples]) * arguments.epochs * arguments.seeds
    found: list[Measured] = []
    settings = {
        "row": row.name,
        "rule": row.rule,
        "layers": row.layers,
        "data": data.name,
        "samples": len(data.train_labels[: arguments.samples]),
        "epochs": arguments.epochs,
        "seeds": list(range(arguments.seeds)),
        "beta": arguments.beta,
        "rounding": "stochastic" if arguments.stochastic else "nearest",
    }
    with (
        redirect_stdout(sys.stderr),
        progress(f"{row.name} on devices", learned * (len(levels) + 1), "digit") as advance,
    ):
        found += tolerance(
            row,
            data,
            levels,
            epochs=arguments.epochs,
            seeds=settings["seeds"],
            samples=arguments.samples,
            beta=arguments.beta,
            stochastic=arguments.stochastic,
            progress=advance,
        )
    learns = found[0].train_error < CHANCE
    verdict = Verdict.PASS if learns else Verdict.INCONCLUSIVE
    if arguments.json:
        answer = settings | _as_json(found, arguments.margin, verdict)
        answer_json(answer)
    else:
        sys.stdout.write("\n".join(_lines(settings, found, arguments.margin, verdict)) + "\n")
    if arguments.plot is not None:
        with replacing(arguments.plot) as beside:
            form = arguments.plot.suffix.removeprefix(".") or "png"
            plot(found).savefig(beside, dpi=150, format=form)
    return verdict


def _as_json(found: Sequence[Measured], margin: float, verdict: Verdict) -> dict[str, Any]:
    return {
        "verdict": verdict.value,
        "margin": margin,
        "ideal": found[0].as_json(),
        "devices": [point.as_json() for point in found[1:]],
        "tolerated": tolerated(found, margin) if verdict is Verdict.PASS else None,
    }


def _lines(
    settings: dict[str, Any], found: Sequence[Measured], margin: float, verdict: Verdict
) -> list[str]:
    seeds = len(settings["seeds"])
    devices = "1 device" if seeds == 1 else f"{seeds} devices"
    told = f"{settings['epochs']} x {settings['samples']} digits, {devices} a level"
    lines = [
        f"{settings['row']} ({settings['layers']}, {settings['rule']}): {told}",
        "",
        f"{'':20}{'GDU error':>10}{'angle':>9}{'training':>11}{'test':>9}",
        _line("ideal", found[0]),
    ]
    best = tolerated(found, margin)
    for name, level in best.items():
        lines += ["", WORDS[name]]
        lines += [
            _line(f"  {point.level:g}", point) for point in found if point.imperfection == name
        ]
        if verdict is Verdict.PASS:
            told = "none of these" if level is None else f"{level:g}"
            lines.append(f"  tolerated within {margin:g} points of training error: {told}")
    if verdict is not Verdict.PASS:
        told = (
            f"inconclusive: the ideal device itself misclassifies {found[0].train_error:.1f} % of "
            f"what it learns, expected less than {CHANCE:g} %: give more --epochs or --samples"
        )
        lines += ["", told]
    return lines


def _line(name: str, point: Measured) -> str:
    return (
        f"{name:20}{point.gdu_error:10.3g}{point.angle:8.1f}°"
        f"{point.train_error:9.1f} %{point.test_error:7.1f} %"
    )
