"""Whether C-EP's updates telescope: the hypothesis under which it is EP in an augmented function.

C-EP conserves ``theta_t - kappa h(s_t, theta_t)``, ``h = dPhi/dtheta``, up to

    - kappa sum_t [h(s_{t+1}, theta_{t+1}) - h(s_{t+1}, theta_t)],

an identity for every network. It is zero if ``Phi`` is linear in ``theta``. With max-pooling ``h``
depends on ``theta`` through the winners alone, so what is lost is exactly the windows whose winner
``theta`` moves; winners that move with the state cost nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch

from cep_core.arrays import Parameters, Scalar, State
from cep_core.networks import Network
from cep_core.phases import nudged_phase
from cep_core.problem import Problem
from cep_core.rules import C_EP

ROUNDING = 1e-13
"""Largest change, for parameters of size 1, that counts as rounding and not as a defect."""


@dataclass(frozen=True)
class Telescoping:
    """What a nudged phase of C-EP conserves, and what not.

    Attributes:
        defect: by parameter, the largest ``|[theta - kappa h](t) - [theta - kappa h](0)|``.
        unaccounted: by parameter, what of it the sum above leaves over: rounding.
        moved: by parameter, the largest ``|theta_t - theta_0|``.
        size: the largest number in ``theta`` and ``kappa h``, with which rounding grows.
        jumps: at every step, the largest ``|h(s_{t+1}, theta_{t+1}) - h(s_{t+1}, theta_t)|``.
        switches: at every step, the windows whose winner ``theta`` moved; None where the network
            has no winners, or does not tell.
        windows: how many windows there are; 0 likewise.

    """

    defect: dict[str, float]
    unaccounted: dict[str, float]
    moved: dict[str, float]
    size: float
    jumps: tuple[float, ...]
    switches: tuple[int, ...] | None
    windows: int

    @property
    def broken(self) -> tuple[str, ...]:
        """Names of the parameters whose updates do not telescope; none where they all do."""
        return tuple(name for name, d in self.defect.items() if d > ROUNDING * self.size)

    @property
    def holds(self) -> bool:
        """Whether the hypothesis held along this phase."""
        return not self.broken

    def __str__(self) -> str:
        """What held or did not, with numbers."""
        worst = max(self.defect.values())
        if self.holds:
            return f"C-EP telescopes: theta - kappa h is constant up to {worst:.1e}"
        text = (
            f"C-EP does not telescope: theta - kappa h of {', '.join(self.broken)} changes by up "
            f"to {worst:.1e}, so it is not EP in the augmented function"
        )
        if self.switches is None:
            return f"{text}; the primitive function is not linear in the parameters"
        count, steps = sum(self.switches), len(self.switches)
        return f"{text}; the parameters moved {count} winners in {self.windows * steps} windows"


def telescoping(
    problem: Problem, *, beta: float, kappa: float | Mapping[str, Scalar], steps: int
) -> Telescoping:
    """Run a nudged phase of C-EP and compare what it should conserve.

    Args:
        problem: a settled problem.
        beta: nudging strength, of either sign.
        kappa: ``eta / beta'``, one number or one per parameter.
        steps: ``K``.

    Raises:
        ValueError: the problem is not settled.

    """
    network, x, theta = problem.network, problem.x, problem.parameters
    each = kappa if isinstance(kappa, Mapping) else dict.fromkeys(theta, kappa)
    with torch.no_grad():
        before = network.primitive_gradient(x, problem.rest, theta)
        scaled = {name: before[name] * each[name] for name in theta}
        first = {name: theta[name] - scaled[name] for name in theta}
        size = max(float(v.abs().max()) for v in (*theta.values(), *scaled.values()))
        lost = {name: torch.zeros_like(value) for name, value in theta.items()}
        found = {part: dict.fromkeys(theta, 0.0) for part in ("defect", "unaccounted", "moved")}
        jumps: list[float] = []
        switches: list[int] = []
        windows, old = 0, theta
        for step in nudged_phase(
            network, C_EP, x, problem.y, theta, problem.rest,
            beta=beta, kappa=kappa, steps=steps, loss=problem.loss,
        ):  # fmt: skip
            new, state = step.parameters, step.following
            held = network.primitive_gradient(x, state, old)
            now = network.primitive_gradient(x, state, new)
            jumps.append(max(float((now[n] - held[n]).abs().max()) for n in theta))
            for name in theta:
                lost[name] = lost[name] - (now[name] - held[name]) * each[name]
                gap = new[name] - now[name] * each[name] - first[name]
                _note(found["defect"], name, gap)
                _note(found["unaccounted"], name, gap - lost[name])
                _note(found["moved"], name, new[name] - theta[name])
            old_ones, new_ones = (_winners(network, x, state, p) for p in (old, new))
            pairs = list(zip(old_ones, new_ones, strict=True))
            switches.append(sum(int((a != b).sum()) for a, b in pairs))
            windows = sum(a.numel() for a, _ in pairs)
            old = new
    counted = tuple(switches) if windows else None
    return Telescoping(
        found["defect"], found["unaccounted"], found["moved"], size, tuple(jumps), counted, windows
    )


def _note(largest: dict[str, float], name: str, gap: torch.Tensor) -> None:
    largest[name] = max(largest[name], float(gap.abs().max()))


def _winners(
    network: Network, x: Any, state: State, parameters: Parameters
) -> tuple[torch.Tensor, ...]:
    asked = getattr(network, "winners", None)
    return () if asked is None else tuple(asked(x, state, parameters).values())
