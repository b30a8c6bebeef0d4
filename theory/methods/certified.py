"""Certificates at 784-512-10: a steady state that exists, and enclosures of ``Delta + nabla``.

The steady state is certified by Krawczyk's test (:mod:`theory.methods.steady_state`). From balls
around it, cep_core's nudged phase is run on power series in beta and its unrolled free phase is
differentiated in reverse mode, all in balls. The result is, for every neuron, every parameter and
every step, a ball that contains the true ``Delta(t) + nabla(t)`` at beta = 0. Where the theorem
holds each contains zero, and its radius says how nearly equal the sides are known to be; equality
itself is what the symbolic proof gives. Where a ball excludes zero, the two sides differ,
rigorously.

The input is a handwritten digit, weights and targets are those that training would start from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from functools import cache, partial
from typing import Any

import flint
import torch

from cep_core import activations
from cep_core.arrays import Parameters
from cep_core.data.mnist import embedded
from cep_core.learning import one_hot
from cep_core.networks import DriftSlope, EnergyBased, Nudge, Prototypical
from cep_core.networks.initial import initial_parameters
from cep_core.phases import free_phase
from theory.arithmetic.balls import (
    ACTIVATIONS,
    Balls,
    KinkError,
    balls,
    lower_float,
    precision,
    scalar,
    upper_float,
)
from theory.case import Answer, Case, Level, Outcome
from theory.methods.identities import Sides, joint_limit, theorem1
from theory.methods.steady_state import SteadyState, UncertifiedError, certify
from theory.points.point import Point

BITS = 128
"""Precision of the balls."""

LARGEST_RADIUS = 1e-25
"""Enclosures wider than this decide nothing."""

SMALL = (6, 5, 3)
"""Sizes of the network under which errors are planted, input first."""

STEPS = 10
"""``K`` of every case."""

KAPPA = 0.1
"""The ratio eta / beta' at which the order of limits is seen to matter."""


@dataclass(frozen=True)
class Setup:
    """A network in float64 and an input, from which the balls start.

    Attributes:
        network: the dynamics on tensors.
        x: input, shape ``(1, size_x)``.
        y: target, shape ``(1, size_0)``.
        parameters: ``theta``, in float64; every float is taken as the exact number that it is.
        free_steps: most transitions of the free phase.

    """

    network: EnergyBased | Prototypical
    x: torch.Tensor
    y: torch.Tensor
    parameters: Parameters
    free_steps: int = 5000


@cache
def digit() -> tuple[torch.Tensor, int]:
    """Return a handwritten digit of MNIST, pixels in [0, 1], shape (1, 784), and its label.

    Raises:
        DataError: the embedded digits are missing or damaged.

    """
    data = embedded()
    return data.train_images[:1].double() / 255, int(data.train_labels[0])


def digit_setup(network: EnergyBased | Prototypical, *, seed: int = 0) -> Setup:
    """Return 784-512-10 as training would start it, with a digit for input."""
    x, label = digit()
    parameters = initial_parameters((784, 512, 10), generator=torch.Generator().manual_seed(seed))
    return Setup(network, x, one_hot(torch.tensor([label]), 10, torch.float64), parameters)


def random_setup(
    network: EnergyBased | Prototypical, *, seed: int = 1, backward_angle: float | None = None
) -> Setup:
    """Return a small network, :data:`SMALL`, with a random input and target in [0, 1].

    Args:
        network: the dynamics.
        seed: of the weights, the input and the target.
        backward_angle: see :func:`cep_core.networks.initial.initial_parameters`.

    """
    generator = torch.Generator().manual_seed(seed)
    parameters = initial_parameters(SMALL, generator=generator, backward_angle=backward_angle)
    x = torch.rand((1, SMALL[0]), generator=generator, dtype=torch.float64)
    y = torch.rand((1, SMALL[-1]), generator=generator, dtype=torch.float64)
    return Setup(network, x, y, parameters)


