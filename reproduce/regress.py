"""``python -m reproduce regress``: hold what the other stages left against committed baselines.

The comparison is pytest-regressions', on normalised numbers with explicit tolerances; the tests are
in ``tests/regression/stage_outputs.py`` and the baselines beside them.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cep_core.check.record import sha256
from cep_core.check.verdicts import Check, Verdict
from reproduce.figures.kinds import KINDS, Figure, read_figures
from reproduce.figures.orders import ORDER_TOLERANCE
from reproduce.figures.processes import PROCESS_TOLERANCE
from reproduce.stages import STAGES, begin, read_stage, write_stage
from reproduce.terminal import say
from theory.command_line import results_folder

if TYPE_CHECKING:
    import pandas as pd  # for its name alone: every command would wait for it

OUTPUTS = Path(__file__).parent.parent / "tests" / "regression" / "stage_outputs.py"

BASELINES = OUTPUTS.with_suffix("")
"""Where pytest-regressions keeps the baselines of those tests."""

COMPARED = ("verify", "theory", "figures")
"""Stages whose verdicts have a baseline."""


def plotted_files(figures: Mapping[str, Figure]) -> dict[str, str]:
    """Name of the figure that each CSV file belongs to, by the file's name without suffix."""
    owners: dict[str, str] = {}
    for name, figure in figures.items():
        owners |= dict.fromkeys(KINDS[figure.kind].files(figure), name)
    return owners


def columns_of(baseline: Path) -> set[str]:
    """Names of the columns that a baseline has; pytest-regressions compares those it is given."""
    import pandas as pd  # noqa: PLC0415 - as above

    return set(pd.read_csv(baseline, index_col=0, nrows=0).columns)


def unlike(figure: Figure, frame: pd.DataFrame, baseline: Path) -> str:
    """Say in which rows or columns a plotted frame differs from what it should hold, if any."""
    rows = KINDS[figure.kind].rows(figure)
    if list(frame.index) != rows:
        return f"rows: expected {len(rows)}, from {rows[0]} to {rows[-1]}, found {len(frame)}"
    columns, expected = {str(name) for name in frame.columns}, columns_of(baseline)
    for absent in sorted(expected - columns):
        return f"columns: expected {absent!r} among {len(expected)}, found {len(columns)} without"
    for strange in sorted(columns - expected):
        return f"columns: expected those of the baseline, found {strange!r}"
    return ""


