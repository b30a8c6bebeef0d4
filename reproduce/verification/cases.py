"""The networks, digits and settled states that the checks share."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from functools import cache

import torch

from cep_core.activations import activation_named
from cep_core.check.verdicts import Check, Verdict
from cep_core.data.mnist import embedded
from cep_core.learning import one_hot
from cep_core.networks import AnsweringNetwork, EnergyBased, Prototypical
from cep_core.networks.initial import initial_parameters
from cep_core.problem import Problem

DT = 0.2
SEED = 0
ONE_HIDDEN = (784, 32, 10)
TWO_HIDDEN = (784, 24, 16, 10)
FULL = (784, 512, 10)


def energy_exact(activation: str, layers: int) -> AnsweringNetwork:
    """Energy-based with the slope on every layer."""
    return EnergyBased((activation_named(activation),) * layers, DT)


def energy_identity(activation: str, layers: int) -> AnsweringNetwork:
    """Energy-based, exact, with the identity at the output."""
    hidden = (activation_named(activation),) * (layers - 1)
    return EnergyBased((activation_named("identity"), *hidden), DT)


def prototypical_inside(activation: str, layers: int) -> AnsweringNetwork:
    """Prototypical, exact: nudged inside the activation."""
    return Prototypical((activation_named(activation),) * layers, "inside")


def prototypical_outside(activation: str, layers: int) -> AnsweringNetwork:
    """Prototypical as published: nudged outside the activation."""
    return Prototypical((activation_named(activation),) * layers, "outside")


def energy_published(activation: str, layers: int) -> AnsweringNetwork:
    """Energy-based as published: no slope in the output's drift."""
    return EnergyBased((activation_named(activation),) * layers, DT, "hidden")


def energy_published_cvf(activation: str, layers: int) -> AnsweringNetwork:
    """Energy-based C-VF as published: no slope anywhere."""
    return EnergyBased((activation_named(activation),) * layers, DT, "none")


EXACT: dict[str, Callable[[str, int], AnsweringNetwork]] = {
    "energy-based": energy_exact,
    "energy-based, identity output": energy_identity,
    "prototypical, nudge inside": prototypical_inside,
}
"""The dynamics in which Theorem 1 holds, by name."""


_digits = cache(embedded)


def case(
    make: Callable[[str, int], AnsweringNetwork],
    activation: str,
    sizes: tuple[int, ...],
    *,
    batch: int = 1,
    angle: float | None = None,
) -> Problem:
    """A network of ``sizes`` (input first) on the first ``batch`` digits, of a class each."""
    digits = _digits()
    generator = torch.Generator().manual_seed(SEED)
    return Problem(
        make(activation, len(sizes) - 1),
        digits.train_images[:batch].to(torch.float64) / 255,
        one_hot(digits.train_labels[:batch], sizes[-1], torch.float64),
        initial_parameters(sizes, generator=generator, backward_angle=angle),
    )


def shape_name(sizes: tuple[int, ...]) -> str:
    """``784-512-10`` for ``(784, 512, 10)``."""
    return "-".join(str(size) for size in sizes)


def timed(name: str, make: Callable[[], Check]) -> Check:
    """Make the check called ``name``, and note how long that took.

    One that breaks down is inconclusive, with what happened: the others are not lost with it.
    """
    started = time.monotonic()
    try:
        check = make()
    except Exception as error:  # noqa: BLE001 - whatever it is
        why = f"the check broke down: {type(error).__name__}: {error}"
        check = Check(name, f"{name}: can be decided", Verdict.INCONCLUSIVE, {}, why)
    return replace(check, seconds=round(time.monotonic() - started, 3))
