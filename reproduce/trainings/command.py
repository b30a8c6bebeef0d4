"""``python -m reproduce trainings``: the trainings at full length against the published numbers."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch

from cep_core.check.verdicts import Check, Verdict
from cep_core.files import write_text
from cep_core.runs.row import Row, row_named
from cep_core.terminal import say
from cep_core.training.engine import NUMERICS
from reproduce.figures.notebooks import draw_each
from reproduce.runs.results import COMMITTED, committed, compact
from reproduce.stages import STAGES, begin, write_stage
from reproduce.table.published import PUBLISHED, Published, read_published
from reproduce.table.results import ALL_ROWS
from reproduce.trainings.along import angle_before, margin_before
from reproduce.trainings.along_command import ALONG, read_along
from reproduce.trainings.claims import ANGLES, at_angle, claims
from reproduce.trainings.comparison import Reported, compare
from reproduce.trainings.convolutional import SEARCHED, beside_each_other, searched
from reproduce.trainings.corrected import ROWS, angles_before
from reproduce.trainings.findings import findings
from reproduce.trainings.trials import LAST, Trial, Trials, spread, trials_of

NUMBERS = "trainings.json"
"""What the figures are drawn from."""

NOTEBOOK = "trainings.ipynb"

FIGURES = ("curves", "fig-04-right", "corrected", "fig-05a", "margin")

YARDSTICKS = {"1h": "EP-1h", "2h": "EP-2h"}
"""Our own trials against which those of other rows are held, by depth."""


def add_command(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the ``trainings`` command to the command line."""
    parser = subparsers.add_parser(
        "trainings",
        help="hold the trainings at full length against the published numbers",
        description="Reads the committed results of trainings on the whole of MNIST and says of "
        "every published number whether it comes out. It trains nothing. Exit code 1: a record "
        "does not belong where it lies.",
    )
    parser.add_argument("--results", type=Path, default=COMMITTED, help="committed results")
    parser.add_argument("--search", type=Path, default=SEARCHED, help="committed searches")
    parser.add_argument("--along", type=Path, default=ALONG, help="committed measures along runs")
    parser.add_argument(
        "--out", type=Path, default=STAGES / "trainings", help="folder of the stage"
    )
    parser.set_defaults(command=command)


def command(arguments: argparse.Namespace) -> int:
    """Compare, write the stage, say what came out; return the exit code."""
    begun = begin(Path(__file__).parent, PUBLISHED)
    torch.set_num_threads(1)
    published = read_published()
    trials = trials_of(committed(arguments.results))
    angles = {name: angle_before(row, 0) for name, row in _measured_rows(trials).items()}
    rows = [_row(name, trials.get(name), published) for name in ALL_ROWS]
    told = claims(trials, angles)
    found = findings(trials, lambda row: margin_before(row, 0))
    beside = beside_each_other(trials)
    details = {
        "published_source": published.source,
        "margin": published.margin,
        "last": LAST,
        "rows": rows,
        "by_angle": [_at(trials, row, angle) for row in ("C-VF-1h", "C-VF-2h") for angle in ANGLES],
        "others": [_other(t, trials, published) for n, t in trials.items() if n not in ALL_ROWS],
        "claims": [vars(claim) for claim in told],
        "findings": [vars(finding) for finding in found],
        "beside": [vars(claim) for claim in beside],
        "search": searched(arguments.search),
        "elsewhere": {name: vars(row) for name, row in published.elsewhere.items()},
        "angle_before": angles,
        "along": dict(_along(arguments.along)),
        "corrected": [_at(trials, row, angle) for row in ROWS for angle in ANGLES],
        "corrected_angles": list(angles_before()),
    }
    write_text(arguments.out / NUMBERS, compact(details))
    figures, faults = draw_each("trainings", NOTEBOOK, FIGURES, arguments.out)
    verdict = write_stage(
        arguments.out,
        stage="trainings",
        checks=[_records(trials), *faults],
        begun=begun,
        details=details | {"figures": figures},
        files=[NUMBERS, *(path for figure in figures for path in figure["files"].values())],
    )
    for row in rows:
        say(f"  {row['row']:<8} {row['test_error']['answer']}: {row['test_error']['reason']}")
    for claim in (*told, *found, *beside):
        say(f"  {claim.statement} {claim.answer}: {claim.reason}")
    say(f"trainings: {verdict} ({begun.seconds:.0f} s, {arguments.out})")
    return 1 if verdict is Verdict.FAIL else 0


def _measured_rows(trials: Mapping[str, Trials]) -> dict[str, Row]:
    """Rows whose angle to BPTT before training is shown: the table's, and those at other angles."""
    rows = {name: row_named(name) for name in ALL_ROWS}
    turned = {name: group.row for name, group in trials.items() if set(group.changed) == {"angle"}}
    return rows | turned