def energy_based(*, drift_slope: DriftSlope = "all", output: str = "tanh") -> EnergyBased:
    """Return the energy-based setting on tensors: tanh, ``dt`` 0.2, one hidden layer."""
    functions = tuple(activations.activation_named(name) for name in (output, "tanh"))
    return EnergyBased(functions, 0.2, drift_slope=drift_slope)


def prototypical(nudge: Nudge) -> Prototypical:
    """Return the prototypical setting on tensors: the paper's sigmoid, one hidden layer."""
    return Prototypical((activations.activation_named("sigmoid"),) * 2, nudge)


def in_balls(network: EnergyBased | Prototypical) -> EnergyBased | Prototypical:
    """Return the same network on balls: its activations, and every number that it holds."""
    functions = tuple(ACTIVATIONS.get(f.name, f) for f in network.activations)
    held = {f.name: getattr(network, f.name) for f in fields(network)}
    numbers: dict[str, Any] = {
        name: scalar(value) for name, value in held.items() if isinstance(value, float)
    }
    return replace(network, activations=functions, **numbers)


def certified_point(setup: Setup) -> tuple[Point, SteadyState]:
    """Settle in float64, certify the steady state nearby, and return it as a point in balls.

    Raises:
        UncertifiedError: Krawczyk's test does not close.
        KinkError: an activation has a kink at the steady state.

    """
    free = free_phase(
        setup.network, setup.x, setup.parameters, steps=setup.free_steps, tolerance=1e-14
    )
    network = in_balls(setup.network)
    x, y = balls(setup.x.numpy()), balls(setup.y.numpy())
    parameters = {name: balls(value.numpy()) for name, value in setup.parameters.items()}
    steady = certify(network, x, parameters, [s.numpy() for s in free.state])
    kappa = dict.fromkeys(parameters, scalar(KAPPA))
    return Point(network, x, y, parameters, steady.state, kappa), steady


def decide_in_balls(
    make: Callable[[], Setup],
    identity: Callable[[Point], Iterator[Sides]],
    *,
    bits: int = BITS,
    largest_radius: float = LARGEST_RADIUS,
) -> Outcome:
    """Enclose the difference of the sides of an identity at a certified steady state.

    *Holds* needs every ball to contain zero with a radius below ``largest_radius``; one ball that
    excludes zero refutes. Undecided if the steady state is not certified, at a kink, or if a ball
    is too wide.
    """
    with precision(bits):
        try:
            point, steady = certified_point(make())
            return _enclose(point, steady, identity, largest_radius)
        except (UncertifiedError, KinkError) as error:
            return Outcome(Answer.UNDECIDED, {"bits": bits}, str(error))


def _enclose(
    point: Point,
    steady: SteadyState,
    identity: Callable[[Point], Iterator[Sides]],
    largest_radius: float,
) -> Outcome:
    scale = point.network.time_scale
    normalised = scalar(1) if isinstance(scale, int) else scale.each(lambda e: 1 / e)
    numbers: dict[str, Any] = {
        "bits": flint.ctx.prec,
        "radius of the steady state": steady.radius,
        "no other within": steady.alone_within,
    }
    radius, compared = 0.0, 0
    for name, t, left, right in identity(point):
        gap = (left - right) * normalised
        compared += gap.matrix.nrows() * gap.matrix.ncols()
        if not gap.contains_zero():
            if t < 0:
                reason = f"not a steady state: a transition moves {name}"
                return Outcome(Answer.UNDECIDED, numbers, reason)
            return _refuted(gap, name, t, numbers)
        radius = max(radius, gap.largest_radius())
        if not radius < largest_radius:
            reason = f"the balls of {name} at t = {t} have radii up to {radius:.2g}: too wide"
            return Outcome(Answer.UNDECIDED, numbers, reason)
    numbers |= {"balls": compared, "radius": radius}
    return Outcome(Answer.HOLDS, numbers, f"every ball contains 0, radii at most {radius:.1e}")


