"""C-EP is EP in an augmented primitive function: an identity at every step, no limit taken."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import torch

from cep_core.arrays import Parameters, State
from cep_core.check.verdicts import Check, Verdict
from cep_core.networks import EnergyBased
from cep_core.networks.primitive import PrimitiveNetwork
from cep_core.phases import NudgedStep, nudged_phase
from cep_core.problem import Problem
from cep_core.rules import C_EP, EP, add_scaled
from reproduce.verification.cases import (
    ONE_HIDDEN,
    TWO_HIDDEN,
    case,
    energy_exact,
    energy_identity,
    shape_name,
    timed,
)

BATCH = 6
STEPS = 15
BETA = 0.2
KAPPA = 0.02
TOLERANCE = 1e-13


def identity() -> Iterator[Check]:
    """One and two hidden layers, both exact variants, a mini-batch sharing its parameters."""
    for label, make in (("ρ′ everywhere", energy_exact), ("identity output", energy_identity)):
        for sizes in (ONE_HIDDEN, TWO_HIDDEN):
            bench = case(make, "tanh", sizes, batch=BATCH)
            name = f"augmented/{label}/{shape_name(sizes)}"
            yield timed(partial(check_identity, name, bench))


def _edges(network: EnergyBased, x: torch.Tensor, state: State) -> Parameters:
    """``dPhi/dtheta`` summed over the mini-batch, written from ``Phi`` and not from the network."""
    rho = [f(s) for f, s in zip(network.activations, state, strict=True)]
    rho.append(network.activations[-1](x))
    last = len(state) - 1
    found: Parameters = {}
    for n in range(len(state)):
        found[f"W_{n}_{'x' if n == last else n + 1}"] = network.dt * rho[n].T @ rho[n + 1]
        found[f"b_{n}"] = network.dt * rho[n].sum(0)
    return found


def augmented_network(bench: Problem, steady: State, kappa: float) -> PrimitiveNetwork:
    """The network of ``Phi + kappa B / 2 ||h(s) - h(s_*)||^2``, ``h`` the mean ``dPhi/dtheta``.

    Only for the energy-based setting, whose ``Phi`` is
    ``(1 - dt) ||s||^2 / 2 + sum(theta * dPhi/dtheta)``.
    """
    network, x = bench.network, bench.x
    assert isinstance(network, EnergyBased)
    batch = x.shape[0]
    anchor = {name: h / batch for name, h in _edges(network, x, steady).items()}

    def phi(x: torch.Tensor, state: State, parameters: Parameters) -> torch.Tensor:
        edges = _edges(network, x, state)
        value = 0.5 * (1 - network.dt) * sum(s.square().sum() for s in state)
        for name, h in edges.items():
            moved = h / batch - anchor[name]
            value = (
                value + (parameters[name] * h).sum() + 0.5 * kappa * batch * moved.square().sum()
            )
        return torch.as_tensor(value)

    return PrimitiveNetwork(phi)


def _gap(ours: NudgedStep, theirs: NudgedStep) -> float:
    return max(
        float((a - b).abs().max()) for a, b in zip(ours.following, theirs.following, strict=True)
    )


def check_identity(name: str, bench: Problem) -> Check:
    """Compare C-EP with EP in the augmented function, and follow the conserved quantity."""
    network, parameters = bench.network, bench.parameters
    steady = bench.settled().rest
    run: dict[str, Any] = {
        "x": bench.x,
        "y": bench.y,
        "parameters": parameters,
        "start": steady,
        "beta": BETA,
        "kappa": KAPPA,
        "steps": STEPS,
    }
    with torch.no_grad():
        continual = list(nudged_phase(network, C_EP, **run))
        run["beta"] = BETA * network.time_scale  # a primitive function's nudge carries no dt
        other = list(nudged_phase(augmented_network(bench, steady, KAPPA), EP, **run))
    states = max(_gap(a, b) for a, b in zip(continual, other, strict=True))
    start = _conserved(bench, steady, parameters)
    drift, moved = 0.0, 0.0
    for step in continual:
        now = _conserved(bench, step.following, step.parameters)
        drift = max(drift, *(float((now[n] - start[n]).abs().max()) for n in start))
        moved = max(
            moved, *(float((step.parameters[n] - parameters[n]).abs().max()) for n in start)
        )
    passed = states <= TOLERANCE and drift <= TOLERANCE and moved > 1e6 * TOLERANCE
    return Check(
        name,
        "C-EP on Φ is EP on Φ + κ/2 ‖∂Φ/∂θ(s) − ∂Φ/∂θ(s*)‖², and θ − κ ∂Φ/∂θ is conserved, "
        "at every step and for finite β and η",
        Verdict.PASS if passed else Verdict.FAIL,
        {"states": states, "conserved": drift, "parameters moved by": moved, "batch": BATCH},
        f"states agree to {states:.1e}, conserved to {drift:.1e}, parameters move by {moved:.1e}",
    )


def _conserved(bench: Problem, state: State, parameters: Parameters) -> Parameters:
    gradient = bench.network.primitive_gradient(bench.x, state, parameters)
    return add_scaled(parameters, gradient, -KAPPA)
