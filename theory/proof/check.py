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
    proved: dict[str, set[str]] = {path.name: set() for path in folder.glob("*.v")}
    for result in sources.results(folder):
        proved[result.file].add(result.name)
    return [
        *files,
        *sources.forbidden_commands(folder),
        *problems(statements, proved),
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
        return Report("fail", f"{len(found)} problems in the sources", theorems=listed,
                      rows=statements.rows, problems=tuple(found))
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
    runs = coq.compile_all(build, files, jobs)
    found = [f"{name}: {runs[name].output}" if name in runs
             else f"{name}: not compiled, as a file that it needs was refused"
             for name in files if name not in runs or not runs[name].ok]
    verdicts = control_verdicts(build, runs.get(sources.CONTROLS_FILE))
    found += [f"{sources.CONTROLS_FILE}: {item.name} was not refused"
              for item in verdicts if not item.refused]
    theorems = tuple(TheoremVerdict(item, (), "fail") for item in statements.theorems)
    compiled = [name for name in files if name in runs and runs[name].ok]
    if "Statements.v" in compiled:
        with ThreadPoolExecutor(2) as pool:
            context = pool.submit(coq.recheck, build, compiled)
            try:
                axioms = coq.axioms_of(build, [item.name for item in statements.theorems])
            except (RuntimeError, ValueError) as error:
                axioms = {}
                found.append(str(error))
            found += context.result()[1]
        theorems = tuple(_theorem_verdict(item, axioms.get(item.theorem.name))
                         for item in theorems)
        found += [f"{item.theorem.name} rests on {name}, which is not allowed"
                  for item in theorems for name in item.axioms if not coq.allowed(name)]
    return Report(
        "fail" if found else "pass",
        f"{len(found)} problems" if found else "every statement proved, every alteration refused",
        coq.version(build), time.monotonic() - start, theorems, verdicts, statements.rows,
        tuple(found), len(sources.results(build)), len(files),
    )


def _theorem_verdict(item: TheoremVerdict, axioms: tuple[str, ...] | None) -> TheoremVerdict:
    if axioms is None:
        return item
    verdict = "pass" if all(map(coq.allowed, axioms)) else "fail"
    return TheoremVerdict(item.theorem, axioms, verdict)


def control_verdicts(build: Path, run: coq.Run | None) -> tuple[ControlVerdict, ...]:
    """Whether Coq refused each altered statement, from its answer on the file of controls.

    Coq stops at the first altered statement that it does not refuse: that one counts as
    accepted, and those after it as not reached.
    """
    messages = coq.refusals(run.output) if run else []
    return tuple(
        ControlVerdict(control.name, control.alteration, refused=i < len(messages),
                       message=messages[i] if i < len(messages)
                       else "accepted" if i == len(messages) and run else "not reached")
        for i, control in enumerate(sources.controls(build)[0])
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns 0 for pass or not run, 1 for fail, 3 where Coq is required."""
    parser = argparse.ArgumentParser(prog="python -m theory.proof", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the report as JSON")
    parser.add_argument("--require-coq", action="store_true",
                        help=f"exit {EXIT_NOT_RUN} when Coq is not installed")
    parser.add_argument("--table", action="store_true",
                        help="print the map of README.md as Markdown and stop")
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
