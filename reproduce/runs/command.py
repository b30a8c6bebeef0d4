"""``python -m reproduce run ROW``: train one row of the paper's table."""

from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path
from typing import Any, get_args

import torch

from cep_core.data.mnist import SOURCES, load
from cep_core.networks import Nudge
from cep_core.training.engine import EngineName
from reproduce.runs.epochs import DivergedError
from reproduce.runs.files import RunError
from reproduce.runs.row import row_named, row_names
from reproduce.runs.together import several, train_together
from reproduce.runs.train import DTYPES, DeviceName, Request, train
from reproduce.terminal import say


def add_command(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the ``run`` command to the command line."""
    parser = subparsers.add_parser(
        "run",
        help="train one row of the paper's table",
        description="Trains a row into a directory that can be interrupted and resumed at every "
        "epoch. Exit code 0: done; 1: training diverged; 2: bad input; 130: interrupted.",
    )
    parser.add_argument(
        "row", metavar="ROW", help=f"one of {', '.join(row_names())}, or a .toml file"
    )
    parser.add_argument(
        "--seed",
        type=_seeds,
        required=True,
        metavar="SEED[,SEED...]",
        help="seed of everything random; several are trained at once, each in OUT/seed-SEED",
    )
    parser.add_argument("--out", type=Path, required=True, help="directory of the run")
    parser.add_argument("--epochs", type=int, help="epochs in all (default: the paper's)")
    parser.add_argument("--nudge", choices=get_args(Nudge), help="nudge outside (published) or in")
    parser.add_argument("--angle", type=float, help="initial angle in degrees; C-VF only")
    parser.add_argument("--dtype", choices=tuple(DTYPES), default="float32")
    add_training_options(parser)
    parser.set_defaults(command=command)


def add_training_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that every command that trains has."""
    parser.add_argument(
        "--data",
        default="mnist5k",
        metavar=SOURCES,
        help="embedded digits (default), full MNIST by download, or a directory of IDX files; "
        "validation: before any of them holds out a sixth of its training set as the test set",
    )
    parser.add_argument("--engine", choices=get_args(EngineName), default="fast")
    parser.add_argument("--device", choices=get_args(DeviceName), default="cpu")


def command(arguments: argparse.Namespace) -> int:
    """Train; return the exit code."""
    torch.set_num_threads(1)
    overrides = {
        field: value
        for field in ("nudge", "angle")
        if (value := getattr(arguments, field)) is not None
    }
    row, seeds, out = row_named(arguments.row).changed(**overrides), arguments.seed, arguments.out
    options = {field: getattr(arguments, field) for field in ("engine", "device", "dtype")}
    alone = len(seeds) == 1
    requests = [Request(row, *seeds, **options)] if alone else several(row, seeds, **options)
    if not alone and (out / "run.json").exists():
        raise RunError(f"{out}: expected a directory for several runs, found one of a single run")
    folders = [out] if alone else [out / f"seed-{request.seed}" for request in requests]
    data = load(arguments.data)
    try:
        if alone:
            found = [train(requests[0], data, out, epochs=arguments.epochs)]
        else:
            found = train_together(requests, data, folders, epochs=arguments.epochs)
    except DivergedError as error:
        say(f"error: {error}")
        return 1
    except KeyboardInterrupt:
        return interrupted(arguments.out)
    for results, folder in zip(found, folders, strict=True):
        say(_summary(results, folder))
    return 0


def _seeds(text: str) -> tuple[int, ...]:
    """One seed, or several separated by commas."""
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"expected an integer, or several separated by commas, found {text!r}"
        ) from None


def interrupted(folder: Path) -> int:
    """Say how to resume what is in ``folder``; return the exit code of an interrupted command."""
    again = shlex.join(["python", "-m", "reproduce", *sys.argv[1:]])
    say(f"interrupted; every finished epoch is in {folder}. Resume with: {again}")
    return 130


def _summary(results: dict[str, Any], folder: Path) -> str:
    return (
        f"{results['row']} seed {results['seed']} after {results['epochs']} of "
        f"{results['epochs_of_paper']} epochs on {results['data']['name']}: "
        f"test error {results['test_error'][-1]:.2f} %, "
        f"training error {results['train_error'][-1]:.2f} % ({folder / 'results.json'})"
    )
