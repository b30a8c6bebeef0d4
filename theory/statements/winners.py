"""With max-pooling C-EP telescopes up to the winners that the parameters move, and no further.

For every network, along the nudged phase of C-EP, with ``h = dPhi/dtheta``,

    [theta_t - kappa h(s_t, theta_t)] - [theta_0 - kappa h(s_*, theta_0)]
        = - kappa sum_{i < t} [h(s_{i+1}, theta_{i+1}) - h(s_{i+1}, theta_i)].

The right side is zero if ``Phi`` is linear in ``theta``: with average pooling, or none. With
max-pooling ``h`` depends on ``theta`` through the winners alone: the sum is over the windows whose
winner *theta* moves, and over no others; winners that move with the state do no harm. So C-EP is EP
in the augmented function exactly until the first of them, and not beyond. With softmax pooling
``Phi`` is curved in the kernels and the law fails at every step. Biases and dense weights telescope
with every pooling: a bias shifts whole windows.

What is found here at handwritten digits is the hypothesis of the augmented function's statement,
tested by :func:`cep_core.check.telescoping.telescoping`, which a network can fail.
"""

from __future__ import annotations

from functools import cache, partial
from typing import Any

import torch

from cep_core.activations import activation_named
from cep_core.check.telescoping import Telescoping, telescoping
from cep_core.data.mnist import load
from cep_core.learning import one_hot
from cep_core.networks import ConvolutionalShape, Nudge
from cep_core.networks.pooling import POOLINGS
from cep_core.problem import Problem
from theory.case import Answer, Case, Level, Outcome
from theory.statements.augmented import float_gaps

CHANNELS, BATCH, BETA, STEPS = (4, 6), 4, 0.2, 12
SIZE = "28x28, channels 4-6, kernels 5x5, fc 10, K = 12, mini-batch of 4"
METHOD = "float64, four digits of MNIST"
SMALL, LARGE, TINY = 5e-3, 5e-2, 1e-6
"""Ratios kappa: near the largest stable one, ten times it, and so small that no winner moves."""

LOST = (
    "what is not conserved is kappa sum [h(s_{t+1}, theta_{t+1}) - h(s_{t+1}, theta_t)], of kernels"
)
LAW = "C-EP conserves theta_t - kappa dPhi/dtheta(s_t, theta_t)"
EXACT = 1e-13
"""Differences up to here are the rounding of a dozen steps."""


@cache
def settled(
    pooling: str, nudge: Nudge = "inside", batch: int = BATCH, activation: str = "sigmoid"
) -> Problem:
    """A network at its initial weights, settled on the first digits."""
    shape = ConvolutionalShape(CHANNELS, pooling=POOLINGS[pooling])
    parameters = shape.initial(torch.Generator().manual_seed(0))
    data = load()
    x = data.train_images[:batch].double() / 255
    y = one_hot(data.train_labels[:batch], shape.dense[-1], torch.float64)
    problem = Problem(shape.network(activation_named(activation), nudge=nudge), x, y, parameters)
    return problem.settled(steps=2000, tolerance=1e-15)


def numbers_of(found: Telescoping) -> dict[str, Any]:
    """For the table."""
    return {
        "defect": found.defect,
        "unaccounted": max(found.unaccounted.values()),
        "moved": max(found.moved.values()),
        "winners moved": None if found.switches is None else sum(found.switches),
        "windows times steps": found.windows * STEPS,
    }


def conserved(pooling: str, kappa: float) -> Outcome:
    """Whether the law holds."""
    found = telescoping(settled(pooling), beta=BETA, kappa=kappa, steps=STEPS)
    answer = Answer.HOLDS if found.holds else Answer.REFUTED
    return Outcome(answer, numbers_of(found), str(found))


def accounted(pooling: str, kappa: float) -> Outcome:
    """Whether the defect is the sum, kernels alone have one, and it jumps with winners alone."""
    found = telescoping(settled(pooling), beta=BETA, kappa=kappa, steps=STEPS)
    kernels = {name for name, value in settled(pooling).parameters.items() if value.ndim > 2}  # noqa: PLR2004 - a kernel
    right = max(found.unaccounted.values()) < EXACT and kernels >= set(found.broken)
    if found.switches is not None:
        # A winner counts for nothing where its unit is silent or the two entries are one patch.
        pairs = zip(found.jumps, found.switches, strict=True)
        right &= all(jump < EXACT for jump, moved in pairs if moved == 0)
        right &= sum(found.switches) > 0 and max(found.jumps) > EXACT
    reason = f"{found}; the sum leaves {max(found.unaccounted.values()):.1e} over"
    return Outcome(Answer.HOLDS if right else Answer.REFUTED, numbers_of(found), reason)


def same_trajectory(pooling: str, kappa: float) -> Outcome:
    """C-EP on ``Phi`` and EP on ``Phi~``, states and weights."""
    problem = settled(pooling)
    found = telescoping(problem, beta=BETA, kappa=kappa, steps=STEPS)
    gaps = float_gaps(
        problem.network,
        problem.x,
        problem.y,
        problem.parameters,
        problem.rest,
        beta=BETA,
        kappa=dict.fromkeys(problem.parameters, kappa),
        steps=STEPS,
    )
    apart = max(gaps["states"], gaps["parameters"])
    numbers = numbers_of(found) | {"states apart": gaps["states"], "parameters apart": apart}
    answer = Answer.HOLDS if apart < EXACT < gaps["moved"] else Answer.REFUTED
    return Outcome(answer, numbers, f"{apart:.1e} apart; {found}")


def cases() -> tuple[Case, ...]:
    """Return the cases: what is conserved, what is lost, and what follows."""
    case = partial(
        Case, "winners", where="at the initial weights of one network", method=METHOD, size=SIZE,
        level=Level.NUMERICAL, cost=2,
    )  # fmt: skip
    found = []
    for kappa in (SMALL, LARGE):
        for pooling, expected in (
            ("average", Answer.HOLDS),
            ("max", Answer.REFUTED),
            ("softmax", Answer.REFUTED),
        ):
            found.append(
                case(
                    f"{pooling} pooling, kappa {kappa:g}: conserved",
                    LAW,
                    decide=partial(conserved, pooling, kappa),
                    expected=expected,
                )
            )
    found += [
        case(
            f"{pooling} pooling, kappa {kappa:g}: accounted for",
            LOST + (", and only where theta moves a winner" if pooling == "max" else ""),
            decide=partial(accounted, pooling, kappa),
        )
        for pooling, kappa in (("max", SMALL), ("max", LARGE), ("softmax", SMALL))
    ]
    same = "C-EP on Phi and EP on Phi~ make the same trajectory, parameters included"
    found += [
        case(
            f"{pooling} pooling, kappa {kappa:g}: augmented",
            same,
            decide=partial(same_trajectory, pooling, kappa),
            expected=expected,
        )
        for pooling, kappa, expected in (
            ("average", SMALL, Answer.HOLDS),
            ("max", TINY, Answer.HOLDS),
            ("max", LARGE, Answer.REFUTED),
        )
    ]
    return tuple(found)
