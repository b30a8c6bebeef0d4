"""The initial angle lies between the forward and the backward weights, and changes nothing else.

With ``Psi`` degrees each backward weight starts as the forward one with its sign flipped with
probability ``(1 - cos Psi) / 2``. So, for every ``Psi`` and seed,

- the forward weights and the biases are those of tied weights of the same seed, bit by bit;
- the backward weights have the moduli of the transposed forward ones;
- at 0 degrees they are the transposed forward weights and at 180 minus these;
- in between, the number of flipped signs is within what chance allows (probability 1e-9), and the
  cosine of the angle of all weights, ``<theta_f, theta_b> / |theta_f| |theta_b|``, near
  ``cos Psi``.
"""

from __future__ import annotations

import math
from functools import partial

import torch

from cep_core.networks import weight
from cep_core.networks.initial import initial_parameters
from theory.case import Answer, Case, Level, Outcome

SIZES = (20, 60, 50, 10)
ANGLES = (0.0, 22.5, 45.0, 67.5, 90.0, 135.0, 180.0)
LIKELY = 6.2
"""Standard deviations beyond which a count falls with probability below 1e-9."""


def _drawn(seed: int, angle: float | None) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return initial_parameters(SIZES, generator=generator, backward_angle=angle)


def wrong_at(angle: float, seed: int) -> str:
    """What is wrong at an angle; empty if nothing is."""
    tied, found = _drawn(seed, None), _drawn(seed, angle)
    for name, value in tied.items():
        if not torch.equal(found[name], value):
            return f"{name} is not that of tied weights"
    pairs = [(found[weight(n, n + 1)].T, found[weight(n + 1, n)]) for n in range(len(SIZES) - 2)]
    if any(not torch.equal(f.abs(), b.abs()) for f, b in pairs):
        return "a backward weight has not the modulus of its forward one"
    forward, backward = (torch.cat([p[i].reshape(-1) for p in pairs]) for i in (0, 1))
    flip = (1 - math.cos(math.radians(angle))) / 2
    flipped, count = int((forward != backward).sum()), forward.numel()
    allowed = LIKELY * math.sqrt(count * flip * (1 - flip))
    if not abs(flipped - count * flip) <= allowed + 1e-9:
        return (
            f"{flipped} of {count} signs are flipped, {count * flip:.0f} ± {allowed:.0f} expected"
        )
    norm = float(forward.square().sum())
    cosine = float((forward * backward).sum()) / norm
    spread = 2 * math.sqrt(float(forward.square().square().sum()) * flip * (1 - flip)) / norm
    if not abs(cosine - math.cos(math.radians(angle))) <= LIKELY * spread + 1e-9:
        return f"the cosine of the angle is {cosine:.4f}"
    return ""


def decide(angle: float, seeds: int = 3) -> Outcome:
    """Look at several seeds."""
    for seed in range(seeds):
        wrong = wrong_at(angle, seed)
        if wrong:
            return Outcome(Answer.REFUTED, {"seed": seed}, f"{angle:g} degrees: {wrong}")
    return Outcome(Answer.HOLDS, {"seeds": seeds})


def cases() -> tuple[Case, ...]:
    """Return the cases of the initial angle."""
    return tuple(
        Case(
            "initial_angle",
            f"{angle:g} degrees",
            "the backward weights are the forward ones, signs flipped with probability "
            "(1 - cos Psi)/2; the forward weights are those of tied weights",
            "three seeds",
            "exact comparison, and chance within 1e-9",
            "-".join(map(str, SIZES)),
            Level.NUMERICAL,
            partial(decide, angle),
            cost=0.1,
        )
        for angle in ANGLES
    )
