"""The check of the development: sources, compilation, statements, coqchk, negative controls."""

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import wait
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from cep_core.command_line import results_file
from cep_core.provenance import code_of
from theory.proof import comparison, coq, pins, sources
from theory.proof.report import ControlVerdict, Report, TheoremVerdict
from theory.proof.statements import (
    STATEMENTS_FILE,
    Statements,
    load,
    problems,
    renew_readme,
)

HERE = Path(__file__).resolve().parent
EXIT_FAIL = 1
EXIT_NOT_RUN = 3


def static_problems(folder: Path, statements: Statements) -> list[str]:
    """Everything that can be found wrong without running Coq."""
    proved_in: dict[str, set[str]] = {}
    for result in sources.results(folder):
        proved_in.setdefault(result.file, set()).add(result.name)
    return [
        *sources.file_problems(folder),
        *sources.forbidden_commands(folder),
        *pins.problems(folder, statements.trusted),
        *problems(statements, proved_in, pins.stated(folder)),
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
    stated = pins.stated(folder)
    report = Report(
        "not run",
        "",
        theorems=tuple(
            TheoremVerdict(item, "not run", stated.get(item.name, ""))
            for item in statements.theorems
        ),
        rows=statements.rows,
        not_proved=statements.not_proved,
    )
    found = tuple(static_problems(folder, statements))
    if found:
        reason = f"{len(found)} problems in the sources"
        return replace(report, verdict="fail", reason=reason, problems=found)
    with tempfile.TemporaryDirectory(prefix="cep-proof-") as scratch:
        build = Path(scratch)
        reason = coq.missing(build)
        if reason:
            return replace(report, reason=reason)
        files = sources.project_files(folder)
        for name in files:
            shutil.copy(folder / name, build / name)
        report = _check_with_coq(build, files, report, jobs)
    return replace(report, seconds=time.monotonic() - start)


def _check_with_coq(build: Path, files: list[str], report: Report, jobs: int) -> Report:
    results = len(sources.results(build))  # before files of ours are added to the copy
    runs = coq.compile_all(build, files, jobs)
    found = [
        f"{name}: {runs[name].output}"
        if name in runs
        else f"{name}: not compiled, as a file that it needs was refused"
        for name in files
        if name not in runs or not runs[name].ok
    ]
    all_compiled = not found
    theorems, axioms, problems_of_theorems = theorem_verdicts(build, report.theorems)
    found += problems_of_theorems
    verdicts: tuple[ControlVerdict, ...] = ()
    if all_compiled:
        checked = [*files, comparison.FILE] if not problems_of_theorems else files
        with coq.side_by_side(2) as pool:
            context = pool.submit(coq.recheck, build, checked)
            verdicts, problems_of_controls = control_verdicts(build, max(1, jobs - 1))
        found += [*context.result()[1], *problems_of_controls]
    return replace(
        report,
        verdict="fail" if found else "pass",
        reason=f"{len(found)} problems"
        if found
        else "every statement proved, every alteration refused",
        coq_version=coq.version(build),
        theorems=theorems,
        negative_controls=verdicts,
        problems=tuple(found),
        results=results,
        files=len(files),
        axioms=axioms,
    )


def theorem_verdicts(
    build: Path, listed: tuple[TheoremVerdict, ...]
) -> tuple[tuple[TheoremVerdict, ...], tuple[str, ...], list[str]]:
    """Compare each theorem with its pinned statement: the verdicts, the axioms, the problems."""
    try:
        compared = comparison.compare(build, [item.theorem for item in listed])
    except (RuntimeError, ValueError) as error:
        return tuple(replace(item, verdict="fail") for item in listed), (), [str(error)]
    found = []
    verdicts = []
    for item in listed:
        name, file = item.theorem.name, item.theorem.file
        against = [
            f"{name} rests on {axiom}, which is not allowed"
            for axiom in compared.foreign.get(name, ())
        ]
        if name in compared.refused:
            no = compared.refused[name]
            against.append(f"{name}: {file} does not prove what {STATEMENTS_FILE} states: {no}")
        found += against
        verdicts.append(replace(item, verdict="fail" if against else "pass"))
    return tuple(verdicts), compared.axioms, found


def control_verdicts(build: Path, jobs: int) -> tuple[tuple[ControlVerdict, ...], list[str]]:
    """Give each altered statement alone to Coq; returns the verdicts and the problems."""
    controls = sources.controls(build)[0]
    found = []
    verdicts = []
    with coq.side_by_side(jobs) as pool:
        answers = [pool.submit(coq.refusal, build, control) for control in controls]
        wait(answers)
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
    parser.add_argument(
        "--json", type=results_file, metavar="FILE", help="write the report as JSON"
    )
    parser.add_argument(
        "--require-coq", action="store_true", help=f"exit {EXIT_NOT_RUN} when Coq is not installed"
    )
    parser.add_argument(
        "--pin",
        action="store_true",
        help=f"note the trusted definitions as they are in {pins.DIGESTS_FILE}, renew what "
        "README.md says of the statements, and stop",
    )
    options = parser.parse_args(arguments)
    if options.pin:
        statements = load(HERE / "statements.toml")
        pins.write_digests(HERE, statements.trusted)
        renew_readme(HERE / "README.md", statements)
        return 0
    ran, code = datetime.now(UTC).isoformat(timespec="seconds"), code_of(HERE)
    report = check()
    if options.json is not None:
        report.write(options.json, ran, code)
    sys.stdout.write(report.to_text() + "\n")
    if report.verdict == "not run":
        sys.stdout.write(coq.INSTALL + "\n")
        return EXIT_NOT_RUN if options.require_coq else 0
    return 0 if report.verdict == "pass" else EXIT_FAIL
