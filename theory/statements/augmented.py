"""C-EP is EP in an augmented primitive function, for every ``beta``, ``eta`` and ``t``.

When ``Phi`` is linear in ``theta`` (a hypothesis that every case tests, and that a network with
curved or max-pooling fails), C-EP's updates telescope: along phase 2

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

from collections.abc import Iterable, Mapping, Sequence
from functools import partial

import torch

from cep_core.activations import Tanh
from cep_core.arrays import Array, Parameters, State
from cep_core.networks import EnergyBased, Network
from cep_core.networks.augmented import augmented, by_autograd
from cep_core.networks.initial import initial_parameters
from cep_core.phases import NudgedStep, free_phase, nudged_phase
from cep_core.rules import C_EP, C_VF, Rule, add_scaled
from theory.arithmetic.series import Elements
from theory.arithmetic.tape import differentiated
from theory.case import Answer, Case, Level, Outcome
from theory.methods import definition
from theory.methods.perturbation import Processes
from theory.methods.symbolic import all_of, identity
from theory.points.arbitrary import ArbitraryPoint, anywhere

EVERYWHERE = "every beta, kappa per parameter, dt, weight, input, target, start and activation"
PROTOTYPICAL = ("prototypical, nudge outside", "prototypical, nudge inside")
SETTINGS = ("energy-based", *PROTOTYPICAL)


def by_sample(network: Network, x: Array, state: State, parameters: Parameters) -> Array:
    """``Phi`` summed over the samples, from its gradient: it is linear in the parameters.

    What does not depend on them is ``(1 - time_scale) ||s||^2 / 2``: nothing in discrete time.
    """
    batch, rest = x.shape[0], 1 - network.time_scale
    total: Array = 0
    for name, g in network.primitive_gradient(x, state, parameters).items():
        total = (g * parameters[name]).sum() * batch + total
    for s in state:
        total = (s * s).sum() * rest / 2 + total
    return total


def conserved_at(
    at: ArbitraryPoint, *, steps: int, rule: Rule = C_EP, names: Sequence[str] = ()
) -> Outcome:
    """Compare ``theta_t - kappa dPhi/dtheta(s_t)`` with its value at ``t = 0``, all ``t <= K``.

    For a vector field, ``(dF/dtheta)^T s`` stands in place of ``dPhi/dtheta``.

    Args:
        at: a network at any state.
        steps: ``K``.
        rule: a continual rule.
        names: the parameters that should be conserved; all unless given.

    """
    listed = list(names) or list(at.parameters)

    def conserved(state: State, theta: Parameters) -> dict[str, Elements]:
        if rule.vector_field:
            gradient = at.network.vector_field_gradient(at.x, state, theta, state)
        else:
            gradient = at.network.primitive_gradient(at.x, state, theta)
        return {n: (theta[n] - gradient[n] * at.kappa[n]).constant for n in listed}

    first = conserved(at.state, at.parameters)
    left: Processes = {name: [] for name in listed}
    for step in phase_two(at, rule, steps):
        for name, value in conserved(step.following, step.parameters).items():
            left[name].append(value)
    return identity(at.ring, left, {name: [first[name]] * steps for name in listed})


def phase_two(at: ArbitraryPoint, rule: Rule, steps: int) -> Iterable[NudgedStep]:
    """Run the nudged phase at any beta and kappa."""
    return nudged_phase(
        at.network,
        rule,
        at.x,
        at.y,
        at.parameters,
        at.state,
        beta=at.beta,
        kappa=at.kappa,
        steps=steps,
    )


def trajectory(
    at: ArbitraryPoint, steps: Iterable[NudgedStep] | Iterable[definition.DefinedStep]
) -> Processes:
    """States, and parameters after each step if the update were made then."""
    found: Processes = {}
    theta = at.parameters
    for step in steps:
        theta = add_scaled(theta, step.increment, at.kappa)
        for n, s in enumerate(step.following):
            found.setdefault(f"s_{n}", []).append(s.constant)
        for name, value in theta.items():
            found.setdefault(name, []).append(value.constant)
    return found


def augmented_at(at: ArbitraryPoint, *, steps: int) -> Outcome:
    """Compare C-EP on ``Phi`` with EP, by its definition, on ``Phi~``: every state and update."""
    network, x, start = at.network, at.x, at.state
    other = augmented(
        network, x, start, at.parameters, kappa=at.kappa, differentiate=differentiated
    )
    plain = definition.ep(other, x, at.y, at.parameters, start, beta=at.beta, steps=steps)
    left = trajectory(at, phase_two(at, C_EP, steps))
    return identity(at.ring, left, trajectory(at, plain))


def gradient_at(at: ArbitraryPoint) -> Outcome:
    """Check that the transition is ``dPhi/ds`` (prototypical: that of the identity activation)."""
    network = definition.before_activation(at.network, at.x, at.state, at.parameters)
    found = network.transition(at.x, at.state, at.parameters)
    expected = differentiated(
        lambda moved: by_sample(network, at.x, moved, at.parameters), at.state
    )
    return identity(
        at.ring,
        {f"s_{n}": [s.constant] for n, s in enumerate(found)},
        {f"s_{n}": [s.constant] for n, s in enumerate(expected)},
    )


def linear_at(at: ArbitraryPoint) -> Outcome:
    """Check the hypothesis, that ``Phi`` is linear in ``theta``.

    ``dPhi/dtheta`` is compared with that at twice the parameters: a polynomial in free symbols that
    is the same there does not depend on them.
    """
    twice = {name: value * 2 for name, value in at.parameters.items()}
    one, other = (
        {n: [g.constant] for n, g in at.network.primitive_gradient(at.x, at.state, theta).items()}
        for theta in (at.parameters, twice)
    )
    return identity(at.ring, one, other)


def everything_at(at: ArbitraryPoint, *, steps: int) -> Outcome:
    """Check the hypothesis, the conservation law, the trajectories, and ``F = dPhi/ds``."""
    return all_of(
        {
            "Phi is linear in theta": linear_at(at),
            "conservation law": conserved_at(at, steps=steps),
            "same trajectory": augmented_at(at, steps=steps),
            "F = dPhi/ds": gradient_at(at),
        }
    )


def float_gaps(
    network: Network,
    x: torch.Tensor,
    y: torch.Tensor,
    parameters: Parameters,
    steady: State,
    *,
    beta: float,
    kappa: Mapping[str, float],
    steps: int,
) -> dict[str, float]:
    """Run C-EP on ``Phi`` and EP, by its definition, on ``Phi~`` in floating point.

    Returns:
        The largest differences over all steps: of the states and of the parameters; of
        ``theta - kappa dPhi/dtheta`` from its first value; and how far the parameters moved.

    """
    other = augmented(network, x, steady, parameters, kappa=kappa, differentiate=by_autograd)

    def conserved(state: State, theta: Parameters) -> Parameters:
        minus = {name: -k for name, k in kappa.items()}
        return add_scaled(theta, network.primitive_gradient(x, state, theta), minus)

    gaps = {"states": 0.0, "parameters": 0.0, "conserved": 0.0, "moved": 0.0}

    def note(name: str, these: Iterable[Array], those: Iterable[Array]) -> None:
        pairs = zip(these, those, strict=True)
        gaps[name] = max(gaps[name], *(float((a - b).abs().max()) for a, b in pairs))

    with torch.no_grad():
        first = conserved(steady, parameters)
        continual = nudged_phase(
            network, C_EP, x, y, parameters, steady, beta=beta, kappa=kappa, steps=steps
        )
        plain = definition.ep(other, x, y, parameters, steady, beta=beta, steps=steps)
        theta = parameters
        for ours, theirs in zip(continual, plain, strict=True):
            theta = add_scaled(theta, theirs.increment, kappa)
            note("states", ours.following, theirs.following)
            note("parameters", ours.parameters.values(), theta.values())
            note("moved", ours.parameters.values(), parameters.values())
            now = conserved(ours.following, ours.parameters)
            note("conserved", now.values(), first.values())
    return gaps


def _float_trajectories(batch: int = 6, steps: int = 15) -> Outcome:
    """Run both in float64, the square differentiated by PyTorch; weights included."""
    beta, eta, dt = 0.2, 0.01, 0.5
    generator = torch.Generator().manual_seed(0)
    parameters = initial_parameters((8, 6, 4), generator=generator)
    x = torch.rand(batch, 8, generator=generator, dtype=torch.float64)
    y = torch.rand(batch, 4, generator=generator, dtype=torch.float64)
    network = EnergyBased((Tanh(), Tanh()), dt)
    settled = free_phase(network, x, parameters, steps=5000, tolerance=1e-15)
    kappa = dict.fromkeys(parameters, eta / (beta * dt))
    gaps = float_gaps(network, x, y, parameters, settled.state, beta=beta, kappa=kappa, steps=steps)
    numbers = {
        "states apart": gaps["states"],
        "parameters apart": gaps["parameters"],
        "parameters moved": gaps["moved"],
        "free phase residual": settled.residual,
    }
    apart = max(gaps["states"], gaps["parameters"])
    same = apart < 1e-13 < gaps["moved"]  # noqa: PLR2004 - rounding
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
