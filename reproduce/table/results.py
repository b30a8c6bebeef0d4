"""The paper's table, trained again: which rows, how long, and what may be claimed of them."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch

from cep_core.check.verdicts import Check, Verdict
from cep_core.data.mnist import CLASSES, Dataset
from cep_core.networks import Nudge
from cep_core.runs.row import Row, row_named
from cep_core.runs.together import why_not_batched
from cep_core.runs.train import Request, train
from cep_core.training.checkpoints import latest
from reproduce.runs.jobs import Job, job
from reproduce.table.published import Published, PublishedRow
from reproduce.trainings.comparison import Answer, Reported, compare

CHANCE = 100 * (1 - 1 / CLASSES)
"""Error in percent of an answer drawn at random."""

LEARNED = CHANCE / 2
"""A run that ends above this is lost."""

ALL_ROWS = ("EP-1h", "EP-2h", "C-EP-1h", "C-EP-2h", "C-VF-1h", "C-VF-2h")


@dataclass(frozen=True)
class Tier:
    """How much of the table is trained.

    Attributes:
        name: ``"quick"`` or ``"full"``.
        rows: names of the rows.
        nudges: variants of the nudge.
        epochs: epochs of each run; None for the paper's own number.
        seeds: number of seeds, from 0.
        label: what a reader is told wherever the numbers appear.

    """

    name: str
    rows: tuple[str, ...]
    nudges: tuple[Nudge, ...]
    epochs: int | None
    seeds: int
    label: str


TIERS = {
    tier.name: tier
    for tier in (
        Tier(
            "quick",
            ("EP-1h", "C-EP-1h", "C-VF-1h"),
            ("outside", "inside"),
            20,
            3,
            "quick tier: a few epochs on few digits; it shows that the rules learn and claims "
            "nothing about the paper's error rates",
        ),
        Tier("full", ALL_ROWS, ("outside",), None, 5, "full tier: the paper's epochs and trials"),
    )
}


def jobs_of(
    tier: Tier,
    data: Dataset,
    runs: Path,
    *,
    engine: Any = "fast",
    device: Any = "cpu",
    together: bool = False,
) -> list[Job]:
    """Return every run of a tier, all rows of one seed before the next seed.

    ``together`` makes one batched run of a row's seeds, where the row can be trained so.
    """

    def request(row: Row, seed: int) -> Request:
        at_once = together and engine == "fast" and tier.seeds > 1 and why_not_batched(row) is None
        seeds = tuple(range(tier.seeds)) if at_once else ()
        return Request(row, seed, engine=engine, device=device, together=seeds)

    return [
        job(request(row_named(name).changed(nudge=nudge), seed), data, runs, tier.epochs)
        for seed in range(tier.seeds)
        for name in tier.rows
        for nudge in tier.nudges
    ]


def table_row(
    jobs: Sequence[Job],
    results: Sequence[dict[str, Any]],
    tier: Tier,
    published: PublishedRow | None,
) -> dict[str, Any]:
    """Put the runs of one row and nudge together, as the report shows them.

    Errors are in percent. ``test_error`` and ``train_error`` are of the last epoch, over seeds;
    ``…_by_epoch`` are means over seeds. ``published`` is about the nudge outside.
    """
    row = jobs[0].request.row
    epochs = jobs[0].epochs
    results = [_cut(result, epochs) for result in results]
    by_epoch = {
        kind: [statistics.fmean(r[kind][epoch] for r in results) for epoch in range(epochs)]
        for kind in ("test_error", "train_error")
    }
    return {
        "row": row.name,
        "title": row.title,
        "rule": row.rule,
        "layers": row.layers,
        "nudge": row.nudge,
        "angle": row.angle,
        "settings": row.as_json(),
        "tier": tier.name,
        "epochs": epochs,
        "epochs_of_paper": row.epochs,
        "seeds": [result["seed"] for result in results],
        "test_error": _spread([result["test_error"][-1] for result in results]),
        "train_error": _spread([result["train_error"][-1] for result in results]),
        "test_error_by_epoch": by_epoch["test_error"],
        "train_error_by_epoch": by_epoch["train_error"],
        "published": None if published is None else asdict(published),
        "seconds": round(sum(sum(result["seconds"]) for result in results), 1),
        "engine": results[0]["engine"],
        "data": results[0]["data"]["name"],
        "runs": [
            {key: result[key] for key in ("seed", "hash", "test_error", "train_error", "seconds")}
            | {"code": [part.get("code") for part in result.get("provenance", [])]}
            | {"written": _written(job.folder)}
            for job, result in zip(jobs, results, strict=True)
        ],
    }


def _written(run: Path) -> str | None:
    """When a run's results were last written, ISO 8601 in UTC; None where there are none."""
    path = run / "results.json"
    if not path.is_file():
        return None
    return datetime.fromtimestamp(path.stat().st_mtime, UTC).isoformat(timespec="seconds")


def _cut(result: dict[str, Any], epochs: int) -> dict[str, Any]:
    """Results of a run as they were after ``epochs`` epochs: it may have been trained further."""
    return result | {
        kind: result[kind][:epochs] for kind in ("test_error", "train_error", "seconds")
    }


