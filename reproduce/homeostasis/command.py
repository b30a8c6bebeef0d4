"""``python -m reproduce homeostasis EXPERIMENT…``: train directed networks, with and without."""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from cep_core.check.verdicts import Verdict
from cep_core.cli.train import add_data_option
from cep_core.command_line import results_folder
from cep_core.data.mnist import load
from cep_core.fields import whole
from cep_core.files import write_text
from cep_core.runs.epochs import DivergedError
from cep_core.runs.row import SpecError
from cep_core.terminal import interrupted, say
from reproduce.homeostasis.settings import Experiment, experiment_named, experiment_names
from reproduce.homeostasis.train import Job, train
from reproduce.runs.results import compact

COMMITTED = Path("reports") / "results" / "homeostasis"
"""Where the results of long runs are committed, relative to the checkout."""


def add_command(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the ``homeostasis`` command to the command line."""
    parser = subparsers.add_parser(
        "homeostasis",
        help="train networks of directed weights, with and without Jacobian homeostasis",
        description="Trains every run of an experiment with every seed, one after another, each "
        "into RUNS/EXPERIMENT/RUN-seedS, where it can be interrupted and resumed at every epoch. "
        "Exit code 0: done; 1: a training diverged; 2: bad input; 130: interrupted.",
    )
    parser.add_argument(
        "experiments",
        nargs="*",
        metavar="EXPERIMENT",
        help=f"any of {', '.join(experiment_names())}, or .toml files",
    )
    parser.add_argument("--runs", type=Path, metavar="DIR", help="folder of all runs")
    parser.add_argument(
        "--out",
        type=results_folder,
        metavar="DIR",
        help="leave DIR/stage.json, as a stage of the main job: estimators, the reduced tier and "
        "what is committed of long runs; no EXPERIMENT then",
    )
    add_data_option(parser)
    parser.add_argument(
        "--seeds", type=_seeds, metavar="S[,S…]", help="the experiment's own if not"
    )
    parser.add_argument("--only", nargs="+", metavar="RUN", help="some of the runs, by name")
    parser.add_argument("--epochs", type=int, help="epochs in all, of every run")
    parser.add_argument(
        "--collect",
        type=Path,
        metavar="DIR",
        help=f"copy the results of every run there, to be committed ({COMMITTED})",
    )
    parser.set_defaults(command=command)


def command(arguments: argparse.Namespace) -> int:
    """Train; return the exit code."""
    torch.set_num_threads(1)
    if arguments.out is not None and not arguments.experiments:
        from reproduce.homeostasis.stage import make_stage  # noqa: PLC0415 - pandas and notebooks

        return int(make_stage(arguments.out, COMMITTED) is not Verdict.PASS)
    if arguments.out is not None or arguments.runs is None or not arguments.experiments:
        raise SpecError(
            "homeostasis: expected EXPERIMENT and --runs DIR, or --out DIR alone, found "
            + ("both" if arguments.out is not None else "neither")
        )
    if arguments.epochs is not None and not whole(1).admits(arguments.epochs):
        raise SpecError(f"--epochs: expected {whole(1).expected}, found {arguments.epochs}")
    experiments = [experiment_named(name) for name in arguments.experiments]
    jobs = [j for e in experiments for j in jobs_of(e, arguments.seeds, arguments.only)]
    if not jobs:
        known = ", ".join(name for e in experiments for name in e.runs)
        raise SpecError(f"--only: expected some of {known}, found {' '.join(arguments.only)}")
    data, diverged = load(arguments.data), False
    for job in jobs:
        try:
            results = train(job, data, arguments.runs, epochs=arguments.epochs)
        except DivergedError as error:
            say(f"error: {error}")
            diverged = True
            continue
        except KeyboardInterrupt:
            return interrupted(arguments.runs)
        say(
            f"{job.place}: test error {results['test_error'][-1]:.2f} % after {results['epochs']} "
            f"of {results['epochs_of_paper']} epochs on {results['data']['name']}"
        )
        if arguments.collect is not None:
            write_text(arguments.collect / f"{job.place}.json", compact(results))
    return int(diverged)


def jobs_of(
    experiment: Experiment, seeds: tuple[int, ...] | None = None, only: list[str] | None = None
) -> list[Job]:
    """Every run of an experiment, all runs of one seed before the next seed."""
    return [
        Job(experiment, name, seed)
        for seed in seeds or experiment.seeds
        for name in experiment.runs
        if not only or name in only
    ]


def _seeds(text: str) -> tuple[int, ...]:
    try:
        found = tuple(int(part) for part in text.split(","))
    except ValueError:
        found = (-1,)
    if min(found) < 0:
        raise argparse.ArgumentTypeError(
            f"expected whole numbers from 0, separated by commas, found {text!r}"
        )
    return found
