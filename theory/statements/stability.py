"""The stability bound: the largest stable ``kappa``, known before any training.

At fixed ``kappa = eta / beta'`` phase 2 is, to first order in ``beta``, the iteration
``Delta_s(t+1) = (J + kappa G) Delta_s(t)`` (derived in :mod:`theory.statements.joint_limit`), and
``kappa G`` pushes eigenvalues up. So phase 2 settles below the ``kappa`` at which the spectral
radius of ``J + kappa G`` passes 1, and diverges above it: a bound on the learning rate, computed
from the initial weights alone (:func:`cep_core.check.stability.largest_stable_kappa`).

Two things are held against it. Phase 2 itself, at the paper's size: along the left eigenvector of
the dominant eigenvalue every step must multiply ``Delta_s`` by that eigenvalue, below 1 on one side
of the bound and above 1 on the other. And training, with mini-batches: the error falls at half the
bound and grows at twice the bound.
"""

from __future__ import annotations

from functools import partial
from math import log
from typing import Any

import numpy as np
import torch

from cep_core.activations import activation_named
from cep_core.check.stability import LinearisedPhase, largest_stable_kappa
from cep_core.data.mnist import load
from cep_core.learning import Procedure, learn_batch, one_hot
from cep_core.networks import Network, Nudge, network_named
from cep_core.networks.initial import initial_parameters
from cep_core.phases import free_phase, nudged_phase
from cep_core.rules import C_EP
from theory.case import Answer, Case, Level, Outcome

SIZES = (784, 512, 10)
BETA = 1e-6
PAPER_KAPPA = 0.0028 / 0.2
"""The paper's C-EP-1h: learning rate of the output weights over the nudging strength."""


def network_of(setting: str, activation: str) -> Network:
    """Return the network of a setting: energy-based with dt 0.2, or prototypical."""
    activations = (activation_named(activation), activation_named(activation))
    if setting == "energy-based":
        return network_named(setting, activations, dt=0.2)
    nudge: Nudge = "inside" if "inside" in setting else "outside"
    return network_named("prototypical", activations, nudge=nudge)


def _digits(samples: int) -> tuple[torch.Tensor, torch.Tensor, dict[str, torch.Tensor]]:
    """Embedded digits in a random order, their targets, and initial parameters."""
    generator = torch.Generator().manual_seed(0)
    parameters = initial_parameters(SIZES, generator=generator)
    data = load()
    chosen = torch.randperm(len(data.train_labels), generator=generator)[:samples]
    images = data.train_images[chosen].double() / 255
    return images, one_hot(data.train_labels[chosen], SIZES[-1], torch.float64), parameters


def growth_along(
    phase: LinearisedPhase, y: torch.Tensor, kappa: float
) -> tuple[float, float, float]:
    """Run phase 2 and measure its growth per step.

    Returns:
        The predicted dominant eigenvalue; the largest distance from it of the growth along its
        left eigenvector, over all steps; the growth of the norm in the last step.

    """
    value, vector = phase.dominant(kappa)
    steps = int(min(400.0, max(40.0, 3 / abs(log(abs(value))))))
    components, norms = [], []
    for step in nudged_phase(
        phase.network,
        C_EP,
        phase.x,
        y,
        phase.parameters,
        phase.state,
        beta=BETA,
        kappa=kappa,
        steps=steps,
    ):
        pairs = zip(step.state, step.following, strict=True)
        change = torch.cat([(b - a).reshape(-1) for a, b in pairs]).numpy()
        components.append(float(np.real(vector @ change)))
        norms.append(float(np.linalg.norm(change)))
    ratios = np.divide(components[1:], components[:-1])
    return value.real, float(np.abs(ratios - value.real).max()), norms[-1] / norms[-2]


