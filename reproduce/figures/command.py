"""``python -m reproduce figures``: regenerate the theorem figures from their notebooks."""

from __future__ import annotations

import argparse
import json
import logging
import time
from collections.abc import Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from cep_core.check.verdicts import Check, Verdict
from cep_core.command_line import results_folder
from cep_core.terminal import say
from cep_core.workers import WorkerDiedError, Workers
from reproduce.figures.kinds import KINDS, Figure, check_figure, files_of, read_figures
from reproduce.figures.notebooks import (
    FORMATS,
    NOTEBOOKS,
    NotebookError,
    kernel_of_this_interpreter,
    run_notebook,
)
from reproduce.figures.specs import FIGURES
from reproduce.stages import STAGES, begin, write_stage


def _run(figure: Figure, out: Path, experiments: Path) -> tuple[dict[str, Any], float]:
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # of kernels that end with the worker
    started = time.monotonic()
    shared = figure.shared
    parameters = {
        "name": figure.name,
        "seed": shared.seed,
        "digit": shared.digit,
        "layers": list(shared.layers),
    }
    if experiments != FIGURES:
        parameters["experiments"] = str(experiments.resolve())
    folder = out / figure.name
    run_notebook(NOTEBOOKS / f"{figure.kind}.ipynb", folder, parameters)
    plotted = json.loads((folder / "plotted.json").read_text(encoding="utf-8"))
    for shown in plotted["figures"]:
        shown["files"] = {kind: f"{figure.name}/{shown['name']}.{kind}" for kind in FORMATS}
    plotted["notebook"] = f"{figure.name}/{figure.kind}.ipynb"
    drawn = [path for shown in plotted["figures"] for path in shown["files"].values()]
    missing = [path for path in drawn if not (out / path).is_file()]
    if missing:
        msg = f"{figure.kind}.ipynb: expected the file {missing[0]}, found none"
        raise NotebookError(msg)
    return plotted, time.monotonic() - started


def _run_all(
    figures: list[Figure], out: Path, jobs: int, experiments: Path
) -> Iterator[tuple[Figure, dict[str, Any] | None, Check]]:
    with kernel_of_this_interpreter(), Workers(jobs) as workers:
        for figure, outcome in workers.each_done(
            partial(_run, out=out, experiments=experiments), figures
        ):
            try:
                plotted, seconds = outcome.result()
            except (NotebookError, WorkerDiedError) as error:
                statement = f"{figure.title}: the notebook runs to its end"
                name = f"figures/{figure.name}"
                yield figure, None, Check(name, statement, Verdict.FAIL, {}, str(error))
            else:
                yield figure, plotted, check_figure(plotted, seconds)


def make_figures(
    out: Path, only: list[str] | None = None, jobs: int = 2, experiments: Path = FIGURES
) -> Verdict:
    """Regenerate the figures into ``out``, one folder each, and write the stage's record.

    Args:
        out: the stage's folder.
        only: names of figures; all of them unless given.
        jobs: notebooks at a time.
        experiments: the file that describes the figures, or a folder of such files.

    Raises:
        ValueError: a name that no figure has.

    """
    notebooks = [NOTEBOOKS / f"{kind}.ipynb" for kind in KINDS]
    figures = read_figures(experiments)
    begun = begin(Path(__file__).parent, *notebooks, *files_of(), *files_of(experiments))
    unknown = sorted(set(only or []) - set(figures))
    if unknown:
        msg = f"figure {unknown[0]!r} is not known; expected some of: {', '.join(figures)}"
        raise ValueError(msg)
    wanted = [figure for name, figure in figures.items() if not only or name in only]
    # The longest first, so that the last one running is short.
    longest_first = sorted(wanted, key=lambda figure: figure.kind != "orders")
    say(f"figures: {len(wanted)} notebooks, {jobs} at a time")
    done: dict[str, tuple[dict[str, Any] | None, Check]] = {}
    for figure, plotted, check in _run_all(longest_first, out.resolve(), jobs, experiments):
        done[figure.name] = plotted, check
        count = f"{len(done)}/{len(wanted)}"
        say(f"  {count} {figure.name}: {check.verdict}, {check.seconds:.0f} s. {check.reason}")
    ordered = [done[figure.name] for figure in wanted]
    shown = {f.name: plotted for f, (plotted, _) in zip(wanted, ordered, strict=True) if plotted}
    verdict = write_stage(
        out,
        stage="figures",
        checks=[check for _, check in ordered],
        begun=begun,
        selection=_selection(only, experiments),
        files=[path for name in shown for path in _left(out, name)],
        details={
            "notebooks": list(shown.values()),
            "parameters": {figure.name: asdict(figure) for figure in wanted},
        },
    )
    say(f"figures: {verdict}, {begun.seconds:.0f} s, in {out}")
    return verdict


def _selection(only: list[str] | None, experiments: Path) -> dict[str, Any]:
    """What was asked for in place of every figure of the project."""
    own = {} if experiments == FIGURES else {"experiments": experiments.name}
    return own | ({"only": only} if only else {})


def _left(out: Path, figure: str) -> list[str]:
    """What the figure's notebook left, by path in the stage's folder; its folder was made anew."""
    return sorted(path.relative_to(out).as_posix() for path in (out / figure).iterdir())


def add_command(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``figures`` to the command line."""
    parser = subparsers.add_parser("figures", help="regenerate the theorem figures from notebooks")
    parser.add_argument("--out", type=results_folder, default=STAGES / "figures", metavar="DIR")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="figures, e.g. fig-10-11")
    parser.add_argument(
        "--experiments",
        type=Path,
        default=FIGURES,
        metavar="FILE.toml",
        help="figures of your own, in the form of the project's",
    )
    parser.add_argument("--jobs", type=int, default=2, help="notebooks at a time (default 2)")
    parser.set_defaults(command=command)


def command(arguments: argparse.Namespace) -> int:
    """Regenerate the figures; 0: all pass, 1: not all."""
    verdict = make_figures(
        arguments.out, arguments.only, max(1, arguments.jobs), arguments.experiments
    )
    return 0 if verdict is Verdict.PASS else 1
