"""The identities of the theory at the paper's own sizes, at random points of a prime field.

An identity between polynomials that is false is true at a uniformly drawn point of a field of p
elements with probability at most d/p, d being its degree (Schwartz, 1980; Zippel, 1979). The points
here are drawn from the prime field of p = 2^31 - 1: every weight, bias, input and target, ``dt``,
``kappa``, and the value, slope and higher derivatives of the activation of every unit at the steady
state, each on its own. So nothing is assumed of the activations, and since the state is *computed*
from these (``s = rho'(s) a`` or ``s = sigma(a)``), every point is a steady state. The degree d is
computed, by running the same code on degrees in place of numbers.

The network, the nudged phase and the unrolled computation are those of ``cep_core``; the BPTT side
is their reverse-mode derivative (:mod:`theory.arithmetic.tape`). What is decided is the identity in
characteristic p: of a false identity over the rationals, it would miss one whose numerators p all
divides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from cep_core.rules import C_VF
from theory.arithmetic.degrees import Degree
from theory.arithmetic.prime_field import Field, P, uniform
from theory.case import Answer, Case, Level, Outcome
from theory.methods.identities import Sides, augmented, joint_limit, theorem1, vector_field_error
from theory.points.drawn import Draw, Shape, draw_point
from theory.points.point import Point

STEPS = 10
"""``K`` of every case."""

SEED = 20200512
"""Seed of the points, fixed so that a run can be repeated."""

ONE_HIDDEN, TWO_HIDDEN = (784, 512, 10), (784, 512, 512, 10)

Identity = Callable[[Point], Iterator[Sides]]


Drawn = Callable[[Any, Draw], Point]
"""Draws a point of a kind from a number system."""


def degree_of(shape: Any, identity: Identity, drawn: Drawn = draw_point) -> int:
    """Bound the degree of what :func:`decide_at_random` compares, by running it on degrees."""
    point = drawn(shape, lambda *size: Degree(1, size))
    return max(max(int(left.bound), int(right.bound)) for _, _, left, right in identity(point))


def decide_at_random(
    shape: Any, identity: Identity, *, seed: int = SEED, drawn: Drawn = draw_point
) -> Outcome:
    """Compare both sides of an identity, element by element, at a random point.

    Undecided if the point is not a steady state of the network, or if some process is zero on
    both sides throughout. If the identity is false, it is refuted except with the probability
    that is returned as ``error probability``.
    """
    point = drawn(shape, partial(uniform, np.random.default_rng(seed)))
    compared = 0
    alive: dict[str, bool] = {}
    for name, t, left, right in identity(point):
        gap: Field = left - right
        compared += gap.words.size
        if not gap.is_zero():
            where = f"{gap.nonzero()} of {gap.words.size} elements of {name}"
            if t < 0:
                return Outcome(Answer.UNDECIDED, {}, f"not a steady state: F moves {where}")
            reason = f"the sides differ at t = {t} in {where}"
            return Outcome(Answer.REFUTED, {"identities": compared, "first time": t}, reason)
        alive[name] = alive.get(name, False) or (t >= 0 and not left.is_zero())
    dead = [name for name, living in alive.items() if not living]
    if dead:
        reason = f"nothing is compared: {', '.join(dead)} is zero on both sides throughout"
        return Outcome(Answer.UNDECIDED, {"identities": compared}, reason)
    degree = degree_of(shape, identity, drawn)
    numbers: dict[str, Any] = {
        "identities": compared,
        "degree": degree,
        "error probability": degree / P,
        "seed": seed,
    }
    return Outcome(Answer.HOLDS, numbers, f"at most {degree}/(2^31 - 1) that a false one passes")


EQUAL = "C-EP's updates equal minus BPTT's gradients in the limit: Delta(t) -> -nabla(t), all t < K"
OF_C_VF = (
    "C-VF's updates equal minus BPTT's gradients in the limit: Delta(t) -> -nabla(t), all t < K"
)
EVERYWHERE = "weights, inputs, targets, dt, kappa and derivatives of the activations drawn from F_p"


def _families() -> Iterator[tuple[str, str, str, Shape, Identity, Answer]]:
    """Statement, variant, claim, kind of point (for one size), identity, expected answer."""
    any_size = Shape(ONE_HIDDEN)
    exact = partial(theorem1, steps=STEPS)
    prototypical = replace(any_size, setting="prototypical")
    yield "theorem1", "energy-based, rho' on every layer", EQUAL, any_size, exact, Answer.HOLDS
    yield (
        "theorem1",
        "energy-based, identity at the output",
        EQUAL,
        replace(any_size, linear_output=True),
        exact,
        Answer.HOLDS,
    )
    yield (
        "theorem1",
        "energy-based, published output drift",
        EQUAL,
        replace(any_size, drift_slope="hidden"),
        exact,
        Answer.REFUTED,
    )
    yield "prototypical", "nudge inside the activation", EQUAL, prototypical, exact, Answer.HOLDS
    yield (
        "prototypical",
        "nudge outside the activation (published)",
        EQUAL,
        replace(prototypical, nudge="outside"),
        exact,
        Answer.REFUTED,
    )
    yield (
        "joint_limit",
        "energy-based, mini-batch of 2",
        "with kappa fixed, Delta_s(t) -> -(J + kappa G)^t dl/ds, and (dF/dtheta)^T of it",
        replace(any_size, batch=2),
        partial(joint_limit, steps=STEPS),
        Answer.HOLDS,
    )
    yield (
        "joint_limit",
        "prototypical, nudge inside",
        "with kappa fixed, Delta_s(t) -> -(J + kappa D A A^T)^t D dl/ds, A = da/dtheta",
        prototypical,
        partial(joint_limit, steps=STEPS),
        Answer.HOLDS,
    )
    forth = partial(theorem1, steps=STEPS, rule=C_VF)
    symmetric = replace(any_size, backward="symmetric")
    yield "vector_field", "symmetric weights, energy-based", OF_C_VF, symmetric, forth, Answer.HOLDS
    yield (
        "vector_field",
        "symmetric weights, prototypical",
        OF_C_VF,
        replace(symmetric, setting="prototypical"),
        forth,
        Answer.HOLDS,
    )
    free = replace(any_size, backward="free")
    yield "vector_field", "asymmetric weights", OF_C_VF, free, forth, Answer.REFUTED
    yield (
        "vector_field",
        "asymmetric weights: the error, without rho' as published",
        "Delta_s(t) + nabla_s(t) -> ((J^T)^t - J^t) dl/ds, and (dF/dtheta)^T of it for theta",
        replace(free, drift_slope="none"),
        partial(vector_field_error, steps=STEPS),
        Answer.HOLDS,
    )
    yield (
        "vector_field",
        "asymmetric weights: the error, prototypical",
        "Delta_s(t) + D nabla_s(t) -> (D (J^T)^t - J^t D) dl/ds, and (da/dtheta)^T of it for theta",
        replace(free, setting="prototypical"),
        partial(vector_field_error, steps=STEPS),
        Answer.HOLDS,
    )


def cases() -> tuple[Case, ...]:
    """Return the cases in the prime field, at 784-512-10 and at 784-512-512-10."""
    found = []
    for sizes in (ONE_HIDDEN, TWO_HIDDEN):
        size = f"{'-'.join(map(str, sizes))}, K = {STEPS}"
        case = partial(
            Case, where=EVERYWHERE, method="random points of F_p, p = 2^31 - 1", level=Level.MODULAR
        )
        for statement, variant, claim, shape, identity, expected in _families():
            found.append(
                case(
                    statement,
                    variant,
                    claim,
                    size=size,
                    decide=partial(decide_at_random, replace(shape, sizes=sizes), identity),
                    expected=expected,
                    cost=0.5,
                )
            )
        order = 2 if sizes == ONE_HIDDEN else 1
        found.append(
            case(
                "augmented",
                f"energy-based, mini-batch of 2, to beta^{order}",
                "C-EP is EP in the augmented primitive function; theta_t - kappa dPhi/dtheta(s_t) "
                "is conserved",
                size=size,
                decide=partial(
                    decide_at_random,
                    Shape(sizes, batch=2, order=order),
                    partial(augmented, steps=STEPS, order=order),
                ),
                cost=2,
            )
        )
    return tuple(found)
