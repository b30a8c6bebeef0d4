"""``python -m reproduce figures``: regenerate the theorem figures from their notebooks."""

from __future__ import annotations

import argparse
import json
import logging
import math
import time
from collections.abc import Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from cep_core.check.verdicts import Check, Verdict
from cep_core.workers import WorkerDiedError, Workers
from reproduce.figures.notebooks import (
    NOTEBOOKS,
    NotebookError,
    kernel_of_this_interpreter,
    run_notebook,
)
from reproduce.figures.specs import Figure, OrderFigure, read_figures
from reproduce.stages import STAGES, write_stage
from reproduce.terminal import say

SETTLED = 1e-10
"""Largest residual of a free phase whose comparison is not void."""

FLOOR = 20.0
"""Factor by which the exact dynamics' error in the limit lies below the published dynamics'."""

ORDER_SLACK = 0.1
"""How far a fitted order may lie from the expected one in a figure."""

FORMATS = ("png", "svg", "pdf", "csv")


def _finite(value: Any) -> bool:
    if isinstance(value, dict):
        return all(_finite(v) for v in value.values())
    if isinstance(value, list):
        return all(_finite(v) for v in value)
    return not isinstance(value, float) or math.isfinite(value)


def _worst_limit(panel: dict[str, Any]) -> float:
    return max(float(value) for value in panel["limit"].values())


def check_processes(plotted: dict[str, Any], seconds: float) -> Check:
    """Judge a process figure: in the limit the exact dynamics' RelMSE vanishes, the other stays.

    Panels with untied backward weights are left out: there the property fails by the theorem.
    """
    name = f"figures/{plotted['name']}"
    statement = (
        f"{plotted['title']}: Δ follows −∇ as η, then β vanish in the exact dynamics, and the "
        "published dynamics keep an error"
    )
    tied = [panel for panel in plotted["panels"] if not panel["backward_angle"]]
    numbers: dict[str, Any] = {
        "residual": max(panel["residual"] for panel in plotted["panels"]),
        "exact": max(_worst_limit(p) for p in tied if p["dynamics"] != "published"),
        "published": min(_worst_limit(p) for p in tied if p["dynamics"] == "published"),
        "files": [figure["name"] for figure in plotted["figures"]],
    }
    verdict, reason = Verdict.PASS, "RelMSE of the worst layer without learning, at β/1000"
    if not _finite(plotted["panels"]):
        verdict, reason = Verdict.FAIL, "a number is not finite: the nudged phase diverges"
    elif numbers["residual"] > SETTLED:
        verdict = Verdict.INCONCLUSIVE
        reason = f"the free phase is not settled: residual {numbers['residual']:.1e}; raise T"
    elif not numbers["exact"] * FLOOR < numbers["published"]:
        verdict = Verdict.FAIL
        reason = "the exact dynamics keep an error too: a sign, a slope or a time index is wrong"
    return Check(name, statement, verdict, numbers, reason, seconds)


def check_orders(plotted: dict[str, Any], seconds: float) -> Check:
    """Judge an order figure: every fitted order is the expected one."""
    curves = [c for c in plotted["curves"] if c["expected"] is not None]
    numbers = {f"{c['setting']}, {c['label']}": round(c["order"], 4) for c in curves}
    gap = max(abs(c["order"] - c["expected"]) for c in curves)
    passed = gap <= ORDER_SLACK
    return Check(
        f"figures/{plotted['name']}",
        f"{plotted['title']}: the exact dynamics' error falls with the expected order",
        Verdict.PASS if passed else Verdict.FAIL,
        numbers,
        f"fitted orders within {gap:.3f} of the expected ones",
        seconds,
    )


def check_figure(plotted: dict[str, Any], seconds: float) -> Check:
    """Judge one figure from the JSON of what was plotted."""
    judge = check_processes if plotted["kind"] == "processes" else check_orders
    return judge(plotted, seconds)


