"""Train a row of the paper's table, or one of your own.

A row says network, rule, rates and lengths; its run lives in a directory of its own, can be
interrupted and goes on after its last epoch when the same command is given again.

    cep train C-EP-1h                                    the embedded digits, seed 0
    cep train C-EP-1h --seed 0,1,2 --epochs 5            three networks in batched products
    cep train my-row.toml --data mnist --out runs/mine   full MNIST, by download
"""

from __future__ import annotations

import argparse
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any, get_args

import torch

from cep_core.check.verdicts import Verdict
from cep_core.data.mnist import SOURCES, load
from cep_core.networks import Nudge
from cep_core.runs.epochs import DivergedError
from cep_core.runs.files import RunError
from cep_core.runs.row import Row, row_named, row_names
from cep_core.runs.together import several, train_together
from cep_core.runs.train import DTYPES, DeviceName, Request, train
from cep_core.terminal import answer_json, interrupted, say
from cep_core.training.engine import EngineName


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The row, its seeds and what may differ from the paper."""
    parser.add_argument(
        "row", metavar="ROW", help=f"one of {', '.join(row_names())}, or a .toml file"
    )
    parser.add_argument(
        "--seed",
        type=_seeds,
        default=(0,),
        metavar="SEED[,SEED...]",
        help="seed of everything random (default 0); several are trained at once, each in "
        "OUT/seed-SEED",
    )
    parser.add_argument(
        "--out", type=Path, help="directory of the run (default: runs/ROW-seed-SEED)"
    )
    parser.add_argument("--epochs", type=int, help="epochs in all (default: the paper's)")
    parser.add_argument("--nudge", choices=get_args(Nudge), help="nudge outside (published) or in")
    parser.add_argument("--angle", type=float, help="initial angle in degrees; C-VF only")
    parser.add_argument("--dtype", choices=tuple(DTYPES), default="float32")
    add_training_options(parser)
    parser.add_argument("--json", action="store_true", help="the results as JSON, all else aside")


def add_training_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that every command that trains has."""
    add_data_option(parser)
    parser.add_argument("--engine", choices=get_args(EngineName), default="fast")
    parser.add_argument("--device", choices=get_args(DeviceName), default="cpu")


def add_data_option(parser: argparse.ArgumentParser) -> None:
    """Add what says which data are learned."""
    parser.add_argument(
        "--data",
        default="mnist5k",
        metavar=SOURCES,
        help="embedded digits (default), a full set by download, or a directory of IDX files; "
        "validation: before any of them holds out a sixth of its training set as the test set",
    )


def run(arguments: argparse.Namespace) -> Verdict | int:
    """Train, say what was reached.

    Raises:
        ValueError: row, seeds, data or directory are not as they should be.

    """
    torch.set_num_threads(1)
    with redirect_stdout(sys.stderr if arguments.json else sys.stdout):
        row, seeds, out = _asked(arguments)
        try:
            folders, found = _trained(arguments, row, seeds, out)
        except DivergedError as error:
            say(f"error: {error}")
            return Verdict.FAIL
        except KeyboardInterrupt:
            return interrupted(out)
        for results, folder in zip(found, folders, strict=True):
            say(_summary(results, folder))
    if arguments.json:
        answer = found[0] if len(found) == 1 else found
        answer_json(answer)
    return Verdict.PASS


def _asked(arguments: argparse.Namespace) -> tuple[Row, tuple[int, ...], Path]:
    overrides = {
        field: value
        for field in ("nudge", "angle")
        if (value := getattr(arguments, field)) is not None
    }
    row = row_named(arguments.row).changed(**overrides)
    seeds: tuple[int, ...] = arguments.seed
    of_seed = f"-seed-{seeds[0]}" if len(seeds) == 1 else ""
    return row, seeds, arguments.out or Path("runs") / f"{row.name}{of_seed}"


def _trained(
    arguments: argparse.Namespace, row: Row, seeds: tuple[int, ...], out: Path
) -> tuple[list[Path], list[dict[str, Any]]]:
    options = {field: getattr(arguments, field) for field in ("engine", "device", "dtype")}
    if len(seeds) == 1:
        request = Request(row, *seeds, **options)
        return [out], [train(request, load(arguments.data), out, epochs=arguments.epochs)]
    requests = several(row, seeds, **options)
    if (out / "run.json").exists():
        raise RunError(f"{out}: expected a directory for several runs, found one of a single run")
    folders = [out / f"seed-{request.seed}" for request in requests]
    data = load(arguments.data)
    return folders, train_together(requests, data, folders, epochs=arguments.epochs)


def _seeds(text: str) -> tuple[int, ...]:
    """One seed, or several separated by commas."""
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"expected an integer, or several separated by commas, found {text!r}"
        ) from None


def _summary(results: dict[str, Any], folder: Path) -> str:
    return (
        f"{results['row']} seed {results['seed']} after {results['epochs']} of "
        f"{results['epochs_of_paper']} epochs on {results['data']['name']}: "
        f"test error {results['test_error'][-1]:.2f} %, "
        f"training error {results['train_error'][-1]:.2f} % ({folder / 'results.json'})"
    )
