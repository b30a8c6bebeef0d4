"""``python -m reproduce table``: train a tier of the paper's table, runs side by side."""

from __future__ import annotations

import argparse
import dataclasses
import os
import tempfile
from collections.abc import Generator, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, get_args

import torch

from cep_core.check.verdicts import Check, Verdict
from cep_core.cli.train import add_training_options
from cep_core.data.mnist import Dataset, load
from cep_core.files import write_text
from cep_core.networks import Nudge
from cep_core.runs.epochs import DivergedError, Show
from cep_core.runs.files import RunError, expect_folder
from cep_core.runs.row import ROWS, SpecError, row_named
from cep_core.runs.together import train_together
from cep_core.terminal import interrupted, on_terminal, progress, say
from cep_core.workers import Outcome, WorkerDiedError, Workers
from reproduce.runs.jobs import Job, data_named, trained
from reproduce.runs.side_by_side import each_trained
from reproduce.stages import STAGES, begin, write_stage
from reproduce.table.published import read_published
from reproduce.table.results import (
    TIERS,
    Tier,
    as_csv,
    class_means_error,
    jobs_of,
    learning_check,
    published_check,
    resumption_check,
    table_row,
)


def add_command(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the ``table`` command to the command line."""
    parser = subparsers.add_parser(
        "table",
        help="train a tier of the paper's table",
        description="Trains the rows of a tier, several runs side by side, each in its own "
        "resumable directory. Exit code 0: done; 1: a claim failed; 2: bad input.",
    )
    parser.add_argument("--tier", choices=tuple(TIERS), default="quick")
    parser.add_argument("--out", type=Path, default=STAGES / "table", help="folder of the stage")
    parser.add_argument("--runs", type=Path, default=Path("build") / "runs", help="folder of runs")
    parser.add_argument("--rows", nargs="+", metavar="ROW", help="only these rows")
    parser.add_argument("--nudges", nargs="+", choices=get_args(Nudge), help="only these variants")
    parser.add_argument("--seeds", type=int, help="number of seeds, from 0")
    parser.add_argument("--epochs", type=int, help="epochs of each run")
    parser.add_argument(
        "--jobs", type=int, default=min(2, os.cpu_count() or 1), help="runs side by side"
    )
    add_training_options(parser)
    parser.set_defaults(command=command)


def command(arguments: argparse.Namespace) -> int:
    """Train, judge and write the stage; return the exit code."""
    tier = _tier(arguments)
    own_rows = (Path(name) for name in tier.rows if name.endswith(".toml"))
    begun = begin(Path(__file__).parent, ROWS, *own_rows)
    torch.set_num_threads(1)
    if arguments.jobs < 1:
        raise RunError(f"jobs: expected a positive integer, found {arguments.jobs}")
    for folder in (arguments.out, arguments.runs):
        expect_folder(folder)  # now, and not when everything is trained
    data, published = load(arguments.data), read_published()
    jobs = jobs_of(
        tier,
        data,
        arguments.runs,
        engine=arguments.engine,
        device=arguments.device,
        together=arguments.device == "cuda",
    )
    say(f"table, {tier.label}")
    say(f"  {len(jobs)} runs on {data.provenance}; interrupted, they resume where they were")
    try:
        results = _train_all(jobs, arguments.data, arguments.jobs, tier)
    except KeyboardInterrupt:
        return interrupted(arguments.runs)
    except (DivergedError, WorkerDiedError) as error:
        say(f"error: {error} Every finished epoch is in {arguments.runs}")
        return 1
    rows = [
        table_row(same, [results[job.folder] for job in same], tier, published.rows.get(name))
        for (name, _), same in _variants(jobs).items()
    ]
    bar = class_means_error(data)
    checks = [
        published_check(row, published)
        if tier.name == "full" and row["row"] in published.rows
        else learning_check(row, bar)
        for row in rows
        if row["nudge"] == "outside"
    ]
    checks.append(_resumption(jobs, data))
    write_text(arguments.out / "table.csv", as_csv(rows))
    verdict = write_stage(
        arguments.out,
        stage="table",
        checks=checks,
        begun=begun,
        selection=_selection(arguments),
        files=["table.csv"],
        details={
            "tier": tier.name,
            "label": tier.label,
            "data": next(iter(results.values()))["data"],
            "published_source": published.source,
            "parameters": {f"{r['row']}, nudge {r['nudge']}": r["settings"] for r in rows},
            "judged": "the rows as published, with the nudge outside; the exact variant, inside, "
            "is shown with the same learning rates, which were tuned for the published one",
            "rows": rows,
        },
    )
    for row in rows:
        say(_line(row))
    say(f"table: {verdict} ({begun.seconds:.0f} s, {arguments.out})")
    return 1 if verdict is Verdict.FAIL else 0


def _variants(jobs: Sequence[Job]) -> dict[tuple[str, str], list[Job]]:
    """Runs of every seed, by row and nudge."""
    found: dict[tuple[str, str], list[Job]] = {}
    for job in jobs:
        found.setdefault((job.request.row.name, job.request.row.nudge), []).append(job)
    return found


def _selection(arguments: argparse.Namespace) -> dict[str, Any]:
    """What was asked for in place of the whole tier."""
    return {
        field: value
        for field in ("rows", "nudges", "seeds", "epochs")
        if (value := getattr(arguments, field)) is not None
    }


def _tier(arguments: argparse.Namespace) -> Tier:
    tier = TIERS[arguments.tier]
    changes: dict[str, Any] = {
        field: tuple(value) if isinstance(value, list) else value
        for field, value in _selection(arguments).items()
    }
    for field in ("seeds", "epochs"):
        if changes.get(field, 1) < 1:
            raise SpecError(f"{field}: expected a positive integer, found {changes[field]}")
    for name in changes.get("rows", ()):
        row_named(name)
    return dataclasses.replace(tier, **changes)


def _resumption(jobs: Sequence[Job], data: Dataset) -> Check:
    """Check on the smallest row with the most chance in it, on a thousand digits."""
    most = max(
        (job.request for job in jobs), key=lambda r: (r.row.rule == "C-VF", -len(r.row.sizes))
    )
    few = dataclasses.replace(
        data, train_images=data.train_images[:1000], train_labels=data.train_labels[:1000]
    )
    with tempfile.TemporaryDirectory() as folder:
        alone = dataclasses.replace(most, together=())
        return resumption_check(alone, few, Path(folder))


def _train_all(
    jobs: Sequence[Job], source: str, processes: int, tier: Tier
) -> dict[Path, dict[str, Any]]:
    show: Show = "warnings" if tier.name == "quick" else "epochs"
    results = {job.folder: found for job in jobs if (found := job.results) is not None}
    if results:
        say(f"  {len(results)} runs were finished before")
    left = [job for job in jobs if job.folder not in results]
    if not left:
        return results
    in_this_process = any(job.request.together or job.request.device == "cuda" for job in jobs)
    with (
        progress("table", len(left), "run") as advance,
        closing(
            _at_once(jobs, left, source, show)
            if in_this_process
            else _side_by_side(left, source, processes, show)
        ) as runs,
    ):
        for job, result in runs:
            results[job.folder] = result
            advance(1)
            if not on_terminal():
                say(
                    f"  {job.what}: test error {result['test_error'][job.epochs - 1]:.2f} % after "
                    f"{job.epochs} epochs ({sum(result['seconds'][: job.epochs]):.0f} s)"
                )
    return results


def _side_by_side(
    jobs: Sequence[Job], source: str, processes: int, show: Show
) -> Generator[tuple[Job, dict[str, Any]]]:
    """Train in processes of one thread each; yield runs as they finish.

    Raises:
        Exception: of the first run that failed, when the others are done.

    """
    failed: list[Outcome[dict[str, Any]]] = []
    work = partial(trained, source=source, show=show)
    for job, outcome in each_trained(jobs, work, Workers(min(processes, len(jobs)))):
        if outcome.error is None:
            yield job, outcome.result()
        else:
            say(f"  {job.what} failed: {outcome.error}")
            failed.append(outcome)
    for outcome in failed:
        outcome.result()


def _at_once(
    jobs: Sequence[Job], left: Sequence[Job], source: str, show: Show
) -> Generator[tuple[Job, dict[str, Any]]]:
    """Train in this process: a row's seeds as one batched run, or one after another."""
    for same in _variants(jobs).values():
        missing = [job for job in same if job in left]
        if missing and missing[0].request.together:
            found = train_together(
                [job.request for job in same],
                data_named(source),
                [job.folder for job in same],
                epochs=same[0].epochs,
                show=show,
            )
            yield from ((j, r) for j, r in zip(same, found, strict=True) if j in missing)
        else:
            yield from ((job, trained(job, source, show)) for job in missing)


def _line(row: dict[str, Any]) -> str:
    spread = row["test_error"]
    std = "" if spread["std"] is None else f" ± {spread['std']:.2f}"
    return (
        f"  [{row['tier']}] {row['row']:<8} nudge {row['nudge']:<7} {row['epochs']:>3} of "
        f"{row['epochs_of_paper']} epochs, {row['data']}: test error {spread['mean']:.2f}{std} %, "
        f"training error {row['train_error']['mean']:.2f} %"
    )
