"""Decide cases in a few processes; a case whose process dies is inconclusive, the others stand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path

from cep_core.check.verdicts import Check
from theory.case import Answer, Case, Outcome, all_cases, decide, judge


def gather(*, mutants: bool, further: Iterable[Path] = ()) -> tuple[Case, ...]:
    """Return the cases of every statement, of further files and, if asked for, of the mutants."""
    cases = all_cases(further)
    if mutants:
        from theory.mutants.table import cells  # noqa: PLC0415 - only when asked for

        cases += cells()
    return cases


def decide_named(name: str, further: Iterable[Path] = ()) -> Check:
    """Decide the case called ``name``, one of ``further`` files perhaps, on one thread."""
    import torch  # noqa: PLC0415 - in the worker only

    torch.set_num_threads(1)
    cases = gather(mutants=name.startswith("mutants/"), further=further)
    return decide(next(case for case in cases if case.name == name))


def decide_all(
    cases: Sequence[Case], processes: int, further: Iterable[Path] = ()
) -> Iterator[Check]:
    """Decide the cases, dearest first, in so many processes; yield each as it is done."""
    dearest_first = sorted(cases, key=lambda case: -case.cost)
    if processes == 1 or len(cases) == 1:
        yield from map(decide, dearest_first)
        return
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        futures = {
            pool.submit(decide_named, case.name, tuple(further)): case for case in dearest_first
        }
        try:
            for done in as_completed(futures):
                try:
                    yield done.result()
                except BrokenProcessPool:
                    reason = "a worker process died (out of memory?) before this was decided"
                    yield judge(futures[done], Outcome(Answer.UNDECIDED, reason=reason), 0.0)
                except Exception as error:  # noqa: BLE001 - the other cases are worth having
                    reason = f"the worker process failed: {type(error).__name__}: {error}"
                    yield judge(futures[done], Outcome(Answer.UNDECIDED, reason=reason), 0.0)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
