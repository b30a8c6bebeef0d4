"""The numbers that a check is asked with, refused in one line where they cannot be used."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping
from numbers import Real
from typing import Any

from cep_core.arrays import Parameters


def check_counts(*, steps: Any, free_steps: Any, tolerance: Any, estimator: Any) -> None:
    """Refuse what is no count, no tolerance or no estimator.

    Raises:
        ValueError: one of them is not.

    """
    for name, count in (("steps", steps), ("free_steps", free_steps)):
        if not isinstance(count, int) or isinstance(count, bool) or count < 1:
            raise ValueError(f"{name}: expected a positive count, found {count!r}")
    if not _is_number(tolerance) or not tolerance >= 0:
        raise ValueError(f"tolerance: expected a number from 0, found {tolerance!r}")
    if estimator not in {"one-sided", "centred"}:
        raise ValueError(f"estimator: expected 'one-sided' or 'centred', found {estimator!r}")


def checked_betas(betas: Any) -> tuple[float, ...]:
    """Nudging strengths of one sign that decrease in size.

    Raises:
        ValueError: they are not.

    """
    given = list(betas) if isinstance(betas, Iterable) else [betas]
    sizes = [abs(b) for b in given if _is_number(b) and math.isfinite(b) and b * given[0] > 0]
    if (
        len(sizes) < max(2, len(given))  # a limit needs two
        or any(b >= a for a, b in itertools.pairwise(sizes))
    ):
        raise ValueError(
            "betas: expected at least two nudging strengths of one sign, decreasing in size, "
            f"found {betas!r}"
        )
    return tuple(float(b) for b in given)


def checked_kappa(kappa: Any, parameters: Parameters) -> float | dict[str, float] | None:
    """One ratio, or one per parameter.

    Raises:
        ValueError: a name is missing or unknown, or a number is not finite.

    """
    if kappa is None:
        return None
    if isinstance(kappa, Mapping):
        if set(kappa) != set(parameters):
            raise ValueError(
                f"kappa: expected one number for each of {', '.join(parameters)}, found "
                f"{', '.join(map(str, kappa))}"
            )
        given = list(kappa.values())
        if not all(_is_number(k) and math.isfinite(k) for k in given) or not any(given):
            raise ValueError(f"kappa: expected finite numbers, not all 0, found {dict(kappa)}")
        return {name: float(kappa[name]) for name in parameters}
    if not _is_number(kappa) or not math.isfinite(kappa) or kappa == 0:
        raise ValueError(
            "kappa: expected a finite number other than 0, or one for each parameter by name, "
            f"found {kappa!r}"
        )
    return float(kappa)


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)