def _run(figure: Figure, out: Path) -> tuple[dict[str, Any], float]:
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # of kernels that end with the worker
    started = time.monotonic()
    source = "orders" if isinstance(figure, OrderFigure) else "processes"
    shared = figure.shared
    parameters = {
        "name": figure.name,
        "seed": shared.seed,
        "digit": shared.digit,
        "layers": list(shared.layers),
    }
    folder = out / figure.name
    run_notebook(NOTEBOOKS / f"{source}.ipynb", folder, parameters)
    plotted = json.loads((folder / "plotted.json").read_text(encoding="utf-8"))
    for shown in plotted["figures"]:
        shown["files"] = {kind: f"{figure.name}/{shown['name']}.{kind}" for kind in FORMATS}
    plotted["notebook"] = f"{figure.name}/{source}.ipynb"
    return plotted, time.monotonic() - started


def _run_all(
    figures: list[Figure], out: Path, jobs: int
) -> Iterator[tuple[Figure, dict[str, Any] | None, Check]]:
    with kernel_of_this_interpreter(), Workers(jobs) as workers:
        for figure, outcome in workers.each_done(partial(_run, out=out), figures):
            try:
                plotted, seconds = outcome.result()
            except (NotebookError, WorkerDiedError) as error:
                statement = f"{figure.title}: the notebook runs to its end"
                name = f"figures/{figure.name}"
                yield figure, None, Check(name, statement, Verdict.FAIL, {}, str(error))
            else:
                yield figure, plotted, check_figure(plotted, seconds)


def make_figures(out: Path, only: list[str] | None = None, jobs: int = 2) -> Verdict:
    """Regenerate the figures into ``out``, one folder each, and write the stage's record.

    Args:
        out: the stage's folder.
        only: names of figures; all of them unless given.
        jobs: notebooks at a time.

    Raises:
        ValueError: a name that no figure has.

    """
    started = time.monotonic()
    figures = read_figures()
    unknown = sorted(set(only or []) - set(figures))
    if unknown:
        msg = f"figure {unknown[0]!r} is not known; expected some of: {', '.join(figures)}"
        raise ValueError(msg)
    wanted = [figure for name, figure in figures.items() if not only or name in only]
    # The longest first, so that the last one running is short.
    longest_first = sorted(wanted, key=lambda figure: not isinstance(figure, OrderFigure))
    say(f"figures: {len(wanted)} notebooks, {jobs} at a time")
    done: dict[str, tuple[dict[str, Any] | None, Check]] = {}
    for figure, plotted, check in _run_all(longest_first, out.resolve(), jobs):
        done[figure.name] = plotted, check
        count = f"{len(done)}/{len(wanted)}"
        say(f"  {count} {figure.name}: {check.verdict}, {check.seconds:.0f} s. {check.reason}")
    ordered = [done[figure.name] for figure in wanted]
    verdict = write_stage(
        out,
        stage="figures",
        checks=[check for _, check in ordered],
        started=started,
        details={
            "notebooks": [plotted for plotted, _ in ordered if plotted is not None],
            "parameters": {figure.name: asdict(figure) for figure in wanted},
        },
    )
    say(f"figures: {verdict}, {time.monotonic() - started:.0f} s, in {out}")
    return verdict


def add_command(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``figures`` to the command line."""
    parser = subparsers.add_parser("figures", help="regenerate the theorem figures from notebooks")
    parser.add_argument("--out", type=Path, default=STAGES / "figures", metavar="DIR")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="figures, e.g. fig-10-11")
    parser.add_argument("--jobs", type=int, default=2, help="notebooks at a time (default 2)")
    parser.set_defaults(command=command)


def command(arguments: argparse.Namespace) -> int:
    """Regenerate the figures; 0: all pass, 1: not all."""
    verdict = make_figures(arguments.out, arguments.only, max(1, arguments.jobs))
    return 0 if verdict is Verdict.PASS else 1
