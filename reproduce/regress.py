"""``python -m reproduce regress``: hold what the other stages left against committed baselines.

The comparison is pytest-regressions', on normalised numbers with explicit tolerances; the tests are
in ``tests/regression/stage_outputs.py`` and the baselines beside them.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cep_core.check.verdicts import Check, Verdict
from reproduce.figures.kinds import KINDS, Figure, read_figures
from reproduce.figures.orders import ORDER_TOLERANCE
from reproduce.figures.processes import PROCESS_TOLERANCE
from reproduce.stages import STAGES, read_stage, write_stage
from reproduce.terminal import say

if TYPE_CHECKING:
    pass  # for its name alone: every command would wait for it

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


class StageOutputs:
    """Pytest plugin: gives the tests the stages' folder and collects what they answer."""

    def __init__(self, stages: Path, *, update: bool) -> None:
        """Find out which of the stages' outputs exist."""
        self.folder = stages
        self.owners = plotted_files(read_figures())
        self.plotted = [name for name in self.owners if self.csv(name).exists()]
        self.verdicts = [
            name
            for name in COMPARED
            if read_stage(stages / name) is not None
            and (update or (BASELINES / f"verdicts-{name}.yml").exists())
        ]
        self.checks: list[Check] = []

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
        self.checks.append(
            Check(
                f"regression/{name}",
                f"{name}: within the stated tolerance of the committed baseline",
                Verdict.PASS if report.passed else Verdict.FAIL,
                {},
                text[:2000],
                round(report.duration, 3),
            )
        )

    def missing(self) -> list[Check]:
        """A check that was not run for every output that is not there."""
        absent = [n for n in self.owners if n not in self.plotted]
        absent += [n for n in COMPARED if n not in self.verdicts]
        return [
            Check(
                f"regression/{name}",
                f"{name}: within the stated tolerance of the committed baseline",
                Verdict.NOT_RUN,
                reason="no output of the stage, or no baseline: run the stage, or --update",
            )
            for name in absent
        ]


def regress(stages: Path, out: Path, *, update: bool = False) -> Verdict:
    """Compare and write the stage's record into ``out``.

    Args:
        stages: folder with one folder per stage.
        out: this stage's folder.
        update: write the baselines anew from what is there instead.

    """
    started = time.monotonic()
    outputs = StageOutputs(stages, update=update)
    say(f"regression: {len(outputs.plotted)} plotted files, {len(outputs.verdicts)} stages")
    options = ["-q", "-p", "no:cacheprovider", "--no-header", "--tb=short"]
    options += [f"--rootdir={OUTPUTS.parent.parent.parent}", str(OUTPUTS)]
    if update:
        pytest.main([*options, "--force-regen", "--tb=no"], plugins=[outputs])
        outputs.checks.clear()
    pytest.main(options, plugins=[outputs])
    checks = outputs.checks + outputs.missing()
    verdict = write_stage(
        out,
        stage="regression",
        checks=checks,
        started=started,
        details={
            "tolerances": {"processes": PROCESS_TOLERANCE, "log10 errors": ORDER_TOLERANCE},
            "updated": update,
        },
    )
    say(f"regression: {verdict}, {len(checks)} comparisons, {time.monotonic() - started:.0f} s")
    return verdict


def add_command(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the ``regress`` command to the command line."""
    parser = subparsers.add_parser("regress", help="compare the stages with committed baselines")
    parser.add_argument("--stages", type=Path, default=STAGES, metavar="DIR")
    parser.add_argument("--out", type=Path, default=STAGES / "regression", metavar="DIR")
    parser.add_argument("--update", action="store_true", help="write the baselines anew")
    parser.set_defaults(command=command)


def command(arguments: argparse.Namespace) -> int:
    """Compare; 0: nothing that is there differs from its baseline, 1: something does."""
    verdict = regress(arguments.stages, arguments.out, update=arguments.update)
    return 0 if verdict in {Verdict.PASS, Verdict.NOT_RUN} else 1
