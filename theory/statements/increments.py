"""C-VF's increment at finite ``beta``: the derivative at ``s_t`` and ``theta_t``, exactly.

The rule is ``theta_{t+1} = theta_t + kappa (dF/dtheta(x, s_t, theta_t))^T (s_{t+1} - s_t)``. Where
the derivative is taken, at ``s_t`` or at ``s_{t+1}``, shows in no limit ``beta -> 0``: both have
the same first order. So it is decided at finite ``beta``, ``kappa`` and ``dt``, at an
arbitrary state: every increment is compared with the derivative of the free transition in its
parameters, found by walking backwards through the computation. (Prototypical: of the argument
``a``, whose change the change of the state already is.) Parameters after each step are compared
with the sum of these increments; EP's stay where they are.

That the place matters is a case too: at ``s_{t+1}`` the derivative is another polynomial.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial

from cep_core.rules import C_VF, EP
from theory.arithmetic.jets import beta
from theory.case import Answer, Case, Level, Outcome
from theory.methods.identities import Sides, by_order, increments, transposed_in_parameters
from theory.methods.modular import ONE_HIDDEN, TWO_HIDDEN, decide_at_random
from theory.methods.perturbation import Processes
from theory.methods.symbolic import all_of, identity
from theory.points.arbitrary import ArbitraryPoint, anywhere
from theory.points.drawn import Shape
from theory.points.point import Point
from theory.statements.augmented import phase_two

EVERYWHERE = "every beta, kappa per parameter, dt, weight, input, target, start and activation"
SHAPE, STEPS = "2-2-1", 2
FULL_STEPS = 3
"""At full size: as many as it takes the nudge to reach the layer next to the input."""

CAPACITY = 200
CLAIM = (
    "C-VF: increment(t) = (dF/dtheta(x, s_t, theta_t))^T (s_{t+1} - s_t) at every beta, and "
    "theta_{t+1} = theta_t + kappa increment(t)"
)


def _compared(at: ArbitraryPoint, sides: Iterable[Sides]) -> Outcome:
    left: Processes = {}
    right: Processes = {}
    for name, _, a, b in sides:
        left.setdefault(name, []).append(a.constant)
        right.setdefault(name, []).append(b.constant)
    return identity(at.ring, left, right)


def increments_at(at: ArbitraryPoint, *, steps: int) -> Outcome:
    """Compare C-VF's increments and parameters with the derivatives; EP's parameters stay."""
    found = increments(at, steps=steps, nudging=at.beta)
    return all_of(
        {
            "C-VF's increments": _compared(at, found),
            "EP's parameters": _compared(at, _parameters_of_ep(at, steps)),
        }
    )


def _parameters_of_ep(at: ArbitraryPoint, steps: int) -> Iterator[Sides]:
    for t, step in enumerate(phase_two(at, EP, steps)):
        for name, value in step.parameters.items():
            yield name, t, value, at.parameters[name]


def _late(at: ArbitraryPoint, steps: int) -> Iterator[Sides]:
    """The increments against derivatives at ``s_{t+1}``."""
    theta = at.parameters
    for t, step in enumerate(phase_two(at, C_VF, steps)):
        change = tuple(b - a for a, b in zip(step.state, step.following, strict=True))
        along = transposed_in_parameters(at, step.following, theta, change)
        theta = step.parameters
        for name, increment in step.increment.items():
            yield name, t, increment, along[name]


def _in_the_field(point: Point, *, steps: int, order: int) -> Iterator[Sides]:
    for name, t, left, right in increments(point, steps=steps, nudging=beta(order)):
        yield from by_order(name, t, left, right, order)


def _symbolic(setting: str, *, backward: bool, late: bool = False, **options: object) -> Outcome:
    at = anywhere(setting, SHAPE, batch=2, capacity=CAPACITY, backward=backward, **options)  # type: ignore[arg-type]
    if late:
        return _compared(at, _late(at, STEPS))
    if backward:  # no primitive function, so no EP
        return _compared(at, increments(at, steps=STEPS, nudging=at.beta))
    return increments_at(at, steps=STEPS)


def cases() -> tuple[Case, ...]:
    """Return the cases of C-VF's increments."""
    case = partial(
        Case,
        "increments",
        where=EVERYWHERE,
        method="opaque activations, reverse-mode tape (FLINT)",
        level=Level.SYMBOLIC,
    )
    found = []
    for setting in ("energy-based", "prototypical, nudge inside", "prototypical, nudge outside"):
        sized = partial(case, size=f"{SHAPE}, K = {STEPS}, mini-batch of 2")
        found += [
            sized(setting + ", tied", CLAIM, decide=partial(_symbolic, setting, backward=False)),
            sized(setting + ", untied", CLAIM, decide=partial(_symbolic, setting, backward=True)),
            sized(
                setting + ": taken at s_{t+1}",
                "C-VF: increment(t) = (dF/dtheta(x, s_{t+1}, theta_t))^T (s_{t+1} - s_t)",
                decide=partial(_symbolic, setting, backward=False, late=True),
                expected=Answer.REFUTED,
            ),
        ]
    for sizes in (ONE_HIDDEN, TWO_HIDDEN):
        shape = Shape(sizes, batch=2, order=2, backward="free")
        found.append(
            Case(
                "increments",
                "energy-based, untied, to beta^2",
                CLAIM,
                "weights, inputs, targets, dt, kappa and derivatives of the activations from F_p",
                "random points of F_p, p = 2^31 - 1",
                f"{'-'.join(map(str, sizes))}, K = {FULL_STEPS}, mini-batch of 2",
                Level.MODULAR,
                partial(decide_at_random, shape, partial(_in_the_field, steps=FULL_STEPS, order=2)),
                cost=2,
            )
        )
    return tuple(found)
