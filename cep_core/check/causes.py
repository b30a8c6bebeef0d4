"""Likely causes of a failed comparison, read off the two sides and the Jacobian."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch

from cep_core.arrays import Parameters, State
from cep_core.check.processes import Processes
from cep_core.networks import Network, answering

_TELLING = 1e-2


def likely_causes(
    network: Network,
    x: torch.Tensor,
    parameters: Parameters,
    steady: State,
    updates: Mapping[float, Processes],
    gradients: Processes,
    *,
    failed: Sequence[str],
) -> list[str]:
    """Name what would explain the difference between updates and gradients, with the numbers.

    Args:
        network: the dynamics.
        x: input.
        parameters: ``theta``.
        steady: the steady state.
        updates: ``Delta`` at ``kappa = 0`` for the largest and the smallest ``beta``.
        gradients: ``nabla``.
        failed: names of the sweeps that failed.
    """
    causes = list(answering(network).departures)
    finest = updates[min(updates)]
    neurons = _gap(finest.state, gradients.state)
    names = list(gradients.parameters)
    weights = _gap([finest.parameters[n] for n in names], [gradients.parameters[n] for n in names])
    asymmetry = jacobian_asymmetry(network, x, parameters, steady)
    if neurons > _TELLING:
        causes += _shape_of_the_difference(updates, gradients, "state")
        if asymmetry > 1e-6:  # noqa: PLR2004 - far above round-off
            causes.append(
                f"the Jacobian is not symmetric (relative asymmetry {asymmetry:.1e}): F is not "
                "the gradient of a primitive function (untied weights, a missing slope of the "
                "activation), or the state is not the variable in which it is"
            )
        if _gap([s[:1] for s in finest.state], [s[:1] for s in gradients.state]) > _TELLING:
            causes.append(
                "the first update of the output already differs: the nudge does not enter as "
                "-beta times the gradient of this loss (outside an activation, on another unit)"
            )
    elif weights > _TELLING:
        causes += _shape_of_the_difference(updates, gradients, "parameters")
        causes.append(
            "the neurons agree and the parameters do not: the increment is not that of "
            "dPhi/dtheta between s_t and s_{t+1} (other pair of states, one-sided product)"
        )
    elif "in beta, fixed kappa" in failed:
        causes.append(
            "right at kappa = 0 and wrong at kappa != 0: the parameters are applied with the "
            "wrong sign or scale, a step late, or not at all"
        )
    return causes


def _shape_of_the_difference(
    updates: Mapping[float, Processes], gradients: Processes, kind: str
) -> list[str]:
    finest, coarsest = updates[min(updates)], updates[max(updates)]
    fine, wanted = _flat(finest, kind), -_flat(gradients, kind)
    factor, left = _best_factor(fine, wanted)
    causes = []
    coarse_factor, _ = _best_factor(_flat(coarsest, kind), wanted)
    shrinks = abs(factor / coarse_factor) if coarse_factor else math.inf
    by_beta = min(updates) / max(updates)
    if abs(math.log10(max(shrinks, 1e-300) / by_beta)) < 0.1:  # noqa: PLR2004 - a tenth of a decade
        causes.append("the updates vanish with beta: a factor 1/beta is missing")
    elif left < _TELLING:
        what = "the sign is flipped" if abs(factor + 1) < _TELLING else "a factor is wrong"
        causes.append(f"the updates are {factor:.4g} times minus the gradients: {what}")
    elif wanted.shape[0] > 1:
        for shift, word in ((1, "late"), (-1, "early")):
            ours = fine[shift:] if shift > 0 else fine[:shift]
            theirs = wanted[:-shift] if shift > 0 else wanted[-shift:]
            if float(theirs.norm()) and float((ours - theirs).norm() / theirs.norm()) < _TELLING:
                causes.append(f"the updates are those of one step {word}: a time index is off")
    return causes


def _flat(processes: Processes, kind: str) -> torch.Tensor:
    tensors = processes.state if kind == "state" else tuple(processes.parameters.values())
    return torch.cat([t.flatten(1) for t in tensors], dim=1)


def _best_factor(ours: torch.Tensor, wanted: torch.Tensor) -> tuple[float, float]:
    """Least-squares factor ``c`` of ``ours = c * wanted`` and what is left, relative to ours."""
    square = float(wanted.square().sum())
    factor = float((ours * wanted).sum()) / square if square else 0.0
    norm = float(ours.norm())
    return factor, float((ours - factor * wanted).norm()) / norm if norm else 0.0


def _gap(ours: Sequence[torch.Tensor], theirs: Sequence[torch.Tensor]) -> float:
    gap = sum(float((a + b).square().sum()) for a, b in zip(ours, theirs, strict=True))
    norm = sum(float(b.square().sum()) for b in theirs)
    return math.sqrt(gap / norm) if norm else math.inf


def jacobian_asymmetry(
    network: Network, x: torch.Tensor, parameters: Parameters, steady: State
) -> float:
    """``|u·(J v) - v·(J u)| / (||u|| ||J v||)`` for random directions at the steady state."""
    generator = torch.Generator().manual_seed(0)
    u, v = (
        tuple(torch.randn(s.shape, generator=generator, dtype=s.dtype) for s in steady)
        for _ in range(2)
    )
    with torch.enable_grad():
        state = tuple(s.detach().requires_grad_() for s in steady)
        new = network.transition(x, state, parameters)
        pulled = [
            torch.autograd.grad(
                new, state, direction, retain_graph=True, allow_unused=True, materialize_grads=True
            )
            for direction in (u, v)
        ]
    forward = sum(float((a * b).sum()) for a, b in zip(pulled[0], v, strict=True))
    backward = sum(float((a * b).sum()) for a, b in zip(pulled[1], u, strict=True))
    size = math.sqrt(sum(float(a.square().sum()) for a in pulled[0]))
    norm = math.sqrt(sum(float(b.square().sum()) for b in v))
    return abs(forward - backward) / (size * norm) if size else 0.0
