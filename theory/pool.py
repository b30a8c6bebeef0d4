"""Decide cases in a few processes; a case whose process dies is inconclusive, the others stand."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from functools import partial
from pathlib import Path

from cep_core.check.verdicts import Check
from cep_core.workers import WorkerDiedError, Workers
from theory.case import Answer, Case, Outcome, all_cases, decide, judge


def gather(*, mutants: bool, further: Iterable[Path] = ()) -> tuple[Case, ...]:
    """Return the cases of every statement, of further files and, if asked for, of the mutants."""
    cases = all_cases(further)
    if mutants:
        from theory.mutants.table import cells  # noqa: PLC0415 - only when asked for

        cases += cells()
    return cases


def decide_named(name: str, further: Iterable[Path] = ()) -> Check:
    """Decide the case called ``name``, one of ``further`` files perhaps."""
    cases = gather(mutants=name.startswith("mutants/"), further=further)
    return decide(next(case for case in cases if case.name == name))


def decide_all(
    cases: Sequence[Case], processes: int, further: Iterable[Path] = ()
) -> Generator[Check]:
    """Decide the cases, dearest first, in so many processes; yield each as it is done."""
    dearest_first = sorted(cases, key=lambda case: -case.cost)
    if processes == 1 or len(cases) == 1:
        yield from map(decide, dearest_first)
        return
    by_name = {case.name: case for case in dearest_first}
    work = partial(decide_named, further=tuple(further))
    with Workers(processes) as workers:
        for name, outcome in workers.each_done(work, by_name):
            if outcome.error is None:
                yield outcome.result()
                continue
            reason = f"the worker process failed: {type(outcome.error).__name__}: {outcome.error}"
            if isinstance(outcome.error, WorkerDiedError):
                reason = "a worker process died (out of memory?) before this was decided"
            yield judge(by_name[name], Outcome(Answer.UNDECIDED, reason=reason), 0.0)
