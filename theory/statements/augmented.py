"""C-EP is EP in an augmented primitive function, for every ``beta``, ``eta`` and ``t``.

When ``Phi`` is linear in ``theta``, C-EP's updates telescope: along phase 2

    theta_t - kappa dPhi/dtheta(s_t) = theta_0 - kappa dPhi/dtheta(s_*)

is constant (a conservation law), ``kappa = eta / beta'``. Hence C-EP on ``Phi`` is exactly EP on

    Phi~(x, s, theta) = Phi(x, s, theta) + |kappa^(1/2) (dPhi/dtheta(s) - dPhi/dtheta(s_*))|^2 / 2,

with one ``kappa`` per parameter, and for a mini-batch of ``B`` samples, with the mean of
``dPhi/dtheta`` over them and ``B/2`` in place of ``1/2``. No limit is taken anywhere.

It is decided with *opaque* activations: their value and slope at every argument that occurs is a
new symbol, and two arguments are the same if and only if they are the same polynomial. Nothing but
the algebra of the update is used, so the answer holds for every activation, smooth or not, for
every starting state, and for every ``beta``, ``kappa`` and ``dt``. As the start is arbitrary, the
first step alone proves the law for all ``t``; more steps are run to exercise the phase itself.

For C-VF in the prototypical setting the weights from the input and the biases are conserved in the
same way; the weights between hidden and output neurons are not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import torch

from cep_core.activations import Identity, Tanh
from cep_core.arrays import Array, Parameters, State
from cep_core.networks import EnergyBased, Network, Prototypical
from cep_core.networks.initial import initial_parameters
from cep_core.networks.primitive import PrimitiveNetwork
from cep_core.phases import free_phase, nudged_phase
from cep_core.rules import C_EP, C_VF, EP, Rule
from theory.arithmetic.series import Elements, Series, boxed, constant, perturbed
from theory.case import Answer, Case, Level, Outcome
from theory.methods.perturbation import Phase, Processes
from theory.methods.symbolic import all_of, identity
from theory.points.arbitrary import Anywhere, anywhere

EVERYWHERE = "every beta, kappa per parameter, dt, weight, input, target, start and activation"
PROTOTYPICAL = ("prototypical, nudge outside", "prototypical, nudge inside")
SETTINGS = ("energy-based", *PROTOTYPICAL)


def by_sample(network: Network, x: Array, state: State, parameters: Parameters) -> Series:
    """``Phi`` summed over the samples; it is linear in the parameters, so its gradient gives it."""
    batch = x.shape[0]
    gradient = network.primitive_gradient(x, state, parameters)
    total = boxed_zero()
    for name, g in gradient.items():
        total = total + (parameters[name] * g).sum() * batch
    if isinstance(network, EnergyBased):
        for s in state:
            total = total + (s * s).sum() * (1 - network.dt) / 2
    return total


def boxed_zero() -> Series:
    """The scalar 0."""
    return Series((boxed(0),), 1)


def gradient_by_state(function: Callable[[State], Series], state: State) -> State:
    """Differentiate a scalar by every neuron, one dual number at a time."""
    found = []
    for n, layer in enumerate(state):
        values = np.empty(layer.shape, dtype=object)
        for index in np.ndindex(*layer.shape):
            moved = (*state[:n], perturbed(layer, index), *state[n + 1 :])
            values[index] = function(moved).coefficient(1)[()]
        found.append(constant(values, 1))
    return tuple(found)


@dataclass(frozen=True)
class Augmented:
    """The network of ``Phi~``: the base network plus the derivative of the added square.

    Attributes:
        base: the network of ``Phi``.
        anchor: ``dPhi/dtheta(s_*)``.
        kappa: per parameter.

    """

    base: Network
    anchor: Parameters
    kappa: Mapping[str, Any]

    @property
    def time_scale(self) -> Any:
        """That of the base network."""
        return self.base.time_scale

    def added(self, x: Array, state: State, parameters: Parameters) -> Series:
        """``B/2 |kappa^(1/2) (dPhi/dtheta(s) - dPhi/dtheta(s_*))|^2``, with means over samples."""
        gradient = self.base.primitive_gradient(x, state, parameters)
        total = boxed_zero()
        for name, g in gradient.items():
            moved = g - self.anchor[name]
            total = total + (moved * moved).sum() * self.kappa[name]
        batch: int = x.shape[0]
        return total * batch / 2

    def transition(
        self, x: Array, state: State, parameters: Parameters, nudge: Array | None = None
    ) -> State:
        """``dPhi~/ds``, or the activation of it in the prototypical setting."""
        extra = gradient_by_state(lambda moved: self.added(x, moved, parameters), state)
        if isinstance(self.base, EnergyBased):
            new = self.base.transition(x, state, parameters, nudge)
            return tuple(s + e for s, e in zip(new, extra, strict=True))
        felt = {f"b_{n}": parameters[f"b_{n}"] + e for n, e in enumerate(extra)}
        return self.base.transition(x, state, parameters | felt, nudge)

    def primitive_gradient(self, x: Array, state: State, parameters: Parameters) -> Parameters:
        """``dPhi~/dtheta = dPhi/dtheta``: the added square does not depend on ``theta``."""
        return self.base.primitive_gradient(x, state, parameters)

    def vector_field_gradient(
        self, x: Array, state: State, parameters: Parameters, change: State
    ) -> Parameters:
        """As the base network."""
        return self.base.vector_field_gradient(x, state, parameters, change)


def conserved_at(
    at: Anywhere,
    *,
    steps: int,
    rule: Rule = C_EP,
    names: Sequence[str] = (),
    phase: Phase = nudged_phase,
) -> Outcome:
    """Compare ``theta_t - kappa dPhi/dtheta(s_t)`` with its value at ``t = 0``, all ``t <= K``.

    For a vector field, ``(dF/dtheta)^T s`` stands in place of ``dPhi/dtheta``.

    Args:
        at: a network at any state.
        steps: ``K``.
        rule: a continual rule.
        names: the parameters that should be conserved; all unless given.
        phase: the nudged phase; replaced by planted errors.

    """
    listed = list(names) or list(at.parameters)

    def conserved(state: State, theta: Parameters) -> dict[str, Elements]:
        if rule.vector_field:
            gradient = at.network.vector_field_gradient(at.x, state, theta, state)
        else:
            gradient = at.network.primitive_gradient(at.x, state, theta)
        return {n: (theta[n] - gradient[n] * at.kappa[n]).constant for n in listed}

    first = conserved(at.start, at.parameters)
    left: Processes = {name: [] for name in listed}
    for step in phase(
        at.network,
        rule,
        at.x,
        at.y,
        at.parameters,
        at.start,
        beta=at.beta,
        kappa=at.kappa,
        steps=steps,
    ):
        for name, value in conserved(step.following, step.parameters).items():
            left[name].append(value)
    return identity(at.ring, left, {name: [first[name]] * steps for name in listed})


def _trajectory(
    at: Anywhere, network: Network, rule: Rule, steps: int, phase: Phase = nudged_phase
) -> Processes:
    """States, and parameters after each step if the update were made then."""
    found: Processes = {}
    theta = at.parameters
    for step in phase(
        network,
        rule,
        at.x,
        at.y,
        at.parameters,
        at.start,
        beta=at.beta,
        kappa=at.kappa,
        steps=steps,
    ):
        theta = {n: theta[n] + step.increment[n] * at.kappa[n] for n in theta}
        for n, s in enumerate(step.following):
            found.setdefault(f"s_{n}", []).append(s.constant)
        for name, value in theta.items():
            found.setdefault(name, []).append(value.constant)
    return found


def augmented_at(at: Anywhere, *, steps: int, phase: Phase = nudged_phase) -> Outcome:
    """Compare C-EP on ``Phi`` with EP on ``Phi~``: every state and every update."""
    anchor = at.network.primitive_gradient(at.x, at.start, at.parameters)
    left = _trajectory(at, at.network, C_EP, steps, phase)
    right = _trajectory(at, Augmented(at.network, anchor, at.kappa), EP, steps)
    return identity(at.ring, left, right)


def gradient_at(at: Anywhere) -> Outcome:
    """Check that the transition is ``dPhi/ds`` (prototypical: that of the identity activation)."""
    network = at.network
    if isinstance(network, Prototypical):
        network = replace(network, activations=tuple(Identity() for _ in at.start))
    found = network.transition(at.x, at.start, at.parameters)
    expected = gradient_by_state(
        lambda moved: by_sample(network, at.x, moved, at.parameters), at.start
    )
    return identity(
        at.ring,
        {f"s_{n}": [s.constant] for n, s in enumerate(found)},
        {f"s_{n}": [s.constant] for n, s in enumerate(expected)},
    )


def everything_at(at: Anywhere, *, steps: int, phase: Phase = nudged_phase) -> Outcome:
    """Check the conservation law, the trajectories, and that ``F`` is the gradient of ``Phi``."""
    return all_of(
        {
            "conservation law": conserved_at(at, steps=steps, phase=phase),
            "same trajectory": augmented_at(at, steps=steps, phase=phase),
            "F = dPhi/ds": gradient_at(at),
        }
    )


def _float_trajectories(batch: int = 6, steps: int = 15) -> Outcome:
    """Run both in float64, ``Phi~`` differentiated by PyTorch; weights included."""
    beta, eta, dt = 0.2, 0.01, 0.5
    generator = torch.Generator().manual_seed(0)
    parameters = initial_parameters((8, 6, 4), generator=generator)
    x = torch.rand(batch, 8, generator=generator, dtype=torch.float64)
    y = torch.rand(batch, 4, generator=generator, dtype=torch.float64)
    network = EnergyBased((Tanh(), Tanh()), dt)
    settled = free_phase(network, x, parameters, steps=5000, tolerance=1e-15)
    kappa = eta / (beta * dt)
    anchor = network.primitive_gradient(x, settled.state, parameters)

    def phi(x: torch.Tensor, state: State, theta: Parameters) -> torch.Tensor:
        gradient = network.primitive_gradient(x, state, theta)
        linear = sum((theta[n] * g).sum() for n, g in gradient.items())
        added = sum((g - anchor[n]).square().sum() for n, g in gradient.items())
        squares = sum(s.square().sum() for s in state)
        return torch.as_tensor((1 - dt) / 2 * squares + batch * (linear + kappa / 2 * added))

    runs = []
    for used, rule, scale in ((network, C_EP, 1.0), (PrimitiveNetwork(phi), EP, dt)):
        theta, states = parameters, []
        for step in nudged_phase(
            used, rule, x, y, parameters, settled.state, beta=beta * scale, kappa=kappa, steps=steps
        ):
            theta = {n: theta[n] + kappa * step.increment[n] for n in theta}
            states.append(torch.cat(step.following, dim=1).detach())
        runs.append((torch.stack(states), theta))
    (left, theta), (right, other) = runs
    moved = max(float((theta[n] - parameters[n]).abs().max()) for n in theta)
    apart = max(float((theta[n] - other[n]).detach().abs().max()) for n in theta)
    numbers = {
        "states apart": float((left - right).abs().max()),
        "parameters apart": apart,
        "parameters moved": moved,
        "free phase residual": settled.residual,
    }
    same = max(numbers["states apart"], apart) < 1e-13 < moved  # noqa: PLR2004 - rounding
    return Outcome(Answer.HOLDS if same else Answer.REFUTED, numbers)


def _both(setting: str, shape: str, steps: int, batch: int, capacity: int) -> Outcome:
    return everything_at(anywhere(setting, shape, batch=batch, capacity=capacity), steps=steps)


def _vector_field(names: Sequence[str]) -> Outcome:
    at = anywhere(PROTOTYPICAL[0], "2-3-2", batch=2, capacity=150, backward=True)
    return conserved_at(at, steps=3, rule=C_VF, names=names)


def cases() -> tuple[Case, ...]:
    """Return the cases of the augmented primitive function."""
    case = partial(
        Case,
        "augmented",
        where=EVERYWHERE,
        method="opaque activations (FLINT)",
        level=Level.SYMBOLIC,
    )
    found = [
        case(
            setting,
            "theta_t - kappa dPhi/dtheta(s_t) is constant; C-EP on Phi = EP on Phi~ for all t",
            size=f"{shape}, K = {steps}" + (f", mini-batch of {batch}" if batch > 1 else ""),
            decide=partial(_both, setting, shape, steps, batch, capacity),
            cost=3,
        )
        for setting in SETTINGS
        for shape, steps, batch, capacity in (
            ("2-3-2", 10, 1, 250),
            ("2-3-3-2", 6, 1, 250),
            ("2-3-2", 5, 3, 300),
        )
    ]
    vector_field = partial(case, size="2-3-2, K = 3, mini-batch of 2")
    found += [
        vector_field(
            "C-VF, prototypical: input weights and biases",
            "C-VF conserves theta_t - kappa dPhi/dtheta(s_t) for input weights and biases",
            decide=partial(_vector_field, ("W_1_x", "b_0", "b_1")),
        ),
        vector_field(
            "C-VF, prototypical: hidden to output",
            "C-VF conserves theta_t - kappa dPhi/dtheta(s_t) for the weights between neurons",
            decide=partial(_vector_field, ("W_0_1",)),
            expected=Answer.REFUTED,
        ),
        Case(
            "augmented",
            "energy-based, tanh",
            "C-EP on Phi and EP on Phi~ make the same trajectory, parameters included",
            "one random network, beta 0.2, eta 0.01",
            "float64, Phi~ differentiated by PyTorch",
            "8-6-4, K = 15, mini-batch of 6",
            Level.NUMERICAL,
            _float_trajectories,
        ),
    ]
    return tuple(found)