def _row(name: str, trials: Trials | None, published: Published) -> dict[str, Any]:
    """A row of the table: theirs, ours, and what may be said."""
    theirs = published.rows[name]
    test = Reported(theirs.test_mean, theirs.test_std, published.trials)
    train = Reported(theirs.train, None, published.trials)
    lost = trials.lost if trials else []

    def answered(kind: str, against: Reported, over: int = 1) -> dict[str, Any]:
        errors = trials.errors(kind, over) if trials else []
        return (
            spread(errors) | compare(errors, against, margin=published.margin, lost=lost).as_json()
        )

    return {
        "row": name,
        "published": vars(theirs) | {"trials": published.trials},
        "test_error": answered("test_error", test),
        "test_error_last": answered("test_error", test, LAST),
        "train_error": answered("train_error", train),
        "standing": trials.told() if trials else "none begun",
        "epochs": row_named(name).epochs,
        "lost": lost,
        "trials": _listed(trials),
    }


def _listed(trials: Trials | None) -> list[dict[str, Any]]:
    if trials is None:
        return []
    return [_trial(trial, trials.epochs) for trial in (*trials.whole, *trials.begun)]


def _trial(trial: Trial, epochs: int) -> dict[str, Any]:
    """One run as the report shows it: how far, its errors there, and what made it."""
    results = trial.results
    far = results["epochs"]
    segments = results.get("provenance", [])
    return {
        "seed": trial.seed,
        "whole": trial.is_whole(epochs),
        "epochs": far,
        "test_error": trial.error("test_error", min(far, epochs)),
        "test_error_last": trial.error("test_error", min(far, epochs), LAST),
        "train_error": trial.error("train_error", min(far, epochs)),
        "diverged": trial.diverged,
        "lost_at": trial.lost_at(),
        "test_errors": results["test_error"][:epochs],
        "train_errors": results["train_error"][:epochs],
        "residuals": results.get("residual", [])[:epochs],
        "residual_over": results.get("residual_over", "images that are not named"),
        "seconds": results["seconds"][:epochs],
        "commits": sorted({s["code"]["commit"] for s in segments if s.get("code")} - {None}),
        "processors": sorted({s["processor"] for s in segments if s.get("processor")}),
        "path": trial.path,
    }


def _at(trials: Mapping[str, Trials], row: str, angle: float) -> dict[str, Any]:
    """Trials of a row at one angle, for Fig. 4 (right)."""
    found = trials.get(at_angle(row, angle))
    return {
        "row": row,
        "angle": angle,
        "test_error": spread(found.errors() if found else []),
        "standing": found.told() if found else "none begun",
        "trials": _listed(found),
    }


def _other(trials: Trials, every: Mapping[str, Trials], published: Published) -> dict[str, Any]:
    """Trials that the paper has not, against our own of EP at the same depth."""
    yardstick = every.get(YARDSTICKS.get(f"{len(trials.row.sizes) - 2}h", ""))
    errors = trials.errors()
    answer = None
    if yardstick and len(yardstick.whole) > 1 and errors:
        known = spread(yardstick.errors())
        against = Reported(float(known["mean"] or 0), known["std"], len(yardstick.whole))
        answer = compare(errors, against, margin=published.margin, lost=trials.lost).as_json()
    return {
        "name": trials.name,
        "row": trials.row.name,
        "changed": trials.changed,
        "test_error": spread(errors),
        "test_error_last": spread(trials.errors(over=LAST)),
        "train_error": spread(trials.errors("train_error")),
        "yardstick": None if yardstick is None else yardstick.name,
        "equal_to_yardstick": answer,
        "standing": trials.told(),
        "lost": trials.lost,
        "trials": _listed(trials),
    }


def _records(trials: Mapping[str, Trials]) -> Check:
    """Every record lies where it belongs (or reading it has failed), made by today's arithmetic."""
    every = [trial for group in trials.values() for trial in (*group.whole, *group.begun)]
    older = [t.path for t in every if t.results["identity"].get("numerics") != NUMERICS]
    return Check(
        "trainings/records",
        "Every committed training belongs to its row and seed, and was made by the arithmetic of "
        "this version.",
        Verdict.FAIL if older else (Verdict.PASS if every else Verdict.NOT_RUN),
        {"trainings": len(every), "numerics": NUMERICS, "of another arithmetic": older},
        f"made by another arithmetic: {', '.join(older)}" if older else "",
    )


def _along(folder: Path) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    for path in sorted(folder.glob("*/*.json")):
        measured = read_along(path)
        yield f"{path.parent.name}/{path.stem}", [measured[epoch] for epoch in sorted(measured)]
