"""Comparisons that prove nothing: the checker must answer *inconclusive*, never *pass*."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import torch

from cep_core.activations import activation_named
from cep_core.check.gducheck import gducheck
from cep_core.check.result import GDUResult
from cep_core.check.verdicts import Check, Verdict
from cep_core.networks import EnergyBased
from cep_core.problem import Problem
from cep_core.rules import EP
from reproduce.verification.cases import DT, ONE_HIDDEN, case, energy_exact, timed


def _hard(_activation: str, layers: int) -> EnergyBased:
    return EnergyBased((activation_named("hard-sigmoid"),) * layers, DT)


def _check(bench: Problem, *, free_steps: int = 20_000) -> GDUResult:
    return gducheck(
        bench.network, bench.x, bench.y, bench.parameters, rule=EP, free_steps=free_steps
    )


def at_a_kink() -> GDUResult:
    """An output unit of a hard-sigmoid network that rests exactly on the kink at 0.

    Its bias cancels its field, so that ``s^0_0 = 0``; the steady state of the others is found with
    it held there.
    """
    bench = case(_hard, "", ONE_HIDDEN)
    parameters = {name: value.clone() for name, value in bench.parameters.items()}
    parameters["W_0_1"][0] = 0.0
    parameters["b_0"][0] = 0.0
    return _check(replace(bench, parameters=parameters))


def unsettled() -> GDUResult:
    """A free phase of three steps."""
    return _check(case(energy_exact, "tanh", ONE_HIDDEN), free_steps=3)


def zero_gradient() -> GDUResult:
    """A target that the steady state has reached."""
    bench = case(energy_exact, "tanh", ONE_HIDDEN)
    reached = bench.settled().rest[0]
    return _check(replace(bench, y=reached))


def single_precision() -> GDUResult:
    """float32, which cannot certify the theorem."""
    bench = case(energy_exact, "tanh", ONE_HIDDEN)
    low = {name: value.to(torch.float32) for name, value in bench.parameters.items()}
    return _check(replace(bench, x=bench.x.float(), y=bench.y.float(), parameters=low))


VOID: dict[str, Callable[[], GDUResult]] = {
    "a unit on a kink of the hard sigmoid": at_a_kink,
    "an unsettled free phase": unsettled,
    "a zero gradient": zero_gradient,
    "single precision": single_precision,
}


def inconclusive() -> Iterator[Check]:
    """Each void comparison must be called so."""
    for label, run in VOID.items():
        yield timed(
            f"inconclusive/{label}",
            lambda n=label, r=run: check_void(n, r()),  # type: ignore[misc]
        )


def check_void(label: str, result: GDUResult) -> Check:
    """Pass if the checker refuses to decide."""
    called_so = result.verdict is Verdict.INCONCLUSIVE
    return Check(
        f"inconclusive/{label}",
        f"With {label} the comparison is void, and the checker says so",
        Verdict.PASS if called_so else Verdict.FAIL,
        {"answer": str(result.verdict)},
        "; ".join(result.causes) or "; ".join(c.reason for c in result.checks),
    )
