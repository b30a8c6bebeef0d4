"""``python -m reproduce regress``: hold what the other stages left against committed baselines."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from cep_core.check.record import sha256
from cep_core.check.verdicts import Check, Verdict
from cep_core.command_line import results_folder
from cep_core.terminal import say
from reproduce.baselines import (
    TABLE_TOLERANCES,
    Difference,
    changed_verdicts,
    check_numbers,
    check_verdicts,
    difference,
    not_compared,
    read_frame,
    read_verdicts,
    table_difference,
    table_frame,
    write_frame,
    write_verdicts,
)
from reproduce.figures.kinds import KINDS, Figure, comparable, read_figures
from reproduce.figures.orders import ORDER_TOLERANCE
from reproduce.figures.processes import PROCESS_TOLERANCE
from reproduce.stages import STAGES, Stage, begin, read_stage, write_stage

if TYPE_CHECKING:
    import pandas as pd  # for its name alone: every command would wait for it

BASELINES = Path(__file__).parent.parent / "tests" / "regression" / "stage_outputs"
"""Where the baselines are committed."""

VERDICTS = ("verify", "theory", "figures")
"""Stages whose verdicts have a baseline."""

TABLE = "table"
"""The stage whose runs have one."""

COMPARED = (*VERDICTS, TABLE)
"""Stages that are compared."""


def plotted_files(figures: Mapping[str, Figure]) -> dict[str, str]:
    """Name of the figure that each CSV file belongs to, by the file's name without suffix."""
    owners: dict[str, str] = {}
    for name, figure in figures.items():
        owners |= dict.fromkeys(KINDS[figure.kind].files(figure), name)
    return owners


class StageOutputs:
    """What the stages left, what they should have left and did not, and their baselines."""

    def __init__(self, stages: Path, baselines: Path = BASELINES) -> None:
        """Read the stages below a folder."""
        self.folder, self.baselines = stages, baselines
        self.figures = read_figures()
        self.owners = plotted_files(self.figures)
        self.records = {name: read_stage(stages / name) for name in COMPARED}

    @property
    def names(self) -> list[str]:
        """Everything that has a baseline."""
        return [*self.owners, *COMPARED]

    @property
    def inputs(self) -> dict[str, str]:
        """Digests of the records that are compared: what this comparison is about."""
        found = [name for name, record in self.records.items() if record is not None]
        return {f"{n}/stage.json": sha256(self.folder / n / "stage.json") for n in found}

    def baseline(self, name: str) -> Path:
        """The baseline called ``name``."""
        return self.baselines / (f"verdicts-{name}.yml" if name in VERDICTS else f"{name}.csv")

    def compare(self, name: str) -> Check:
        """Hold one output against its baseline."""
        started = time.monotonic()
        verdict, reason = self._there(name)
        if verdict is Verdict.PASS and not self.baseline(name).exists():
            verdict = Verdict.NOT_RUN
            reason = f"there is no baseline; write it: python -m reproduce regress --update {name}"
        if verdict is not Verdict.PASS:
            return not_compared(name, verdict, reason)
        if name in VERDICTS:
            found = self._verdicts(name)
            changes = changed_verdicts(found, read_verdicts(self.baseline(name)))
            return check_verdicts(name, changes, len(found), _since(started))
        return check_numbers(name, self._difference(name), _since(started))

    def update(self, name: str) -> bool:
        """Write one baseline anew; false if there is nothing to write it from."""
        if self._there(name, whole=False)[0] is not Verdict.PASS:
            return False
        if name in VERDICTS:
            write_verdicts(self.baseline(name), self._verdicts(name))
        elif name == TABLE:
            write_frame(self.baseline(name), table_frame(self._record(name).details))
        else:
            numbers, _ = comparable(self._figure(name), read_frame(self.csv(name)))
            write_frame(self.baseline(name), _frame(numbers))
        return True

    def csv(self, name: str) -> Path:
        """The plotted numbers of figure file ``name``."""
        return self.folder / "figures" / self.owners[name] / f"{name}.csv"

    def _figure(self, name: str) -> Figure:
        return self.figures[self.owners[name]]

    def _record(self, name: str) -> Stage:
        record = self.records[name]
        assert record is not None
        return record

    def _verdicts(self, name: str) -> dict[str, str]:
        return {check.name: str(check.verdict) for check in self._record(name).checks}

    def _difference(self, name: str) -> Difference:
        baseline = read_frame(self.baseline(name))
        if name == TABLE:
            return table_difference(table_frame(self._record(name).details), baseline)
        frame, figure = read_frame(self.csv(name)), self._figure(name)
        rows = KINDS[figure.kind].rows(figure)
        if list(frame.index) != rows:
            expected = f"{len(rows)}, from {rows[0]} to {rows[-1]}"
            return Difference(fault=f"rows: expected {expected}, found {len(frame)}")
        numbers, tolerance = comparable(figure, frame)
        return difference(_frame(numbers), baseline, float(tolerance["atol"]))

    def _there(self, name: str, *, whole: bool = True) -> tuple[Verdict, str]:
        """Whether an output is there and is what its stage left, and why not."""
        record = self.records[name if name in COMPARED else "figures"]
        if record is None:
            return Verdict.NOT_RUN, "the stage has not run"
        if name in COMPARED:
            if record.selection and (whole or name == TABLE):
                return Verdict.NOT_RUN, f"the stage was run in part: {record.selection}"
            if not record.checks or (name == TABLE and "rows" not in record.details):
                return Verdict.FAIL, "the stage left nothing that could be compared"
            return Verdict.PASS, ""
        return self._drawn(name, record)

    def _drawn(self, name: str, record: Stage) -> tuple[Verdict, str]:
        """Whether a plotted file is there and is what the figures' stage left, and why not."""
        if not any(check.name == f"figures/{self.owners[name]}" for check in record.checks):
            return Verdict.NOT_RUN, "the stage was run for other figures only"
        path = self.csv(name)
        left = record.files.get(path.relative_to(self.folder / "figures").as_posix())
        found = sha256(path) if path.is_file() else None
        if left is None or found != left:
            what = "none" if found is None else "another"
            return Verdict.FAIL, f"{path.name}: expected the file that the stage left, found {what}"
        return Verdict.PASS, ""