def _spread(values: Sequence[float]) -> dict[str, float | None]:
    return {
        "mean": statistics.fmean(values),
        "std": statistics.stdev(values) if len(values) > 1 else None,
    }


def class_means_error(data: Dataset) -> float:
    """Training error in percent of the nearest class mean: what needs no hidden unit."""
    images = data.train_images.to(torch.float32) / 255
    labels = data.train_labels.long()
    means = torch.stack([images[labels == label].mean(0) for label in range(CLASSES)])
    nearest = torch.cdist(images, means.nan_to_num(math.inf)).nan_to_num(math.inf).argmin(1)
    return 100 * float((nearest != labels).float().mean())


def learning_check(row: dict[str, Any], bar: float) -> Check:
    """Claim of a row as published that it learns; its error rate is compared with nothing else.

    It is judged by the running training error, an average over an epoch: with signs of ``beta``
    drawn at random, the test error of C-VF jumps from one epoch to the next early in training.

    Args:
        row: of the table.
        bar: training error in percent that it has to beat, as :func:`class_means_error`.

    """
    errors = row["train_error_by_epoch"]
    first, last = errors[0], errors[-1]
    if not math.isfinite(last) or last > CHANCE - 10:
        verdict, reason = Verdict.FAIL, "the network answers as if at random"
    elif last < bar and (len(errors) == 1 or last < first):
        verdict, reason = Verdict.PASS, ""
    else:
        verdict, reason = Verdict.INCONCLUSIVE, "too few mini-batches to tell that the rule learns"
    return Check(
        f"table/{row['tier']}/{row['row']}/{row['nudge']}",
        f"{row['row']} learns: after {row['epochs']} epochs on {row['data']} its training error is "
        f"below the {bar:.1f} % of the nearest class mean, and below that after the first epoch.",
        verdict,
        {
            "train_error_first": first,
            "train_error_last": last,
            "test_error_last": row["test_error_by_epoch"][-1],
            "nearest class mean": bar,
        },
        reason,
        row["seconds"],
    )


def published_check(row: dict[str, Any], published: Published) -> Check:
    """Claim of a row trained in full that its test error is the published one."""
    theirs = published.rows[row["row"]]
    ours = [run["test_error"][-1] for run in row["runs"]]
    found = compare(
        ours,
        Reported(theirs.test_mean, theirs.test_std, published.trials),
        margin=published.margin,
        lost=[run["seed"] for run in row["runs"] if run["test_error"][-1] > LEARNED],
    )
    verdict = {
        Answer.REPRODUCED: Verdict.PASS,
        Answer.NOT_REPRODUCED: Verdict.FAIL,
        Answer.UNDERPOWERED: Verdict.INCONCLUSIVE,
        Answer.NOT_RUN: Verdict.NOT_RUN,
    }[found.answer]
    return Check(
        f"table/{row['tier']}/{row['row']}/{row['nudge']}",
        f"{row['row']}: the test error after {row['epochs']} epochs on {row['data']} is the "
        f"published one within {published.margin:g} percentage points.",
        verdict,
        {"ours": row["test_error"]["mean"], "published": theirs.test_mean, "trials": len(ours)},
        f"{found.answer}: {found.reason}",
        row["seconds"],
    )


def resumption_check(request: Request, data: Dataset, folder: Path) -> Check:
    """Train two epochs at once, and one and then another; compare the parameters bit by bit."""
    whole = train(request, data, folder / "whole", epochs=2, show="warnings")
    parts = folder / "in-parts"
    train(request, data, parts, epochs=1, show="warnings")
    resumed = train(request, data, parts, epochs=2, show="warnings")
    ends = [
        latest(place, run=whole["hash"], warn=lambda _: None) for place in (folder / "whole", parts)
    ]
    different = [
        name
        for name, value in (ends[0].parameters.items() if ends[0] else ())
        if ends[1] is None or not bool((value == ends[1].parameters[name]).all())
    ]
    errors_equal = whole["test_error"] == resumed["test_error"]
    same = None not in ends and not different and errors_equal
    return Check(
        f"table/resumed/{request.row.name}",
        f"A run of {request.row.name} that is resumed after an epoch ends with the same bits as "
        "one that was not interrupted.",
        Verdict.PASS if same else Verdict.FAIL,
        {"test_error": whole["test_error"], "resumed_test_error": resumed["test_error"]},
        ""
        if same
        else f"different: {', '.join(different) or 'errors'}; likely cause: state that "
        "is not part of the checkpoint",
        sum(whole["seconds"]) + sum(resumed["seconds"]),
    )


def as_csv(rows: Sequence[dict[str, Any]]) -> str:
    """Every error of every epoch of every run, one line each."""
    lines = ["row,nudge,seed,epoch,test_error,train_error"]
    for row in rows:
        for run in row["runs"]:
            pairs = zip(run["test_error"], run["train_error"], strict=True)
            lines += [
                f"{row['row']},{row['nudge']},{run['seed']},{epoch},{test!r},{train_!r}"
                for epoch, (test, train_) in enumerate(pairs, start=1)
            ]
    return "\n".join(lines) + "\n"
