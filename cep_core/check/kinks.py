"""Kinks at the operating point: one test by activations, one by one-sided derivatives.

A comparison is void where the transition has no derivative. Networks that tell their activations
are asked where those have kinks; in any network the transition is held along the movement of the
nudged phase against its mirror image.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from cep_core.activations import kinks
from cep_core.arrays import Array, Parameters, State
from cep_core.networks import Network, answering

_SHARE = 1e-3
"""One-sided derivatives that differ by this share of the movement are a kink."""

_SIZES = (1.0, 0.25, 0.0625)
_CONSTANT = 0.2
"""How far the three measurements of a kink may differ; noise differs by its own size."""

_JUMP = 1e-4

Movement = tuple[State, Array]
"""A displacement from the steady state, and the nudge that goes with it."""


@dataclass(frozen=True)
class NearestKink:
    """The unit that is nearest to a kink of its activation.

    Attributes:
        distance: between the activation's argument and the kink; infinite if there is none.
        layer: of the unit, the output being 0.
        kink: where the activation is not differentiable.
        activation: its name.

    """

    distance: float
    layer: int = 0
    kink: float = math.nan
    activation: str = ""


def nearest_kink(network: Network, x: Array, state: State, parameters: Parameters) -> NearestKink:
    """Look at every unit where its activation is evaluated, not at the state that comes of it.

    A saturated unit of a hard sigmoid has a state *at* the kink's value and an argument far from
    it: nothing is void there. Networks that do not tell their activations have none here.
    """
    asked = answering(network)
    if not any(kinks(activation) for activation in asked.activations):
        return NearestKink(math.inf)
    pairs = zip(asked.activations, asked.arguments(x, state, parameters), strict=False)
    found = [
        NearestKink(float((argument - kink).abs().min()), n, kink, activation.name)
        for n, (activation, argument) in enumerate(pairs)
        for kink in kinks(activation)
    ]
    return min(found, key=lambda near: near.distance, default=NearestKink(math.inf))


def kink_along(
    network: Network,
    x: Any,
    parameters: Parameters,
    steady: State,
    movements: Sequence[Movement],
    names: Sequence[str],
    slope: Callable[[Array], Array] | None = None,
) -> str:
    """Where transition, increments or nudge have different derivatives on the two sides of rest.

    For every unit ``[F(s + h u) + F(s - h u) - 2 F(s)] / h`` falls with ``h`` where ``F`` is
    smooth, is constant at a kink, and rises as ``h`` falls where it is rounding; a jump keeps its
    height. The same is asked of ``dPhi/dtheta``, of which increments are differences, and of the
    gradient of the loss. A jump that is the same on both sides shows in ``F(s + h u) - F(s)``.

    Args:
        network: the dynamics.
        x: input.
        parameters: ``theta``.
        steady: the steady state.
        movements: displacements and nudges of the nudged phase, of the size at which to look.
        names: of the tensors of the state.
        slope: gradient of the loss at an output.

    Returns:
        What was found, or nothing if everything is smooth.

    """

    def ask(movement: Movement, size: float) -> dict[str, torch.Tensor]:
        displaced = _displaced(steady, movement[0], size)
        new = network.transition(x, displaced, parameters, movement[1] * size)
        found = dict(zip(names, new, strict=True))
        if slope is not None:
            found["the gradient of the loss"] = slope(displaced[0])
        return found | _gradients(network, x, displaced, parameters)

    with torch.no_grad():
        for movement in movements:
            here = ask(movement, 0.0)
            bends: dict[str, list[torch.Tensor]] = {name: [] for name in here}
            steps: dict[str, list[torch.Tensor]] = {name: [] for name in here}
            for size in _SIZES:
                ahead, behind = ask(movement, size), ask(movement, -size)
                for name, value in here.items():
                    bends[name].append(ahead[name] + behind[name] - 2 * value)
                    steps[name].append(ahead[name] - value)
            moved = [*movement[0], movement[1]]
            reach = max(float(m.abs().max()) for m in moved if m.numel())
            for name, bend in bends.items():
                found = _bent(bend, here[name], reach) or _jumps(steps[name], here[name])
                if found:
                    return found.format(where=name)
    return ""


def _gradients(network: Network, x: Any, state: State, parameters: Parameters) -> Parameters:
    try:
        found = network.primitive_gradient(x, state, parameters)
    except TypeError:  # a vector field has none
        return {}
    return {f"dPhi/d({name})": value for name, value in found.items()}


def _displaced(steady: State, movement: State, size: float) -> State:
    return tuple(s + size * m for s, m in zip(steady, movement, strict=True))


def _bent(bends: list[torch.Tensor], here: torch.Tensor, reach: float) -> str:
    if not here.numel() or reach == 0:
        return ""
    slopes = torch.stack([b / size for b, size in zip(bends, _SIZES, strict=True)])
    constant = _is_constant(slopes)
    kinked = constant & (slopes[0].abs() > _SHARE * reach)
    if bool(kinked.any()):
        unit, share = _worst(slopes[0], kinked)
        return (
            f"a kink at the operating point: unit {unit} of {{where}} has one-sided derivatives "
            f"that differ by {share / reach:.1e} of the movement, however small it is"
        )
    return _jumps(bends, here)


def _jumps(measured: list[torch.Tensor], here: torch.Tensor) -> str:
    if not here.numel():
        return ""
    jumps = torch.stack(measured)
    high = _is_constant(jumps) & (jumps[0].abs() > _JUMP * max(1.0, float(here.abs().max())))
    if bool(high.any()):
        unit, height = _worst(jumps[0], high)
        return (
            f"a kink at the operating point: unit {unit} of {{where}} jumps by {height:.1e}, "
            "however little the state moves"
        )
    return ""


def _is_constant(measured: torch.Tensor) -> torch.Tensor:
    return ((measured - measured[0]).abs() <= _CONSTANT * measured[0].abs()).all(0)


def _worst(values: torch.Tensor, among: torch.Tensor) -> tuple[tuple[int, ...], float]:
    index = int(torch.where(among, values.abs(), -torch.ones_like(values)).argmax())
    place = tuple(int(i) for i in torch.unravel_index(torch.tensor(index), values.shape))
    return place, float(values.flatten()[index].abs())