def _refuted(gap: Balls, name: str, t: int, numbers: dict[str, Any]) -> Outcome:
    away = [e for e in gap.entries() if not e.contains(0)]
    largest = max(away, key=lambda e: float(e.abs_lower()))
    size = lower_float(abs(largest))
    numbers |= {
        "first time": t,
        "elements that differ": len(away),
        "difference at least": size,
        "radius": upper_float(largest.rad()),
    }
    reason = (
        f"{len(away)} of {len(gap.entries())} balls of {name} at t = {t} exclude 0; "
        f"one by {size:.3g}, its radius {numbers['radius']:.1e}"
    )
    return Outcome(Answer.REFUTED, numbers, reason)


def decide_steady_state(make: Callable[[], Setup], *, bits: int = BITS) -> Outcome:
    """Certify that a steady state exists and is the only one nearby."""
    with precision(bits):
        try:
            _, steady = certified_point(make())
        except (UncertifiedError, KinkError) as error:
            return Outcome(Answer.UNDECIDED, {"bits": bits}, str(error))
    numbers = {"bits": bits, "radius": steady.radius, "no other within": steady.alone_within}
    reason = f"exists within {steady.radius:.1e}; no other within {steady.alone_within:.1e}"
    return Outcome(Answer.HOLDS, numbers, reason)


EQUAL = "C-EP's updates equal minus BPTT's gradients in the limit: Delta(t) -> -nabla(t), all t < K"
AT_A_DIGIT = "one handwritten digit, initial weights of one seed"


def _at_kappa(point: Point) -> Iterator[Sides]:
    """Theorem 1 where kappa = eta / beta' stays at :data:`KAPPA` as beta vanishes."""
    return theorem1(point, steps=STEPS, kappa=scalar(KAPPA))


def cases() -> tuple[Case, ...]:
    """Return the certificates, all at 784-512-10."""
    exact = partial(theorem1, steps=STEPS)
    tanh = energy_based()
    case = partial(
        Case,
        where=AT_A_DIGIT,
        size=f"784-512-10, K = {STEPS}",
        level=Level.CERTIFIED,
        method=f"balls (Arb, {BITS} bits)",
        cost=10,
    )

    def enclosed(network: EnergyBased | Prototypical, claimed: Any = exact) -> Any:
        return partial(decide_in_balls, partial(digit_setup, network), claimed)

    return (
        case(
            "theorem1",
            "energy-based, tanh: the steady state",
            "a steady state exists near the end of the free phase, and only one",
            method=f"Krawczyk's test in balls (Arb, {BITS} bits)",
            size="784-512-10",
            decide=partial(decide_steady_state, partial(digit_setup, tanh)),
        ),
        case("theorem1", "energy-based, tanh", EQUAL, decide=enclosed(tanh)),
        case(
            "theorem1",
            "energy-based, tanh, identity at the output",
            EQUAL,
            decide=enclosed(energy_based(output="identity")),
        ),
        case(
            "theorem1",
            "energy-based, tanh, published output drift",
            EQUAL,
            decide=enclosed(energy_based(drift_slope="hidden")),
            expected=Answer.REFUTED,
        ),
        case(
            "joint_limit",
            f"energy-based, tanh, kappa = {KAPPA}: the order of limits",
            f"the limit beta -> 0 equals -nabla(t) at eta / beta' = {KAPPA} too",
            decide=enclosed(tanh, _at_kappa),
            expected=Answer.REFUTED,
        ),
        case(
            "joint_limit",
            f"energy-based, tanh, kappa = {KAPPA}",
            "with kappa fixed, Delta_s(t) -> -(J + kappa G)^t dl/ds, and (dF/dtheta)^T of it",
            decide=enclosed(tanh, partial(joint_limit, steps=STEPS)),
        ),
        case(
            "prototypical",
            "sigmoid, nudge inside the activation",
            EQUAL,
            decide=enclosed(prototypical("inside")),
        ),
        case(
            "prototypical",
            "sigmoid, nudge outside the activation (published)",
            EQUAL,
            decide=enclosed(prototypical("outside")),
            expected=Answer.REFUTED,
        ),
    )