class StageOutputs:
    """Pytest plugin: gives the tests the stages' folder and collects what they answer."""

    def __init__(self, stages: Path, *, update: bool) -> None:
        """Find out what the stages left, and what they should have left and did not."""
        self.folder, self.update = stages, update
        self.owners = plotted_files(read_figures())
        self.records = {name: read_stage(stages / name) for name in COMPARED}
        self.plotted: list[str] = []
        self.verdicts: list[str] = []
        self.checks: list[Check] = []
        self.absent: list[Check] = []
        for name in self.owners:
            self._sort(name, self.plotted, f"{name}.csv", *self._why_no_csv(name))
        for name in COMPARED:
            self._sort(name, self.verdicts, f"verdicts-{name}.yml", *self._why_no_verdicts(name))

    def _sort(
        self, name: str, present: list[str], baseline: str, verdict: Verdict, reason: str
    ) -> None:
        """Keep what can be compared, and a check of what cannot."""
        if verdict is Verdict.PASS and not (self.update or (BASELINES / baseline).exists()):
            verdict, reason = Verdict.NOT_RUN, "there is no baseline; write one with --update"
        if verdict is Verdict.PASS:
            present.append(name)
        else:
            self.absent.append(_check(name, verdict, reason))

    def _why_no_verdicts(self, name: str) -> tuple[Verdict, str]:
        record = self.records[name]
        if record is None:
            return Verdict.NOT_RUN, "the stage has not run"
        if record.selection and not self.update:
            return Verdict.NOT_RUN, f"the stage was run in part: {record.selection}"
        return Verdict.PASS, ""

    def _why_no_csv(self, name: str) -> tuple[Verdict, str]:
        """Whether the plotted numbers are what the stage left, and why not."""
        record, owner = self.records["figures"], self.owners[name]
        if record is None:
            return Verdict.NOT_RUN, "the stage has not run"
        if not any(check.name == f"figures/{owner}" for check in record.checks):
            return Verdict.NOT_RUN, "the stage was run for other figures only"
        path = self.csv(name)
        left = record.files.get(path.relative_to(self.folder / "figures").as_posix())
        found = sha256(path) if path.is_file() else None
        if left is None or found != left:
            what = "none" if found is None else "another"
            return Verdict.FAIL, f"{path.name}: expected the file that the stage left, found {what}"
        return Verdict.PASS, ""

    @property
    def inputs(self) -> dict[str, str]:
        """Digests of the records that are compared: what this comparison is about."""
        found = [name for name, record in self.records.items() if record is not None]
        return {f"{n}/stage.json": sha256(self.folder / n / "stage.json") for n in found}

    def csv(self, name: str) -> Path:
        """The plotted numbers of figure file ``name``."""
        return self.folder / "figures" / self.owners[name] / f"{name}.csv"

    @pytest.fixture
    def stages(self) -> StageOutputs:
        """The stages and their outputs, for the tests."""
        return self

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """One test per output that exists."""
        for argument, values in (("plotted", self.plotted), ("stage", self.verdicts)):
            if argument in metafunc.fixturenames:
                metafunc.parametrize(argument, values)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Turn a finished test into a check."""
        if report.when != "call" and not report.failed:
            return
        name = report.nodeid.rsplit("[", 1)[-1].rstrip("]")
        text = str(report.longrepr.reprcrash.message) if report.failed else "as the baseline"  # type: ignore[union-attr]
        verdict = Verdict.PASS if report.passed else Verdict.FAIL
        self.checks.append(_check(name, verdict, text[:2000], round(report.duration, 3)))


def _check(name: str, verdict: Verdict, reason: str, seconds: float = 0.0) -> Check:
    statement = f"{name}: within the stated tolerance of the committed baseline"
    return Check(f"regression/{name}", statement, verdict, {}, reason, seconds)


def expected_checks() -> list[str]:
    """Names of all comparisons."""
    return [f"regression/{name}" for name in (*plotted_files(read_figures()), *COMPARED)]


def regress(stages: Path, out: Path, *, update: bool = False) -> Verdict:
    """Compare and write the stage's record into ``out``.

    Args:
        stages: folder with one folder per stage.
        out: this stage's folder.
        update: write the baselines anew from what is there instead.

    """
    begun = begin(Path(__file__), OUTPUTS, BASELINES)
    outputs = StageOutputs(stages, update=update)
    say(f"regression: {len(outputs.plotted)} plotted files, {len(outputs.verdicts)} stages")
    options = ["-q", "-p", "no:cacheprovider", "--no-header", "--tb=short"]
    options += [f"--rootdir={OUTPUTS.parent.parent.parent}", f"--confcutdir={OUTPUTS.parent}"]
    options.append(str(OUTPUTS))  # the tests' own conftest needs what this job does not install
    if update:
        _run([*options, "--force-regen", "--tb=no"], outputs)
        outputs.checks.clear()
        outputs.update = False
    _run(options, outputs)
    checks = outputs.checks + outputs.absent
    verdict = write_stage(
        out,
        stage="regression",
        checks=checks,
        begun=begun,
        inputs=outputs.inputs,
        details={
            "tolerances": {"processes": PROCESS_TOLERANCE, "log10 errors": ORDER_TOLERANCE},
            "updated": update,
        },
    )
    say(f"regression: {verdict}, {len(checks)} comparisons, {begun.seconds:.0f} s")
    return verdict


def _run(options: list[str], outputs: StageOutputs) -> None:
    """Run the comparisons; pytest answers an interrupt and a lost reader itself."""
    code = pytest.main(options, plugins=[outputs])
    if code == pytest.ExitCode.INTERRUPTED:
        raise KeyboardInterrupt
    if code not in {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED}:
        say("")  # raises if nobody reads the output any more
        msg = f"{OUTPUTS}: expected comparisons that run, found pytest's exit code {int(code)}"
        raise OSError(msg)


def add_command(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the ``regress`` command to the command line."""
    parser = subparsers.add_parser("regress", help="compare the stages with committed baselines")
    parser.add_argument("--stages", type=Path, default=STAGES, metavar="DIR")
    parser.add_argument("--out", type=results_folder, default=STAGES / "regression", metavar="DIR")
    parser.add_argument("--update", action="store_true", help="write the baselines anew")
    parser.set_defaults(command=command)


def command(arguments: argparse.Namespace) -> int:
    """Compare; 0: nothing that is there differs from its baseline, 1: something does."""
    verdict = regress(arguments.stages, arguments.out, update=arguments.update)
    return 0 if verdict in {Verdict.PASS, Verdict.NOT_RUN} else 1