def phase_two(setting: str, activation: str) -> Outcome:
    """Compare phase 2 at 0.9 and 1.1 times the bound with the spectral radius there."""
    images, targets, parameters = _digits(1)
    network = network_of(setting, activation)
    settled = free_phase(network, images, parameters, steps=20_000, tolerance=1e-13)
    if not settled.converged:
        reason = f"the free phase is not settled: it moves by {settled.residual:.1e}"
        return Outcome(Answer.UNDECIDED, reason=reason)
    try:
        bound = largest_stable_kappa(network, images, parameters, settled.state, tolerance=1e-3)
    except ValueError as error:
        return Outcome(Answer.UNDECIDED, reason=str(error))
    phase = LinearisedPhase(network, images, parameters, settled.state)
    numbers: dict[str, Any] = {
        "largest stable kappa": bound.kappa,
        "radius free": bound.radius_free,
    }
    right, seen = True, []
    for factor in (0.9, 1.1):
        value, gap, last = growth_along(phase, targets, factor * bound.kappa)
        numbers[f"at {factor} of the bound"] = {
            "spectral radius": value,
            "growth along the eigenvector is off by": gap,
            "growth of the norm, last step": last,
        }
        right &= gap < 1e-3 and (value < 1) == (last < 1) == (factor < 1)  # noqa: PLR2004
        seen.append(f"at {factor} of it the spectral radius is {value:.4f}, seen to {gap:.0e}")
    reason = f"largest stable kappa {bound.kappa:.4f}; {'; '.join(seen)}"
    return Outcome(Answer.HOLDS if right else Answer.REFUTED, numbers, reason)


def training(activation: str, batches: int = 40, size: int = 20) -> Outcome:
    """Train the prototypical network by C-EP at half the bound and at twice the bound."""
    images, targets, parameters = _digits(batches * size)
    network = network_of("prototypical", activation)
    settled = free_phase(network, images[:size], parameters, steps=2000, tolerance=1e-9)
    ratios = {"W_0_1": 1.0, "b_0": 1.0, "W_1_x": 2.0, "b_1": 2.0}
    try:
        bound = largest_stable_kappa(
            network, images[:size], parameters, settled.state, ratios=ratios, tolerance=1e-3
        )
    except ValueError as error:
        return Outcome(Answer.UNDECIDED, reason=str(error))
    procedure = Procedure(C_EP, beta=0.2, free_steps=40, nudged_steps=15)
    numbers: dict[str, Any] = {
        "largest stable kappa (output layer)": bound.kappa,
        "the paper's own kappa (C-EP-1h)": PAPER_KAPPA,
    }
    right, seen = True, []
    for factor in (0.5, 2.0):
        rates = {name: r * bound.kappa * factor * procedure.beta for name, r in ratios.items()}
        theta, errors = parameters, []
        for i in range(0, batches * size, size):
            x, y = images[i : i + size], targets[i : i + size]
            learned = learn_batch(network, procedure, x, y, theta, rates)
            theta = learned.parameters
            errors.append(float((learned.free.state[0] - y).square().sum() / (2 * size)))
        last = float(np.mean(errors[-10:]))
        numbers[f"at {factor} of the bound"] = {"first loss": errors[0], "mean of last ten": last}
        right &= (last < errors[0]) == (factor < 1)
        seen.append(f"at {factor} of it the loss goes from {errors[0]:.3f} to {last:.3f}")
    reason = (
        f"largest stable kappa {bound.kappa:.4f} (the paper's C-EP-1h trains at "
        f"{PAPER_KAPPA:.4f}); {'; '.join(seen)}"
    )
    return Outcome(Answer.HOLDS if right else Answer.REFUTED, numbers, reason)


def cases() -> tuple[Case, ...]:
    """Return the cases of the stability bound."""
    phase = [
        Case(
            "stability",
            f"{setting}, {activation}: phase 2",
            "phase 2 settles if and only if the spectral radius of J + kappa G is below 1",
            "one digit, initial weights, 0.9 and 1.1 times the bound",
            "Arnoldi on automatic differentiation, float64",
            "784-512-10, mini-batch of 1",
            Level.NUMERICAL,
            partial(phase_two, setting, activation),
            cost=10,
        )
        for setting, activation in (
            ("energy-based", "tanh"),
            ("prototypical, nudge inside", "tanh"),
            ("prototypical, nudge outside", "sigmoid"),
        )
    ]
    return (
        *phase,
        *(
            Case(
                "stability",
                f"prototypical, nudge outside, {activation}: training",
                "training learns below the bound and breaks down above it",
                "embedded digits, initial weights, 0.5 and 2 times the bound",
                "float64",
                "784-512-10, 40 mini-batches of 20",
                Level.NUMERICAL,
                partial(training, activation),
                cost=20,
            )
            for activation in ("sigmoid", "tanh")
        ),
    )
