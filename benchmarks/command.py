"""``python -m benchmarks``: measure everything, on one thread."""

from __future__ import annotations

import argparse
import csv
import io
import os
from pathlib import Path
from typing import Any

import torch

from benchmarks import checker, convolutions, plots, scaling
from benchmarks.rows import CORRECTED, NAMES, measure, measure_beside, same_result
from cep_core.check.verdicts import Check, Verdict
from cep_core.command_line import results_folder
from cep_core.data.mnist import DataError, Dataset, embedded
from cep_core.files import write_json, write_text
from cep_core.runs.provenance import processor
from cep_core.terminal import say
from reproduce.stages import STAGES, begin, write_stage


def rows_table(rows: list[dict[str, Any]]) -> str:
    """One line per row as CSV: medians, and ranges of the ratios."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    ratios = ("times_faster", "times_floor")
    head = ["row", "layers", "straightforward_ms", "engine_ms", "floor_ms"]
    for ratio in ratios:
        head += [ratio, f"{ratio}_least", f"{ratio}_most"]
    table.writerow([*head, "extrapolated_hours"])
    for row in rows:
        line = [row["row"], row["layers"]]
        line += [f"{row[name]['median']:.3f}" for name in head[2:5]]
        for ratio in ratios:
            line += [f"{row[ratio][part]:.2f}" for part in ("median", "least", "most")]
        table.writerow([*line, f"{row['extrapolated_hours']:.2f}"])
    return text.getvalue()


def _convolutional(data: Dataset, checks: list[Check], *, quick: bool) -> list[dict[str, Any]]:
    """Measure the convolutional rows; their checks are added to the others."""
    measured = []
    for name in convolutions.NAMES:
        checks.append(convolutions.same_result(data, name))
        found = convolutions.measure(data, name, turns=3 if quick else 9)
        measured.append(found)
        say(
            f"{name}: {found['engine_ms']['median']:.0f} ms per mini-batch, "
            f"{found['times_floor']['median']:.2f} times its convolutions alone "
            f"({found['layout']}); same result: {checks[-1].verdict}"
        )
    return measured


def main() -> int:
    """Measure, write the stage's folder, and return 1 if a result differed, else 0."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer points; about a minute")
    parser.add_argument(
        "--rows", nargs="+", choices=NAMES, metavar="ROW", help="these rows and nothing else"
    )
    parser.add_argument(
        "--out", type=results_folder, default=STAGES / "benchmarks", metavar="FOLDER"
    )
    arguments = parser.parse_args()
    quick, folder = arguments.quick, arguments.out
    begun = begin(Path(__file__).parent)
    torch.set_num_threads(1)
    try:
        data = embedded()
    except DataError as error:
        parser.error(str(error))
    folder.mkdir(parents=True, exist_ok=True)
    load_before = os.getloadavg()[0]
    checks, rows = [], []
    for name in arguments.rows or NAMES:
        checks.append(same_result(data, name, count=2 if quick else 10))
        rows.append(measure(data, name, turns=5 if quick else 15, scale=1 if quick else 2))
        faster, floor = rows[-1]["times_faster"], rows[-1]["times_floor"]
        say(
            f"{name}: {rows[-1]['engine_ms']['median']:.2f} ms per mini-batch, "
            f"{faster['median']:.1f} times faster than the straightforward way "
            f"({faster['least']:.1f} to {faster['most']:.1f}), "
            f"{floor['median']:.2f} times the floor; same result: {checks[-1].verdict}"
        )
    corrected = []
    beside = {} if arguments.rows else CORRECTED
    for name, plain in beside.items():
        checks.append(same_result(data, name, count=2 if quick else 10))
        turns = 5 if quick else 15
        corrected.append(measure_beside(data, name, plain, turns=turns, scale=1 if quick else 2))
        ratio = corrected[-1]["times_plain"]
        say(
            f"{name}: {corrected[-1]['engine_ms']['median']:.2f} ms per mini-batch, "
            f"{ratio['median']:.2f} times {plain} ({ratio['least']:.2f} to {ratio['most']:.2f}); "
            f"same result: {checks[-1].verdict}"
        )
    convolutional = [] if arguments.rows else _convolutional(data, checks, quick=quick)
    details: dict[str, Any] = {
        "processor": processor(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "load_before": load_before,
        "quick": quick,
        "clock": "processor time, interleaved turns; median, least and most",
        "rows": rows,
        "corrected": corrected,
        "convolutional": convolutional,
        "plots": plots.save(plots.by_row(rows), folder, "rows"),
    }
    write_text(folder / "rows.csv", rows_table(rows))
    if not arguments.rows:
        turns = 3 if quick else 7
        details["scaling"] = [
            scaling.measure_variant(data, *variant, turns=turns)
            for variant in scaling.variants(quick=quick)
        ]
        details["curves"] = scaling.curves(data, quick=quick, turns=turns)
        count = 40 if quick else 200
        alone, together = (scaling.side_by_side(n, count) for n in (1, 2))
        details["side_by_side"] = {
            "row": "EP-2h",
            "clock": "wall",
            "one_process_per_second": alone,
            "two_processes_per_second": together,
            "scales_by": together / alone,
        }
        say(f"two processes do {together / alone:.2f} times the work of one")
        details["checker"] = []
        for name in checker.MODELS:
            found, check = checker.measure(name, turns=1 if quick else 5)
            details["checker"].append(found)
            checks.append(check)
            say(
                f"gducheck of {name}: {found['seconds']['median']:.1f} s, "
                f"{found['times_floor']['median']:.1f} times its calls of the network; "
                f"{check.verdict}"
            )
        details["gpu"] = scaling.on_gpu(data, seeds=5, count=20 if quick else 500)
        figure = plots.by_setting(details["scaling"], details["curves"])
        details["plots"] += plots.save(figure, folder, "scaling")
    write_json(folder / "benchmarks.json", details)
    verdict = write_stage(
        folder,
        stage="benchmarks",
        checks=checks,
        begun=begun,
        selection={"rows": "only"} if arguments.rows else {},
        files=[*details["plots"], "rows.csv"],
        details=details,
    )
    say(f"benchmarks: {verdict}; {folder}")
    return int(verdict == Verdict.FAIL)
