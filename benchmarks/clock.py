"""Timing of several pieces of work side by side, so that a busy machine slows all of them alike.

Times are of the processor, not of the wall: one thread's time does not include the time that
others had its core, though it does include what their use of caches and memory costs.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Work:
    """Something to time.

    Attributes:
        run: does it once.
        times: how often it is done in one turn.

    """

    run: Callable[[], object]
    times: int


@dataclass(frozen=True)
class Spread:
    """Median and range of repeated measurements."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, values: list[float]) -> Spread:
        """Summarise measurements."""
        return cls(statistics.median(values), min(values), max(values))


def interleaved(works: Mapping[str, Work], turns: int) -> dict[str, list[float]]:
    """Seconds of the processor for doing each work once, by turn; each is done once beforehand."""
    for work in works.values():
        work.run()
    seconds: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(turns):
        for name, work in works.items():
            before = time.process_time()
            for _ in range(work.times):
                work.run()
            seconds[name].append((time.process_time() - before) / work.times)
    return seconds


def ratios(numerator: list[float], denominator: list[float]) -> Spread:
    """Ratio of two works turn by turn."""
    return Spread.of([a / b for a, b in zip(numerator, denominator, strict=True)])
