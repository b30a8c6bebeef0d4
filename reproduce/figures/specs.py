"""What figures of every kind share: settings, dynamics, seed, digit and sizes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cep_core.activations import activation_named
from cep_core.fields import (
    Fields,
    choice,
    positive,
    sequence,
    whole,
)
from cep_core.networks import ConvolutionalShape, Nudge, network_named, published_drift
from cep_core.networks.pooling import POOLINGS
from cep_core.rules import Rule

FIGURES = Path(__file__).parent.parent / "experiments"
"""Folder of the files that describe the project's figures, each with a network of its own."""

DIGITS = 4000
"""Embedded training digits."""

MOST_STEPS = 10**6
MOST_UNITS = 10**6
MOST_CHANNELS, MOST_MAPS = 1000, 10
MOST_VALUES = 2**28
"""Numbers in the processes of one side: two gigabytes."""

DYNAMICS: dict[tuple[str, str], str] = {
    ("energy-based", "published"): "as published (no ρ′ in the output drift)",
    ("energy-based", "published C-VF"): "as published (no ρ′ anywhere)",
    ("energy-based", "exact"): "exact (ρ′ on every layer)",
    ("energy-based", "exact-identity"): "exact (identity at the output)",
    ("convolutional", "published"): "as published (nudge outside)",
    ("convolutional", "exact"): "exact (nudge inside)",
    ("prototypical", "published"): "as published (nudge outside)",
    ("prototypical", "exact"): "exact (nudge inside)",
}
"""The dynamics that a row can have, and what a reader is told of them."""


@dataclass(frozen=True)
class Setting:
    """Dynamics and counts shared by the panels of a figure.

    ``dt`` is None when prototypical; ``channels`` of the layers between the image and the dense
    ones, with ``pooling`` after each, when convolutional (which is prototypical too).
    """

    name: str
    beta: float
    free_steps: int
    nudged_steps: int
    dt: float | None = None
    channels: tuple[int, ...] = ()
    pooling: str = "max"

    def maps(self, layers: tuple[int, ...]) -> ConvolutionalShape:
        """The convolutional network with these channels, for an image and dense ``layers``."""
        side = math.isqrt(layers[0])
        pooling = POOLINGS[self.pooling]
        return ConvolutionalShape(self.channels, layers[1:], (1, side, side), pooling=pooling)


@dataclass(frozen=True)
class Shared:
    """What every panel shares: seed, digit (position in the embedded set), sizes, activation."""

    seed: int
    digit: int
    layers: tuple[int, ...]
    activation: str


def network_of(
    setting: Setting, dynamics: str, rule: Rule, activation: str, layers: tuple[int, ...]
) -> Any:
    """The network of ``setting`` with ``layers``, input first, in the named dynamics.

    ``"published"`` depends on the rule: the authors' energy-based C-VF has no slope anywhere.

    Raises:
        ValueError: the setting has no such dynamics.

    """
    if (setting.name, dynamics) not in DYNAMICS:
        known = ", ".join(sorted(d for s, d in DYNAMICS if s == setting.name))
        msg = f"dynamics {dynamics!r} of setting {setting.name!r}: expected one of: {known}"
        raise ValueError(msg)
    function = activation_named(activation)
    output = activation_named("identity") if dynamics == "exact-identity" else function
    published = dynamics == "published"
    if setting.channels:
        nudge: Nudge = "outside" if published else "inside"
        untied = rule.vector_field
        return setting.maps(layers).network(function, nudge=nudge, untied=untied)
    return network_named(
        setting.name,
        (output, *(function,) * (len(layers) - 2)),
        nudge="outside" if published else "inside",
        dt=setting.dt,
        drift_slope=published_drift(vector_field=rule.vector_field) if published else "all",
    )


def dynamics_title(setting: str, dynamics: str, rule: str) -> str:
    """What a reader is told of the dynamics of a row."""
    published = (setting, f"{dynamics} {rule}")
    return DYNAMICS.get(published, DYNAMICS[setting, dynamics])


def _channels(fields: Fields) -> tuple[tuple[int, ...], str]:
    channels = fields.get("channels", sequence(whole(1, MOST_CHANNELS), 1, MOST_MAPS))
    return channels, fields.get("pooling", choice(*POOLINGS), "max")


def setting_of(fields: Fields, name: str) -> Setting:
    """The setting of a table ``settings.NAME``."""
    steps = whole(1, MOST_STEPS)
    setting = Setting(
        name,
        fields.get("beta", positive()),
        fields.get("free_steps", steps),
        fields.get("nudged_steps", steps),
        fields.get("dt", positive(1)) if name == "energy-based" else None,
        *(_channels(fields) if name == "convolutional" else ()),
    )
    fields.done()
    return setting
