"""The check of the development: sources, compilation, axioms, coqchk, negative controls."""

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from theory.proof import coq, sources
from theory.proof.report import ControlVerdict, Report, TheoremVerdict
from theory.proof.statements import Statements, load, markdown_table, problems

HERE = Path(__file__).resolve().parent
EXIT_FAIL = 1
EXIT_NOT_RUN = 3


def static_problems(folder: Path, statements: Statements) -> list[str]:
    """Everything that can be found wrong without running Coq."""
    files = sources.file_problems(folder)
    stated_in: dict[str, set[str]] = {}
    for result in sources.results(folder):
        if result.kind == "Theorem":
            stated_in.setdefault(result.file, set()).add(result.name)
    return [
        *files,
        *sources.forbidden_commands(folder),
        *problems(statements, stated_in),
        *sources.controls(folder)[1],
    ]


def check(folder: Path = HERE, *, jobs: int = 2) -> Report:
    """Check the development in ``folder``, in a copy of it; nothing is written there.

    The report is ``not run`` when Coq or Coquelicot is absent, unless the sources alone
    already show a problem. Raises ``FileNotFoundError`` or ``ValueError`` when the folder
    lacks ``_CoqProject`` or ``statements.toml``, or the latter cannot be read.
    """
    start = time.monotonic()
    statements = load(folder / "statements.toml")
    found = static_problems(folder, statements)
    listed = tuple(TheoremVerdict(item, (), "not run") for item in statements.theorems)
    if found:
        return Report(
            "fail",
            f"{len(found)} problems in the sources",
            theorems=listed,
            rows=statements.rows,
            problems=tuple(found),
        )
    with tempfile.TemporaryDirectory(prefix="cep-proof-") as scratch:
        build = Path(scratch)
        reason = coq.missing(build)
        if reason:
            return Report("not run", reason, theorems=listed, rows=statements.rows)
        for name in sources.project_files(folder):
            shutil.copy(folder / name, build / name)
        return _check_with_coq(build, sources.project_files(folder), statements, jobs, start)


def _check_with_coq(
    build: Path, files: list[str], statements: Statements, jobs: int, start: float
) -> Report:
    results = len(sources.results(build))  # before files of ours are added to the copy
    runs = coq.compile_all(build, files, jobs)
    found = [
        f"{name}: {runs[name].output}"
        if name in runs
        else f"{name}: not compiled, as a file that it needs was refused"
        for name in files
        if name not in runs or not runs[name].ok
    ]
    theorems = tuple(TheoremVerdict(item, (), "fail") for item in statements.theorems)
    verdicts: tuple[ControlVerdict, ...] = ()
    if not found:
        with ThreadPoolExecutor(2) as pool:
            context = pool.submit(coq.recheck, build, files)
            theorems, problems_of_axioms = _axioms(build, statements)
            verdicts, problems_of_controls = control_verdicts(build, max(1, jobs - 1))
        found = [*context.result()[1], *problems_of_axioms, *problems_of_controls]
    return Report(
        "fail" if found else "pass",
        f"{len(found)} problems" if found else "every statement proved, every alteration refused",
        coq.version(build),
        time.monotonic() - start,
        theorems,
        verdicts,
        statements.rows,
        tuple(found),
        results,
        len(files),
    )


def _axioms(build: Path, statements: Statements) -> tuple[tuple[TheoremVerdict, ...], list[str]]:
    try:
        axioms = coq.axioms_of(build, statements.theorems)
    except (RuntimeError, ValueError) as error:
        return tuple(TheoremVerdict(item, (), "fail") for item in statements.theorems), [str(error)]
    verdicts = tuple(
        TheoremVerdict(
            item, axioms[item.name], "pass" if all(map(coq.allowed, axioms[item.name])) else "fail"
        )
        for item in statements.theorems
    )
    return verdicts, [
        f"{item.theorem.name} rests on {name}, which is not allowed"
        for item in verdicts
        for name in item.axioms
        if not coq.allowed(name)
    ]


def control_verdicts(build: Path, jobs: int) -> tuple[tuple[ControlVerdict, ...], list[str]]:
    """Give each altered statement alone to Coq; returns the verdicts and the problems."""
    controls = sources.controls(build)[0]
    found = []
    verdicts = []
    with ThreadPoolExecutor(jobs) as pool:
        answers = [pool.submit(coq.refusal, build, control) for control in controls]
    for control, answer in zip(controls, answers, strict=True):
        try:
            message = answer.result()
        except RuntimeError as error:
            message = ""
            found.append(str(error))
        if not message:
            found.append(f"{sources.CONTROLS_FILE}: {control.name} was not refused")
        verdicts.append(
            ControlVerdict(
                control.name, control.alteration, bool(message), message, control.refuted
            )
        )
    return tuple(verdicts), found


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns 0 for pass or not run, 1 for fail, 3 where Coq is required."""
    parser = argparse.ArgumentParser(prog="python -m theory.proof", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the report as JSON")
    parser.add_argument(
        "--require-coq", action="store_true", help=f"exit {EXIT_NOT_RUN} when Coq is not installed"
    )
    parser.add_argument(
        "--table", action="store_true", help="print the map of README.md as Markdown and stop"
    )
    options = parser.parse_args(arguments)
    if options.table:
        sys.stdout.write(markdown_table(load(HERE / "statements.toml")))
        return 0
    report = check()
    if options.json is not None:
        report.write(options.json)
    sys.stdout.write(report.to_text() + "\n")
    if report.verdict == "not run":
        sys.stdout.write(coq.INSTALL + "\n")
        return EXIT_NOT_RUN if options.require_coq else 0
    return 0 if report.verdict == "pass" else EXIT_FAIL