def _since(started: float) -> float:
    return round(time.monotonic() - started, 3)


def _frame(numbers: Mapping[str, object]) -> pd.DataFrame:
    import pandas as pd  # noqa: PLC0415 - every command would wait for it

    return pd.DataFrame(numbers)


def expected_checks() -> list[str]:
    """Names of all comparisons."""
    return [f"regression/{name}" for name in (*plotted_files(read_figures()), *COMPARED)]


def regress(
    stages: Path,
    out: Path,
    *,
    update: Iterable[str] | None = None,
    baselines: Path = BASELINES,
) -> Verdict:
    """Compare and write the stage's record into ``out``; a line for each baseline.

    Args:
        stages: folder with one folder per stage.
        out: this stage's folder.
        update: baselines that are first written anew from what is there, all if none is named;
            None to write none.
        baselines: where they are.

    Raises:
        ValueError: a name that no baseline has.

    """
    begun = begin(Path(__file__), BASELINES)
    outputs = StageOutputs(stages, baselines)
    written = [] if update is None else list(_updated(outputs, list(update)))
    say(f"regression: {len(outputs.names)} baselines")
    checks = []
    for name in outputs.names:
        checks.append(outputs.compare(name))
        say(f"  {checks[-1].verdict:<12} {name}: {checks[-1].reason}")
    verdict = write_stage(
        out,
        stage="regression",
        checks=checks,
        begun=begun,
        inputs=outputs.inputs,
        details={
            "tolerances": {
                "processes": PROCESS_TOLERANCE["atol"],
                "log10 errors": ORDER_TOLERANCE["atol"],
                "table": TABLE_TOLERANCES,
            },
            "updated": written,
        },
    )
    say(f"regression: {verdict}, {len(checks)} comparisons, {begun.seconds:.0f} s")
    return verdict


def _updated(outputs: StageOutputs, names: list[str]) -> Iterator[str]:
    """Write baselines anew; yield those that could be."""
    unknown = sorted(set(names) - set(outputs.names))
    if unknown:
        expected = ", ".join(outputs.names)
        msg = f"--update: expected some of {expected}, found {unknown[0]!r}"
        raise ValueError(msg)
    for name in names or outputs.names:
        if outputs.update(name):
            say(f"  written: {outputs.baseline(name)}")
            yield name
        elif names:
            say(f"  not written: {name}: {outputs.compare(name).reason}")


def add_command(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the ``regress`` command to the command line."""
    parser = subparsers.add_parser("regress", help="compare the stages with committed baselines")
    parser.add_argument("--stages", type=Path, default=STAGES, metavar="DIR")
    parser.add_argument("--out", type=results_folder, default=STAGES / "regression", metavar="DIR")
    parser.add_argument(
        "--update",
        nargs="*",
        metavar="NAME",
        help="accept: write these baselines anew from what the stages left, all if none is named",
    )
    parser.set_defaults(command=command)


def command(arguments: argparse.Namespace) -> int:
    """Compare; 0: nothing that is there differs from its baseline, 1: something does."""
    verdict = regress(arguments.stages, arguments.out, update=arguments.update)
    return 0 if verdict in {Verdict.PASS, Verdict.NOT_RUN} else 1
