"""The checker on networks of the size of digits: how long, and how much of it is the network's own.

The floor is the time of the calls of the network that a check makes: those of the free phase, of
eleven nudged phases (four strengths at rest, four at a fixed kappa, two smaller kappas), of BPTT
and of finite differences. What is above it is the checker's own.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from itertools import count
from typing import Any

import torch
from torch.nn import functional

from benchmarks.clock import Spread, Work, interleaved, ratios
from cep_core import Delegate, PrimitiveNetwork, gducheck
from cep_core.check.verdicts import Check

GOAL_S = 5.0
"""Seconds of one core that a check of either network should take."""


@dataclass(frozen=True)
class _Counted(Delegate):
    """A network that counts how often it is asked; a check would put a list or a number back."""

    transitions: Iterator[int] = field(default_factory=count)
    gradients: Iterator[int] = field(default_factory=count)

    def transition(self, *arguments: Any) -> Any:
        next(self.transitions)
        return self.base.transition(*arguments)

    def primitive_gradient(self, *arguments: Any) -> Any:
        next(self.gradients)
        return self.base.primitive_gradient(*arguments)

    def calls(self) -> dict[str, int]:
        """How often so far; asked once."""
        return {"transition": next(self.transitions), "primitive gradient": next(self.gradients)}


def _drawing() -> Callable[..., torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return lambda *shape: torch.randn(*shape, generator=generator, dtype=torch.float64)


def dense() -> dict[str, Any]:
    """784-512-10, 20 samples."""

    def phi(x: torch.Tensor, state: Any, theta: Any) -> torch.Tensor:
        out, hidden = (torch.tanh(s) for s in state)
        leak = sum(s.square().sum() for s in state) / 4
        return leak + ((out @ theta["W"] * hidden).sum() + (hidden @ theta["V"] * x).sum()) / 2

    draw = _drawing()
    return {
        "network": PrimitiveNetwork(phi),
        "x": draw(20, 784).sigmoid(),
        "y": draw(20, 10).sigmoid(),
        "parameters": {"W": draw(10, 512) * 0.04, "V": draw(512, 784) * 0.03},
        "start": (0 * draw(20, 10), 0 * draw(20, 512)),
    }


def convolutional() -> dict[str, Any]:
    """32 maps of 3 x 3 on images of 28 x 28, average-pooled, 8 samples."""

    def phi(x: torch.Tensor, state: Any, theta: Any) -> torch.Tensor:
        out, hidden = (torch.tanh(s) for s in state)
        maps = functional.avg_pool2d(functional.conv2d(x, theta["c"], padding=1), 2)
        up = ((hidden.flatten(1) @ theta["w"].T) * out).sum()
        return sum(s.square().sum() for s in state) / 4 + ((maps * hidden).sum() + up) / 2

    draw = _drawing()
    return {
        "network": PrimitiveNetwork(phi),
        "x": draw(8, 1, 28, 28).sigmoid(),
        "y": draw(8, 10).sigmoid(),
        "parameters": {"c": draw(32, 1, 3, 3) * 0.3, "w": draw(10, 32 * 196) * 0.01},
        "start": (0 * draw(8, 10), 0 * draw(8, 32, 14, 14)),
    }


MODELS: dict[str, Callable[[], dict[str, Any]]] = {
    "784-512-10": dense,
    "32 maps on 28 x 28": convolutional,
}


def measure(name: str, *, turns: int) -> tuple[dict[str, Any], Check]:
    """Seconds of the processor for a check with C-EP and K = 10, and those of its calls."""
    started = time.monotonic()
    given = MODELS[name]()
    network, x, theta = given["network"], given["x"], given["parameters"]
    counted = _Counted(network)
    result = gducheck(**given | {"network": counted})
    calls = counted.calls()
    asked = (x, result.free.state, theta)
    works = {
        "gducheck": Work(lambda: gducheck(**given), 1),
        "transition": Work(lambda: network.transition(*asked), 20),
        "primitive gradient": Work(lambda: network.primitive_gradient(*asked), 20),
    }
    seconds = interleaved(works, turns)
    floors = [
        sum(times * seconds[call][turn] for call, times in calls.items()) for turn in range(turns)
    ]
    found = {
        "network": name,
        "steps": 10,
        "free_steps": result.free.steps,
        "seconds": asdict(Spread.of(seconds["gducheck"])),
        "goal_s": GOAL_S,
        "floor_s": asdict(Spread.of(floors)),
        "times_floor": asdict(ratios(seconds["gducheck"], floors)),
        "calls": calls,
    }
    check = Check(
        name=f"benchmarks/gducheck/{name}",
        statement="A right network of the size of digits passes",
        verdict=result.verdict,
        numbers={"relmse": max(result.relmse.values())},
        reason=result.parameters.reason,
        seconds=round(time.monotonic() - started, 3),
    )
    return found, check
