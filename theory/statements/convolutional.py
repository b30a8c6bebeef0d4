"""Convolutional networks: Theorem 1 with the nudge inside, and C-EP in the augmented function.

A convolutional network has ``Phi = sum <s^n, P(w_n * s^{n+1}) + c_n>``, its transition is
``sigma(dPhi/ds)``. With any pooling whose shares do not change (the mean; a maximum as long as its
winners stay) ``Phi`` is bilinear in kernels and states, so that

- with the nudge inside, ``Delta_theta(t) -> -nabla_theta(t)`` and ``Delta_s(t) -> -D nabla_s(t)``;
  with the published nudge outside it does not hold for the squared error;
- ``theta_t - kappa dPhi/dtheta(s_t)`` is conserved by C-EP, which is EP in the augmented function,
  for every beta, eta and t;
- at a fixed kappa ``Delta_s(t) -> -(J + kappa D A A^T)^t D dl/ds``.

The shares are free symbols here, one for every entry of every window: one run covers the mean and
every choice of winners. With a pooling that is curved (free slopes and curvatures) Theorem 1 holds
too, but ``Phi`` is not linear in the kernels: the hypothesis of the augmented function fails.
What winners that *change* do is in :mod:`theory.statements.winners`.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from cep_core.networks import ConvolutionalShape, Nudge
from theory.arithmetic.polynomials import FlintRing
from theory.case import Answer, Case, Level, Outcome
from theory.methods import identities
from theory.methods.modular import decide_at_random
from theory.points.convolutional import (
    CURVED,
    POOLINGS,
    ConvolutionalPoint,
    arbitrary,
    draw_point,
    symbolic,
)
from theory.statements.augmented import everything_at
from theory.statements.prototypical import theorem_at

PUBLISHED = ConvolutionalShape((32, 64))
SIZE = "28x28, channels 32-64, kernels 5x5, fc 10"
TOY = "1x7, kernels 2, pooling 2, channels 1-2, fc 2"
EVERYWHERE = "every kernel, weight, bias, share, input, target, settled state and activation"
GDU = "nudge inside: Delta_theta(t) -> -nabla_theta(t), Delta_s(t) -> -D nabla_s(t)"
EP = "theta_t - kappa dPhi/dtheta(s_t) is constant; C-EP on Phi = EP on Phi~ for all t"
JOINT = "with kappa fixed, Delta_s(t) -> -(J + kappa D A A^T)^t D dl/ds, A = da/dtheta"
RANDOM = "random points of F_p, p = 2^31 - 1"
JETS, OPAQUE = "polynomial jets (FLINT)", "opaque activations (FLINT)"


def gdu_at(pooling: str, *, steps: int, nudge: Nudge = "inside", batch: int = 1) -> Outcome:
    """Compare both sides of Theorem 1 on the toy."""
    return theorem_at(symbolic(FlintRing(250), pooling, nudge=nudge, batch=batch), steps=steps)


def augmented_on_the_toy(pooling: str, *, steps: int, nudge: Nudge, batch: int) -> Outcome:
    """Check the conservation law and both trajectories on the toy, at any state."""
    at = arbitrary(pooling, nudge=nudge, batch=batch, capacity=600)
    return everything_at(at, steps=steps)


def cases() -> tuple[Case, ...]:
    """Return the cases: on a one-dimensional toy for all numbers, in a prime field as published."""
    case = partial(Case, "convolutional", where=EVERYWHERE)
    found: list[Case] = []
    for pooling in POOLINGS:
        symbols = partial(case, level=Level.SYMBOLIC)
        for batch, steps in ((1, 8), (2, 5)):
            size = f"{TOY}, K = {steps}" + (f", mini-batch of {batch}" if batch > 1 else "")
            decide = partial(gdu_at, pooling, steps=steps, batch=batch)
            found.append(symbols(pooling, GDU, method=JETS, size=size, decide=decide, cost=2))
        decide = partial(gdu_at, pooling, steps=4, nudge="outside")
        outside = GDU.replace("inside", "outside")
        found.append(
            symbols(
                f"{pooling}, nudge outside",
                outside,
                method=JETS,
                size=f"{TOY}, K = 4",
                decide=decide,
                expected=Answer.REFUTED,
            )
        )
        for nudge in ("inside", "outside"):
            decide = partial(augmented_on_the_toy, pooling, steps=5, nudge=nudge, batch=2)
            size = f"{TOY}, K = 5, mini-batch of 2"
            variant = f"{pooling}, nudge {nudge}: augmented"
            found.append(symbols(variant, EP, method=OPAQUE, size=size, decide=decide))
    curved = partial(case, level=Level.SYMBOLIC)
    found += [
        curved(
            CURVED,
            GDU,
            method=JETS,
            size=f"{TOY}, K = 5",
            decide=partial(gdu_at, CURVED, steps=5),
            cost=3,
        ),
        curved(
            f"{CURVED}: augmented",
            EP,
            method=OPAQUE,
            size=f"{TOY}, K = 2",
            decide=partial(augmented_on_the_toy, CURVED, steps=2, nudge="inside", batch=1),
            expected=Answer.REFUTED,
        ),
    ]
    return (*found, *_in_a_prime_field())


def _in_a_prime_field() -> list[Case]:
    case = partial(
        Case, "convolutional", where=EVERYWHERE, method=RANDOM, level=Level.MODULAR, cost=4
    )
    theorem, outside = partial(identities.theorem1, steps=10), GDU.replace("inside", "outside")
    found = []
    for pooling in POOLINGS:
        kind = ConvolutionalPoint(PUBLISHED, pooling)
        families: list[tuple[str, str, ConvolutionalPoint, Any, Answer, int]] = [
            ("", GDU, kind, theorem, Answer.HOLDS, 10),
            (
                ", nudge outside",
                outside,
                replace(kind, nudge="outside"),
                partial(identities.theorem1, steps=4),
                Answer.REFUTED,
                4,
            ),
            (
                ": augmented, mini-batch of 2",
                EP,
                replace(kind, batch=2),
                partial(identities.augmented, steps=5, order=1),
                Answer.HOLDS,
                5,
            ),
            (
                ": at fixed kappa",
                JOINT,
                kind,
                partial(identities.joint_limit, steps=5),
                Answer.HOLDS,
                5,
            ),
        ]
        for variant, claim, point, identity, expected, steps in families:
            decide = partial(decide_at_random, point, identity, drawn=draw_point)
            size = f"{SIZE}, K = {steps}"
            found.append(
                case(f"{pooling}{variant}", claim, size=size, decide=decide, expected=expected)
            )
    return found
