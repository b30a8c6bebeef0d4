"""Decide every statement of the theory: ``python -m theory``."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from cep_core.check.record import Begun, write_stage
from cep_core.check.verdicts import Check, Verdict, combine
from cep_core.command_line import results_file, results_folder
from cep_core.files import write_json
from cep_core.provenance import code_of
from theory.case import Case, Level, select, sources
from theory.pool import decide_all, gather

HERE = Path(__file__).parent


def _say(text: str = "") -> None:
    print(text, flush=True)  # noqa: T201 - the command line's own output


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m theory", description=__doc__)
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="NAME",
        help="only the cases whose name begins with NAME (a statement, or a name from --list)",
    )
    parser.add_argument(
        "--level", action="append", default=[], choices=[str(level) for level in Level]
    )
    parser.add_argument("--list", action="store_true", help="list the cases and decide nothing")
    parser.add_argument(
        "--mutants", action="store_true", help="also plant every mutant under every method"
    )
    parser.add_argument(
        "--also",
        action="append",
        default=[],
        type=Path,
        metavar="FILE.py",
        help="also decide the cases of a statement of your own",
    )
    parser.add_argument(
        "--json", type=results_file, metavar="FILE", help="write what was found to FILE"
    )
    parser.add_argument(
        "--out",
        type=results_folder,
        metavar="DIR",
        help="leave DIR/stage.json, as a stage of the main job",
    )
    parser.add_argument("--processes", type=int, default=2, metavar="N", help="2 unless given")
    return parser


def _not_run(case: Case) -> Check:
    return Check(case.name, case.claim, Verdict.NOT_RUN, reason="stopped before its turn")


def _details(cases: Iterable[Case], checks: dict[str, Check]) -> dict[str, Any]:
    """Return the rows that the report shows: what each case is, and what it found."""
    rows = [
        case.row()
        | {
            "seconds": checks[case.name].seconds,
            "verdict": str(checks[case.name].verdict),
            "reason": checks[case.name].reason,
        }
        for case in cases
    ]
    details: dict[str, Any] = {"rows": [row for row in rows if row["statement"] != "mutants"]}
    details["titles"] = {row["statement"]: _title(row["statement"]) for row in details["rows"]}
    if len(details["rows"]) < len(rows):
        from theory.mutants.table import table  # noqa: PLC0415 - only when asked for

        details["mutants"] = table(checks)
    return details


def _title(statement: str) -> str:
    """What a statement says, the first line of its module; its name where it has none of ours."""
    source = f"theory.statements.{statement}"
    if source not in sources():
        return statement
    return (importlib.import_module(source).__doc__ or statement).partition("\n")[0]


def _selection(options: argparse.Namespace) -> dict[str, Any]:
    """What was asked for, where that was not everything."""
    asked = {
        "only": options.only,
        "level": options.level,
        "also": [str(path) for path in options.also],
        "mutants": [] if options.mutants else ["none"],
    }
    return {name: values for name, values in asked.items() if values}


def _report_line(case: Case, check: Check) -> str:
    line = (
        f"{check.verdict:<12} {check.seconds:7.1f} s  {case.statement:<12} {case.variant} | "
        f"{case.size} | {case.method} | {case.where} | expected: {case.expected}"
    )
    numbers_matter = case.level is Level.CERTIFIED  # what was certified is a number, not a yes
    if check.reason and (numbers_matter or check.verdict is not Verdict.PASS):
        line += f"\n{'':24}{check.reason}"
    return line


def _run(options: argparse.Namespace, cases: Sequence[Case]) -> int:
    """Decide the cases, print a row for each, and write what was asked for."""
    ours = (path for path in sorted(HERE.iterdir()) if path.name != "proof")
    begun = Begun(code_of(*ours, *options.also))
    by_name = {case.name: case for case in cases}
    found: dict[str, Check] = {}
    interrupted = False
    try:
        with closing(decide_all(cases, options.processes, options.also)) as decided:
            for check in decided:
                found[check.name] = check
                _say(_report_line(by_name[check.name], check))
    except KeyboardInterrupt:
        interrupted = True
    checks = {case.name: found.get(case.name) or _not_run(case) for case in cases}
    verdict = combine(check.verdict for check in checks.values())
    details = _details(cases, checks)
    seconds = round(begun.seconds, 3)
    if options.json is not None:
        listed = [check.as_json() for check in checks.values()]
        record = {"verdict": str(verdict), "seconds": seconds, "checks": listed, "details": details}
        write_json(options.json, record)
    if options.out is not None:
        write_stage(
            options.out,
            stage="theory",
            checks=checks.values(),
            begun=begun,
            selection=_selection(options),
            details=details,
        )
    passed = sum(check.verdict is Verdict.PASS for check in checks.values())
    _say(f"{passed} of {len(checks)} as expected, {seconds:.0f} s: {verdict}")
    if interrupted:
        return 130
    return 0 if verdict is Verdict.PASS else 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; 0 only if every statement has its expected answer, 2 for bad usage."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.processes < 1:
        parser.error(f"--processes: expected a positive count, found {options.processes}")
    try:
        cases = select(
            gather(mutants=options.mutants, further=options.also), options.only, options.level
        )
    except ValueError as error:
        parser.error(str(error))
    if not cases:
        parser.error("no case has this name at this level")
    if options.list:
        for case in cases:
            _say(f"{case.name}  [{case.method}; expected: {case.expected}]")
        return 0
    return _run(options, cases)
